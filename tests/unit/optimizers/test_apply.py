"""`apply`: which variables, which gradients, and what stands around an update."""

from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from tests.cases.optimizers import PLAIN
from tests.unit.optimizers.twin import Twins, Weights, compare, gradients, run
from torchkeras import optimizers
from torchkeras._state.variable import Variable


def two() -> tuple[Variable, Variable]:
    return Variable([[3.0, 4.0], [5.0, 6.0]], name="a"), Variable([1.0, 1.0], name="b")


def test_apply_gradients_returns_the_counter() -> None:
    a, b = two()
    optimizer = optimizers.SGD(1.0)
    counter = optimizer.apply_gradients(zip([torch.ones(2, 2), torch.ones(2)], [a, b], strict=True))
    assert int(counter) == 1
    assert a.numpy().tolist() == [[2.0, 3.0], [4.0, 5.0]]


@pytest.mark.parametrize(
    "grad", [[[1.0, 1.0], [1.0, 1.0]], np.ones((2, 2)), torch.ones(2, 2).double()]
)
def test_gradients_of_any_kind(grad: Any) -> None:
    a, _ = two()
    optimizers.SGD(1.0).apply([grad], [a])
    assert a.numpy().tolist() == [[2.0, 3.0], [4.0, 5.0]]


def test_sparse_gradient() -> None:
    a, _ = two()
    optimizers.Adam(1.0).apply([torch.eye(2).to_sparse()], [a])
    np.testing.assert_allclose(a.numpy(), [[2.0, 4.0], [5.0, 5.0]], atol=1e-5)


def test_no_gradients_is_no_step() -> None:
    optimizer = optimizers.SGD()
    optimizer.apply([])
    optimizer.apply_gradients([])
    assert int(optimizer.iterations) == 0


def test_a_missing_gradient_warns_and_leaves_the_variable() -> None:
    a, b = two()
    optimizer = optimizers.Adam()
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['a'\]") as caught:
        optimizer.apply([None, torch.ones(2)], [a, b])
    assert caught[0].filename == __file__
    assert a.numpy().tolist() == [[3.0, 4.0], [5.0, 6.0]]
    assert b.numpy()[0] < 1


def test_all_gradients_missing_is_an_error() -> None:
    a, _ = two()
    with pytest.raises(ValueError, match=r"No gradients provided for any variable\."):
        optimizers.SGD().apply_gradients([(None, a)])


def test_errors() -> None:
    a, b = two()
    optimizer = optimizers.SGD()
    with pytest.raises(ValueError, match=r"must be built\. Call `optimizer.build"):
        optimizer.apply([torch.ones(2)])
    with pytest.raises(ValueError, match="2 gradients for 1 trainable variables"):
        optimizer.apply([torch.ones(2), torch.ones(2)], [b])
    optimizer.build([a])
    with pytest.raises(ValueError, match="2 gradients for 1 trainable variables"):
        optimizer.apply([torch.ones(2), torch.ones(2)])
    with pytest.raises(ValueError, match=r"Unknown variable: <Variable path=b.*built with"):
        optimizer.apply([torch.ones(2)], [b])
    with pytest.raises(
        ValueError, match=r"variable 'a' must have its shape \(2, 2\)\. Received: Ten"
    ):
        optimizer.apply([torch.ones(2)], [a])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (nn.Linear(1, 1), r"Received: Linear\. .*`module.parameters\(\)`"),
        ([3], r"take lists of variables or of torch parameters\. Received: 3 \(of type int\)"),
    ],
    ids=["module", "number"],
)
def test_build_refuses(given: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        optimizers.SGD().build(given)


def test_variables_may_come_in_another_order() -> None:
    a, b = two()
    optimizer = optimizers.SGD(1.0)
    optimizer.build([a, b])
    optimizer.apply([torch.ones(2), torch.zeros(2, 2)], [b, a])
    assert b.numpy().tolist() == [0.0, 0.0]


def test_another_object_for_the_same_parameter_is_known() -> None:
    variables = Weights().variables()
    second = [Variable.over(v.parts, v._layout, v.name) for v in variables]
    optimizer = optimizers.SGD(1.0)
    optimizer.build(variables)
    optimizer.apply(gradients(0), second)
    optimizer.apply(gradients(0), [v.value for v in variables[:2]] + variables[2:])
    assert int(optimizer.iterations) == 2


def test_torch_parameters_take_gradients_in_their_own_shape() -> None:
    linear, plain = nn.Linear(3, 4), nn.Linear(3, 4)
    plain.load_state_dict(linear.state_dict())
    optimizer, reference = optimizers.SGD(0.1), torch.optim.SGD(plain.parameters(), lr=0.1)
    for layer in (linear, plain):
        layer(torch.ones(2, 3)).square().sum().backward()
    params = list(linear.parameters())
    optimizer.apply([param.grad for param in params], params)
    reference.step()
    torch.testing.assert_close(linear.weight, plain.weight)


def test_tied_weights_move_once() -> None:
    first, second = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)
    second.weight = first.weight
    tied = [Variable.over(((m, "weight"),), two()[0]._layout, "w") for m in (first, second)]
    before, grad = first.weight.detach().clone(), torch.ones(2, 2)
    optimizer = optimizers.SGD(1.0)
    optimizer.apply([grad, grad], tied)
    torch.testing.assert_close(first.weight.detach(), before - 1)


