"""`.weights.h5`: Keras's layout to the last group, read by Keras, and Keras's files read here."""

import h5py
import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS
from torchkeras import layers
from torchkeras.saving import load_weights, save_weights
from torchkeras.saving.saveables import saveables

X = np.random.default_rng(0).uniform(-1, 1, (2, 4)).astype("float32")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def nested(k):
    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.blocks = [k.layers.Dense(2), k.layers.Dense(2)]
            self.by_name = {"b": k.layers.Dense(2), "a": k.layers.Dense(1)}
            self.deep = [["text"], [k.layers.Dense(2)], (k.layers.Dense(2),)]
            self._private = k.layers.Dense(1)
            self.zero = k.layers.Dense(1)
            self.also_zero = self.zero
            self.gain = self.add_weight(shape=(2,), initializer="ones", name="gain")

        @property
        def early(self):
            return self._private

        def call(self, inputs):
            for block in self.blocks:
                inputs = block(inputs)
            inputs = self.deep[2][0](self.deep[1][0](inputs)) * self.gain
            return self._private(self.zero(self.by_name["a"](self.by_name["b"](inputs))))

    net = Net()
    net(X)
    return net


def layer_in_layer(k):
    class Block(k.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.inner = [k.layers.Dense(3), k.layers.BatchNormalization()]

        def call(self, inputs):
            return self.inner[1](self.inner[0](inputs))

    x = k.Input((4,))
    return k.Model(x, Block()(Block()(x)))


def recurrent(k):
    x = k.Input((5, 3))
    y = k.layers.Bidirectional(k.layers.LSTM(2, return_sequences=True))(x)
    y = k.layers.TimeDistributed(k.layers.Dense(3))(y)
    y = k.layers.RNN([k.layers.LSTMCell(2), k.layers.SimpleRNNCell(2)], return_sequences=True)(y)
    return k.Model(x, k.layers.GRU(2, dropout=0.1)(y))


def attention(k):
    x = k.Input((5, 4))
    y = k.layers.MultiHeadAttention(2, 3, dropout=0.1)(x, x)
    return k.Model(x, k.layers.LayerNormalization()(y))


def compiled(k):
    model = BUILDERS["mlp"](k)
    model.compile(k.optimizers.Adam(0.01), "mse", metrics=["mae"])
    model.fit(X, np.ones((2, 2), "float32"), verbose=0)
    return model


MODELS = {
    **BUILDERS,
    **{f.__name__: f for f in (nested, layer_in_layer, recurrent, attention, compiled)},
}


@pytest.fixture(params=MODELS)
def pair(request):
    found = []
    for package in oracle.PACKAGES:
        oracle.reset()
        found.append(MODELS[request.param](package))
    ours, theirs = found
    theirs.set_weights(oracle.random_weights(theirs, np.random.default_rng(0)))
    return ours, theirs


def layout(path):
    """Return every group and dataset with its attributes, shape and dtype."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: found.update(
                {
                    name: (
                        dict(item.attrs),
                        getattr(item, "shape", None),
                        getattr(item, "dtype", None),
                    )
                }
            )
        )
    return found


def same_weights(ours, theirs):
    for mine, expected in zip(ours.get_weights(), oracle.weights_of(theirs), strict=True):
        np.testing.assert_array_equal(mine, expected)


def test_layout_is_keras(pair, tmp_path):
    ours, theirs = pair
    save_weights(ours, tmp_path / "ours.weights.h5")
    theirs.save_weights(tmp_path / "theirs.weights.h5")
    assert layout(tmp_path / "ours.weights.h5") == layout(tmp_path / "theirs.weights.h5")


def test_keras_reads_it(pair, tmp_path):
    ours, theirs = pair
    save_weights(ours, tmp_path / "x.weights.h5")
    theirs.load_weights(tmp_path / "x.weights.h5")
    same_weights(ours, theirs)


def of_three_branches(library):
    class Branches(library.Model):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = (self.branch() for _ in range(3))

        def branch(self):
            symbols = library.Input((2,))
            return library.Model(symbols, library.layers.Dense(1)(symbols))

        def call(self, inputs):
            return self.a(inputs) + self.b(inputs) * self.c(inputs)

    return Branches()


def test_functional_models_inside_are_saved_by_their_layers():
    kept = [path for path, item in saveables(of_three_branches(torchkeras))]
    assert kept == [
        "",
        *(
            f"{name}{step}"
            for name in "abc"
            for step in ("", "/layers/input_layer", "/layers/dense")
        ),
    ]


def test_keras_reads_models_of_several_functional_models(tmp_path):
    x = np.ones((1, 2), "float32")
    ours, theirs = of_three_branches(torchkeras), of_three_branches(keras)
    expected, _ = ours(x), theirs(x)
    ours.save_weights(tmp_path / "m.weights.h5")
    theirs.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_allclose(theirs(x).detach(), expected.detach(), rtol=1e-5)


def test_reads_what_keras_wrote(pair, tmp_path):
    ours, theirs = pair
    theirs.save_weights(tmp_path / "x.weights.h5")
    load_weights(ours, tmp_path / "x.weights.h5")
    same_weights(ours, theirs)


def test_state_of_the_optimizer_travels(tmp_path):
    models = [compiled(package) for package in oracle.PACKAGES]
    models[1].save_weights(tmp_path / "x.weights.h5")
    load_weights(models[0], tmp_path / "x.weights.h5")
    ours, theirs = ([oracle.numpy(v) for v in m.optimizer.variables] for m in models)
    for mine, expected in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, expected)


def test_file_without_optimizer_leaves_it_alone(tmp_path):
    plain = BUILDERS["mlp"](torchkeras)
    save_weights(plain, tmp_path / "x.weights.h5")
    model = compiled(torchkeras)
    with pytest.warns(UserWarning, match="optimizer"):
        load_weights(model, tmp_path / "x.weights.h5")
    same_weights(model, plain)


def test_layers_are_saved_too(tmp_path):
    layer, other = layers.Dense(3), layers.Dense(3)
    layer(X), other(X)
    save_weights(layer, tmp_path / "x.weights.h5")
    load_weights(other, tmp_path / "x.weights.h5")
    np.testing.assert_array_equal(layer.get_weights()[0], other.get_weights()[0])


def with_torch(k):
    return k.Sequential([k.Input((4,)), k.layers.TorchModuleWrapper(torch.nn.Linear(4, 3))])


def test_torch_modules_as_keras_keeps_them(tmp_path):
    ours, theirs = (with_torch(package) for package in oracle.PACKAGES)
    theirs.save_weights(tmp_path / "x.weights.h5")
    load_weights(ours, tmp_path / "x.weights.h5")
    oracle.assert_close(ours(X), theirs(X), 1e-6)
    save_weights(ours, tmp_path / "y.weights.h5")
    theirs.load_weights(tmp_path / "y.weights.h5")


class Mixed(torchkeras.Model):
    def __init__(self):
        super().__init__()
        self.body = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3))
        self.parts = [torch.nn.Linear(3, 3), layers.Dense(2)]

    def call(self, inputs):
        return self.parts[1](self.parts[0](self.body(inputs)))


def test_torch_modules_inside_subclassed_models(tmp_path):
    first, second = Mixed(), Mixed()
    first(X), second(X)
    save_weights(first, tmp_path / "x.weights.h5")
    load_weights(second, tmp_path / "x.weights.h5")
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name]), name


def test_raw_parameters_are_not_lost(tmp_path):
    class Net(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.factor = torch.nn.Parameter(torch.rand(3))

        def call(self, inputs):
            return inputs * self.factor.sum()

    first, second = Net(), Net()
    first(X), second(X)
    save_weights(first, tmp_path / "x.weights.h5")
    load_weights(second, tmp_path / "x.weights.h5")
    assert torch.equal(first.factor, second.factor)


def test_metrics_of_a_model_travel(tmp_path):
    class Net(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(2)
            self.tracker = torchkeras.metrics.Mean(name="tracker")

        def call(self, inputs):
            return self.dense(inputs)

    first, second = Net(), Net()
    first(X), second(X)
    first.tracker.update_state(7.0)
    save_weights(first, tmp_path / "x.weights.h5")
    load_weights(second, tmp_path / "x.weights.h5")
    assert float(second.tracker.result()) == 7.0


def test_files_of_keras_hold_no_metrics_which_are_left_alone(tmp_path):
    def tracking(k):
        class Net(k.Model):
            def __init__(self):
                super().__init__()
                self.dense = k.layers.Dense(2)
                self.tracker = k.metrics.Mean(name="tracker")

            def call(self, inputs):
                return self.dense(inputs)

        net = Net()
        net(X)
        return net

    model, twin = tracking(torchkeras), tracking(keras)
    model.tracker.update_state(7.0)
    twin.save_weights(tmp_path / "x.weights.h5")
    model.load_weights(tmp_path / "x.weights.h5")
    assert np.array_equal(model.get_weights()[0], twin.get_weights()[0])
    assert float(model.tracker.result()) == 7.0


class Own(layers.Layer):
    def build(self, input_shape):
        self.gain = self.add_weight(shape=(3,), initializer="ones")

    def call(self, inputs):
        return inputs * self.gain

    def save_own_variables(self, store):
        store["gain"] = self.gain
        store["twice"] = self.gain.numpy() * 2

    def load_own_variables(self, store):
        assert sorted(store.keys()) == ["gain", "twice"]
        self.gain.assign(store["twice"] / 2)


def test_hooks_of_users_are_called(tmp_path):
    first, second = Own(), Own()
    for layer in (first, second):
        layer(np.ones((1, 3), "float32"))
    first.gain.assign([1.0, 2.0, 3.0])
    save_weights(first, tmp_path / "x.weights.h5")
    load_weights(second, tmp_path / "x.weights.h5")
    assert second.gain.numpy().tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_dtypes(dtype, tmp_path):
    models = []
    for package in oracle.PACKAGES:
        oracle.reset()
        layer = package.layers.Dense(3, dtype=dtype)
        models.append(package.Sequential([package.Input((4,), dtype=dtype), layer]))
    ours, theirs = models
    theirs.save_weights(tmp_path / "x.weights.h5")
    load_weights(ours, tmp_path / "x.weights.h5")
    oracle.assert_close(ours.weights[0].value, theirs.weights[0].value, 0)
    save_weights(ours, tmp_path / "y.weights.h5")
    theirs.load_weights(tmp_path / "y.weights.h5")
    oracle.assert_close(ours.weights[0].value, theirs.weights[0].value, 0)


# What does not fit


def dense(units, name=None):
    return torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(units, name=name)])


def test_another_shape_is_refused_and_changes_nothing(tmp_path):
    big = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(5)])
    save_weights(big, tmp_path / "x.weights.h5")
    small = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    before = small.get_weights()
    with pytest.raises(ValueError, match=r"could not be loaded(.|\n)*\(3, 5\)(.|\n)*\(3, 2\)"):
        load_weights(small, tmp_path / "x.weights.h5")
    for old, new in zip(before, small.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_skip_mismatch_loads_the_rest(tmp_path):
    big = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(5)])
    save_weights(big, tmp_path / "x.weights.h5")
    small = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    with pytest.warns(UserWarning, match="could not be loaded"):
        load_weights(small, tmp_path / "x.weights.h5", skip_mismatch=True)
    np.testing.assert_array_equal(small.get_weights()[0], big.get_weights()[0])
    assert small.get_weights()[2].shape == (3, 2)


def test_missing_layer_is_named(tmp_path):
    save_weights(dense(3), tmp_path / "x.weights.h5")
    taller = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    with pytest.raises(ValueError, match="layers/dense_1"):
        load_weights(taller, tmp_path / "x.weights.h5")


def test_unbuilt_models_are_refused(tmp_path):
    model = torchkeras.Sequential([layers.Dense(3)])
    with pytest.raises(ValueError, match="not yet been built"):
        save_weights(model, tmp_path / "x.weights.h5")
    save_weights(dense(3), tmp_path / "x.weights.h5")
    with pytest.raises(ValueError, match="not yet been built"):
        load_weights(model, tmp_path / "x.weights.h5")


@pytest.mark.parametrize("name", ["x.json", "x", "x.weights.h5.bak"])
def test_other_endings_are_refused(name, tmp_path):
    for function in (save_weights, load_weights):
        with pytest.raises(ValueError, match=r"must end in `\.weights\.h5` or `\.safetensors`"):
            function(dense(3), tmp_path / name)


def test_missing_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.weights\.h5"):
        load_weights(dense(3), tmp_path / "none.weights.h5")


def test_existing_file_is_kept_when_asked(tmp_path):
    path = tmp_path / "x.weights.h5"
    save_weights(dense(3), path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="overwrite"):
        save_weights(dense(2), path, overwrite=False)
    assert path.read_bytes() == before


def test_objects_to_skip(tmp_path):
    model = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    save_weights(model, tmp_path / "x.weights.h5", objects_to_skip=[model.layers[0]])
    with h5py.File(tmp_path / "x.weights.h5") as file:
        assert list(file["layers"]) == ["dense_1"]


def test_paths_as_strings(tmp_path):
    save_weights(dense(3), str(tmp_path / "x.weights.h5"))
    load_weights(dense(3), str(tmp_path / "x.weights.h5"))


def test_through_the_model(tmp_path):
    first, second = dense(3), dense(3)
    first.save_weights(tmp_path / "x.weights.h5")
    second.load_weights(tmp_path / "x.weights.h5")
    np.testing.assert_array_equal(first.get_weights()[0], second.get_weights()[0])


def test_checkpoint_callback(tmp_path):
    model = dense(2)
    model.compile("adam", "mse")
    path = str(tmp_path / "{epoch:02d}.weights.h5")
    checkpoint = torchkeras.callbacks.ModelCheckpoint(path, save_weights_only=True)
    model.fit(X, np.ones((2, 2), "float32"), epochs=2, verbose=0, callbacks=[checkpoint])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["01.weights.h5", "02.weights.h5"]
    model.load_weights(tmp_path / "01.weights.h5")


def test_a_subclassed_model_reads_the_weights_of_a_sequential_one(tmp_path):
    class Net(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(3)
            self.last = layers.Dense(1)

        def call(self, inputs):
            return self.last(self.first(inputs))

    path = tmp_path / "m.weights.h5"
    twin = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(3), layers.Dense(1)])
    twin.save_weights(path)
    net = Net()
    net(X)
    net.load_weights(path)
    torch.testing.assert_close(net(X), twin(X))
