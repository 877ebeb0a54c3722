"""`.keras` files: Keras opens ours, we open Keras's, and training goes on."""

import json
import zipfile

import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS, inputs
from torchkeras import layers, tree

X = np.random.default_rng(0).uniform(-1, 1, (8, 4)).astype("float32")
Y = np.random.default_rng(1).uniform(-1, 1, (8, 2)).astype("float32")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def registered(k):
    """Classes registered under the same names in both packages."""

    @k.saving.register_keras_serializable("file_tests")
    class Gain(k.layers.Layer):
        def __init__(self, start=1.0, **kwargs):
            super().__init__(**kwargs)
            self.start = start

        def build(self, input_shape):
            self.gain = self.add_weight(shape=(input_shape[-1],), initializer="ones")

        def call(self, inputs):
            return inputs * self.gain * self.start

        def get_config(self):
            return {**super().get_config(), "start": self.start}

    @k.saving.register_keras_serializable("file_tests")
    class Net(k.Model):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.blocks = [k.layers.Dense(units, activation="relu"), Gain(0.5)]
            self.last = k.layers.Dense(2)

        def call(self, inputs):
            for block in self.blocks:
                inputs = block(inputs)
            return self.last(inputs)

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    @k.saving.register_keras_serializable("file_tests")
    class Pair(k.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.left, self.right = k.layers.Dense(2), k.layers.Dense(2)

        def call(self, inputs):
            return self.left(inputs["left"]) - self.right(inputs["right"])

    @k.saving.register_keras_serializable("file_tests")
    def bent(x):
        return x * abs(x)

    return {"Gain": Gain, "Net": Net, "Pair": Pair, "bent": bent}


KNOWN = {k: registered(k) for k in oracle.PACKAGES}


def subclassed(k):
    net = KNOWN[k]["Net"](5)
    net(X)
    return net


def dictionary(k):
    net = KNOWN[k]["Pair"]()
    net({"left": X, "right": X})
    return net


def custom_objects(k):
    x = k.Input((4,))
    y = KNOWN[k]["Gain"](2.0)(k.layers.Dense(3, activation=KNOWN[k]["bent"])(x))
    return k.Model(x, y)


def shared_between_models(k):
    layer = k.layers.Dense(4, name="both")
    first = k.Sequential([k.Input((4,)), layer], name="first")
    second = k.Sequential([k.Input((4,)), layer], name="second")
    x = k.Input((4,))
    return k.Model(x, k.layers.Add()([first(x), second(first(x))]))


def unbuilt_first(k):
    model = k.Sequential([k.layers.Dense(3), k.layers.Dropout(0.5), k.layers.Dense(2)])
    model(X)
    return model


OWN = (subclassed, dictionary, custom_objects, shared_between_models, unbuilt_first)
MODELS = {**BUILDERS, **{f.__name__: f for f in OWN}}


def given(case):
    return {"left": X, "right": X} if case == "dictionary" else inputs(case)


def build(case, k):
    oracle.reset()
    return MODELS[case](k)


@pytest.fixture(params=MODELS)
def case(request):
    return request.param


def same(first, second, case):
    x = tree.map_structure(lambda a: keras.ops.convert_to_tensor(a), given(case))
    pairs = zip(tree.flatten(first(x)), tree.flatten(second(x)), strict=True)
    for one, other in pairs:
        oracle.assert_close(one, other, 1e-6)


def test_keras_opens_it(case, tmp_path):
    model = build(case, torchkeras)
    model.save(tmp_path / "m.keras")
    same(model, keras.saving.load_model(tmp_path / "m.keras"), case)


def test_opens_what_keras_wrote(case, tmp_path):
    if case == "shared_between_models":
        pytest.skip("Keras itself cannot open what it writes")
    model = build(case, keras)
    model.save(tmp_path / "m.keras")
    loaded = torchkeras.saving.load_model(tmp_path / "m.keras")
    assert not any(module.training for module in loaded.modules())
    same(loaded, model, case)


def test_own_files(case, tmp_path):
    model = build(case, torchkeras)
    model.save(tmp_path / "m.keras")
    loaded = torchkeras.models.load_model(tmp_path / "m.keras")
    same(loaded, model, case)
    assert type(loaded) is type(model)
    assert list(loaded.state_dict()) == list(model.state_dict())


class Several(torchkeras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.left, self.right = torchkeras.layers.Dense(2), torchkeras.layers.Dense(2)

    def call(self, left, right=None):
        return self.left(left) * self.right(right)


def test_several_arguments(tmp_path):
    model = Several()
    expected = model(X, right=X)
    model.save(tmp_path / "m.keras")
    known = {"Several": Several}
    loaded = torchkeras.saving.load_model(tmp_path / "m.keras", custom_objects=known)
    oracle.assert_close(loaded(X, right=X), expected, 0)


# Training goes on

OPTIMIZERS = {
    "adam": lambda k: k.optimizers.Adam(0.01),
    "momentum": lambda k: k.optimizers.SGD(0.05, momentum=0.9),
    "schedule": lambda k: k.optimizers.RMSprop(
        k.optimizers.schedules.ExponentialDecay(0.05, 3, 0.5)
    ),
    "average": lambda k: k.optimizers.AdamW(0.01, use_ema=True, clipnorm=1.0),
    "scaled": lambda k: k.optimizers.LossScaleOptimizer(k.optimizers.Adam(0.01)),
}


def trained(k, optimizer, model="subclassed"):
    oracle.reset()
    net = MODELS[model](k)
    weights = oracle.random_weights(net, np.random.default_rng(0)) if k is keras else None
    if weights is not None:
        net.set_weights(weights)
    net.compile(OPTIMIZERS[optimizer](k), loss="mse", metrics=["mae", k.metrics.MeanSquaredError()])
    return net


def fit(model):
    return model.fit(X, Y, batch_size=4, epochs=1, shuffle=False, verbose=0).history


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_goes_on_as_if_never_saved(optimizer, tmp_path):
    theirs = trained(keras, optimizer)
    fit(theirs)
    theirs.save(tmp_path / "theirs.keras")
    ours = torchkeras.saving.load_model(tmp_path / "theirs.keras")
    ours.save(tmp_path / "ours.keras")
    back = keras.saving.load_model(tmp_path / "ours.keras")
    again = torchkeras.saving.load_model(tmp_path / "ours.keras")
    expected = fit(theirs)
    for model in (ours, back, again):
        for name, values in fit(model).items():
            np.testing.assert_allclose(values, expected[name], rtol=1e-5)
        for mine, wanted in zip(oracle.weights_of(model), oracle.weights_of(theirs), strict=True):
            np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=1e-6)


def test_without_compiling(tmp_path):
    model = trained(torchkeras, "adam")
    fit(model)
    model.save(tmp_path / "m.keras")
    loaded = torchkeras.saving.load_model(tmp_path / "m.keras", compile=False)
    assert not loaded.compiled
    same(loaded, model, "subclassed")


def test_checkpoint_keeps_the_best(tmp_path):
    model = trained(torchkeras, "adam")
    path = tmp_path / "best.keras"
    best = torchkeras.callbacks.ModelCheckpoint(path, monitor="loss", save_best_only=True)
    model.fit(X, Y, epochs=3, verbose=0, callbacks=[best])
    loaded = torchkeras.saving.load_model(path)
    assert loaded.evaluate(X, Y, verbose=0, return_dict=True)["loss"] < 10
    assert loaded.optimizer.iterations > 0


# Names and errors


def test_layout(tmp_path):
    model = build("mlp", torchkeras)
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as file:
        assert file.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        assert json.loads(file.read("metadata.json"))["keras_version"].startswith("3.")


def test_weights_alone(tmp_path):
    first, second = (build("mlp", torchkeras) for _ in range(2))
    first.save(tmp_path / "m.keras")
    second.load_weights(tmp_path / "m.keras")
    same(first, second, "mlp")


def test_custom_objects_by_argument(tmp_path):
    class Twice(torchkeras.layers.Layer):
        def call(self, inputs):
            return inputs * 2

    model = torchkeras.Sequential([torchkeras.Input((3,)), Twice()])
    model.save(tmp_path / "m.keras")
    with pytest.raises(TypeError, match="custom_objects"):
        torchkeras.saving.load_model(tmp_path / "m.keras")
    loaded = torchkeras.saving.load_model(tmp_path / "m.keras", custom_objects={"Twice": Twice})
    assert isinstance(loaded.layers[0], Twice)


def test_existing_file_is_kept_when_asked(tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError, match="overwrite"):
        build("mlp", torchkeras).save(path, overwrite=False)
    assert path.read_bytes() == b"old"


def test_what_cannot_be_written_leaves_the_old_file(tmp_path):
    path = tmp_path / "m.keras"
    path.write_bytes(b"old")
    model = torchkeras.Sequential([layers.Dense(2, activation=lambda x: x)])
    with pytest.raises(ValueError, match="lambda"), pytest.warns(UserWarning, match="built"):
        model.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["m.keras"]
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("name", ["m", "m.pt", "m.keras.zip", "m.weights.h5"])
def test_other_endings_are_refused(name, tmp_path):
    model = build("mlp", torchkeras)
    with pytest.raises(ValueError, match="extension"):
        model.save(tmp_path / name)
    with pytest.raises(ValueError, match="extension"):
        torchkeras.saving.load_model(tmp_path / name)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.keras"):
        torchkeras.saving.load_model(tmp_path / "none.keras")
    with pytest.raises(ValueError, match="File not found"):  # as Keras has it
        torchkeras.saving.load_model(tmp_path / "none.keras")
    with pytest.raises(FileNotFoundError, match="folder"):
        build("mlp", torchkeras).save(tmp_path / "none" / "m.keras")


def test_wrong_arguments(tmp_path):
    model = build("mlp", torchkeras)
    with pytest.raises(ValueError, match="signatures"):
        model.save(tmp_path / "m.keras", signatures=None)
    with pytest.raises(ValueError, match="zipped=False"):
        model.save(tmp_path / "m", zipped=False)
    with pytest.raises(ValueError, match="`model` must be a model"):
        torchkeras.saving.save_model("model", tmp_path / "m.keras")


# Torch modules, which only the caller can make


class Scaled(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.rand(3))

    def forward(self, x):
        return x * self.scale


def _with_modules():
    inputs = layers.Input((3,))
    first = layers.TorchModuleWrapper(Scaled(), name="first")(inputs)
    return torchkeras.Model(inputs, layers.TorchModuleWrapper(Scaled(), name="second")(first))


@pytest.mark.parametrize(
    "given", [{"Scaled": Scaled}, {"first": Scaled(), "second": lambda: Scaled()}], ids=list
)
def test_torch_modules_are_read_into_those_of_the_caller(tmp_path, given):
    model, x = _with_modules(), torch.rand(2, 3)
    model.save(tmp_path / "x.keras")
    loaded = torchkeras.saving.load_model(tmp_path / "x.keras", custom_objects=given)
    torch.testing.assert_close(loaded(x), model(x))


@pytest.mark.parametrize("safe_mode", [True, False])
def test_a_torch_module_that_nobody_makes_is_asked_for(tmp_path, safe_mode):
    _with_modules().save(tmp_path / "x.keras")
    with pytest.raises(ValueError, match="'first' wraps a torch module of class 'Scaled'"):
        torchkeras.saving.load_model(tmp_path / "x.keras", safe_mode=safe_mode)


def test_what_is_no_torch_module_is_refused(tmp_path):
    _with_modules().save(tmp_path / "x.keras")
    with pytest.raises(ValueError, match=r"`custom_objects\['Scaled'\]` must be a torch module"):
        torchkeras.saving.load_model(tmp_path / "x.keras", custom_objects={"Scaled": dict})


def test_a_model_that_was_never_built_is_loaded_unbuilt(tmp_path):
    @torchkeras.saving.register_keras_serializable("unbuilt_tests")
    class Late(torchkeras.Model):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.table, self.dense = layers.Embedding(5, 4), layers.Dense(2)

        def call(self, inputs):
            return self.dense(self.table(inputs))

    with pytest.warns(UserWarning, match="not yet been built"):
        Late().save(tmp_path / "m.keras")
    loaded = torchkeras.saving.load_model(tmp_path / "m.keras")
    assert not loaded.built
    assert loaded(np.array([1, 2])).shape == (2, 2)


@torchkeras.saving.register_keras_serializable("file_tests")
def scaled_error(y_true, y_pred):
    return torch.mean((y_true - y_pred) ** 2, -1) / 10


@torchkeras.saving.register_keras_serializable("file_tests")
class CompiledItsOwnWay(torchkeras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return self.dense(inputs)

    def compile(self, optimizer, error):
        super().compile(optimizer=optimizer, loss=error)
        self.error = error

    def get_compile_config(self):
        return {"optimizer": self.optimizer, "error": self.error}

    def compile_from_config(self, config):
        made = {k: torchkeras.saving.deserialize_keras_object(v) for k, v in config.items()}
        self.compile(**made)


def test_what_a_model_of_ones_own_was_compiled_with_may_be_objects(tmp_path):
    model = CompiledItsOwnWay()
    model.compile(torchkeras.optimizers.SGD(0.5), scaled_error)
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    again = torchkeras.saving.load_model(tmp_path / "m.keras")
    assert again.error is scaled_error
    assert float(again.optimizer.learning_rate) == 0.5
    assert again.evaluate(X, Y, verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0))