def test_build_counts_tied_weights_once() -> None:
    weight = nn.Parameter(torch.zeros(2))
    optimizer = optimizers.Adam()
    optimizer.build([weight, weight])
    assert [v.name for v in optimizer.variables[2:]] == [
        "parameter_0_momentum",
        "parameter_0_velocity",
    ]


def test_gradients_of_the_user_stay_as_they_are() -> None:
    a, _ = two()
    optimizer = optimizers.SGD(1.0, clipnorm=0.1, loss_scale_factor=4.0)
    grad = torch.ones(2, 2)
    optimizer.apply([grad], [a])
    assert grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


@pytest.mark.parametrize("clip", ["clipnorm", "clipvalue", "global_clipnorm"])
@pytest.mark.parametrize("worst", [np.inf, np.nan, 0.0])
def test_clipping_of_strange_gradients(clip: str, worst: float) -> None:
    arguments: dict[str, Any] = {clip: 1.0}
    pair = Twins(optimizers.SGD(**arguments), keras.optimizers.SGD(**arguments))
    grads = [np.full_like(grad, worst) for grad in gradients(0)]
    pair.step(grads)
    for ours, theirs in zip(pair.our_variables, pair.their_variables, strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.value.detach().numpy(), rtol=1e-6)


def test_constraints_hold_after_each_step() -> None:
    module = Weights()
    kernel, *_ = variables = module.variables()
    kernel.constraint = lambda w: w.clamp(min=0.0)
    optimizers.SGD(0.1).apply(gradients(0), variables)
    assert kernel.numpy().min() == 0
    assert module.weight.min() == 0


def test_static_loss_scale() -> None:
    a, _ = two()
    optimizer = optimizers.SGD(1.0, loss_scale_factor=1024.0)
    assert optimizer.scale_loss(1.0) == 1024.0
    assert optimizers.SGD().scale_loss(1.0) == 1.0
    optimizer.apply([a.value.detach() * 1024.0], [a])
    assert not a.numpy().any()


def test_exclusion_by_variable() -> None:
    a, b = two()
    optimizer = optimizers.AdamW(1.0, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[b])
    optimizer.apply([torch.zeros(2, 2), torch.zeros(2)], [a, b])
    assert a.numpy().tolist() == [[1.5, 2.0], [2.5, 3.0]]
    assert b.numpy().tolist() == [1.0, 1.0]


def test_final_values_are_the_averages() -> None:
    options: dict[str, Any] = {"use_ema": True, "ema_momentum": 0.8}
    pair = Twins(optimizers.SGD(0.1, **options), keras.optimizers.SGD(0.1, **options))
    run(pair, 5)
    pair.ours.finalize_variable_values(pair.our_variables)
    pair.theirs.finalize_variable_values(pair.their_variables)
    pair.compare()
    with pytest.raises(ValueError, match="must hold the 4 variables"):
        pair.ours.finalize_variable_values([])


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize("name", ["Adafactor", "Adam", "Muon", "Nadam", "ScheduleFreeAdamW"])
def test_variables_overwritten_with_their_gradient(name: str) -> None:
    options: dict[str, Any] = {"gradient_accumulation_steps": 2, "use_ema": True}
    pair = Twins(getattr(optimizers, name)(**options), getattr(keras.optimizers, name)(**options))
    for variables in (pair.our_variables, pair.their_variables):
        variables[0].overwrite_with_gradient = True
    run(pair, 5)
    run(pair, 4, through_grad=True)


