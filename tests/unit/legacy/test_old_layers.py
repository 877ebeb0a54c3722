"""Layers of Keras 1 and 2 compute what they computed; `period`; old functions of the backend."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import torchkeras as keras
from torchkeras import backend as K
from torchkeras.legacy import (
    backend_functions,
    backend_graphs,
    backend_tensors,
    checkpoint_period,
    old_layers,
    old_names,
    tensorflow_layers,
)
from torchkeras.legacy.patches import Patches

PARTS = (
    backend_functions,
    backend_tensors,
    backend_graphs,
    checkpoint_period,
    old_layers,
    old_names,
    tensorflow_layers,
)


@pytest.fixture(scope="module", autouse=True)
def spellings():
    patches = Patches()
    for part in PARTS:
        part.apply(keras, patches)
    yield
    patches.undo()
    assert not hasattr(keras.layers, "Merge")
    assert not hasattr(K, "function")


pytestmark = pytest.mark.filterwarnings("ignore:.*is of an older Keras:FutureWarning")
RNG = np.random.default_rng(0)
X, Y = (torch.tensor(RNG.normal(size=(2, 5, 4)).astype("float32")) for _ in range(2))
IMAGES = torch.tensor(RNG.normal(size=(2, 5, 6, 3)).astype("float32"))
KERNEL = torch.tensor(RNG.normal(size=(3, 2, 3, 4)).astype("float32"))


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def decayed(x, states):
    new = states[0] * 0.5 + x
    return new, [new]


def last_of_decay():
    state = torch.zeros(2, 4)
    for step in X.unbind(1):
        state = state * 0.5 + step
    return state


def masked_rnn():
    mask = torch.tensor([[True, False, True], [False, True, True]])
    return K.rnn(decayed, X[:, :3], [torch.zeros(2, 4)], mask=mask)[1]


def expected_masked_rnn():
    zero, x = torch.zeros(4), X
    one = [x[0, 0], x[0, 0], x[0, 0] / 2 + x[0, 2]]
    two = [zero, x[1, 1], x[1, 1] / 2 + x[1, 2]]
    return torch.stack([torch.stack(one), torch.stack(two)])


NORMAL = (X - X.mean((0, 1))) / (X.var((0, 1), correction=0) + 1e-3).sqrt()
OIHW = KERNEL.permute(3, 2, 0, 1)
ROWS = {
    "batch_dot": (lambda: K.batch_dot(X, Y, axes=2), X @ Y.mT),
    "batch_dot_pair": (lambda: K.batch_dot(X, Y, axes=(1, 1)), X.mT @ Y),
    "batch_dot_default": (lambda: K.batch_dot(X, Y.mT), X @ Y.mT),
    "batch_dot_vectors": (
        lambda: K.batch_dot(X[:, 0], Y[:, 0], axes=1),
        (X[:, 0] * Y[:, 0]).sum(1, keepdim=True),
    ),
    "bias_add": (lambda: K.bias_add(X, torch.ones(4)), X + 1),
    "bias_add_first": (
        lambda: K.bias_add(X, torch.arange(5.0), "channels_first"),
        X + torch.arange(5.0)[:, None],
    ),
    "conv2d": (lambda: K.conv2d(IMAGES, KERNEL), nhwc(F.conv2d(nchw(IMAGES), OIHW))),
    "conv1d_causal": (
        lambda: K.conv1d(X, torch.ones(2, 4, 1), padding="causal"),
        X.sum(2, keepdim=True) + F.pad(X.sum(2, keepdim=True), (0, 0, 1, 0))[:, :-1],
    ),
    "pool2d": (lambda: K.pool2d(IMAGES, (2, 2)), nhwc(F.max_pool2d(nchw(IMAGES), 2, 1))),
    "pool2d_avg": (
        lambda: K.pool2d(IMAGES, (2, 2), pool_mode="avg"),
        nhwc(F.avg_pool2d(nchw(IMAGES), 2, 1)),
    ),
    "spatial_2d_padding": (
        lambda: K.spatial_2d_padding(IMAGES, ((1, 0), (0, 2))),
        F.pad(IMAGES, (0, 0, 0, 2, 1, 0)),
    ),
    "temporal_padding": (lambda: K.temporal_padding(X), F.pad(X, (0, 0, 1, 1))),
    "resize_images": (
        lambda: K.resize_images(IMAGES, 2, 2, "channels_last"),
        IMAGES.repeat_interleave(2, 1).repeat_interleave(2, 2),
    ),
    "rnn": (lambda: K.rnn(decayed, X[:, :2], [torch.zeros(2, 4)])[0], X[:, 0] / 2 + X[:, 1]),
    "rnn_masked": (masked_rnn, expected_masked_rnn()),
    "map_fn": (lambda: K.map_fn(lambda x: x * 2, X), X * 2),
    "foldl": (lambda: K.foldl(lambda a, b: a - b, X), X[0] - X[1]),
    "foldr": (lambda: K.foldr(lambda a, b: a - b, X), X[1] - X[0]),
    "normalize": (
        lambda: K.normalize_batch_in_training(X, None, None, [0, 1])[0],
        NORMAL,
    ),
    "in_train_phase": (lambda: K.in_train_phase(X, lambda: Y, training=1), X),
    "in_test_phase": (lambda: K.in_train_phase(X, lambda: Y, training=0), Y),
}


@pytest.mark.parametrize("name", ROWS)
def test_functions(name):
    found, expected = ROWS[name]
    torch.testing.assert_close(found(), expected, rtol=1e-5, atol=1e-5)


def test_function_runs_a_graph_in_a_phase():
    inputs = K.placeholder(shape=(None, 4))
    hidden = keras.layers.Dense(3)(inputs)
    outputs = keras.layers.Dropout(0.5, seed=0)(hidden)
    run = K.function([inputs, K.learning_phase()], [hidden, outputs])
    calm, noisy = (run([X[0].numpy(), phase]) for phase in (0, 1))
    np.testing.assert_array_equal(calm[0], calm[1])
    assert isinstance(noisy[1], np.ndarray)
    assert (noisy[1] == 0).any()


def test_gradients_of_symbols_are_symbols():
    inputs = keras.Input((4,))
    conv = keras.layers.Dense(3, activation="tanh")
    model = keras.Model(inputs, keras.layers.Dense(2)(conv(inputs)))
    loss = K.mean(model.output[:, 1])
    for target in (model.input, conv.output):
        (gradients,) = K.gradients(loss, target)
        assert gradients.shape == target.shape
        found = K.function([model.input], [gradients])([X[0].numpy()])[0]
        x = X[0].clone().requires_grad_()
        middle = conv(x)
        value = model.layers[2](middle)[:, 1].mean()
        wanted = torch.autograd.grad(value, x if target is model.input else middle)[0]
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-7)


def test_gradients_of_tensors():
    x = X.clone().requires_grad_()
    torch.testing.assert_close(K.gradients((x**2).sum(), [x])[0], 2 * X)


def test_variables_are_updated():
    variable = K.variable([1.0, 2.0])
    K.update_add(variable, 1.0)
    K.moving_average_update(variable, torch.zeros(2), 0.5)
    K.batch_set_value([(variable, K.batch_get_value([variable])[0] * 2)])
    assert K.get_value(variable).tolist() == [2.0, 3.0]
    assert K.dtype(variable) == "float32"


def test_old_orders_of_axes():
    before = K.image_data_format()
    K.set_image_dim_ordering("th")
    assert K.image_data_format() == "channels_first"
    assert K.image_dim_ordering() == "th"
    K.set_image_data_format(before)


@pytest.mark.parametrize("name", ["get_session", "set_session", "ctc_decode"])
def test_what_is_gone_says_so(name):
    with pytest.raises(NotImplementedError, match=f"`K.{name}` is of an older Keras"):
        getattr(K, name)()


def test_one_warning_names_the_new_spelling():
    inputs = keras.Input((2,))
    outputs = keras.layers.Dense(1)(inputs)
    with pytest.warns(FutureWarning, match=r"use `keras\.Model"):
        K.function([inputs], [outputs])


@pytest.mark.parametrize("order", ["channels_last", "channels_first"])
def test_locally_connected_2d_has_a_kernel_for_each_place(order):
    layer = keras.layers.LocallyConnected2D(4, (3, 2), strides=(2, 1), data_format=order)
    x = IMAGES if order == "channels_last" else nchw(IMAGES)
    layer.build(tuple(x.shape))
    assert tuple(layer.kernel.shape) == (2 * 5, 18, 4)
    kernel = KERNEL if order == "channels_last" else KERNEL.permute(2, 0, 1, 3)
    layer.kernel.assign(kernel.reshape(1, 18, 4).expand(10, 18, 4))
    found = layer(x) if order == "channels_last" else nhwc(layer(x))
    expected = nhwc(F.conv2d(nchw(IMAGES), OIHW, stride=(2, 1)))
    torch.testing.assert_close(found.detach(), expected, rtol=1e-5, atol=1e-5)


def test_locally_connected_1d_differs_from_place_to_place():
    layer = keras.layers.LocallyConnected1D(1, 2, activation="relu")
    found = layer(X)
    window, kernel = X[:, 3:5].reshape(2, 8), layer.kernel.value[3]
    torch.testing.assert_close(found[:, 3], torch.relu(window @ kernel), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="sizes must be known"):
        keras.layers.LocallyConnected1D(1, 2)(keras.Input((None, 3)))


def test_maxout_and_highway():
    x = X[:, 0]
    maxout = keras.layers.MaxoutDense(3, nb_feature=2)
    found = maxout(x)
    torch.testing.assert_close(found, (x @ maxout.W.value).amax(0))
    highway = keras.layers.Highway(activation="tanh")
    found = highway(x)
    share = torch.sigmoid(x @ highway.W_carry.value - 2)
    expected = torch.tanh(x @ highway.W.value) * share + (1 - share) * x
    torch.testing.assert_close(found, expected)


MODES = {
    "sum": X + Y, "mul": X * Y, "ave": (X + Y) / 2, "max": torch.maximum(X, Y),
    "concat": torch.cat([X, Y], -1),
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
def test_merge(mode):
    torch.testing.assert_close(keras.layers.Merge(mode=mode)([X, Y]), MODES[mode])
    a, b = keras.Input((5, 4)), keras.Input((5, 4))
    model = keras.Model([a, b], keras.layers.merge([a, b], mode=mode))
    torch.testing.assert_close(model([X, Y]), MODES[mode])


def test_merge_calls_its_branches():
    branches = [keras.Sequential([keras.Input((4,)), keras.layers.Dense(n)]) for n in (2, 3)]
    inputs = [keras.Input((4,)), keras.Input((4,))]
    merged = keras.layers.Merge(branches, mode="concat")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1)(merged))
    model.compile("sgd", "mse")
    x = RNG.normal(size=(8, 4)).astype("float32")
    model.fit([x, x], np.ones(8), verbose=0)
    assert merged.shape == (None, 5)
    assert len(model.weights) == 6
    first = keras.Sequential([keras.layers.Merge(branches, mode="concat"), keras.layers.Dense(1)])
    first.compile("sgd", "mse")
    first.fit([x, x], np.ones(8), verbose=0)
    assert first.predict([x, x], verbose=0).shape == (8, 1)


def test_old_layers_are_saved(tmp_path):
    model = keras.Sequential(
        [keras.Input((5, 4)), keras.layers.LocallyConnected1D(2, 2, activation="relu"),
         keras.layers.Flatten(), keras.layers.Highway(), keras.layers.MaxoutDense(2)]
    )  # fmt: skip
    model.save(tmp_path / "old.keras")
    again = keras.models.load_model(tmp_path / "old.keras")
    torch.testing.assert_close(again(X), model(X))


def test_a_checkpoint_after_every_second_epoch(tmp_path):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.warns(FutureWarning, match="`save_freq` a number of batches"):
        saver = keras.callbacks.ModelCheckpoint(str(tmp_path / "{epoch}.keras"), period=2)
    model.fit(X[0], np.ones(5), epochs=5, callbacks=[saver], verbose=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2.keras", "4.keras"]


@pytest.mark.parametrize(("name", "axis"), [("RandomHeight", 1), ("RandomWidth", 2)])
def test_images_are_stretched_in_training_alone(name, axis):
    layer = getattr(keras.layers, name)((0.5, 0.9), seed=1)
    stretched = layer(IMAGES, training=True).shape
    wanted = list(IMAGES.shape)
    assert stretched[axis] > wanted[axis]
    wanted[axis] = stretched[axis]
    assert list(stretched) == wanted
    assert torch.equal(layer(IMAGES), IMAGES)
    assert layer(keras.Input((5, 6, 3))).shape[axis] is None
    config = keras.layers.serialize(layer)
    assert keras.layers.deserialize(config).get_config() == layer.get_config()
    with pytest.raises(ValueError, match=r"Received: factor=\(0.9, 0.5\)"):
        getattr(keras.layers, name)((0.9, 0.5))


def test_layers_that_have_another_name_now():
    kept = keras.layers.ThresholdedReLU(theta=0.5)(torch.tensor([[0.2, 0.5, 0.7]]))
    np.testing.assert_allclose(kept, [[0.0, 0.0, 0.7]])
    assert keras.layers.SyncBatchNormalization(axis=1).axis == 1


def test_a_cell_of_ones_own():
    class Decay(keras.layers.AbstractRNNCell):
        @property
        def state_size(self):
            return 4

        def call(self, inputs, states):
            return decayed(inputs, states)

    assert torch.equal(keras.layers.RNN(Decay())(X), last_of_decay())


def test_reductions_have_names():
    names = keras.losses.Reduction
    assert keras.losses.MeanSquaredError(reduction=names.NONE)(X, Y).shape == (2, 5)
    mean = keras.losses.MeanSquaredError()(X, Y)
    assert keras.losses.MeanSquaredError(reduction=names.AUTO)(X, Y) == mean


def test_a_model_from_its_config_and_its_class():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    config = {"class_name": "Sequential", "config": model.get_config()}
    assert keras.models.model_from_config(config).output_shape == (None, 2)


def test_numbers_of_floatx_and_printed_tensors(capsys):
    assert K.cast_to_floatx(np.array([1, 2])).dtype == np.float32
    assert K.cast_to_floatx(torch.tensor([1])).dtype == torch.float32
    assert K.print_tensor(X[0, 0, :1] * 0, "x is") is not None
    assert capsys.readouterr().out == "x is tensor([0.])\n"
