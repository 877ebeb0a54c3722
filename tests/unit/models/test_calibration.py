"""GPTQ and AWQ give Keras's numbers."""

import keras
import numpy as np
import pytest
import torch
from keras.src.quantizers.awq import AWQ
from keras.src.quantizers.gptq import GPTQ

import torchkeras
from torchkeras import layers
from torchkeras.models.calibration import samples
from torchkeras.quantizers import awq, gptq

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.filterwarnings("ignore:Layer .* does not have a `quantize`"),
    pytest.mark.filterwarnings("ignore:Invalid quantization mode"),
]
PACKAGES = (keras, torchkeras)
TOKENS = [np.random.default_rng(0).integers(0, 20, 60)]
RNG = np.random.default_rng(1)
# Neighbours differ in sign: Keras fails where all weights of a group have the same.
KERNEL = np.abs(RNG.normal(0.4, 0.2, (12, 7))).astype("float32") * np.resize([[1], [-1]], (12, 1))
INPUTS = (RNG.normal(size=(50, 12)) @ RNG.normal(size=(12, 12))).astype("float32")


def config_for(k, mode, **options):
    make = {"gptq": k.quantizers.GPTQConfig, "awq": k.quantizers.AWQConfig}[mode]
    return make(options.pop("dataset", None), options.pop("tokenizer", None), **options)


def calibrated_pair(mode, options):
    """Return Keras's layer and ours, quantized on the same inputs from equal weights."""
    both = []
    for k in PACKAGES:
        layer = k.layers.Dense(7)
        layer.build((None, 12))
        layer._kernel.assign(KERNEL)
        config = config_for(k, mode, **options)
        layer.quantize(mode, config=config)
        both.append((layer, config))
    (theirs, their_config), (ours, our_config) = both
    x, weight = torch.tensor(INPUTS), ours.linear.weight.detach()
    if mode == "gptq":
        oracle, seen = GPTQ(theirs, their_config), gptq.Hessian(12, x.device)
        oracle.update_hessian_with_batch(x)
        oracle.quantize_and_correct_layer()
    else:
        oracle, seen = AWQ(theirs, their_config), awq.Magnitudes(12, x.device)
        oracle.update_activation_magnitudes(x)
        oracle.quantize_layer()
    for part in x.split(20):
        seen.see(part)
    algorithm = gptq if mode == "gptq" else awq
    ours.take_calibrated(**algorithm.quantized(weight, seen, our_config))
    return theirs, ours


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("gptq", {"group_size": -1}),
        ("gptq", {"group_size": 6, "activation_order": True}),
        ("gptq", {"group_size": 8, "weight_bits": 8, "symmetric": True}),
        ("gptq", {"group_size": -1, "weight_bits": 3, "per_channel": False}),
        ("awq", {"group_size": -1}),
        ("awq", {"group_size": 5, "num_grid_points": 5}),
    ],
)
def test_numbers_equal_those_of_keras(mode, options):
    theirs, ours = calibrated_pair(mode, options)
    assert ours.dtype_policy.name == theirs.dtype_policy.name
    assert getattr(ours, f"is_{mode}_calibrated")
    names = ["quantized_kernel", "kernel_scale", "kernel_zero", "g_idx"]
    for name in names + (["awq_scales"] if mode == "awq" else []):
        mine, oracle = getattr(ours, name), getattr(theirs, name)
        assert (mine.shape, mine.dtype, mine.name) == (
            tuple(oracle.shape),
            oracle.dtype,
            oracle.name,
        )
        wanted = keras.ops.convert_to_numpy(oracle)
        wanted = np.floor(wanted) if name == "g_idx" else wanted
        np.testing.assert_allclose(mine.numpy(), wanted, rtol=1e-5, atol=1e-6, err_msg=name)
    expected = keras.ops.convert_to_numpy(theirs(INPUTS))
    np.testing.assert_allclose(ours(INPUTS).detach().numpy(), expected, rtol=1e-4, atol=1e-4)


def test_gptq_makes_up_for_rounding():
    exact = INPUTS @ KERNEL
    _, ours = calibrated_pair("gptq", {"group_size": -1})
    plain = layers.Dense(7)
    plain.build((None, 12))
    plain._kernel.assign(KERNEL)
    config = torchkeras.quantizers.Int4QuantizationConfig(block_size=12)
    plain.quantize("int4", config=config)
    errors = [np.abs(layer(INPUTS).detach().numpy() - exact).mean() for layer in (ours, plain)]
    assert errors[0] < errors[1]


