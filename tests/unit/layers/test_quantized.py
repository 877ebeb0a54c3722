"""Quantized layers: Keras's numbers, weights and files; what torch sees of them."""

import copy
import pickle

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from tests import oracle
from torchkeras import layers, quantizers

pytestmark = [  # of Keras
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.filterwarnings("ignore:Layer InputLayer does not have a `quantize`"),
    pytest.mark.filterwarnings("ignore:The use of `x.T`"),
]
PACKAGES = (keras, torchkeras)


def normal(*shape, seed=1):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def einsum(equation, output_shape, **options):
    return lambda k: k.layers.EinsumDense(equation, output_shape, **options)


LAYERS = {
    "Dense": (lambda k: k.layers.Dense(7, "tanh"), normal(3, 9)),
    "Dense-3d": (lambda k: k.layers.Dense(4, use_bias=False), normal(2, 3, 6)),
    "heads": (einsum("abc,cde->abde", (None, 4, 2), bias_axes="de"), normal(2, 5, 3)),
    "joined": (einsum("abde,dec->abc", (None, 3), bias_axes="c"), normal(2, 5, 4, 2)),
    "half_bias": (einsum("abc,cde->abde", (None, 4, 2), bias_axes="d"), normal(2, 5, 3)),
    "by_step": (einsum("abc,bcd->abd", (5, 4)), normal(2, 5, 3)),
}
CONFIGS = {
    "int8": ("int8", None),
    "int8-weights": (
        "int8",
        lambda q: q.Int8QuantizationConfig(activation_quantizer=None),
    ),
    "int8-own": (
        "int8",
        lambda q: q.Int8QuantizationConfig(
            weight_quantizer=q.AbsMaxQuantizer(axis=0, value_range=(-100, 100)),
            activation_quantizer=q.AbsMaxQuantizer(value_range=(-50, 50)),
        ),
    ),
    "int4": ("int4", None),
    "int4-blocks": ("int4", lambda q: q.Int4QuantizationConfig(block_size=2)),
    "int4-channels": ("int4", lambda q: q.Int4QuantizationConfig(block_size=-1)),
    "int4-inputs": (
        "int4",
        lambda q: q.Int4QuantizationConfig(
            block_size=None, activation_quantizer=q.AbsMaxQuantizer()
        ),
    ),
    "float8": ("float8", None),
}
# What Keras cannot do: it takes the axes of scales and kernels for others.
BROKEN = {("joined", "int8-own"), ("by_step", "int8-own"), ("by_step", "int8-weights")}


def quantized_pair(make, x, config, lora=None):
    """Return Keras's layer and ours, quantized from equal weights."""
    mode, make_config = CONFIGS[config]
    oracle.reset()
    both = [make(k) for k in PACKAGES]
    for layer in both:
        layer(x) if x is not None else layer.build(None)
    weights = [normal(*w.shape, seed=i) for i, w in enumerate(both[0].weights)]
    for k, layer in zip(PACKAGES, both, strict=True):
        layer.set_weights(weights)
        if lora == "before":
            layer.enable_lora(2)
        layer.quantize(mode, config=make_config and make_config(k.quantizers))
        if lora == "after":
            layer.enable_lora(2)
        if lora:
            name = layer.adapted if k is torchkeras else both[1].adapted
            for way in "ab":
                variable = getattr(layer, f"lora_{name}_{way}")
                variable.assign(normal(*variable.shape, seed=5))
    return both


def array(value):
    value = getattr(value, "value", value)
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def assert_same_weights(theirs, ours):
    for one, two in zip(theirs.weights, ours.weights, strict=True):
        assert (one.path, tuple(one.shape), one.trainable) == (two.path, two.shape, two.trainable)
        assert array(one).dtype == two.numpy().dtype
        np.testing.assert_allclose(two.numpy(), array(one), rtol=1e-6, atol=1e-6, err_msg=two.path)


def assert_same_files(theirs, ours):
    stores = {}, {}
    for layer, store in zip((theirs, ours), stores, strict=True):
        layer.save_own_variables(store)
    assert list(stores[0]) == list(stores[1])
    for key, value in stores[0].items():
        np.testing.assert_allclose(stores[1][key], array(value), rtol=1e-5, atol=1e-5)


