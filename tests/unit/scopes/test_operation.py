"""`Operation` and `Function`: steps and computations without a model."""

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import Function, Input, KerasTensor, Model, Operation, layers, ops
from torchkeras._base.naming import reset_names

X = torch.arange(6.0).reshape(2, 3)


class Scale(Operation):
    def __init__(self, factor, shift=0.0, name=None):
        super().__init__(name=name)
        self.factor, self.shift = factor, shift

    def call(self, x):
        return x * self.factor + self.shift


class Twice(Operation):
    def call(self, x, y):
        return [x + y, (x - y).sum(-1)]

    def compute_output_spec(self, x, y):
        return [KerasTensor(x.shape, x.dtype), KerasTensor(x.shape[:-1], x.dtype)]


def test_every_public_name_is_there():
    later = {"distillation", "distribution", "legacy", "preprocessing", "src",
             "visualization", "wrappers"}  # fmt: skip
    names = {name for name in dir(keras) if not name.startswith("_")}
    assert {name for name in names if not hasattr(torchkeras, name)} <= later


def test_tensors_are_computed_and_symbols_recorded():
    scale = Scale(2.0, shift=1.0)
    torch.testing.assert_close(scale(X), X * 2 + 1)
    symbol = scale(Input((3,)))
    assert symbol.shape == (None, 3)
    assert scale.output is symbol
    assert scale.input.shape == (None, 3)


def test_in_a_functional_model():
    a, b = Input((3,)), Input((3,))
    total, difference = Twice()(layers.Dense(3)(a), b)
    model = Model([a, b], [Scale(2.0)(total), difference])
    first, second = model([X, X])
    dense = model.layers[1] if isinstance(model.layers[1], layers.Dense) else model.layers[2]
    torch.testing.assert_close(first, 2 * (dense(X) + X))
    torch.testing.assert_close(second, (dense(X) - X).sum(-1))


def test_names_and_configs():
    assert Scale(2.0, name="mine").name == "mine"
    assert Scale(2.0).name.startswith("scale")
    with pytest.raises(ValueError, match="without '/'"):
        Scale(2.0, name="a/b")
    config = Scale(2.0, 3.0, name="mine").get_config()
    assert config == {"factor": 2.0, "shift": 3.0, "name": "mine"}
    assert Scale.from_config(config).get_config() == config
    with pytest.raises(NotImplementedError, match="`get_config`"):
        Scale(torch.ones(2)).get_config()


def operations(package):
    """Operations whose `__init__` or `get_config` is not the plain one."""

    class Named(package.Operation):
        def __init__(self, factor, shift=1.0, **kwargs):
            super().__init__(**kwargs)

    class Unnamed(package.Operation):
        def __init__(self, factor, shift=1.0):
            super().__init__()

    class Own(package.Operation):
        def __init__(self, table, **kwargs):
            super().__init__(**kwargs)
            self.table = table

        def get_config(self):
            return {**super().get_config(), "table": self.table.tolist()}

    class Many(package.Operation):
        def __init__(self, *factors, name=None):
            super().__init__(name=name)

    class First(package.Operation):
        def __init__(self, factor, /, name=None):
            super().__init__(name=name)

    return [
        lambda: Named(2.0, name="mine"), lambda: Named(2.0), lambda: Unnamed(2.0),
        lambda: Own(np.ones(2), name="own"), Many, lambda: Many(2.0), lambda: First(1.0),
    ]  # fmt: skip


@pytest.mark.parametrize("case", range(7))
def test_configs_of_all_kinds_are_keras(case):
    reset_names()
    keras.utils.clear_session()
    ours, theirs = (operations(package)[case]() for package in (torchkeras, keras))
    try:
        assert ours.get_config() == theirs.get_config()
    except NotImplementedError:
        with pytest.raises(NotImplementedError):
            theirs.get_config()


def test_layers_are_operations():
    assert isinstance(layers.Dense(1), Operation)
    assert isinstance(Scale(1.0), Operation)
    assert not isinstance(torch.nn.Linear(1, 1), Operation)
    assert not isinstance(layers.Dense(1), Scale)


def test_what_is_missing_is_named():
    with pytest.raises(NotImplementedError, match="`Operation` must define `call`"):
        Operation()(X)
    with pytest.raises(ValueError, match="has no output"):
        _ = Scale(1.0).output


# Function


def test_function_of_symbols():
    a, b = KerasTensor((None, 3)), KerasTensor((None, 3))
    function = Function([a, b], ops.sigmoid(a - 2 * b))
    torch.testing.assert_close(function([X, X]), torch.sigmoid(-X))
    assert function([Input((3,)), Input((3,))]).shape == (None, 3)
    assert function.inputs == [a, b]
    assert function.compute_output_shape([(4, 3), (4, 3)]) == (4, 3)


def test_structures_layers_and_constants():
    x = Input((3,))
    dense = layers.Dense(2)
    y = dense(x)
    function = Function({"x": x}, {"y": y, "z": [dense(x * 2) + torch.ones(2)]})
    found = function({"x": X})
    torch.testing.assert_close(found["y"], dense(X))
    torch.testing.assert_close(found["z"][0], dense(2 * X) + 1)
    assert dense in function.operations
    assert len([each for each in function.operations if each is dense]) == 1


def test_it_equals_keras():
    results = []
    for module in (torchkeras, keras):
        a, b = module.KerasTensor((None, 3)), module.KerasTensor((None, 3))
        function = module.Function([a, b], [module.ops.tanh(a) @ module.ops.transpose(b), a])
        results.append(function([X, X + 1]))
    for mine, oracle in zip(*results, strict=True):
        np.testing.assert_allclose(mine, oracle.detach().numpy(), rtol=1e-6)


def test_the_middle_of_a_graph():
    x = Input((3,))
    middle = x * 2
    function = Function(middle, ops.sum(middle + 1))
    assert function(X) == (X + 1).sum()


def test_gradients_pass():
    x = Input((3,))
    dense = layers.Dense(2)
    Function(x, dense(x))(X).sum().backward()
    assert dense.kernel.gradient is not None


def test_wrong_inputs():
    x, other = Input((3,)), Input((3,))
    function = Function(x, x + 1)
    with pytest.raises(ValueError, match=r"must have the shape \(None, 3\).*shape \(2, 4\)"):
        function(torch.ones(2, 4))
    with pytest.raises(ValueError, match="takes inputs in the structure"):
        function([X, X])
    with pytest.raises(ValueError, match="`inputs` must not be empty"):
        Function([], x)
    with pytest.raises(ValueError, match=r"not .*made|connect"):
        Function(x, other + 1)
