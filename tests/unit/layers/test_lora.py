"""LoRA: a frozen weight with a trained correction of low rank."""

import copy
import pickle

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")  # of Keras
PACKAGES = (keras, torchkeras)


def normal(*shape):
    return torch.tensor(np.random.default_rng(1).normal(size=shape).astype("float32"))


def einsum(equation, output_shape, **options):
    return lambda k: k.layers.EinsumDense(equation, output_shape, **options)


CASES = {
    "Dense": (lambda k: k.layers.Dense(3, "relu"), normal(2, 4)),
    "Dense-no_bias": (lambda k: k.layers.Dense(3, use_bias=False), normal(2, 5, 4)),
    "Embedding": (lambda k: k.layers.Embedding(7, 3), torch.tensor([[1, 2, -1]])),
    "ReversibleEmbedding": (lambda k: k.layers.ReversibleEmbedding(7, 3), torch.tensor([[1, 2]])),
    "untied": (
        lambda k: k.layers.ReversibleEmbedding(7, 3, tie_weights=False),
        torch.tensor([[1, 2]]),
    ),
    "Conv1D-causal": (lambda k: k.layers.Conv1D(4, 3, padding="causal"), normal(2, 6, 3)),
    "Conv1D-same": (lambda k: k.layers.Conv1D(4, 3, 2, "same"), normal(2, 6, 3)),
    "Conv2D-groups": (
        lambda k: k.layers.Conv2D(4, 3, padding="same", groups=2, activation="relu"),
        normal(2, 6, 6, 4),
    ),
    "Conv2D-channels_first": (
        lambda k: k.layers.Conv2D(4, 3, data_format="channels_first", dilation_rate=2),
        normal(2, 4, 7, 7),
    ),
    "Conv3D": (lambda k: k.layers.Conv3D(4, 2), normal(2, 4, 4, 4, 2)),
    "einsum-heads": (einsum("abc,cde->abde", (None, 4, 2), bias_axes="de"), normal(2, 5, 3)),
    "einsum-dense": (einsum("abc,cd->abd", (None, 4), bias_axes="d"), normal(2, 5, 3)),
    "einsum-two_summed": (einsum("abc,bcde->ade", (4, 2), bias_axes="e"), normal(2, 5, 3)),
    "einsum-any_order": (einsum("abc,ebc->aeb", (4, 5)), normal(2, 5, 3)),
    "einsum-all_summed": (einsum("ab,b->a", ()), normal(2, 5)),
}


def twins(name, **options):
    """Return Keras's layer and ours, with LoRA and equal weights, and their input."""
    make, x = CASES[name]
    both = [make(k) for k in PACKAGES]
    for layer in both:
        layer(x)
        layer.enable_lora(2, **options)
    rng = np.random.default_rng(0)
    values = [rng.normal(size=w.shape).astype("float32") for w in both[0].weights]
    for layer in both:
        layer.set_weights(values)
    return *both, x


def array(value):
    return np.asarray(value.detach() if isinstance(value, torch.Tensor) else value)