def results(layer, x, **kwargs):
    x = torch.tensor(x, requires_grad=True)
    y = layer(x, **kwargs)
    (y * torch.linspace(0, 1, y.numel()).reshape(y.shape)).sum().backward()
    return array(y), array(x.grad)


PLAIN = [(n, c) for n in LAYERS for c in CONFIGS if (n, c) not in BROKEN]
WITH_LORA = [
    (name, config, lora)
    for name in ("Dense", "heads", "by_step")
    for config, lora in (("int8", "before"), ("int8", "after"), ("int4-blocks", "after"))
    if (name, config) != ("by_step", "int4-blocks")
]


@pytest.mark.parametrize(("name", "config", "lora"), [(*row, None) for row in PLAIN] + WITH_LORA)
def test_kernels_equal_those_of_keras(name, config, lora):
    make, x = LAYERS[name]
    theirs, ours = quantized_pair(make, x, config, lora)
    assert theirs.dtype_policy.name == ours.dtype_policy.name
    assert_same_weights(theirs, ours)
    for mine, wanted in zip(results(ours, x), results(theirs, x), strict=True):
        np.testing.assert_allclose(mine, wanted, rtol=1e-4, atol=1e-4)
    assert_same_files(theirs, ours)


TABLES = {
    "Embedding": lambda k: k.layers.Embedding(11, 5),
    "tied": lambda k: k.layers.ReversibleEmbedding(11, 5, logit_soft_cap=3.0),
    "untied": lambda k: k.layers.ReversibleEmbedding(11, 5, tie_weights=False),
}
TABLE_CONFIGS = [name for name in CONFIGS if name not in ("float8", "int8-own")]


@pytest.mark.parametrize("config", TABLE_CONFIGS)
@pytest.mark.parametrize("name", TABLES)
def test_tables_equal_those_of_keras(name, config):
    theirs, ours = quantized_pair(TABLES[name], None, config, "after")
    assert_same_weights(theirs, ours)
    indices = torch.tensor([[1, 4, -1], [0, 10, 2]])
    np.testing.assert_allclose(array(ours(indices)), array(theirs(indices)), rtol=1e-5, atol=1e-5)
    if name != "Embedding":
        x = torch.tensor(normal(4, 5))
        scores = [array(layer(x, reverse=True)) for layer in (ours, theirs)]
        np.testing.assert_allclose(*scores, rtol=1e-5, atol=1e-5)
    assert_same_files(theirs, ours)


@pytest.mark.parametrize("name", ["Dense", "heads"])
@pytest.mark.parametrize("config", ["int8", "int4-blocks", "float8"])
def test_configs_equal_those_of_keras(name, config):
    make, x = LAYERS[name]
    theirs, ours = quantized_pair(make, x, config)
    for key in ("dtype", "quantization_config"):
        mine, wanted = (
            k.saving.serialize_keras_object(layer)["config"][key]
            for k, layer in ((torchkeras, ours), (keras, theirs))
        )
        assert mine == wanted
    again = type(ours).from_config(ours.get_config())
    again.build(x.shape)
    store = {}
    ours.save_own_variables(store)
    again.load_own_variables(store)
    np.testing.assert_array_equal(array(again(x)), array(ours(x)))
    assert again.quantization_mode == CONFIGS[config][0]


def test_whole_numbers_are_buffers_and_take_a_quarter():
    layer = layers.Dense(256)
    layer.build((None, 512))
    before = sum(value.nbytes for value in layer.state_dict().values())
    weight = layer.linear.weight
    layer.quantize("int8")
    after = sum(value.nbytes for value in layer.state_dict().values())
    assert after < before / 3.9
    assert [name for name, _ in layer.named_parameters()] == ["linear.bias"]
    assert layer.linear.weight.dtype == torch.int8
    assert not any(held is weight for held in vars(layer.linear).values())
    other = layers.Dense(256)
    other.build((None, 512))
    other.quantize("int4")
    assert sum(value.nbytes for value in other.state_dict().values()) < before / 7


