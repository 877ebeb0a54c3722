"""Counter, learning rate and variables: names, order, reading, writing, saving."""

import pickle
from typing import Any

import keras
import numpy as np
import pytest
import torch
from torch import nn

from tests.unit.optimizers.twin import Twins, gradients, run
from torchkeras import optimizers
from torchkeras._base.naming import reset_names
from torchkeras._state.variable import Variable

# Keras's own variables warn when NumPy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
OPTIONS = {"use_ema": True, "gradient_accumulation_steps": 2}


def one_step(optimizer: Any, variable: Variable) -> None:
    optimizer.apply([torch.ones(variable.shape)], [variable])


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("SGD", {"momentum": 0.9}),
        ("RMSprop", {"momentum": 0.9, "centered": True}),
        ("Adam", {"amsgrad": True, **OPTIONS}),
        ("AdamW", OPTIONS),
        ("Adadelta", {}),
        ("Adafactor", OPTIONS),
        ("Adagrad", {}),
        ("Adamax", {}),
        ("Ftrl", {}),
        ("Lamb", {}),
        ("Lion", {}),
        ("Muon", OPTIONS),
        ("Muon", {"exclude_layers": ["stacked"]}),
        ("Nadam", {}),
        ("ScheduleFreeAdamW", {}),
    ],
)
def test_variables_are_keras_s(name: str, arguments: dict[str, Any]) -> None:
    arguments = {**arguments, "name": "mine"}
    reset_names()
    keras.utils.clear_session()
    pair = Twins(
        getattr(optimizers, name)(**arguments), getattr(keras.optimizers, name)(**arguments)
    )
    pair.step(gradients(0))
    for ours, theirs in zip(pair.ours.variables, pair.theirs.variables, strict=True):
        assert (ours.name, ours.path) == (theirs.name, theirs.path)
        assert (ours.shape, ours.dtype) == (tuple(theirs.shape), theirs.dtype)
        assert not ours.trainable


STATES = ["Adadelta", "Adafactor", "Adagrad", "Adam", "Adamax", "AdamW", "Ftrl", "Lamb", "Lion"]
STATES += ["Muon", "Nadam", "RMSprop", "ScheduleFreeAdamW", "SGD"]


@pytest.mark.parametrize("name", STATES)
def test_state_of_keras_goes_on_here(name: str) -> None:
    options: dict[str, Any] = {"use_ema": True, "gradient_accumulation_steps": 2}
    make, make_theirs = getattr(optimizers, name), getattr(keras.optimizers, name)
    first = Twins(make(**options), make_theirs(**options))
    run(first, 5)
    theirs: dict[str, Any] = {}
    first.theirs.save_own_variables(theirs)
    second = Twins(make(**options), first.theirs)
    second.ours.build(second.our_variables)
    second.ours.load_own_variables(theirs)
    for ours, other in zip(second.our_variables, first.their_variables, strict=True):
        ours.assign(other.value)
    second.their_variables = first.their_variables
    run(second, 5)


@pytest.mark.parametrize("name", STATES)
def test_state_goes_on_in_keras(name: str) -> None:
    pair = Twins(getattr(optimizers, name)(), getattr(keras.optimizers, name)())
    run(pair, 5)
    ours: dict[str, Any] = {}
    pair.ours.save_own_variables(ours)
    pair.theirs.load_own_variables(ours)
    run(pair, 5)


@pytest.mark.parametrize("name", STATES)
def test_saved_and_read_state_goes_on_bit_for_bit(name: str) -> None:
    variables = [Variable([[1.0, 2.0], [3.0, 4.0]]), Variable([1.0])]
    same = [Variable(variable.value.detach().clone()) for variable in variables]
    first, second = (getattr(optimizers, name)(0.1) for _ in range(2))
    grads = [
        [torch.tensor(g[:2, :2]), torch.tensor(b[:1])] for g, b, *_ in map(gradients, range(6))
    ]
    for step in range(3):
        first.apply(grads[step], variables)
    second.build(same)
    store: dict[str, Any] = {}
    first.save_own_variables(store)
    second.load_own_variables(store)
    for mine, variable in zip(same, variables, strict=True):
        mine.assign(variable)
    for step in range(3, 6):
        first.apply(grads[step], variables)
        second.apply(grads[step], same)
    for mine, other in zip([*same, *second.variables], [*variables, *first.variables], strict=True):
        np.testing.assert_array_equal(mine.numpy(), other.numpy())


def test_loading_another_number_of_variables_warns() -> None:
    optimizer = optimizers.Adam()
    with pytest.warns(UserWarning, match="was not loaded: it has 2 variables, and the file 4"):
        optimizer.load_own_variables({str(index): np.zeros(()) for index in range(4)})