def close(theirs, ours):
    np.testing.assert_allclose(array(ours), array(theirs), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", CASES)
def test_outputs_and_gradients_equal_those_of_keras(name):
    theirs, ours, x = twins(name, lora_alpha=3.0)
    close(theirs(x), ours(x))
    for layer in (theirs, ours):
        layer(x).square().mean().backward()
    for their, our in zip(theirs.weights, ours.weights, strict=True):
        assert (their.value.grad is None) == (our.value.grad is None)
        if their.value.grad is not None:
            close(their.value.grad, our.value.grad)


@pytest.mark.parametrize("name", CASES)
def test_names_and_order_equal_those_of_keras(name):
    theirs, ours, _ = twins(name)
    for weights in ("weights", "trainable_weights", "non_trainable_weights"):
        names = [[(w.name, w.shape, w.dtype) for w in getattr(x, weights)] for x in (theirs, ours)]
        assert names[0] == names[1]


@pytest.mark.parametrize("name", CASES)
def test_shown_weight_holds_the_correction(name):
    theirs, ours, _ = twins(name, lora_alpha=4)
    shown = "embeddings" if hasattr(ours, "embeddings") else "kernel"
    close(getattr(theirs, shown), getattr(ours, shown))
    close(getattr(theirs, f"_{shown}").value, getattr(ours, f"_{shown}").value)


@pytest.mark.parametrize("name", CASES)
def test_store_is_merged_and_read_again(name):
    theirs, ours, x = twins(name)
    before = ours(x).detach()
    stores = {}, {}
    theirs.save_own_variables(stores[0])
    ours.save_own_variables(stores[1])
    assert stores[0].keys() == stores[1].keys()
    for key, value in stores[0].items():
        close(torch.as_tensor(getattr(value, "value", value)), stores[1][key])
    ours.load_own_variables(stores[1])
    close(before, ours(x))
    assert (getattr(ours, ours.weights[-1].name).numpy() == 0).all()


def test_reverse_direction_is_corrected():
    theirs, ours, _ = twins("ReversibleEmbedding")
    x = normal(2, 3)
    close(theirs(x, reverse=True), ours(x, reverse=True))


@pytest.mark.parametrize("kernel_regularizer", [None, "l2"])
def test_regularizer_moves_to_the_correction(kernel_regularizer):
    losses = []
    for k in PACKAGES:
        layer = k.layers.Dense(3, kernel_regularizer=kernel_regularizer, lora_rank=2)
        layer.build((None, 4))
        layer.set_weights([np.full(w.shape, 2.0) for w in layer.weights])
        losses.append([float(loss.detach()) for loss in layer.losses])
    assert losses[0] == losses[1]


def test_config_has_rank_and_alpha_only_with_lora():
    assert "lora_rank" not in layers.Dense(3).get_config()
    config = layers.Conv2D(3, 2, lora_rank=2, lora_alpha=5).get_config()
    assert (config["lora_rank"], config["lora_alpha"]) == (2, 5)
    layer = layers.Conv2D.from_config(config)
    layer.build((None, 4, 4, 1))
    assert layer.lora_enabled
    assert (layer.lora_rank, layer.lora_alpha) == (2, 5)


@pytest.mark.parametrize("name", ["Dense", "Embedding"])
def test_alpha_given_at_the_start_counts(name):
    """Keras forgets it when these two layers are built."""
    sizes = (3,) if name == "Dense" else (7, 3)
    made = [getattr(k.layers, name)(*sizes, lora_rank=2, lora_alpha=8) for k in PACKAGES]
    for layer in made:
        layer.build((None, 4))
    assert [layer.lora_alpha for layer in made] == [2, 8]


def test_alpha_may_change():
    theirs, ours, x = twins("Dense")
    theirs.lora_alpha = ours.lora_alpha = 7.0
    close(theirs(x), ours(x))


def test_refusals():
    with pytest.raises(ValueError, match="isn't yet built"):
        layers.Dense(3).enable_lora(2)
    constrained = layers.Dense(3, kernel_constraint="max_norm")
    constrained.build((None, 4))
    with pytest.raises(ValueError, match="incompatible with kernel constraints"):
        constrained.enable_lora(2)
    _, ours, _ = twins("Dense")
    with pytest.raises(ValueError, match="lora is already enabled"):
        ours.enable_lora(2)
    with pytest.raises(ValueError, match="lora_rank=-1"):
        layers.Dense(3, lora_rank=-1)
    with pytest.raises(ValueError, match="rank=0"):
        twins_of_rank_zero()


def twins_of_rank_zero():
    layer = layers.Dense(3)
    layer.build((None, 4))
    layer.enable_lora(0)


def test_failed_initializer_leaves_the_layer_as_it_was():
    layer = layers.Dense(3)
    y = layer(normal(2, 4))
    with pytest.raises(ValueError, match="nothing"):
        layer.enable_lora(2, b_initializer="nothing")
    assert not layer.lora_enabled
    assert type(layer.linear) is torch.nn.Linear
    assert len(layer.weights) == 2
    assert torch.equal(layer(normal(2, 4)), y)


def test_module_of_another_tool_is_refused():
    layer = layers.Dense(3)
    layer.build((None, 4))
    torch.nn.utils.parametrizations.weight_norm(layer.linear)
    with pytest.raises(TypeError, match="before other tools"):
        layer.enable_lora(2)


def test_state_dict_keeps_the_names_of_the_layer_without_lora():
    _, ours, _ = twins("Dense")
    plain = layers.Dense(3)
    plain.build((None, 4))
    names = set(ours.state_dict()) - set(plain.state_dict())
    assert names == {"linear.lora_a", "linear.lora_b"}
    missing, unexpected = ours.load_state_dict(plain.state_dict(), strict=False)
    assert set(missing) == names
    assert unexpected == []


@pytest.mark.parametrize("name", ["Dense", "Conv2D-groups", "ReversibleEmbedding", "einsum-heads"])
def test_copies_compilers_and_export_know_it(name):
    _, ours, x = twins(name)
    y = ours(x)
    assert torch.equal(copy.deepcopy(ours)(x), y)
    assert torch.equal(pickle.loads(pickle.dumps(ours))(x), y)
    assert torch.allclose(torch.compile(ours, backend="eager", fullgraph=True)(x), y)
    assert torch.allclose(torch.export.export(ours, (x,)).module()(x), y)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "bfloat16", "float64"])
@pytest.mark.parametrize("name", ["Dense", "Conv2D", "Embedding"])
def test_policies(policy, name):
    made = []
    for k in PACKAGES:
        options = {"dtype": policy, "lora_rank": 2}
        if name == "Embedding":
            layer, x = k.layers.Embedding(7, 3, **options), torch.tensor([[1, 2]])
        elif name == "Dense":
            layer, x = k.layers.Dense(3, **options), normal(2, 4)
        else:
            layer, x = k.layers.Conv2D(3, 2, **options), normal(2, 4, 4, 1)
        layer(x)
        layer.set_weights([np.full(w.shape, 0.5, "float32") for w in layer.weights])
        made.append(layer)
    theirs, ours = made
    y = theirs(x)
    assert ours(x).dtype == y.dtype
    assert [w.dtype for w in ours.weights] == [w.dtype for w in theirs.weights]
    np.testing.assert_allclose(ours(x).detach().float(), y.detach().float(), rtol=0.02, atol=0.05)


