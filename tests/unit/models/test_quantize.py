"""`Model.quantize`."""

import keras
import numpy as np
import pytest

import torchkeras
from torchkeras import layers

PACKAGES = (keras, torchkeras)
X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def model_of(k):
    inputs = k.Input((4,))
    x = k.layers.Dense(6, activation="relu", name="dense_1")(inputs)
    x = k.layers.Dropout(0.5)(x)
    return k.Model(inputs, k.layers.Dense(3, name="output")(x))


def pair():
    theirs, ours = (model_of(k) for k in PACKAGES)
    ours.set_weights(theirs.get_weights())
    return theirs, ours


@pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize`")  # of Keras
@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_models_travel_both_ways(mode, tmp_path):
    theirs, ours = pair()
    for model in (theirs, ours):
        model.quantize(mode)
    expected = theirs.predict(X, verbose=0)
    np.testing.assert_allclose(ours.predict(X, verbose=0), expected, rtol=1e-4, atol=1e-5)
    for source, other in ((theirs, torchkeras), (ours, keras)):
        source.save(tmp_path / "m.keras")
        loaded = other.saving.load_model(tmp_path / "m.keras")
        np.testing.assert_allclose(loaded.predict(X, verbose=0), expected, rtol=1e-4, atol=1e-5)
        source.save_weights(tmp_path / "m.weights.h5")
        loaded.load_weights(tmp_path / "m.weights.h5")
        np.testing.assert_allclose(loaded.predict(X, verbose=0), expected, rtol=1e-4, atol=1e-5)


def attention_of(k, name, policy):
    inputs = k.Input((4, 6))
    cls = getattr(k.layers, name)
    sizes = (2, 2) if name == "MultiHeadAttention" else (3, 4, 2)
    outputs = cls(*sizes, dtype=policy, name="attention")(inputs, inputs)
    return k.Model(inputs, k.layers.Dense(2)(outputs))


@pytest.mark.parametrize("mapped", [True, False])
@pytest.mark.parametrize("mode", ["int8", "int4"])
@pytest.mark.parametrize("name", ["MultiHeadAttention", "GroupQueryAttention"])
def test_attention_travels_with_a_map_of_policies(name, mode, mapped, tmp_path):
    policies = torchkeras.dtype_policies.DTypePolicyMap() if mapped else None
    model = attention_of(torchkeras, name, policies)
    model.quantize(mode)
    x = np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32")
    model.save(tmp_path / "m.keras")
    packages = PACKAGES if mode == "int4" else (torchkeras,)  # Keras cannot read its own int8
    for k in packages:
        loaded = k.saving.load_model(tmp_path / "m.keras")
        found = loaded.predict(x, verbose=0)
        np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("mode", ["int8", "int4"])
@pytest.mark.parametrize("name", ["Embedding", "ReversibleEmbedding"])
def test_a_table_that_has_met_no_data_yet_travels(name, mode, tmp_path):
    layer = getattr(layers, name)(6, 4)
    layer.build()
    layer.quantize(mode)
    with pytest.warns(UserWarning, match="not yet been built"):  # the model, not the layer
        torchkeras.Sequential([layer]).save(tmp_path / "m.keras")
    tokens = np.array([[1, 5, 0]])
    for k in PACKAGES:
        loaded = k.saving.load_model(tmp_path / "m.keras")
        found = k.ops.convert_to_numpy(loaded.layers[-1](tokens))
        np.testing.assert_allclose(found, layer(tokens).numpy(), rtol=1e-6)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ("dense", ["dense_1"]),
        (["dense", "out"], ["dense_1", "output"]),
        (lambda layer: layer.name == "output", ["output"]),
        ("none", []),
    ],
)
def test_filters(filters, expected):
    model = model_of(torchkeras)
    model.quantize("int8", filters=filters)
    assert [x.name for x in model.layers if x.quantization_mode] == expected


def test_wrong_arguments_leave_the_model_alone():
    model = model_of(torchkeras)
    for wrong, text in [
        ({"filters": 3}, "`filters` argument must be a regex string"),
        ({"mode": "int7"}, "Invalid quantization mode. Expected one of"),
        ({"mode": "int8", "more": 1}, "Unrecognized keyword arguments"),
    ]:
        with pytest.raises(ValueError, match=text):
            model.quantize(**{"mode": "int8", **wrong})
    assert {layer.dtype_policy.name for layer in model.layers} == {"float32"}


def test_a_model_that_is_half_built_is_left_alone():
    class Two(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.second = layers.Dense(2), layers.Dense(2)

        def call(self, x):
            return self.first(x)

    model = Two()
    model(X)
    with pytest.raises(ValueError, match="Cannot quantize a layer that isn't yet built"):
        model.quantize("int8")
    assert model.first.quantization_mode is None


def test_layers_with_weights_and_no_quantized_form_are_named():
    model = torchkeras.Sequential([layers.Input((4, 3)), layers.Conv1D(2, 2), layers.Flatten()])
    with pytest.warns(UserWarning, match="Layer Conv1D does not have a `quantize` method") as seen:
        model.quantize("int8")
    assert len(seen) == 1


def test_inner_layers_are_found():
    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner = [layers.Dense(4), layers.Dense(4)]

        def call(self, x):
            for layer in self.inner:
                x = layer(x)
            return x

    inputs = torchkeras.Input((4,))
    model = torchkeras.Model(inputs, layers.Dense(2)(Outer()(inputs)))
    model.quantize("int8")
    assert [v.dtype for v in model.weights if v.name == "kernel"] == ["int8"] * 3


def test_attention_is_quantized_inside():
    inputs = torchkeras.Input((5, 8))
    attention = layers.MultiHeadAttention(2, 4)
    model = torchkeras.Model(inputs, attention(inputs, inputs))
    x = np.random.default_rng(0).normal(size=(2, 5, 8)).astype("float32")
    before = model.predict(x, verbose=0)
    model.quantize("int8")
    assert [v.dtype for v in model.weights if v.name == "kernel"] == ["int8"] * 4
    np.testing.assert_allclose(model.predict(x, verbose=0), before, atol=0.05)


def test_a_compiled_model_goes_on():
    model = model_of(torchkeras)
    model.compile("adam", "mse")
    y = np.zeros((8, 3), "float32")
    model.fit(X, y, verbose=0)
    before = model.evaluate(X, y, verbose=0)
    model.quantize("int8")
    assert model.evaluate(X, y, verbose=0) == pytest.approx(before, abs=0.05)
    model.fit(X, y, verbose=0)
