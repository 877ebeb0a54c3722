"""Masks travel through every kind of model, as in Keras, and cost nothing where there are none."""

import numpy as np
import pytest
import torch
from keras.src.backend import get_keras_mask

import torchkeras
from tests import oracle
from torchkeras import Input, Model, Sequential, layers
from torchkeras._state.masked import mask_of, with_mask

TOKENS = np.array([[1, 2, 0, 0], [3, 0, 4, 0]], "int32")
MASK = TOKENS != 0


class Seen(layers.Layer):
    """Remembers the mask that it gets."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.seen = []

    def call(self, inputs, mask=None):
        self.seen.append(mask)
        return inputs


def test_embedding_makes_a_mask():
    outputs = layers.Embedding(5, 3, mask_zero=True)(TOKENS)
    np.testing.assert_array_equal(mask_of(outputs).numpy(), MASK)


def test_no_mask_without_mask_zero():
    outputs = layers.Embedding(5, 3)(TOKENS)
    assert mask_of(outputs) is None
    assert type(outputs) is torch.Tensor


def functional(seen):
    x = Input((4,), dtype="int32")
    return Model(x, seen(layers.Embedding(5, 3, mask_zero=True)(x)))


def sequential(seen):
    return Sequential([Input((4,), dtype="int32"), layers.Embedding(5, 3, mask_zero=True), seen])


def deferred(seen):
    return Sequential([layers.Embedding(5, 3, mask_zero=True), seen])


def subclassed(seen):
    class Net(Model):
        def __init__(self):
            super().__init__()
            self.embed, self.seen = layers.Embedding(5, 3, mask_zero=True), seen

        def call(self, inputs):
            return self.seen(self.embed(inputs))

    return Net()


def nested(seen):
    x = Input((4,), dtype="int32")
    inner = Sequential([Input((4, 3)), seen])
    return Model(x, inner(layers.Embedding(5, 3, mask_zero=True)(x)))


KINDS = [functional, sequential, deferred, subclassed, nested]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_reaches_the_next_layer(kind):
    seen = Seen()
    model = kind(seen)
    seen.seen.clear()
    for _ in range(2):  # the second call takes the short cuts
        outputs = model(TOKENS)
        np.testing.assert_array_equal(seen.seen[-1].numpy(), MASK)
        np.testing.assert_array_equal(mask_of(outputs).numpy(), MASK)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_survives_fit_and_predict(kind):
    seen = Seen()
    model = kind(seen)
    model.compile("sgd", "mse")
    model.fit(TOKENS, np.zeros((2, 4, 3), "float32"), verbose=0)
    np.testing.assert_array_equal(seen.seen[-1].cpu().numpy().shape, MASK.shape)
    model.predict(TOKENS, verbose=0)
    np.testing.assert_array_equal(seen.seen[-1].cpu().numpy(), MASK)


def test_masked_call_after_a_plain_one_still_sees_the_mask():
    seen = Seen()
    values = torch.ones(2, 4, 3)
    seen(values)
    seen(values)
    seen(with_mask(values, torch.tensor(MASK)))
    assert seen.seen[-1] is not None
    seen(values)
    assert seen.seen[-1] is None


def test_masked_call_after_a_plain_one_when_compiled():
    torch._dynamo.reset()
    seen = layers.Dense(3)
    values, mask = torch.ones(2, 4, 3), torch.tensor(MASK)
    seen(values)
    seen(values)

    def run(values, mask):
        return mask_of(seen(with_mask(values, mask)))

    assert torch.compile(run, fullgraph=True, backend="eager")(values, mask) is not None


def test_explicit_mask_wins():
    seen = Seen()
    other = torch.zeros(2, 4, dtype=torch.bool)
    seen(with_mask(torch.ones(2, 4, 3), torch.tensor(MASK)), mask=other)
    assert seen.seen[-1] is other


def test_layers_that_do_not_know_masks_drop_them_with_a_warning():
    class Plain(layers.Layer):
        def call(self, inputs):
            return inputs * 1

    x = layers.Embedding(5, 3, mask_zero=True)(TOKENS)
    with pytest.warns(UserWarning, match="does not support mask"):
        outputs = Plain()(x)
    assert mask_of(outputs) is None


def test_torch_functions_drop_masks():
    x = layers.Embedding(5, 3, mask_zero=True)(TOKENS)
    assert mask_of(x * 2) is None
    assert type(torch.relu(x)) is torch.Tensor


def pipeline(k):
    x = k.Input((4,), dtype="int32")
    y = k.layers.Embedding(5, 3, mask_zero=True)(x)
    y = k.layers.Dropout(0.1)(k.layers.Dense(3, "relu")(y))
    y = k.layers.LSTM(3, return_sequences=True)(y)
    return k.Model(x, k.layers.TimeDistributed(k.layers.Dense(2))(y))


def test_pipeline_equals_keras():
    outputs = []
    values = None
    for k in reversed(oracle.PACKAGES):
        oracle.reset()
        model = pipeline(k)
        values = values or oracle.random_weights(model, np.random.default_rng(0))
        model.set_weights(values)
        outputs.append(model(TOKENS))
    theirs, ours = outputs
    oracle.assert_close(ours, theirs, 1e-5)
    np.testing.assert_array_equal(mask_of(ours).numpy(), get_keras_mask(theirs).numpy())


def merged(k):
    x, y = k.Input((4,), dtype="int32"), k.Input((4,), dtype="int32")
    embed = k.layers.Embedding(5, 3, mask_zero=True)
    return k.Model([x, y], k.layers.GRU(2)(k.layers.Add()([embed(x), embed(y)])))


def test_merged_masks_equal_keras():
    outputs = []
    values = None
    for k in reversed(oracle.PACKAGES):
        oracle.reset()
        model = merged(k)
        values = values or oracle.random_weights(model, np.random.default_rng(0))
        model.set_weights(values)
        outputs.append(model([TOKENS, TOKENS[:, ::-1].copy()]))
    oracle.assert_close(*reversed(outputs), 1e-5)


def trained(k, metric):
    oracle.reset()
    model = k.Sequential(
        [
            k.Input((4, 2)),
            k.layers.Masking(),
            k.layers.Dense(1, kernel_initializer="ones", use_bias=False),
        ]
    )
    model.compile(k.optimizers.SGD(0.1), "mse", weighted_metrics=[metric])
    x = np.array([[[1, 2], [0, 0], [3, 1], [0, 0]], [[1, 1], [2, 2], [0, 0], [0, 0]]], "float32")
    y = np.ones((2, 4, 1), "float32")
    logs = model.evaluate(x, y, verbose=0)
    model.fit(x, y, verbose=0, epochs=2)
    return [*logs, *model.get_weights()[0].ravel()]


@pytest.mark.filterwarnings("ignore:__array__ implementation")
def test_masks_count_in_losses_and_metrics_as_in_keras():
    ours, theirs = (trained(k, "mae") for k in oracle.PACKAGES)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def test_masking_layer_equals_keras():
    x = np.array([[[1, 2], [0, 0]], [[0, 1], [3, 3]]], "float32")
    for k in oracle.PACKAGES:
        outputs = k.layers.Masking(0.0)(x)
        mask = mask_of(outputs) if k is torchkeras else get_keras_mask(outputs)
        np.testing.assert_array_equal(mask.numpy(), [[True, False], [True, True]])


# Masks of symbols


def chain(k):
    """Return what layers make of a symbol with a mask, one after the other, by name."""
    tokens = k.Input((4,), dtype="int32")
    embedded = k.layers.Embedding(5, 3, mask_zero=True)(tokens)
    found = {"embedding": embedded, "dense": k.layers.Dense(3)(embedded)}
    found["norm"] = k.layers.BatchNormalization()(found["dense"])
    found["add"] = k.layers.add([found["norm"], embedded])
    found["lstm"] = k.layers.LSTM(3, return_sequences=True)(found["add"])
    found["bidirectional"] = k.layers.Bidirectional(k.layers.GRU(2, return_sequences=True))(
        found["lstm"]
    )
    found["distributed"] = k.layers.TimeDistributed(k.layers.Dense(3))(found["bidirectional"])
    found["heads"] = k.layers.MultiHeadAttention(1, 2)(embedded, embedded)
    found["last"] = k.layers.LSTM(3)(embedded)
    found["mean"] = k.layers.GlobalAveragePooling1D()(embedded)
    return tokens, found


def test_symbols_have_masks_where_keras_has_them():
    ours, theirs = (
        {name: getattr(getattr(x, "_keras_mask", None), "shape", None) for name, x in made.items()}
        for _, made in map(chain, oracle.PACKAGES)
    )
    assert ours == theirs


def test_the_mask_of_a_symbol_is_a_symbol_to_compute_with(tmp_path):
    tokens, made = chain(torchkeras)
    model = Model(tokens, torchkeras.ops.logical_not(made["distributed"]._keras_mask))
    model.save(tmp_path / "m.keras")
    for net in (model, torchkeras.saving.load_model(tmp_path / "m.keras")):
        np.testing.assert_array_equal(net(TOKENS).numpy(), ~MASK)


class NeedsMask(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        assert mask is not None
        return inputs * mask[..., None]


class TellsItsShape(NeedsMask):
    def compute_output_shape(self, input_shape):
        return input_shape


def test_a_model_in_a_model_passes_its_mask_on():
    tokens, made = chain(torchkeras)
    inner = Model(tokens, made["distributed"])
    assert inner(Input((4,), dtype="int32"))._keras_mask.shape == (None, 4)


def test_the_summary_has_no_rows_for_masks():
    lines = []
    for k in oracle.PACKAGES:
        oracle.reset()
        tokens, made = chain(k)
        text = []
        k.Model(tokens, made["last"]).summary(
            print_fn=lambda line, text=text, **_: text.append(line)
        )
        lines.append("".join(text))
    assert "not_equal" not in lines[0]
    assert "not_equal" in lines[1]


@pytest.mark.parametrize("sizes", [(4,), (None,)], ids=["known", "unknown"])
@pytest.mark.parametrize("first", [NeedsMask, TellsItsShape])
def test_layers_that_cannot_do_without_a_mask_get_it_on_symbols(first, sizes):
    tokens = Input(sizes, dtype="int32")
    x = layers.Embedding(5, 3, mask_zero=True)(tokens)
    outputs = Model(tokens, NeedsMask()(first()(x)))(TOKENS)
    np.testing.assert_array_equal((outputs != 0).any(-1).numpy(), MASK)