class TestStateless:
    @pytest.mark.parametrize("options", [{}, {"gradient_accumulation_steps": 2, "use_ema": True}])
    @pytest.mark.parametrize(("name", "arguments"), PLAIN)
    def test_equals_apply_and_changes_nothing(
        self, name: str, arguments: dict[str, Any], options: dict[str, Any]
    ) -> None:
        module, reference = Weights(), Weights()
        variables, same = module.variables(), reference.variables()
        make = getattr(optimizers, name)
        optimizer, stateful = make(**arguments, **options), make(**arguments, **options)
        optimizer.build(variables)
        stateful.build(same)
        state = [v.value.detach().clone() for v in optimizer.variables]
        values = [v.value.detach().clone() for v in variables]
        before = [v.numpy() for v in (*variables, *optimizer.variables)]
        for step in range(4):
            grads = [torch.tensor(grad) for grad in gradients(step)]
            values, state = optimizer.stateless_apply(state, grads, values)
            stateful.apply(grads)
        for new, expected in zip([*values, *state], [*same, *stateful.variables], strict=True):
            np.testing.assert_allclose(new.numpy(), expected.numpy(), rtol=1e-6)
        for old, now in zip(before, (*variables, *optimizer.variables), strict=True):
            np.testing.assert_array_equal(old, now.numpy())

    def test_errors(self) -> None:
        a, _ = two()
        optimizer = optimizers.Adam()
        with pytest.raises(
            ValueError, match="To call `stateless_apply`, the optimizer must be built"
        ):
            optimizer.stateless_apply([], [], [])
        optimizer.build([a])
        with pytest.raises(
            ValueError, match="`optimizer_variables` must hold one value for each of 4"
        ):
            optimizer.stateless_apply([], [], [a.value])
        with pytest.raises(
            ValueError, match="`trainable_variables` must hold one value for each of 1"
        ):
            optimizer.stateless_apply([v.value for v in optimizer.variables], [], [])

    def test_a_failure_leaves_everything_in_place(self) -> None:
        a, _ = two()
        optimizer = optimizers.Adam()
        optimizer.build([a])
        with pytest.raises(ValueError, match="must have its shape"):
            optimizer.stateless_apply(
                [v.value for v in optimizer.variables], [torch.ones(3)], [torch.zeros(2, 2)]
            )
        optimizer.apply([torch.ones(2, 2)])
        assert a.numpy()[0, 0] == pytest.approx(2.999)


class Momentum(optimizers.Optimizer):
    """An optimizer as Keras's documentation writes one."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = 0.9

    def build(self, variables: Any) -> None:
        super().build(variables)
        self.momentums = []
        for variable in variables:
            self.momentums.append(
                self.add_variable_from_reference(reference_variable=variable, name="momentum")
            )

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, m * self.momentum - gradient * learning_rate)
        self.assign_add(variable, m)


@pytest.mark.parametrize("through_grad", [False, True])
def test_own_optimizer_equals_sgd(through_grad: bool) -> None:
    options: dict[str, Any] = {"weight_decay": 0.01, "clipnorm": 1.0, "learning_rate": 0.1}
    theirs = keras.optimizers.SGD(momentum=0.9, name="momentum", **options)
    run(Twins(Momentum(**options), theirs), 10, through_grad=through_grad)


def test_own_rule_on_top_of_adam() -> None:
    class Halved(optimizers.Adam):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            super().update_step(gradient * 0.5, variable, learning_rate)

    module, reference = Weights(), Weights()
    ours, plain = module.variables(), reference.variables()
    halved, adam = Halved(weight_decay=0.1), optimizers.Adam(weight_decay=0.1)
    for step in range(5):
        halved.apply(gradients(step), ours)
        adam.apply(gradients(step, 0.5), plain)
    compare(halved.variables, adam.variables, 1e-6)
    compare(ours, plain, 1e-6)


def centralizing(package):
    """Return an optimizer that takes the mean away from gradients, as a tutorial does."""

    class Centralizing(package.optimizers.RMSprop):
        def apply(self, grads, trainable_variables=None):
            centered = []
            for grad in grads:
                if len(grad.shape) > 1:
                    grad = grad - package.ops.mean(grad, axis=0, keepdims=True)
                centered.append(grad)
            super().apply(centered, trainable_variables)

    return Centralizing(0.1)


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_fit_updates_through_an_apply_of_ones_own():
    found = []
    for package in (torchkeras, keras):
        model = package.Sequential(
            [package.Input((4, 4, 2)), package.layers.Conv2D(3, 2), package.layers.Flatten()]
        )
        model.set_weights([np.arange(24.0).reshape(2, 2, 2, 3) / 24, np.zeros(3)])
        model.compile(centralizing(package), "mse")
        x = np.arange(64.0).reshape(2, 4, 4, 2) / 64
        model.fit(x, np.ones((2, 27)), epochs=3, verbose=0, shuffle=False)
        found.append(model.get_weights())
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)