def test_state_dict_moves_between_quantized_layers():
    x = torch.tensor(normal(3, 9))
    first, second = (quantized_pair(LAYERS["Dense"][0], x, "int4-blocks")[1] for _ in range(2))
    first.kernel_scale.assign(first.kernel_scale * 2)
    second.load_state_dict(first.state_dict())
    torch.testing.assert_close(first(x), second(x))
    for copied in (copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        torch.testing.assert_close(copied(x), first(x))
    floats = layers.Dense(7)
    floats(x)
    with pytest.raises(RuntimeError, match=r"linear\.scale"):
        first.load_state_dict(floats.state_dict())


@pytest.mark.parametrize("config", ["int8", "int4-blocks", "float8"])
def test_compiles_exports_and_moves(config):
    x = torch.tensor(normal(3, 9), requires_grad=True)
    layer = quantized_pair(LAYERS["Dense"][0], x.detach(), config)[1]
    torch._dynamo.reset()
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(x), layer(x))
    compiled(x).sum().backward()
    assert x.grad is not None
    program = torch.export.export(layer, (x.detach(),))
    torch.testing.assert_close(program.module()(x.detach()), layer(x.detach()))
    layer.to(torch.float64)
    assert layer.dtype_policy.name.endswith("_from_float64")
    assert layer(x.detach().double()).dtype == torch.float64


def test_hooks_and_bias_stay_where_they_were():
    x = torch.tensor(normal(2, 4))
    layer = layers.Dense(3)
    layer(x)
    bias, linear, seen = layer.bias, layer.linear, []
    linear.register_forward_hook(lambda *args: seen.append(args))
    layer.quantize("int8")
    layer(x)
    assert layer.bias is bias
    assert layer.linear is linear
    assert len(seen) == 1
    assert not isinstance(linear, nn.Linear)
    assert "in_features=4, out_features=3" in repr(linear)


def test_lora_on_whole_numbers_trains_the_correction_alone():
    x, y = normal(16, 6), normal(16, 4)
    model = torchkeras.Sequential([layers.Input((6,)), layers.Dense(4)])
    model.quantize("int4")
    model.layers[0].enable_lora(2)
    before = model.get_weights()
    model.compile("sgd", "mse")
    model.fit(x, y, epochs=2, verbose=0)
    changed = [
        v.name
        for v, old in zip(model.weights, before, strict=True)
        if not np.array_equal(v.numpy(), old)
    ]
    assert changed == ["bias", "lora_kernel_a", "lora_kernel_b"]


def test_float8_scales_follow_the_sizes():
    x, y = normal(16, 6), normal(16, 4)
    both = []
    for k in PACKAGES:
        model = k.Sequential([k.Input((6,)), k.layers.Dense(4)])
        model.set_weights([normal(6, 4), normal(4)])
        model.quantize("float8")
        model.compile(k.optimizers.SGD(0.1), "mse")
        model.fit(x, y, epochs=3, batch_size=8, shuffle=False, verbose=0)
        both.append(model)
    assert_same = np.testing.assert_allclose
    for theirs, ours in zip(both[0].weights, both[1].weights, strict=True):
        assert theirs.name == ours.name
        assert_same(ours.numpy(), array(theirs), rtol=1e-4, atol=1e-5, err_msg=ours.path)


def test_float8_takes_the_length_of_history_from_the_policy():
    policy = torchkeras.dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32", 4)
    layer = layers.Dense(2, dtype=policy)
    layer.build((None, 3))
    assert layer.inputs_amax_history.shape == (4,)