def block_of(k):
    inputs = k.Input((None, 6))
    x = k.layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de")(inputs)
    x = k.layers.EinsumDense("abde,dec->abc", (None, 6))(x)
    return k.Model(inputs, k.layers.Dense(6)(k.layers.Add()([inputs, x])))


def model_of(k):
    k.utils.set_random_seed(0)  # some weights need no scales
    inputs = k.Input((None,), dtype="int32")
    table = k.layers.Embedding(20, 6)
    blocks = [block_of(k), block_of(k)]
    x = table(inputs)
    for block in blocks:
        x = block(x)
    structure = {"pre_block_layers": [table], "sequential_blocks": blocks}
    return k.Model(inputs, k.layers.Dense(3)(x)), structure


def config_of(k, mode, structure, **options):
    options |= {"num_samples": 3, "sequence_length": 8, "group_size": -1}
    return config_for(
        k,
        mode,
        dataset=TOKENS,
        tokenizer=len,
        quantization_layer_structure=structure,
        **options,
    )


def quantized_model(mode, **options):
    model, structure = model_of(torchkeras)
    model.quantize(mode, config=config_of(torchkeras, mode, structure, **options))
    return model


def test_blocks_are_quantized_on_what_quantized_blocks_return():
    """Keras's `Model.quantize` never shows the data to its layers: all its `awq_scales` are 1."""
    model, structure = model_of(torchkeras)
    (table,), (first, second) = structure.values()
    weight = second.layers[1].linear.weight.detach()
    config = config_of(torchkeras, "awq", structure)
    model.quantize(config=config)
    seen = awq.Magnitudes(6, weight.device)
    for sample in samples(config):
        seen.see(first(table(torch.tensor(sample[None]))))
    expected = awq.quantized(weight, seen, config)
    found = second.layers[1]
    np.testing.assert_allclose(found.awq_scales.numpy(), expected["awq_scales"], rtol=1e-5)
    np.testing.assert_array_equal(found.kernel.numpy(), expected["whole"])
    assert found.awq_scales.numpy().std() > 0


@pytest.mark.parametrize("mode", ["gptq", "awq"])
def test_models_travel_in_files(mode, tmp_path):
    ours = quantized_model(mode)
    x = np.arange(16).reshape(2, 8)
    expected = ours.predict(x, verbose=0)
    ours.save(tmp_path / "m.keras")
    for package in PACKAGES:
        loaded = package.saving.load_model(tmp_path / "m.keras")
        np.testing.assert_allclose(loaded.predict(x, verbose=0), expected, rtol=1e-4, atol=1e-4)


def test_layers_outside_of_the_blocks_stay_floats():
    ours = quantized_model("gptq")
    assert ours.layers[-1].quantization_mode is None
    assert ours.layers[-1].kernel.dtype == "float32"


def test_a_layer_waits_for_data_and_is_not_saved_before():
    layer = layers.Dense(3)
    layer.build((None, 4))
    x = np.ones((2, 4), "float32")
    before = layer(x)
    config = torchkeras.quantizers.GPTQConfig(None, None, group_size=2)
    layer.quantize("gptq", config=config)
    assert not layer.is_gptq_calibrated
    assert (layer(x) == before).all()
    with pytest.raises(ValueError, match="waits for the data of 'gptq'"):
        layer.save_own_variables({})
    with pytest.raises(NotImplementedError, match="lora is not supported"):
        layer.enable_lora(2)


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"dataset": None}, ValueError, "requires a dataset and a tokenizer"),
        ({"quantization_layer_structure": None}, ValueError, "a valid quantization structure"),
        ({"dataset": "text"}, TypeError, "iterable of texts or tokens"),
        ({"dataset": []}, ValueError, "at least one token"),
        ({"dataset": ["a b"], "tokenizer": str.split}, ValueError, "whole numbers for a text"),
    ],
)
def test_wrong_data_is_refused(change, error, text):
    model, structure = model_of(torchkeras)
    config = config_of(torchkeras, "gptq", structure)
    for name, value in change.items():
        setattr(config, name, value)
    with pytest.raises(error, match=text):
        model.quantize(config=config)


def test_texts_are_made_tokens():
    class Tokenizer:
        def tokenize(self, text):
            return [ord(letter) for letter in text]

    config = torchkeras.quantizers.GPTQConfig(
        ["ab", "cd"], Tokenizer(), num_samples=3, sequence_length=2
    )
    found = samples(config)
    assert found.shape == (3, 2)
    assert {chr(token) for token in found.flatten()} <= set("abcd")