def test_set_weights() -> None:
    v = Variable([1.0, 2.0])
    first, second = optimizers.Adam(), optimizers.Adam()
    one_step(first, v)
    with pytest.raises(ValueError, match="You are calling `set_weights"):
        second.set_weights(first.variables)
    second.build([v])
    second.set_weights(first.variables)
    for ours, theirs in zip(first.variables, second.variables, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    with pytest.raises(ValueError, match="one value for each of the 4 variables"):
        second.set_weights([])
    with pytest.raises(ValueError, match="must have the shape"):
        second.set_weights([0, 0.1, np.zeros(3), np.zeros(3)])


class TestLearningRate:
    def test_is_a_variable_in_float32(self) -> None:
        rate = optimizers.Adam(0.001).learning_rate
        assert isinstance(rate, Variable)
        assert float(rate) == float(np.float32(0.001))

    @pytest.mark.parametrize(
        "value",
        [0.5, np.float32(0.5), torch.tensor(0.5), Variable(0.5)],
        ids=lambda v: type(v).__name__,
    )
    def test_assigning_changes_the_next_step(self, value: Any) -> None:
        v, optimizer = Variable([1.0]), optimizers.SGD(0.1)
        one_step(optimizer, v)
        optimizer.learning_rate = value
        one_step(optimizer, v)
        assert v.numpy() == pytest.approx(0.4)

    def test_its_variable_is_writable_in_every_way(self) -> None:
        v, optimizer = Variable([1.0]), optimizers.SGD(0.1)
        optimizer.learning_rate.assign(0.2)
        one_step(optimizer, v)
        optimizer.learning_rate.value.mul_(0.5)
        one_step(optimizer, v)
        optimizer.learning_rate *= 0.5
        one_step(optimizer, v)
        assert v.numpy() == pytest.approx(1 - 0.2 - 0.1 - 0.05)

    def test_schedule_replaces_it(self) -> None:
        optimizer = optimizers.Adam(0.001)
        optimizer.learning_rate = optimizers.schedules.PolynomialDecay(optimizer.learning_rate, 4)
        assert len(optimizer.variables) == 1
        assert float(optimizer.learning_rate) == pytest.approx(0.001)
        with pytest.raises(TypeError, match="a schedule or function, so a number cannot"):
            optimizer.learning_rate = 0.1

    def test_function(self) -> None:
        rates = iter([0.1, 0.2])
        v, optimizer = Variable([1.0]), optimizers.SGD(lambda: next(rates))
        one_step(optimizer, v)
        one_step(optimizer, v)
        assert v.numpy() == pytest.approx(0.7)

    def test_own_schedule_may_compute_in_any_way(self) -> None:
        class Mine(optimizers.schedules.LearningRateSchedule):
            def __call__(self, step: Any) -> Any:
                assert step >= 0
                return 0.1 / (step + 1) + torch.zeros(()) * step

        v, optimizer = Variable([1.0]), optimizers.SGD(Mine())
        one_step(optimizer, v)
        one_step(optimizer, v)
        assert v.numpy() == pytest.approx(0.85)


class TestIterations:
    def test_counts(self) -> None:
        v, optimizer = Variable([1.0]), optimizers.Adam()
        for count in range(3):
            assert int(optimizer.iterations) == count
            assert optimizer.iterations.dtype == "int32"
            one_step(optimizer, v)

    def test_a_kept_variable_stays_true(self) -> None:
        v, optimizer = Variable([1.0]), optimizers.Adam()
        iterations = optimizer.iterations
        one_step(optimizer, v)
        assert int(iterations) == 1

    def test_assigning_changes_the_bias_correction(self) -> None:
        v, optimizer = Variable([1.0]), optimizers.Adam(0.1, epsilon=0.0)
        optimizer.iterations.assign(10**6)
        one_step(optimizer, v)  # m = 0.1, v = 0.001, no correction left
        assert v.numpy() == pytest.approx(1 - 0.1 * 0.1 / 0.001**0.5, rel=1e-5)
        assert int(optimizer.iterations) == 10**6 + 1

    def test_accumulation_counts_updates(self) -> None:
        v, optimizer = Variable([1.0]), optimizers.SGD(gradient_accumulation_steps=2)
        counts = []
        for _ in range(4):
            one_step(optimizer, v)
            counts.append(int(optimizer.iterations))
        assert counts == [0, 1, 1, 2]


def test_variables_assigned_in_a_subclass_are_kept() -> None:
    class Mine(optimizers.SGD):
        def build(self, variables: Any) -> None:
            super().build(variables)
            self.extra = Variable(3.0, name="extra", trainable=False)
            self.more = [self.add_variable((2,), initializer="ones", name="more")]

    optimizer = Mine()
    optimizer.build([Variable([1.0])])
    assert [v.name for v in optimizer.variables] == ["iteration", "learning_rate", "extra", "more"]
    assert optimizer.variables[-1].path == f"{optimizer.name}/more"


def test_forgotten_super_is_an_error() -> None:
    class Mine(optimizers.Optimizer):
        def __init__(self) -> None:
            self.momentum = 0.9

    with pytest.raises(RuntimeError, match=r"Make `super\(\).__init__\(...\)` the first statement"):
        Mine()


def test_add_optimizer_variables_with_initializers() -> None:
    v, optimizer = Variable(np.zeros((2, 3)), name="v"), optimizers.SGD()
    optimizer.build([v])
    zeros, ones = optimizer.add_optimizer_variables([v], ["a", "b"], ["zeros", "ones"])
    assert zeros[0].numpy().sum() == 0
    assert ones[0].numpy().sum() == 6
    assert ones[0].name == "v_b"
    with pytest.raises(ValueError, match="must hold equally many items"):
        optimizer.add_optimizer_variables([v], ["a", "b"], ["zeros"])


def test_pickle_is_as_small_as_its_tensors() -> None:
    net = nn.Sequential(*[nn.Linear(100, 100) for _ in range(10)])
    optimizer = optimizers.Adam()
    optimizer.build(net.parameters())
    size = sum(param.numel() * param.element_size() for param in net.parameters())
    assert len(pickle.dumps(optimizer)) < 4 * size