class TestRefusals:
    def test_unbuilt(self):
        with pytest.raises(ValueError, match="Cannot quantize a layer that isn't yet built"):
            layers.Dense(2).quantize("int8")

    def test_twice(self):
        layer = layers.Dense(2, dtype="int8_from_float32")
        layer.build((None, 2))
        with pytest.raises(ValueError, match="already quantized with dtype_policy='int8_from"):
            layer.quantize("int4")

    def test_subclass(self):
        class Own(layers.Dense):
            pass

        layer = Own(2)
        layer.build((None, 3))
        with pytest.raises(NotImplementedError, match="type_check=False"):
            layer.quantize("int8")
        layer.quantize("int8", type_check=False)
        assert layer.quantization_mode == "int8"

    @pytest.mark.parametrize(
        ("mode", "config", "text"),
        [
            ("int7", None, "Invalid quantization mode. Expected one of"),
            (None, None, "either `mode` or `config`"),
            ("int8", quantizers.Int4QuantizationConfig(), "Contradictory arguments"),
            ("int8", {}, "must be an instance of `QuantizationConfig`"),
            ("gptq", None, "you must pass `GPTQConfig`"),
        ],
    )
    def test_modes_and_configs(self, mode, config, text):
        layer = layers.Dense(2)
        layer.build((None, 3))
        with pytest.raises(ValueError, match=text):
            layer.quantize(mode, config=config)
        assert layer.dtype_policy.name == "float32"

    def test_what_a_layer_has_not(self):
        table = layers.Embedding(3, 2)
        table.build()
        with pytest.raises(NotImplementedError, match="Invalid quantization mode"):
            table.quantize("float8")
        with pytest.raises(NotImplementedError, match="does not have a `quantize` method"):
            layers.Dropout(0.5).quantize("int8")
        half = layers.Dense(2, dtype="mixed_float16")
        half.build((None, 3))
        with pytest.raises(ValueError, match="doesn't work well with compute_dtype='float16'"):
            half.quantize("int8")

    def test_lora_and_float8(self):
        layer = layers.Dense(2, lora_rank=1)
        layer.build((None, 3))
        with pytest.raises(NotImplementedError, match="lora is not supported"):
            layer.quantize("float8")
        layer = layers.Dense(2, dtype="float8_from_float32")
        layer.build((None, 3))
        with pytest.raises(NotImplementedError, match="lora is not supported"):
            layer.enable_lora(1)

    def test_modules_of_other_tools(self):
        layer = layers.Dense(2)
        layer.build((None, 3))
        torch.nn.utils.parametrizations.weight_norm(layer.linear)
        with pytest.raises(TypeError, match="Quantize before other tools"):
            layer.quantize("int8")


@pytest.mark.parametrize(
    ("policy", "count"),
    [("int8_from_float32", 3), ("int4_from_float32", 5), ("float8_from_float32", 8)],
)
def test_setting_a_policy_quantizes(policy, count):
    layer = layers.Dense(2)
    layer.build((None, 2))
    layer.dtype_policy = policy
    assert len(layer.variables) == count


def test_a_policy_that_cannot_be_set_leaves_the_layer_as_it_was():
    layer = layers.Dense(2)
    layer.build((None, 2))
    with pytest.raises(ValueError, match="GPTQConfig"):
        layer.dtype_policy = "gptq/4/8_from_float32"
    assert layer.dtype_policy.name == "float32"
    assert layer(torch.ones(1, 2)).shape == (1, 2)


def test_kernels_of_4_bits_are_shown_unpacked():
    layer = layers.Dense(3)
    layer.build((None, 4))
    layer.quantize("int4")
    unpacked = quantizers.unpack_int4(layer._kernel, 3, axis=-1)
    torch.testing.assert_close(layer.kernel, unpacked)


def test_kernel_with_lora_is_a_float_kernel():
    layer = layers.Dense(3)
    layer.build((None, 4))
    kernel = layer.kernel.numpy()
    layer.quantize("int8")
    layer.enable_lora(2)
    np.testing.assert_allclose(layer.kernel.detach().numpy(), kernel, atol=0.01)


@pytest.mark.parametrize(
    ("equation", "shape"), [("...x,xy->...y", (2, 5, 3)), ("ab...,bc->ac...", (2, 3, 5))]
)
@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_equations_with_an_ellipsis(equation, shape, mode):
    layer, x = (
        layers.EinsumDense(equation, 4, bias_axes=equation[-1].strip(".") or "c"),
        normal(*shape),
    )
    before = array(layer(x))
    layer.quantize(mode)
    np.testing.assert_allclose(array(layer(x)), before, atol=0.5)


def test_masks_survive():
    table = layers.ReversibleEmbedding(5, 3, mask_zero=True, dtype="int8_from_float32")
    rows = table(torch.tensor([[1, 0]]))
    assert rows._keras_mask.tolist() == [[True, False]]


def test_large_inputs_give_no_copies_of_the_float_weight_to_autograd():
    layer = layers.Dense(64, dtype="int4_from_float32")
    x = torch.ones(2, 64, requires_grad=True)
    layer(x)
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t):
        layer(x)
    assert all(t.numel() < 64 * 64 or t.dtype == torch.int8 for t in kept)
