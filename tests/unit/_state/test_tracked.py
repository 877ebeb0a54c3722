"""Whatever a module is given as an attribute is found, replaced and forgotten again."""

import pytest
import torch
from torch import nn

import torchkeras
from torchkeras import layers


def dense():
    layer = layers.Dense(1)
    layer.build((None, 2))
    return layer


def test_attributes_before_super_init_stay():
    class Early(layers.Layer):
        def __init__(self):
            self.units, self.parts = 3, []
            super().__init__()
            self.parts.append(dense())

    layer = Early()
    assert layer.units == 3
    assert len(layer.weights) == 2


EARLY = {
    "layer": lambda: dense(),
    "list": lambda: [dense()],
    "dictionary": lambda: {"x": dense()},
    "tuple": lambda: (dense(),),
    "torch module": lambda: nn.Linear(1, 1),
    "parameter": lambda: nn.Parameter(torch.ones(1)),
    "variable": lambda: torchkeras.Variable(1.0, name="v"),
}


@pytest.mark.parametrize("kind", EARLY)
@pytest.mark.parametrize("base", [layers.Layer, torchkeras.Model])
def test_what_is_assigned_before_super_init_is_kept(base, kind):
    class Early(base):
        def __init__(self):
            self.inner = EARLY[kind]()
            super().__init__()

    class Late(base):
        def __init__(self):
            super().__init__()
            self.inner = EARLY[kind]()

    early, late = Early(), Late()
    assert early.state_dict().keys() == late.state_dict().keys() != set()
    assert [w.shape for w in early.weights] == [w.shape for w in late.weights]
    assert type(early.inner) is type(late.inner)


def test_arguments_of_init_are_not_kept_twice():
    class Early(layers.Layer):
        def __init__(self, inner):
            self.inner = inner
            super().__init__()

    assert sorted(Early(dense()).state_dict()) == ["inner.linear.bias", "inner.linear.weight"]


def test_forgotten_super_init_is_named():
    class Forgetful(layers.Layer):
        def __init__(self, weight=False):
            if weight:
                self.add_weight(shape=(1,))

        def call(self, x):
            return x

    for use in (lambda: Forgetful()(torch.ones(1)), lambda: Forgetful(weight=True)):
        with pytest.raises(RuntimeError, match="In 'Forgetful', you forgot to call"):
            use()


VALUES = {
    "layer": dense,
    "torch module": lambda: nn.Linear(1, 1),
    "list": lambda: [dense()],
    "empty list": list,
    "dictionary": lambda: {"x": dense()},
    "tuple": lambda: (dense(),),
    "number": lambda: 3,
    "none": lambda: None,
    "numbers": lambda: [1, 2],
    "plain tuple": lambda: (1, 2),
    "tensor": lambda: torch.ones(1),
}


@pytest.mark.parametrize("before", VALUES)
@pytest.mark.parametrize("after", VALUES)
def test_attributes_may_become_anything_else(before, after):
    layer, other = layers.Layer(), layers.Layer()
    layer.attribute = VALUES[before]()
    value = VALUES[after]()
    layer.attribute = other.attribute = value
    assert layer.attribute is other.attribute or layer.attribute == value
    assert list(layer.state_dict()) == list(other.state_dict())
    assert len(layer.weights) == len(other.weights)


@pytest.mark.parametrize("kind", VALUES)
def test_attributes_may_be_deleted(kind):
    layer = layers.Layer()
    layer.attribute = VALUES[kind]()
    del layer.attribute
    assert not hasattr(layer, "attribute")
    assert layer.state_dict() == {}
    assert [name for name, _ in layer.named_modules()] == [""]


def test_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        layers.Layer().nothing  # noqa: B018


def test_modules_are_found_by_their_path():
    layer = layers.Layer()
    layer.pair, layer.many = (dense(), 3), {"items": [dense()], "a.b": dense()}
    for name, module in layer.named_modules():
        assert layer.get_submodule(name) is module
    values = {name: torch.zeros_like(p) for name, p in layer.named_parameters()}
    layer.call = lambda x: layer.pair[0](x) + layer.many["items"][0](x)
    assert torch.func.functional_call(layer, values, torch.ones(1, 2)).item() == 0


def test_new_parts_follow_the_mode():
    layer = layers.Layer()
    layer.train()
    layer.inner = nn.Dropout(0.5)
    layer.eval()
    layer.other = nn.Dropout(0.5)
    assert not layer.inner.training
    assert not layer.other.training
    layer.train()
    layer.pair = (nn.Dropout(0.5).eval(), 1)
    assert layer.pair[0].training


def test_torch_modules_are_the_same_objects():
    linear, layer = nn.Linear(1, 1), torchkeras.Model()
    layer.linear = linear
    assert layer.linear is linear