def test_mixed_weights_are_saved_unrounded():
    layer = layers.Dense(3, dtype="mixed_bfloat16", lora_rank=2)
    layer.build((None, 4))
    store = {}
    layer.save_own_variables(store)
    np.testing.assert_array_equal(store["0"], layer._kernel.numpy())


def test_attention_takes_lora():
    made = [k.layers.MultiHeadAttention(2, 3) for k in PACKAGES]
    x = normal(2, 4, 6)
    for layer in made:
        layer(x, x)
        layer.query_dense.enable_lora(2)
    values = [np.random.default_rng(0).normal(size=w.shape) for w in made[0].weights]
    for layer in made:
        layer.set_weights(values)
    close(made[0](x, x), made[1](x, x))


@pytest.fixture
def tuned():
    """A model that was trained, adapted and trained again, and its inputs."""
    model = torchkeras.Sequential([layers.Dense(5, "relu"), layers.Dense(1)])
    x, y = normal(16, 4), normal(16, 1)
    model.compile("adam", "mse")
    model.fit(x, y, verbose=0)
    frozen = model.layers[0].kernel.numpy()
    model.layers[0].enable_lora(2)
    model.compile("adam", "mse")
    model.fit(x, y, epochs=2, verbose=0)
    assert (model.layers[0]._kernel.numpy() == frozen).all()
    assert (model.layers[0].lora_kernel_b.numpy() != 0).all()
    return model, x


def test_model_files_are_exchanged_with_keras(tuned, tmp_path):
    model, x = tuned
    model.save(tmp_path / "tuned.keras")
    again = torchkeras.models.load_model(tmp_path / "tuned.keras")
    assert again.layers[0].lora_enabled
    close(model.predict(x, verbose=0), again.predict(x, verbose=0))
    theirs = keras.models.load_model(tmp_path / "tuned.keras")
    close(model.predict(x, verbose=0), theirs.predict(x, verbose=0))


def test_weights_go_into_models_without_lora_and_back(tuned, tmp_path):
    model, x = tuned
    model.save_weights(tmp_path / "tuned.weights.h5")
    plain = torchkeras.Sequential([layers.Dense(5, "relu"), layers.Dense(1)])
    plain.build((None, 4))
    plain.load_weights(tmp_path / "tuned.weights.h5")
    close(model.predict(x, verbose=0), plain.predict(x, verbose=0))
    plain.layers[0].kernel.assign(torch.ones(4, 5))
    plain.save_weights(tmp_path / "plain.weights.h5")
    adapted = torchkeras.Sequential([layers.Dense(5, "relu", lora_rank=2), layers.Dense(1)])
    adapted.build((None, 4))
    adapted.load_weights(tmp_path / "plain.weights.h5")
    close(plain.predict(x, verbose=0), adapted.predict(x, verbose=0))


def test_model_must_be_compiled_again(tuned):
    model, x = tuned
    model.layers[1].enable_lora(2)
    with pytest.raises(ValueError, match=r"Call `compile\(\)` again"):
        model.fit(x, normal(16, 1), verbose=0)


@pytest.mark.parametrize("value", [torch.ones(4, 3), torchkeras.Variable(np.ones((4, 3)))])
def test_weight_cannot_be_replaced(value):
    layer = layers.Dense(3)
    layer.build((None, 4))
    with pytest.raises(AttributeError, match=r"`layer.kernel.assign\(value\)`"):
        layer.kernel = value


class OwnKernel(layers.Dense):
    """A layer with a kernel of its own making, which `call` uses."""

    def build(self, input_shape):
        self.kernel = torchkeras.Variable(np.ones((4, 3), "float32"), name="kernel")

    def call(self, inputs):
        return inputs @ self.kernel


def test_own_kernel_is_a_weight_and_takes_lora():
    layer = OwnKernel(3)
    assert layer(torch.ones(2, 4)).tolist() == [[4.0] * 3] * 2
    assert [w.name for w in layer.weights] == ["kernel"]
    layer.enable_lora(2, b_initializer="ones", a_initializer="ones")
    assert layer(torch.ones(2, 4)).tolist() == [[12.0] * 3] * 2
    assert list(layer.state_dict()) == ["kernel", "lora_kernel_a", "lora_kernel_b"]


@pytest.mark.parametrize("make", [lambda k: k.layers.Dense(3), lambda k: k.layers.Conv1D(3, 2)])
def test_trainable_thaws_the_weight_as_in_keras(make):
    trained = []
    for k in PACKAGES:
        layer = make(k)
        layer.build((None, 4, 4))
        layer.enable_lora(2)
        layer.trainable = False
        layer.trainable = True
        trained.append([w.name for w in layer.trainable_weights])
    assert trained[0] == trained[1]


def test_no_gradient_is_computed_for_the_frozen_weight():
    _, ours, x = twins("Dense")
    assert not ours.linear.weight.requires_grad
    ours(x).sum().backward()
    assert ours.linear.weight.grad is None
