"""What rows cannot say about the small layers."""

import inspect
import pickle

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers


def test_row_zero_of_a_masking_embedding_is_trained():
    layer = layers.Embedding(3, 2, mask_zero=True)
    layer(torch.tensor([[0, 1]])).sum().backward()
    assert layer.embeddings.value.grad[0].tolist() == [1.0, 1.0]


def test_embedding_keeps_its_table_float32():
    layer = layers.Embedding(3, 2, dtype="mixed_bfloat16")
    y = layer(torch.tensor([[0, 1]]))
    y.sum().backward()
    assert y.dtype == torch.bfloat16
    assert layer.embedding.weight.grad.dtype == torch.float32


def test_embedding_takes_old_input_length_with_a_warning():
    with pytest.warns(UserWarning, match="input_length"):
        layers.Embedding(3, 2, input_length=4)


@pytest.mark.parametrize("weights", [np.ones((3, 2)), [np.ones((3, 2))], torch.ones(3, 2)])
def test_embedding_starts_from_weights(weights):
    assert layers.Embedding(3, 2, weights=weights).get_weights()[0].tolist() == [[1.0, 1.0]] * 3


def test_masks_follow_through_lstm_like_chains():
    tokens = torchkeras.Input((4,), dtype="int32")
    x = layers.Embedding(5, 3, mask_zero=True)(tokens)
    x = layers.Dropout(0.5)(layers.Activation("relu")(x))
    model = torchkeras.Model(tokens, layers.GlobalAveragePooling1D()(x))
    ids = torch.tensor([[1, 2, 0, 0]])
    table = model.layers[1].embedding.weight
    expected = torch.relu(table[[1, 2]]).mean(0, keepdim=True)
    torch.testing.assert_close(model(ids), expected)


def test_lambda_takes_functions_that_do_not_tell_their_arguments():
    assert layers.Lambda(torch.relu)(-torch.ones(2)).tolist() == [0.0, 0.0]


def test_lambda_shape_may_be_given():
    x = torchkeras.Input((3,))
    assert layers.Lambda(lambda x: x, output_shape=(7,))(x).shape == (None, 7)
    assert layers.Lambda(lambda x: x, output_shape=lambda shape: (1, 2))(x).shape == (1, 2)


def test_unseeded_dropout_follows_torchs_generator():
    layer, x = layers.Dropout(0.5), torch.ones(100)
    torch.manual_seed(1)
    first = layer(x, training=True)
    torch.manual_seed(1)
    assert torch.equal(layer(x, training=True), first)


def test_seeded_dropout_draws_anew_at_each_call_and_again_after_a_copy():
    layer, x = layers.Dropout(0.5, seed=1), torch.ones(100)
    again = pickle.loads(pickle.dumps(layer))
    first, second = layer(x, training=True), layer(x, training=True)
    assert not torch.equal(first, second)
    assert torch.equal(again(x, training=True), first)


def test_dropout_scales_what_is_left():
    y = layers.Dropout(0.25)(torch.ones(10_000), training=True)
    assert sorted(set(y.tolist())) == pytest.approx([0.0, 4 / 3])
    assert y.mean().item() == pytest.approx(1.0, abs=0.05)


def test_repeated_vectors_may_be_changed_one_by_one():
    y = layers.RepeatVector(2)(torch.ones(1, 3))
    y[:, 0] = 5.0
    assert y[0, 1].tolist() == [1.0, 1.0, 1.0]


def test_flatten_does_not_copy_what_lies_in_order():
    x = torch.ones(2, 3, 4)
    assert layers.Flatten()(x).data_ptr() == x.data_ptr()


def test_reshape_of_an_empty_batch():
    assert layers.Reshape((-1, 2))(torch.ones(0, 6)).shape == (0, 3, 2)


def test_rescaling_moves_with_the_layer():
    layer = layers.Rescaling([1.0, 2.0]).to(torch.float64)
    assert list(layer.state_dict()) == []
    assert layer(torch.ones(1, 2)).tolist() == [[1.0, 2.0]]


def test_rescaling_of_channels_first_images():
    try:
        torchkeras.config.set_image_data_format("channels_first")
        y = layers.Rescaling([1.0, 2.0])(torch.ones(1, 2, 3, 3))
    finally:
        torchkeras.config.set_image_data_format("channels_last")
    assert y[0, :, 0, 0].tolist() == [1.0, 2.0]


