"""`K.mean` and its like compute what they computed in Keras 2."""

import numpy as np
import pytest
import torch

import torchkeras as keras
from torchkeras import backend as K
from torchkeras.legacy import backend_functions
from torchkeras.legacy.patches import Patches


@pytest.fixture(scope="module", autouse=True)
def functions():
    patches = Patches()
    backend_functions.apply(keras, patches)
    yield
    patches.undo()
    assert not hasattr(K, "mean")


X = torch.tensor([[1.0, -2.0, 3.0], [0.5, 4.0, -6.0]])
N = X.numpy()
ROWS = {
    "abs": (lambda: K.abs(X), abs(N)),
    "argmax": (lambda: K.argmax(X), N.argmax(-1)),
    "argmin": (lambda: K.argmin(X, axis=0), N.argmin(0)),
    "batch_flatten": (lambda: K.batch_flatten(X[:, None]), N),
    "cast": (lambda: K.cast(X > 0, "float32"), (N > 0).astype("float32")),
    "clip": (lambda: K.clip(X, 0, 2), N.clip(0, 2)),
    "concatenate": (lambda: K.concatenate([X, X]), np.concatenate([N, N], -1)),
    "constant": (lambda: K.constant(2, shape=(2,)), np.full(2, 2.0, "float32")),
    "dot": (lambda: K.dot(X, X.T), N @ N.T),
    "eval": (lambda: K.eval(K.sum(X)), N.sum()),
    "flatten": (lambda: K.flatten(X), N.ravel()),
    "gather": (lambda: K.gather(X, torch.tensor([1, 0])), N[[1, 0]]),
    "hard_sigmoid": (lambda: K.hard_sigmoid(X), (0.2 * N + 0.5).clip(0, 1)),
    "l2_normalize": (lambda: K.l2_normalize(X, -1), N / np.linalg.norm(N, axis=-1, keepdims=True)),
    "mean": (lambda: K.mean(X, axis=-1), N.mean(-1)),
    "permute_dimensions": (lambda: K.permute_dimensions(X, (1, 0)), N.T),
    "pow": (lambda: K.pow(X, 2), N**2),
    "relu": (lambda: K.relu(X), N.clip(0)),
    "relu_alpha": (lambda: K.relu(X, 0.1, 2.0), np.where(N > 0, N.clip(0, 2), N / 10)),
    "repeat": (lambda: K.repeat(X, 2), np.stack([N, N], 1)),
    "repeat_elements": (lambda: K.repeat_elements(X, 2, 1), N.repeat(2, 1)),
    "reverse": (lambda: K.reverse(X, 0), N[::-1]),
    "sqrt": (lambda: K.sqrt(K.square(X)), abs(N)),
    "switch": (lambda: K.switch(X[:, 0] > 0.7, X, lambda: 2 * X), N * [[1], [2]]),
    "sum": (lambda: K.sum(X, axis=0, keepdims=True), N.sum(0, keepdims=True)),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_numbers(name):
    found, expected = ROWS[name]
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found()), expected, rtol=1e-6)


def test_variables():
    v = K.variable([1.0, 2.0])
    K.set_value(v, [3.0, 4.0])
    assert K.get_value(v).tolist() == [3.0, 4.0]
    assert K.int_shape(v) == (2,)
    assert K.count_params(v) == 2


def test_rates_of_optimizers():
    optimizer = keras.optimizers.SGD(0.5)
    K.set_value(optimizer.learning_rate, 0.25)
    assert K.get_value(optimizer.learning_rate) == 0.25


def test_draws():
    assert K.random_normal((2, 3), seed=1).shape == (2, 3)
    assert K.random_uniform((2, 3), 1.0, 2.0, seed=1).min() >= 1
    assert set(K.random_bernoulli((50,), 0.5, seed=1).tolist()) == {0.0, 1.0}
    assert K.truncated_normal((2, 3), seed=1).abs().max() <= 2
    assert K.dropout(X, 0.5, seed=1).shape == X.shape


def test_a_loss_of_ones_own():
    def root_mean_squared_error(y_true, y_pred):
        return K.sqrt(K.mean(K.square(y_pred - y_true), axis=-1))

    x = keras.Input((3,))
    model = keras.Model(x, keras.layers.Lambda(lambda z: K.relu(z) + K.epsilon())(x))
    model.compile("sgd", root_mean_squared_error)
    assert np.isfinite(model.evaluate(N, N, verbose=0))


def test_top_k():
    assert K.in_top_k(X, torch.tensor([2, 0]), 1).tolist() == [True, False]
