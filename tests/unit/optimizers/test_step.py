"""`step` in a plain torch loop: what it launches, and parameters that move or lie strangely."""

import copy
import pickle
import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from torchkeras import optimizers
from torchkeras._state.layout import SAME
from torchkeras._state.variable import Variable
from torchkeras.optimizers import fused

RULES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.9, "nesterov": True}),
    ("RMSprop", {"centered": True, "momentum": 0.5}),
    ("Adam", {"amsgrad": True}),
    ("AdamW", {"weight_decay": 0.3}),
    ("Adadelta", {}),
    ("Adafactor", {}),
    ("Adagrad", {}),
    ("Adamax", {}),
    ("Ftrl", {"l1_regularization_strength": 0.01}),
    ("Lamb", {}),
    ("Lion", {}),
    ("Muon", {}),
    ("Nadam", {}),
    ("ScheduleFreeAdamW", {}),
]
IDS = ["sgd", "momentum", "nesterov", *(name.lower() for name, _ in RULES[3:])]
every_rule = pytest.mark.parametrize(("name", "arguments"), RULES, ids=IDS)


def make(name: str, arguments: dict[str, Any], module: nn.Module) -> Any:
    optimizer = getattr(optimizers, name)(learning_rate=0.01, **arguments)
    optimizer.build(module.parameters())
    return optimizer


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 1))


def train(module: nn.Module, optimizer: Any, steps: int, seed: int = 0) -> None:
    generator = torch.Generator().manual_seed(seed)
    kind = next(module.parameters())
    for _ in range(steps):
        x = torch.randn(4, 3, generator=generator).to(kind.dtype)
        optimizer.zero_grad()
        module(x).square().mean().backward()
        optimizer.step()


def assert_equal(module: nn.Module, other: nn.Module, **tolerance: float) -> None:
    for ours, theirs in zip(module.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs.to(ours.dtype), **tolerance)