def test_layer_normalization_over_any_axes():
    x = torch.randn(2, 3, 4)
    y = layers.LayerNormalization(axis=1, epsilon=0.0)(x)
    expected = (x - x.mean(1, keepdim=True)) / x.std(1, correction=0, keepdim=True)
    torch.testing.assert_close(y, expected)


def test_layer_normalization_with_old_rms_scaling():
    with pytest.warns(UserWarning, match="rms_scaling"):
        layer = layers.LayerNormalization(rms_scaling=True)
    x = torch.randn(2, 4)
    expected = x / (x.var(-1, correction=0, keepdim=True) + 1e-3).sqrt()
    torch.testing.assert_close(layer(x), expected)
    assert [v.name for v in layer.weights] == ["gamma"]


def test_average_pooling_of_halves_on_a_cpu():
    with torchkeras.device("cpu"):
        layer = layers.AveragePooling3D(2, dtype="bfloat16")
        y = layer(torch.ones(1, 2, 2, 2, 1))
    assert y.dtype == torch.bfloat16
    assert y.flatten().tolist() == [1.0]


def test_quantizing_policies_are_refused_where_nothing_is_quantized():
    with pytest.raises(NotImplementedError, match=r"Conv1D does not have.*mode='int8'"):
        layers.Conv1D(3, 2, dtype="int8_from_float32").build((None, 4, 2))


def test_leaky_relu_takes_old_alpha_with_a_warning():
    with pytest.warns(UserWarning, match="negative_slope"):
        layer = layers.LeakyReLU(alpha=0.1)
    assert layer.negative_slope == 0.1


@pytest.mark.parametrize("policy", ["mixed_float16", "float16", "bfloat16", "float64"])
@pytest.mark.parametrize(
    "make",
    [
        lambda **k: layers.Conv1D(2, 2, padding="same", **k),
        lambda **k: layers.MaxPooling1D(2, 1, "same", **k),
        lambda **k: layers.AveragePooling1D(3, 2, "same", **k),
        lambda **k: layers.GlobalMaxPooling1D(**k),
        lambda **k: layers.GlobalAveragePooling1D(**k),
        lambda **k: layers.BatchNormalization(**k),
        lambda **k: layers.LayerNormalization(**k),
        lambda **k: layers.Softmax(**k),
        lambda **k: layers.PReLU(**k),
        lambda **k: layers.ReLU(6, 0.1, 0.1, **k),
        lambda **k: layers.UpSampling1D(**k),
        lambda **k: layers.ZeroPadding1D(**k),
        lambda **k: layers.GaussianNoise(0.1, **k),
        lambda **k: layers.Rescaling(0.5, [1.0, 2.0, 3.0], **k),
    ],
)
def test_other_dtypes(make, policy):
    layer = make(dtype=policy)
    x = torch.rand(2, 4, 3, requires_grad=True)
    y = layer(x, training=True) if layer.call_spec.takes_training else layer(x)
    y.float().sum().backward()
    assert str(y.dtype).removeprefix("torch.") == layer.compute_dtype
    assert torch.isfinite(x.grad).all()


def test_alpha_dropout_of_everything_gives_zeros():
    assert layers.AlphaDropout(1.0)(torch.ones(2, 3), training=True).tolist() == [[0.0] * 3] * 2


def test_alpha_dropout_keeps_mean_and_variance():
    torch.manual_seed(0)
    y = layers.AlphaDropout(0.2)(torch.randn(200_000), training=True)
    assert abs(float(y.mean())) < 0.02
    assert abs(float(y.var()) - 1) < 0.02


def test_layers_travel_through_configs():
    config = layers.serialize(layers.Dense(3, activation="relu", name="first"))
    assert config == keras.layers.serialize(keras.layers.Dense(3, activation="relu", name="first"))
    assert layers.deserialize(config).units == 3


def test_deserialize_refuses_what_is_no_layer():
    with pytest.raises(ValueError, match="must describe a layer"):
        layers.deserialize({"module": "keras.losses", "class_name": "Hinge", "config": {}})


def test_einsum_dense_is_a_linear_module_where_it_can_be():
    x = torch.randn(2, 4, 6)
    layer = layers.EinsumDense("abc,cde->abde", (4, 3, 2), bias_axes="de")
    assert tuple(layer(x).shape) == (2, 4, 3, 2)
    assert list(layer.state_dict()) == ["linear.weight", "linear.bias"]
    whole = torch.einsum("abc,cde->abde", x, layer.kernel.value) + layer.bias.value
    torch.testing.assert_close(layer(x), whole.as_subclass(torch.Tensor))
    other = layers.EinsumDense("abc,bd->adc", (3, 6))
    other(x)
    assert list(other.state_dict()) == ["einsum.weight"]


