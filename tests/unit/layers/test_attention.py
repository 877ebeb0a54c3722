"""`MultiHeadAttention`: layouts, kernels of its own, and what subclasses may change."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from torchkeras import layers


def inputs(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def test_weights_lie_in_linear_modules():
    attention = layers.MultiHeadAttention(2, 3, value_dim=4)
    attention(inputs(2, 5, 6), inputs(2, 5, 6))
    shapes = {key: tuple(value.shape) for key, value in attention.state_dict().items()}
    assert shapes == {
        "query_dense.linear.weight": (6, 6),
        "query_dense.linear.bias": (6,),
        "key_dense.linear.weight": (6, 6),
        "key_dense.linear.bias": (6,),
        "value_dense.linear.weight": (8, 6),
        "value_dense.linear.bias": (8,),
        "output_dense.linear.weight": (6, 8),
        "output_dense.linear.bias": (6,),
    }
    assert attention.query_dense.kernel.shape == (6, 2, 3)


def test_computes_what_torch_computes():
    torch_attention = nn.MultiheadAttention(6, 2, batch_first=True)
    attention = layers.MultiHeadAttention(2, 3)
    x = torch.tensor(inputs(2, 5, 6))
    attention(x, x)
    weights = torch_attention.in_proj_weight.detach().reshape(3, 6, 6)
    parts = [attention.query_dense, attention.key_dense, attention.value_dense]
    for part, weight in zip(parts, weights, strict=True):
        part.linear.load_state_dict({"weight": weight, "bias": torch.zeros(6)})
    attention.output_dense.linear.load_state_dict(torch_attention.out_proj.state_dict())
    expected = torch_attention(x, x, x, need_weights=False)[0]
    torch.testing.assert_close(attention(x, x), expected)


def test_first_weights_equal_keras_under_a_seed():
    values = []
    for package in (torchkeras, keras):
        package.utils.set_random_seed(7)
        attention = package.layers.MultiHeadAttention(2, 3, use_gate=True, output_shape=(4, 2))
        attention(inputs(2, 5, 6), inputs(2, 5, 6))
        values.append([w.value.data.tolist() for w in attention.weights])
    for mine, expected in zip(*values, strict=True):
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-6)


def test_unseeded_dropout_stays_on_the_kernel():
    attention = layers.MultiHeadAttention(2, 3, dropout=0.5)
    x = inputs(2, 5, 6)
    y = attention(x, x)
    assert not torch.equal(attention(x, x, training=True), attention(x, x, training=True))
    torch.testing.assert_close(attention(x, x), y)


def test_fully_masked_queries_are_never_nan():
    x = torch.tensor(inputs(2, 5, 6), requires_grad=True)
    nothing = torch.zeros(2, 5, 5, dtype=torch.bool)
    for options in ({}, {"dropout": 0.5}):
        attention = layers.MultiHeadAttention(2, 3, **options)
        y = attention(x, x, attention_mask=nothing)
        y.sum().backward()
        assert torch.isfinite(y).all()
        assert torch.isfinite(x.grad).all()


def test_masks_come_from_the_embedding():
    tokens = np.array([[1, 2, 0], [3, 0, 0]])
    models = []
    for package in (torchkeras, keras):
        symbol = package.Input((3,), dtype="int32")
        x = package.layers.Embedding(4, 6, mask_zero=True)(symbol)
        y = package.layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
        models.append(package.Model(symbol, y))
    ours, theirs = models
    theirs.set_weights(ours.get_weights())
    found = ours(tokens)
    torch.testing.assert_close(found.as_subclass(torch.Tensor), theirs(tokens))
    np.testing.assert_array_equal(found._keras_mask.numpy(), tokens != 0)


class Uniform(layers.MultiHeadAttention):
    """Looks at all values alike, whatever the queries."""

    def _compute_attention(self, query, key, value, attention_mask=None, *args, **kwargs):
        self.seen_mask = attention_mask
        return value.mean(1, keepdim=True).expand(*query.shape[:3], -1), None


def test_subclass_computes_attention_its_own_way():
    attention = Uniform(2, 3)
    x = inputs(2, 5, 6)
    y = attention(x, x, use_causal_mask=True)
    torch.testing.assert_close(y, y[:, :1].expand_as(y))
    assert attention.seen_mask.shape == (1, 5, 5)


def test_scores_sum_to_one_and_have_their_symbolic_shape():
    attention = layers.MultiHeadAttention(2, 3)
    x, v = inputs(2, 5, 6), inputs(2, 4, 6)
    _, scores = attention(x, v, return_attention_scores=True)
    torch.testing.assert_close(scores.sum(-1), torch.ones(2, 2, 5))
    symbols = [torchkeras.KerasTensor((None, 5, 6)), torchkeras.KerasTensor((None, 4, 6))]
    _, symbolic = attention(*symbols, return_attention_scores=True)
    assert symbolic.shape == (None, 2, 5, 4)


def test_flash_has_no_scores():
    attention = layers.MultiHeadAttention(2, 3, flash_attention=True)
    x = inputs(2, 5, 6)
    with pytest.raises(ValueError, match="return_attention_scores=True"):
        attention(x, x, return_attention_scores=True)


def test_values_and_keys_must_go_together():
    with pytest.raises(ValueError, match="`value` and `key` must have the same sizes"):
        layers.MultiHeadAttention(2, 3)(inputs(2, 5, 6), inputs(2, 4, 6), inputs(2, 3, 6))


def test_grouped_heads_equal_repeated_ones():
    grouped = layers.GroupQueryAttention(3, 4, 2, use_bias=False)
    whole = layers.MultiHeadAttention(4, 3, use_bias=False)
    x = torch.tensor(inputs(2, 5, 6))
    grouped(x, x), whole(x, x)
    query, key, value, output = grouped.get_weights()
    whole.set_weights([query, key.repeat(2, axis=1), value.repeat(2, axis=1), output])
    for options in ({}, {"use_causal_mask": True}):
        torch.testing.assert_close(grouped(x, x, **options), whole(x, x, **options))
    seen, scores = grouped(x, x, return_attention_scores=True)
    torch.testing.assert_close(seen, grouped(x, x))
    torch.testing.assert_close(scores.sum(-1), torch.ones(2, 4, 5))


def test_kernel_and_scores_give_the_same_attention():
    query, value = torch.tensor(inputs(2, 3, 4)), torch.tensor(inputs(2, 5, 4))
    mask = [torch.ones(2, 3).bool(), torch.tensor([[1, 1, 0, 0, 1], [0, 0, 0, 0, 0]]).bool()]
    attention = layers.Attention(use_scale=True)
    for options in ({}, {"mask": mask}, {"mask": mask, "use_causal_mask": True}):
        seen, _ = attention([query, value], return_attention_scores=True, **options)
        with torch.no_grad():
            torch.testing.assert_close(attention([query, value], **options), seen)


def test_unseeded_dropout_of_dot_product_attention():
    pair = [torch.tensor(inputs(2, 30, 4)), torch.tensor(inputs(2, 50, 4))]
    attention = layers.Attention(dropout=0.5)
    first, second = (attention(pair, training=True) for _ in range(2))
    assert not torch.equal(first, second)
    torch.testing.assert_close(attention(pair), layers.Attention()(pair))


class Shifted(layers.Attention):
    """Likes the first key best."""

    def _calculate_scores(self, query, key):
        scores = super()._calculate_scores(query, key).clone()
        scores[..., 0] += 100
        return scores


def test_subclass_scores_in_its_own_way():
    value = torch.tensor(inputs(2, 5, 4))
    y = Shifted()([torch.tensor(inputs(2, 3, 4)), value])
    torch.testing.assert_close(y, value[:, :1].expand(2, 3, 4))


def test_masks_of_two_embeddings_meet_in_attention():
    tokens = [np.array([[1, 2, 0], [3, 0, 0]]), np.array([[1, 2, 3, 0], [3, 1, 0, 0]])]
    models = []
    for package in (torchkeras, keras):
        symbols = [package.Input((3,), dtype="int32"), package.Input((4,), dtype="int32")]
        table = package.layers.Embedding(4, 6, mask_zero=True)
        y = package.layers.Attention()([table(x) for x in symbols])
        models.append(package.Model(symbols, package.layers.GlobalAveragePooling1D()(y)))
    ours, theirs = models
    theirs.set_weights(ours.get_weights())
    torch.testing.assert_close(ours(tokens), theirs(tokens))


def test_lists_of_attention_are_checked():
    query = inputs(2, 3, 4)
    with pytest.raises(ValueError, match="must be a list"):
        layers.Attention()([query, query], mask=np.ones((2, 3), bool))
    with pytest.raises(ValueError, match="Received length: 4"):
        layers.Attention()([query] * 4)


@pytest.mark.parametrize("name", ["Attention", "AdditiveAttention"])
def test_attention_says_that_it_supports_masking(name):
    assert getattr(layers, name)().supports_masking
