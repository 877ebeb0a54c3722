"""A softmax or sigmoid output followed by its crossentropy is computed from the logits."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import torchkeras
from tests.training.twins import LABELS, ONE_HOT, WEIGHTS, X, assert_same_run, mlp, twins
from torchkeras import layers, losses
from torchkeras._state.logits import Watch, logits_of, noted

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

BINARY = (LABELS > 0).astype("float32")[:, None]
STEEP = 60.0  # so far from 0 a float32 probability is 0 or 1


def dense(units: int, activation: Any = None) -> Any:
    return layers.Dense(units, activation, kernel_initializer="ones")


def sequential(units: int, activation: str) -> Any:
    return torchkeras.Sequential([torchkeras.Input((6,)), dense(units, activation)])


def by_layer(units: int, activation: str) -> Any:
    last = layers.Softmax() if activation == "softmax" else layers.Activation(activation)
    return torchkeras.Sequential([torchkeras.Input((6,)), dense(units), last])


def functional(units: int, activation: str) -> Any:
    inputs = torchkeras.Input((6,))
    return torchkeras.Model(inputs, layers.Activation(activation)(dense(units)(inputs)))


def by_function(units: int, activation: str) -> Any:
    inputs = torchkeras.Input((6,))
    function = getattr(torchkeras.activations, activation)
    return torchkeras.Model(inputs, function(dense(units)(inputs)))


def nested(units: int, activation: str) -> Any:
    inputs = torchkeras.Input((6,))
    return torchkeras.Model(inputs, sequential(units, activation)(inputs))


class Subclassed(torchkeras.Model):
    def __init__(self, units: int, activation: str) -> None:
        super().__init__()
        self.gate = dense(6, "sigmoid")
        self.last = dense(units, activation)

    def call(self, inputs: Tensor) -> Tensor:
        return self.last(inputs * (0.5 + 0 * self.gate(inputs)) * 2)


class OwnStep(Subclassed):
    def train_step(self, data: Any) -> Any:
        x, y, *_ = data
        loss = self.compute_loss(x=x, y=y, y_pred=self(x, training=True))
        self.zero_grad()
        loss.backward()
        self.optimizer.step()
        self.metrics[0].update_state(loss)
        return {"loss": self.metrics[0].result()}


BUILDERS = [sequential, by_layer, functional, by_function, nested, Subclassed, OwnStep]
LOSSES = {
    "binary_crossentropy": (1, "sigmoid", np.zeros((4, 1), "float32")),
    "categorical_crossentropy": (3, "softmax", np.eye(3, dtype="float32")[[0, 1, 2, 0]]),
    "sparse_categorical_crossentropy": (3, "softmax", np.array([0, 1, 2, 0])),
}


def steep(build: Callable[[int, str], Any], loss: Any, **compiled: Any) -> tuple[Any, Any, Any]:
    """Return a model that is sure of a wrong answer, and data."""
    units, activation, y = LOSSES[loss if isinstance(loss, str) else loss.name]
    model = build(units, activation)
    x = np.zeros((4, 6), "float32")
    x[:, 0] = STEEP
    model(x)
    last = model.trainable_weights[-2]
    kernel = np.ones(last.shape, "float32")
    if units == 3:
        kernel = np.tile([1.0, 2.0, 3.0], (last.shape[0], 1)).astype("float32")
    last.assign(kernel)
    model.compile(torchkeras.optimizers.SGD(0.0), loss, **compiled)
    return model, x, y


def exact(loss: str) -> float:
    """The loss of `steep`: how far each answer is from the surest."""
    return STEEP if loss == "binary_crossentropy" else STEEP * (2 + 1 + 0 + 2) / 4


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize("loss", LOSSES)
def test_no_loss_is_cut_off(build: Callable[[int, str], Any], loss: str) -> None:
    model, x, y = steep(build, loss)
    history = model.fit(x, y, epochs=3, batch_size=2, verbose=0).history["loss"]
    np.testing.assert_allclose(history, exact(loss), rtol=1e-5)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(exact(loss), rel=1e-5)
    assert model.train_on_batch(x, y) == pytest.approx(exact(loss), rel=1e-5)
    assert model.test_on_batch(x, y) == pytest.approx(exact(loss), rel=1e-5)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gradient_does_not_vanish(loss: str) -> None:
    model, x, y = steep(sequential, loss)
    model.compile(torchkeras.optimizers.SGD(1e-3), loss)
    before = model.get_weights()[0]
    model.fit(x, y, verbose=0)
    assert np.abs(model.get_weights()[0] - before).max() > 1e-3


def test_metrics_see_probabilities() -> None:
    seen = []

    def largest(y_true: Tensor, y_pred: Tensor) -> Tensor:
        seen.append(y_pred.detach())
        return y_pred.amax(-1)

    model, x, y = steep(sequential, "sparse_categorical_crossentropy", metrics=[largest])
    model.fit(x, y, epochs=2, verbose=0)
    assert all(bool(torch.allclose(output.sum(-1), torch.ones(4))) for output in seen)


@pytest.mark.parametrize(
    "loss",
    [
        losses.BinaryCrossentropy(label_smoothing=0.1),
        losses.CategoricalCrossentropy(label_smoothing=0.1),
        losses.SparseCategoricalCrossentropy(ignore_class=2),
    ],
)
@pytest.mark.parametrize("weight", [None, np.array([1.0, 0.0, 2.0, 1.0], "float32")])
def test_arguments_and_weights_count(loss: Any, weight: Any) -> None:
    model, x, y = steep(sequential, loss)
    linear = steep(lambda units, _: sequential(units, "linear"), loss)[0]
    again = type(loss)(**{**loss.get_config(), "from_logits": True})
    linear.compile("sgd", again)
    found, expected = (m.evaluate(x, y, sample_weight=weight, verbose=0) for m in (model, linear))
    assert found == pytest.approx(expected, rel=1e-6)
    assert found > 17


def masked_tags(last: str) -> Any:
    inputs = torchkeras.Input((5,), dtype="int32")
    x = layers.Embedding(4, 3, mask_zero=True)(inputs)
    return torchkeras.Model(inputs, layers.Dense(3, last)(x))


def test_masks_stay() -> None:
    x, y = (
        np.array([[1, 2, 3, 0, 0], [3, 0, 0, 0, 0]]),
        np.array([[0, 1, 2, 0, 0], [1, 0, 0, 0, 0]]),
    )
    model, linear = masked_tags("softmax"), masked_tags("linear")
    model.set_weights([300 * w for w in linear.get_weights()])
    linear.set_weights(model.get_weights())
    model.compile("sgd", "sparse_categorical_crossentropy")
    linear.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True))
    for _ in range(2):
        found, expected = (m.evaluate(x, y, verbose=0) for m in (model, linear))
        assert found == pytest.approx(expected, rel=1e-6)


def in_time(package: Any, last: str) -> Any:
    inputs = package.Input((5, 2))
    return package.Model(
        inputs, package.layers.TimeDistributed(package.layers.Dense(3, last))(inputs)
    )


def flattened(package: Any, last: str) -> Any:
    inputs = package.Input((5, 2))
    x = package.layers.Dense(3, last)(inputs)
    return package.Model(inputs, package.layers.Reshape((15, 1))(x))


@pytest.mark.parametrize(
    ("build", "last", "loss"),
    [
        (in_time, "softmax", losses.SparseCategoricalCrossentropy()),
        (flattened, "sigmoid", losses.BinaryCrossentropy()),
    ],
)
def test_another_shape_changes_nothing(build: Any, last: str, loss: Any) -> None:
    model, linear = build(torchkeras, last), build(torchkeras, "linear")
    model.set_weights([300 * w for w in linear.get_weights()])
    linear.set_weights(model.get_weights())
    model.compile("sgd", loss)
    linear.compile("sgd", type(loss)(from_logits=True))
    x = np.ones((4, 5, 2), "float32")
    y = np.ones((4, 5), "int32") if last == "softmax" else np.zeros((4, 15, 1), "float32")
    for _ in range(2):
        found, expected = (m.train_on_batch(x, y) for m in (model, linear))
        assert found == pytest.approx(expected, rel=1e-6)
    found, expected = (m.evaluate(x, y, verbose=0) for m in (model, linear))
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_softmax_over_another_axis_is_no_softmax_of_classes() -> None:
    inputs = torchkeras.Input((3, 3))
    outputs = layers.Softmax(axis=1)(layers.Dense(3)(inputs))
    model = torchkeras.Model(inputs, outputs)
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = np.ones((2, 3, 3), "float32"), np.array([[0, 1, 2], [2, 1, 0]])
    expected = losses.SparseCategoricalCrossentropy()(y, model.predict(x, verbose=0)).item()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-6)


def test_what_comes_after_the_softmax_counts() -> None:
    model = torchkeras.Sequential(
        [torchkeras.Input((6,)), dense(3, "softmax"), layers.Rescaling(0.5, 0.1)]
    )
    x = np.zeros((2, 6), "float32")
    model.compile("sgd", "sparse_categorical_crossentropy")
    y = np.array([0, 1])
    expected = losses.SparseCategoricalCrossentropy()(y, model.predict(x, verbose=0)).item()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-6)


class InPlace(torchkeras.Model):
    def __init__(self) -> None:
        super().__init__()
        self.last = dense(3, "softmax")

    def call(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.last(inputs)
        with torch.no_grad():
            outputs[:, 0] += 1.0
        return outputs


def test_a_change_in_place_counts() -> None:
    model = InPlace()
    model.compile("sgd", "sparse_categorical_crossentropy")
    x, y = np.zeros((2, 6), "float32"), np.array([0, 1])
    expected = losses.SparseCategoricalCrossentropy()(y, model.predict(x, verbose=0)).item()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-6)


def test_a_softmax_and_a_binary_crossentropy_are_strangers() -> None:
    model = sequential(3, "softmax")
    model.compile("sgd", "binary_crossentropy")
    y = np.eye(3, dtype="float32")
    expected = losses.BinaryCrossentropy()(y, model.predict(X[:3], verbose=0)).item()
    assert model.evaluate(X[:3], y, verbose=0) == pytest.approx(expected, rel=1e-6)


def two_heads() -> Any:
    inputs = torchkeras.Input((6,))
    hidden = layers.Dense(6, "sigmoid")(inputs)
    kind = layers.Dense(3, "softmax", name="kind")(inputs)
    return torchkeras.Model(inputs, [kind, layers.Dense(1, "sigmoid", name="yes")(hidden)])


def test_each_output_has_logits_of_its_own() -> None:
    model = two_heads()
    model.compile("sgd", ["sparse_categorical_crossentropy", "binary_crossentropy"])
    kernel = model.get_layer("kind").kernel
    kernel.assign(300 * kernel.numpy())
    y = [LABELS, BINARY]
    results = [model.evaluate(X, y, verbose=0, return_dict=True) for _ in range(2)]
    logits = X @ kernel.numpy()
    expected = losses.SparseCategoricalCrossentropy(from_logits=True)(LABELS, logits).item()
    assert [r["kind_loss"] for r in results] == pytest.approx([expected] * 2, rel=1e-5)
    assert expected > 20


@pytest.mark.parametrize(
    ("units", "activation", "loss", "y"),
    [
        (1, "sigmoid", "binary_crossentropy", BINARY),
        (3, "softmax", "categorical_crossentropy", ONE_HOT),
        (3, "softmax", "sparse_categorical_crossentropy", LABELS),
    ],
)
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_ordinary_numbers_are_those_of_keras(
    units: int, activation: str, loss: str, y: Any, weights: Any
) -> None:
    models = twins(mlp(units, activation), optimizer="adam", loss=loss, metrics=["accuracy"])
    assert_same_run(models, X, y, sample_weight=weights, epochs=3, batch_size=16)


def test_keras_cuts_the_loss_off() -> None:
    # docs/differences.md
    ours, theirs = twins(mlp(3, "softmax"), optimizer="sgd", loss="sparse_categorical_crossentropy")
    values = [200 * w for w in ours.get_weights()]
    for model in (ours, theirs):
        model.set_weights(values)
    found, expected = (m.evaluate(X, LABELS, verbose=0) for m in (ours, theirs))
    assert found > 100
    assert expected < 17


# The watch itself


def test_after_the_first_step_only_what_was_asked_for_is_noted() -> None:
    watch = Watch()
    for _ in range(3):
        with watch:
            x = torch.ones(2)
            noted(torch.sigmoid(x), x, "sigmoid")
            last = noted(torch.sigmoid(x), x, "sigmoid")
            assert logits_of(last, "sigmoid") is x
            notes = len(watch._notes)
    assert notes == 1
    assert watch._notes == []


def test_a_step_in_which_nobody_asks_ends_the_watch() -> None:
    watch = Watch()
    with watch:
        x = torch.ones(2)
        noted(torch.sigmoid(x), x, "sigmoid")
    assert watch.is_idle


def test_a_detached_output_has_no_logits() -> None:
    with Watch():
        x = torch.ones(2, requires_grad=True)
        output = noted(torch.sigmoid(x), x, "sigmoid")
        assert logits_of(output.detach(), "sigmoid") is None


def test_outside_of_a_step_nothing_is_kept() -> None:
    x = torch.ones(2)
    assert logits_of(noted(torch.sigmoid(x), x, "sigmoid"), "sigmoid") is None


def test_a_compiled_model_can_be_copied() -> None:
    model, x, y = steep(sequential, "binary_crossentropy")
    model.fit(x, y, verbose=0)
    twin = copy.deepcopy(model)
    assert twin.evaluate(x, y, verbose=0) == pytest.approx(STEEP)