def test_einsum_dense_knows_the_sizes_of_its_inputs():
    layer = layers.EinsumDense("abc,cd->abd", (None, 3))
    assert layer(torchkeras.Input((4, 5))).shape == (None, 4, 3)
    theirs = keras.layers.EinsumDense("abc,cd->abd", (None, 3))
    assert theirs(keras.Input((4, 5))).shape == (None, None, 3)


def test_einsum_dense_needs_the_sizes_of_its_weights():
    with pytest.raises(ValueError, match="needs to know the sizes of the axes 'cd'"):
        layers.EinsumDense("abc,cd->abd", (None, 3))(torchkeras.Input((4, None)))


def test_scores_of_a_reversible_embedding_have_their_symbolic_dtype():
    layer = layers.ReversibleEmbedding(7, 3, reverse_dtype="float32", dtype="mixed_bfloat16")
    rows = layer(torch.tensor([[1, 2]]))
    assert rows.dtype is torch.bfloat16
    assert layer(rows, reverse=True).dtype is torch.float32
    symbol = layer(torchkeras.KerasTensor((None, 2, 3), "bfloat16"), reverse=True)
    assert symbol.dtype == "float32"
    assert (
        keras.layers.ReversibleEmbedding(7, 3, reverse_dtype="float32", dtype="mixed_bfloat16")(
            keras.KerasTensor((None, 2, 3), "bfloat16"), reverse=True
        ).dtype
        == "bfloat16"
    )


def test_a_language_model_ties_its_weights():
    tokens = torchkeras.Input((4,), dtype="int32")
    table = layers.ReversibleEmbedding(7, 3)
    model = torchkeras.Model(tokens, table(layers.Dense(3)(table(tokens)), reverse=True))
    assert model.output_shape == (None, 4, 7)
    assert len(model.weights) == 3
    assert tuple(model(np.zeros((2, 4), "int32")).shape) == (2, 4, 7)


@pytest.mark.parametrize("name", ["JaxLayer", "FlaxLayer", "TFSMLayer"])
def test_layers_of_other_frameworks_explain_themselves(name):
    ours, theirs = (getattr(package.layers, name) for package in (torchkeras, keras))
    assert list(inspect.signature(ours).parameters) == list(inspect.signature(theirs).parameters)
    with pytest.raises((ValueError, NotImplementedError), match="torchkeras runs on torch alone"):
        ours("something")


def test_einsum_dense_reads_no_more_sizes_than_it_has_axes():
    layer = layers.EinsumDense("ab,b->a", (1, 3, 4))
    layer.build((2, 3))
    theirs = keras.layers.EinsumDense("ab,b->a", (1, 3, 4))
    theirs.build((2, 3))
    assert tuple(layer.kernel.shape) == tuple(theirs.kernel.shape) == (3,)
    assert layer(torch.ones(2, 3)).shape == (2,)


def test_input_layers_do_nothing():
    assert layers.InputLayer(shape=(3,)).call() is None


def test_input_layers_take_the_old_name_of_the_shape_with_a_warning():
    with pytest.warns(UserWarning, match="`input_shape` is deprecated"):
        layer = layers.InputLayer(input_shape=(3,))
    assert layer.batch_shape == (None, 3)


@pytest.mark.parametrize("shape", [{"shape": (4,)}, {"batch_shape": (2, 4)}])
def test_the_shape_of_an_input_tensor_cannot_be_another(shape):
    tensor = torchkeras.KerasTensor((2, 3))
    assert layers.InputLayer(batch_shape=(2, 3), input_tensor=tensor).batch_shape == (2, 3)
    with pytest.raises(ValueError, match="must be that of `input_tensor`"):
        layers.InputLayer(**shape, input_tensor=tensor)


def test_only_layers_with_a_kernel_of_cudnn_have_its_switch():
    made = [getattr(layers, name)(1) for name in ("LSTM", "GRU", "SimpleRNN")]
    assert [hasattr(layer, "use_cudnn") for layer in made] == [True, True, False]


def test_projections_of_attention_have_keras_s_names_below_the_surface():
    layer = layers.MultiHeadAttention(2, 3)
    layer.build((1, 4, 6), (1, 4, 6))
    assert layer._query_dense is layer.query_dense
    layer._value_dense = other = layers.Dense(1)
    assert layer.value_dense is other