class Launched(TorchDispatchMode):
    """Writes down what torch is asked to do."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.names.append(str(func.name()).removeprefix("aten::"))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(
    ("name", "arguments", "launches"),
    [
        ("SGD", {}, ["_foreach_add_.List"]),
        ("SGD", {"momentum": 0.9}, ["_fused_sgd_"]),
        ("Adam", {}, ["_fused_adamw_"]),
        ("AdamW", {}, ["_fused_adamw_"]),
    ],
)
def test_a_step_launches_only_its_kernel(
    name: str, arguments: dict[str, Any], launches: list[str]
) -> None:
    if not fused.has_adam(torch.device("cpu"), torch.float32):
        pytest.skip("this torch has no fused optimizers on the CPU")
    module = net()
    optimizer = make(name, arguments, module)
    train(module, optimizer, 2)
    with Launched() as launched:
        optimizer.step()
    assert launched.names == launches


ELEMENTWISE = [rule for rule in RULES if rule[0] not in ("Adafactor", "Lamb", "Muon")]


@pytest.mark.parametrize(("name", "arguments"), ELEMENTWISE)
def test_a_step_makes_no_tensors(name: str, arguments: dict[str, Any]) -> None:
    module = net()
    optimizer = make(name, arguments, module)
    train(module, optimizer, 2)
    with Launched() as launched:
        optimizer.step()
    in_place = re.compile(r"_(\.\w+)?$|out$")  # `mul_.Tensor`, `add.out`, `div.Tensor_out`
    assert {launch for launch in launched.names if not in_place.search(launch)} == set()


def test_learning_rate_that_was_read_costs_one_look() -> None:
    module = net()
    optimizer = make("SGD", {}, module)
    train(module, optimizer, 2)
    float(optimizer.learning_rate)
    with Launched() as launched:
        optimizer.step()
        optimizer.step()
    assert launched.names.count("_local_scalar_dense") == 1


@every_rule
class TestRule:
    def test_without_fused_kernels(
        self, name: str, arguments: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = net()
        second = copy.deepcopy(first)
        train(first, make(name, arguments, first), 20)
        monkeypatch.setattr(fused, "has_adam", lambda device, dtype: False)
        monkeypatch.setattr(fused, "has_sgd", lambda device, dtype: False)
        train(second, make(name, arguments, second), 20)
        assert_equal(first, second)

    @pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
    def test_dtypes(self, name: str, arguments: dict[str, Any], dtype: torch.dtype) -> None:
        first = net()
        second = copy.deepcopy(first).to(dtype)
        optimizer = make(name, arguments, second)
        train(first, make(name, arguments, first), 5)
        train(second, optimizer, 5)
        tolerance = 2e-5 if dtype is torch.float64 else 0.05
        assert_equal(first, second, rtol=tolerance, atol=tolerance)
        assert {v.dtype for v in optimizer.variables[2:]} <= {str(dtype)[6:], "int32"}

    def test_number_of_threads_changes_nothing(self, name: str, arguments: dict[str, Any]) -> None:
        modules = [nn.Sequential(nn.Linear(3, 20000), nn.Linear(20000, 2)) for _ in range(2)]
        modules[1].load_state_dict(modules[0].state_dict())
        before = torch.get_num_threads()
        try:
            for module, threads in zip(modules, (1, 2), strict=True):
                optimizer = make(name, arguments, module)
                torch.set_num_threads(threads)
                for step in range(3):
                    generator = torch.Generator().manual_seed(step)
                    shapes = [param.shape for param in module.parameters()]
                    optimizer.apply([torch.randn(shape, generator=generator) for shape in shapes])
                assert torch.get_num_threads() == threads
        finally:
            torch.set_num_threads(before)
        assert_equal(*modules, rtol=0, atol=0)

    def test_two_dtypes_at_once(self, name: str, arguments: dict[str, Any]) -> None:
        pair = net(), net().double()
        alone = copy.deepcopy(pair)
        for module in alone:
            train(module, make(name, arguments, module), 5)
        train_together(pair, make(name, arguments, nn.ModuleList(pair)), 5)
        for module, same in zip(pair, alone, strict=True):
            assert_equal(module, same)

    def test_moving_after_the_first_step(self, name: str, arguments: dict[str, Any]) -> None:
        first = net()
        optimizer = make(name, arguments, first)
        train(first, optimizer, 5)
        second, other = copy.deepcopy((first, optimizer))
        train(first, optimizer, 5, seed=1)
        train(second.double(), other, 5, seed=1)
        assert_equal(first, second, rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("way", ["deepcopy", "pickle"])
    def test_copies_go_on_alike(self, name: str, arguments: dict[str, Any], way: str) -> None:
        first = net()
        optimizer = make(name, arguments, first)
        train(first, optimizer, 3)
        pair = (first, optimizer)
        second, other = (
            copy.deepcopy(pair) if way == "deepcopy" else pickle.loads(pickle.dumps(pair))
        )
        train(first, optimizer, 3, seed=1)
        before = [p.clone() for p in first.parameters()]
        train(second, other, 3, seed=1)
        assert_equal(first, second, rtol=0, atol=0)
        assert all(torch.equal(a, b) for a, b in zip(before, first.parameters(), strict=True))

    @pytest.mark.parametrize("which", ["parameter", "gradient", "gaps"])
    def test_memory_of_any_order(self, name: str, arguments: dict[str, Any], which: str) -> None:
        """Kernels that walk through memory must not mix up rows and columns."""
        start, grads = torch.randn(4, 3), [torch.randn(4, 3) for _ in range(4)]
        expected = nn.Parameter(start.clone())
        other = nn.Parameter(strangely(start) if which != "gradient" else start.clone())
        if which == "gaps":
            other = nn.Parameter(torch.zeros(4, 6)[:, ::2])
            other.data.copy_(start)
        pairs = [(p, make(name, arguments, nn.ParameterList([p]))) for p in (expected, other)]
        for grad in grads:
            for parameter, optimizer in pairs:
                strange = parameter is other and which != "parameter"
                parameter.grad = strangely(grad) if strange else grad.clone()
                optimizer.step()
        torch.testing.assert_close(other.contiguous(), expected)

    def test_sparse_gradients(self, name: str, arguments: dict[str, Any]) -> None:
        sparse, dense = nn.Embedding(5, 3, sparse=True), nn.Embedding(5, 3)
        dense.load_state_dict(sparse.state_dict())
        for module in (sparse, dense):
            optimizer = make(name, arguments, module)
            for _ in range(3):
                optimizer.zero_grad()
                module(torch.tensor([1, 2, 2])).square().sum().backward()
                optimizer.step()
        assert_equal(sparse, dense)


def train_together(modules: tuple[nn.Module, ...], optimizer: Any, steps: int) -> None:
    """As `train`, with one optimizer for several nets."""
    generators = [torch.Generator().manual_seed(0) for _ in modules]
    for _ in range(steps):
        optimizer.zero_grad()
        for module, generator in zip(modules, generators, strict=True):
            x = torch.randn(4, 3, generator=generator).to(next(module.parameters()).dtype)
            module(x).square().mean().backward()
        optimizer.step()


def strangely(tensor: Tensor) -> Tensor:
    """The same numbers, column by column in memory."""
    return tensor.t().contiguous().t()


def test_channels_last_after_the_first_step() -> None:
    first = nn.Conv2d(3, 4, 3)
    second = copy.deepcopy(first)
    pairs = [(module, make("Adam", {}, module)) for module in (first, second)]
    for step in range(4):
        if step == 2:
            second.to(memory_format=torch.channels_last)
        for module, optimizer in pairs:
            optimizer.zero_grad()
            module(torch.ones(1, 3, 5, 5) * step).square().sum().backward()
            optimizer.step()
    assert_equal(first, second)


def test_another_memory_format_unnoticed_is_an_error() -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 3, 3))
    optimizer = make("Adam", {}, module)

    def step() -> None:
        optimizer.zero_grad()
        module(torch.ones(1, 3, 5, 5)).square().sum().backward()
        optimizer.step()

    step()
    last = module[1]
    last.weight.data = last.weight.data.contiguous(memory_format=torch.channels_last)
    with pytest.raises(RuntimeError, match=r"Call `optimizer.rebind\(\)`"):
        step()
    optimizer.rebind()
    step()


def test_a_replaced_parameter_is_found_again() -> None:
    module = nn.Linear(3, 1)
    variables = [Variable.over(((module, key),), SAME, key) for key in ("weight", "bias")]
    optimizer = optimizers.SGD(0.1)
    optimizer.build(variables)
    train(module, optimizer, 1)
    module.weight = nn.Parameter(torch.ones(1, 3))
    before = module.weight.detach().clone()
    train(module, optimizer, 1)
    assert not torch.equal(module.weight, before)


def test_adam_trains_bfloat16_weights() -> None:
    """Keras rounds `beta_2` to 1 in bfloat16, and its Adam then stands still."""
    weight = Variable([1.0, 2.0], dtype="bfloat16")
    optimizer = optimizers.Adam(0.1)
    for _ in range(3):
        optimizer.apply([torch.ones(2)], [weight])
    np.testing.assert_allclose(weight.numpy(), [0.7, 1.7], rtol=0.01)


def test_ftrl_refuses_a_learning_rate_of_zero() -> None:
    module = net()
    optimizer = make("Ftrl", {}, module)
    optimizer.learning_rate = optimizers.schedules.PolynomialDecay(0.0, 10, 0.1)
    with pytest.raises(ValueError, match=r"divides by the learning rate, which is 0 now\. Let the"):
        train(module, optimizer, 1)
    assert all(param.isfinite().all() for param in module.parameters())


def test_frozen_parameters_are_left_silently() -> None:
    module = net()
    optimizer = make("Adam", {}, module)
    module[0].weight.requires_grad_(False)
    before = module[0].weight.clone()
    train(module, optimizer, 3)
    assert torch.equal(module[0].weight, before)
    assert int(optimizer.iterations) == 3


def test_parameters_without_gradient_warn() -> None:
    module = nn.ModuleList([nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)])
    optimizer = make("SGD", {}, module)
    module[0](torch.ones(1, 1)).sum().backward()
    with pytest.warns(UserWarning, match=r"do not exist for variables \['parameter_1'\]"):
        optimizer.step()


def test_errors() -> None:
    with pytest.raises(ValueError, match="The optimizer is not built, so it knows no variables"):
        optimizers.SGD().step()
    optimizer = make("SGD", {}, net())
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.step()


@every_rule
def test_without_parameters_nothing_happens(name: str, arguments: dict[str, Any]) -> None:
    optimizer = make(name, arguments, nn.ReLU())
    optimizer.zero_grad()
    optimizer.step()
    assert int(optimizer.iterations) == 0


def test_grad_mode_is_restored() -> None:
    module = net()
    optimizer = make("Adam", {}, module)
    train(module, optimizer, 1)
    assert torch.is_grad_enabled()
    optimizer.beta_1 = "wrong"
    with pytest.raises((TypeError, ValueError)):
        optimizer.step()
    assert torch.is_grad_enabled()
    with torch.no_grad():
        train_grads = [torch.ones_like(p) for p in module.parameters()]
        optimizer.beta_1 = 0.9
        optimizer.apply(train_grads)
        assert not torch.is_grad_enabled()


def test_state_is_made_of_zeros_of_one_piece() -> None:
    optimizer = make("Adam", {}, net())
    momentum, velocity = optimizer.variables[2:4]
    assert momentum.parameters[0].untyped_storage().nbytes() >= 4 * (15 + 5 + 5 + 1)
    assert momentum.parameters[0].untyped_storage() is not velocity.parameters[0].untyped_storage()
    assert not np.any(momentum.numpy())


@pytest.mark.gpu
@every_rule
@pytest.mark.parametrize("options", [{}, {"clipnorm": 0.1}, {"global_clipnorm": 0.1}])
def test_accelerator_equals_cpu(
    gpu: torch.device, name: str, arguments: dict[str, Any], options: dict[str, Any]
) -> None:
    first = net()
    second = copy.deepcopy(first).to(gpu)
    optimizer = make(name, {**arguments, **options}, first)
    other = make(name, {**arguments, **options}, second)
    for step in range(50):
        generator = torch.Generator().manual_seed(step)
        grads = [torch.randn(p.shape, generator=generator) for p in first.parameters()]
        optimizer.apply(grads)
        other.apply(grads)
    assert_equal(first, second.cpu(), rtol=1e-5, atol=1e-6)


@pytest.mark.gpu
@every_rule
def test_a_step_never_waits_for_the_device(
    gpu: torch.device, name: str, arguments: dict[str, Any]
) -> None:
    if gpu.type != "cuda":
        pytest.skip("only CUDA reports synchronisation")
    module = net().to(gpu)
    options = {"clipnorm": 1.0, "use_ema": True, "gradient_accumulation_steps": 2}
    optimizer = make(name, {**arguments, **options}, module)
    for param in module.parameters():
        param.grad = torch.ones_like(param)
    optimizer.step()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(4):
            optimizer.step()
    finally:
        torch.cuda.set_sync_debug_mode("default")
