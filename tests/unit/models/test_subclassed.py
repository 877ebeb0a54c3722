"""Subclassed models and layers: tracking, building, naming, composing, errors."""

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from tests import oracle
from torchkeras import layers

X = np.random.default_rng(0).uniform(-1, 1, (2, 4)).astype("float32")


def tracked(k):
    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.first = k.layers.Dense(3)
            self.stack = [k.layers.Dense(3) for _ in range(2)]
            self.by_name = {"b": k.layers.Dense(3), "a": k.layers.Dense(2)}
            self.pair = (k.layers.Dense(2), k.layers.Dense(2))
            self.deep = [[k.layers.Dense(2)], {"x": [k.layers.Dense(2)]}]
            self.scale = self.add_weight(shape=(2,), initializer="ones", name="scale")
            self.settings = {"rate": 0.5}

        def call(self, inputs):
            x = self.first(inputs)
            for layer in self.stack:
                x = layer(x)
            x = self.by_name["a"](self.by_name["b"](x))
            for layer in self.pair:
                x = layer(x)
            return self.deep[1]["x"][0](self.deep[0][0](x)) * self.scale

    return Net()


@pytest.fixture
def nets():
    found = []
    for k in oracle.PACKAGES:
        oracle.reset()
        net = tracked(k)
        net(X)
        found.append(net)
    return found


def test_weights_in_lists_and_dictionaries_equal_keras(nets):
    ours, theirs = ([(v.path, tuple(v.shape)) for v in net.weights] for net in nets)
    assert ours == theirs


@pytest.mark.parametrize("way", ["call", "symbols", "fit", "predict", "evaluate"])
def test_paths_begin_with_the_model_however_it_was_built(way):
    found = []
    for k in oracle.PACKAGES:
        oracle.reset()
        net = tracked(k)
        net.compile("sgd", "mse")
        calls = {
            "call": lambda net=net: net(X),
            "symbols": lambda net=net, k=k: net(k.Input(X.shape[1:])),
            "fit": lambda net=net: net.fit(X, net.predict(X, verbose=0), verbose=0),
            "predict": lambda net=net: net.predict(X, verbose=0),
            "evaluate": lambda net=net: net.evaluate(X, X[:, :1], verbose=0),
        }
        calls[way]()
        found.append([v.path for v in net.weights])
    assert found[0] == found[1]
    assert all(path.startswith(f"{net.name}/") for path in found[0])


def test_layers_equal_keras(nets):
    ours, theirs = ([layer.name for layer in net.layers] for net in nets)
    assert ours == theirs


def test_outputs_equal_keras(nets):
    ours, theirs = nets
    ours.set_weights(oracle.weights_of(theirs))
    oracle.assert_close(ours(X), theirs(X), 1e-5)


def test_torch_sees_every_parameter(nets):
    ours, _ = nets
    parts = {id(part) for variable in ours.weights for part in variable.parameters}
    assert parts == {id(parameter) for parameter in ours.parameters()}
    assert len(ours.state_dict()) == len(ours.weights)


def test_plain_settings_stay_what_they_are(nets):
    ours, _ = nets
    assert ours.settings == {"rate": 0.5}
    assert isinstance(ours.stack, list)
    assert isinstance(ours.by_name, dict)
    assert isinstance(ours.pair, tuple)


def test_layers_appended_later():
    class Net(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.stack = []

        def call(self, inputs):
            for layer in self.stack:
                inputs = layer(inputs)
            return inputs

    net = Net()
    net.stack.append(layers.Dense(3))
    net.stack.extend([layers.Dense(2)])
    net.stack += [layers.Dense(1)]
    assert net(X).shape == (2, 1)
    assert len(net.weights) == 6
    net.stack.pop()
    assert len(net.weights) == 4


def test_attributes_replaced_and_deleted():
    net = tracked(torchkeras)
    net(X)
    count = len(net.weights)
    net.first = layers.Dense(3)
    net(X)
    assert len(net.weights) == count
    del net.first
    assert len(net.weights) == count - 2


def test_build_makes_all_weights():
    net = tracked(torchkeras)
    net.build((None, 4))
    assert len(net.weights) == 19


def test_torch_modules_inside():
    class Net(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.body = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
            self.norms = [nn.LayerNorm(3)]
            self.head = layers.Dense(1)

        def call(self, inputs):
            return self.head(self.norms[0](self.body(inputs)))

    net = Net()
    net(X)
    assert len(net.trainable_weights) == 6
    net.compile("adam", "mse")
    before = net.body[0].weight.detach().clone()
    net.fit(X, np.ones((2, 1), "float32"), verbose=0)
    assert not torch.equal(before, net.body[0].weight)


def test_raw_torch_parameters_are_trained():
    class Net(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.factor = nn.Parameter(torch.ones(()))

        def call(self, inputs):
            return inputs * self.factor

    net = Net()
    net.compile("sgd", "mse")
    net.fit(X, X * 2, verbose=0)
    assert net.factor.item() != 1.0
    assert len(net.trainable_weights) == 1


def test_free_variables_become_weights_when_assigned():
    class Scale(layers.Layer):
        def __init__(self):
            super().__init__()
            self.factor = torchkeras.Variable(2.0, name="factor")

        def call(self, inputs):
            return inputs * self.factor

    layer = Scale()
    assert torch.equal(layer(X), 2 * torch.tensor(X))
    assert [v.name for v in layer.weights] == ["factor"]
    assert list(layer.state_dict()) == ["factor"]


def test_layer_made_in_call_is_refused_or_kept():
    class Lazy(torchkeras.Model):
        def call(self, inputs):
            if not hasattr(self, "inner"):
                self.inner = layers.Dense(2)
            return self.inner(inputs)

    net = Lazy()
    first = net(X)
    torch.testing.assert_close(first, net(X))
    assert len(net.weights) == 2


def test_the_name_layers_is_taken():
    class Net(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.layers = [layers.Dense(2)]

    with pytest.raises(AttributeError, match="layers"):
        Net()


def test_forgotten_super_says_so():
    class Net(torchkeras.Model):
        def __init__(self):
            self.dense = layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    with pytest.raises(RuntimeError, match=r"In 'Net', you forgot to call `super\(\).__init__"):
        Net()(torch.ones(1, 2))


def test_no_call_says_so():
    class Net(torchkeras.Model):
        pass

    with pytest.raises(NotImplementedError, match="call"):
        Net()(X)


def test_errors_in_call_name_the_layer():
    class Net(torchkeras.Model):
        def call(self, inputs):
            return inputs @ torch.ones(7, 7)

    with pytest.raises(RuntimeError) as raised:
        Net(name="broken")(X)
    assert "broken" in "".join(raised.value.__notes__)


def test_several_call_arguments():
    class Net(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, first, second, training=False, scale=1.0):
            return self.dense(first + second) * scale

    net = Net()
    torch.testing.assert_close(net(X, X, scale=2.0), 2 * net(X, second=X))


def test_in_a_functional_model():
    net = tracked(torchkeras)
    x = torchkeras.Input((4,))
    model = torchkeras.Model(x, net(x))
    torch.testing.assert_close(model(X), net(X))
    assert model.output_shape == (None, 2)


def test_functional_subclass():
    class Net(torchkeras.Model):
        def __init__(self, units):
            x = torchkeras.Input((4,))
            super().__init__(inputs=x, outputs=layers.Dense(units)(x))
            self.units = units

        def train_step(self, data):
            return super().train_step(data)

    net = Net(3)
    assert net(X).shape == (2, 3)
    assert net.units == 3
    assert net.output_shape == (None, 3)
    net.compile("sgd", "mse")
    net.fit(X, np.ones((2, 3), "float32"), verbose=0)


def registered(k):
    @k.saving.register_keras_serializable("tests")
    class Block(k.layers.Layer):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.dense = k.layers.Dense(units)

        def build(self, input_shape):
            self.dense.build(input_shape)
            self.gain = self.add_weight(shape=(self.units,), initializer="ones", name="gain")

        def call(self, inputs, training=None):
            return self.dense(inputs) * self.gain

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    return Block


def test_custom_layer_equals_keras():
    found = []
    for k in oracle.PACKAGES:
        oracle.reset()
        block = registered(k)(2)
        block(X)
        found.append(([v.path for v in block.weights], block.name, block.get_config()))
    assert found[0] == found[1]


def test_custom_layer_without_get_config():
    class Block(layers.Layer):
        def __init__(self, units, rate=0.5, **kwargs):
            super().__init__(**kwargs)

    config = Block(3, rate=0.1, name="b").get_config()
    assert config["units"] == 3
    assert config["rate"] == 0.1
    assert Block.from_config(config).get_config() == config


@pytest.mark.parametrize(
    "spelling",
    [
        lambda layer: layer.add_weight(shape=(3,), initializer="zeros", name="w"),
        lambda layer: layer.add_weight((3,), "zeros", name="w"),
        lambda layer: layer.add_weight("w", (3,), initializer="zeros"),
        lambda layer: layer.add_weight(name="w", shape=[3], dtype="float32"),
        lambda layer: layer.add_weight(name="w", shape=3, trainable=False),
        lambda layer: layer.add_variable(shape=(3,), initializer="zeros", name="w"),
    ],
)
def test_spellings_of_add_weight(spelling):
    layer = layers.Layer(name="l")
    variable = spelling(layer)
    assert variable.shape == (3,)
    assert variable.name == "w"
    assert layer.weights == [variable]


def test_build_with_several_shapes():
    seen = {}

    class Mix(layers.Layer):
        def build(self, first_shape, second_shape):
            seen.update(first=first_shape, second=second_shape)

        def call(self, first, second):
            return first

    Mix()(X, X[:, :2])
    assert seen == {"first": (2, 4), "second": (2, 2)}


def test_build_with_a_dictionary_of_shapes():
    seen = {}

    class Mix(layers.Layer):
        def build(self, input_shape):
            seen.update(input_shape)

        def call(self, inputs):
            return inputs["a"]

    Mix()({"a": X, "b": X[:, :2]})
    assert seen == {"a": (2, 4), "b": (2, 2)}


def test_names_without_slashes():
    with pytest.raises(ValueError, match="name"):
        layers.Dense(2, name="a/b")


def test_model_equality_of_twins_after_training():
    """The same subclassed model trains to the same weights as in Keras."""
    found = []
    for k in oracle.PACKAGES:
        oracle.reset()
        net = tracked(k)
        net(X)
        values = oracle.random_weights(net, np.random.default_rng(1))
        net.set_weights(values)
        net.compile(k.optimizers.SGD(0.1), "mse")
        net.fit(X, np.ones((2, 2), "float32"), epochs=3, batch_size=2, verbose=0, shuffle=False)
        found.append(oracle.weights_of(net))
    for ours, theirs in zip(*found, strict=True):
        oracle.assert_close(ours, theirs, 1e-5)


def test_keras_is_not_needed():
    import subprocess
    import sys

    code = "import sys, torchkeras; assert 'keras' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
