"""SwapEMAWeights, beside Keras's."""

from typing import Any

import keras
import numpy as np
import pytest

import torchkeras
from tests.training.twins import TARGETS, X, mlp, twins

Y = TARGETS
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def models(**options: Any) -> tuple[Any, Any]:
    ours, theirs = twins(mlp(1))
    settings = {"learning_rate": 0.1, "use_ema": True, "ema_momentum": 0.5, **options}
    for model, package in ((ours, torchkeras), (theirs, keras)):
        model.compile(package.optimizers.SGD(**settings), "mse")
    return ours, theirs


def both(swap_on_epoch: bool, **options: Any) -> list[tuple[Any, Any]]:
    """Fit with the callback in both packages; return the models and their histories."""
    found = []
    for model, package in zip(models(), (torchkeras, keras), strict=True):
        swap = package.callbacks.SwapEMAWeights(swap_on_epoch)
        history = model.fit(
            X, Y, epochs=3, shuffle=False, verbose=0, callbacks=[swap], **options
        )  # fmt: skip
        found.append((model, history.history))
    return found


@pytest.mark.parametrize("swap_on_epoch", [False, True])
@pytest.mark.parametrize("validated", [False, True])
def test_runs_equal_keras(swap_on_epoch: bool, validated: bool) -> None:
    options = {"validation_data": (X, Y)} if validated else {}
    (ours, our_history), (theirs, their_history) = both(swap_on_epoch, **options)
    for name, expected in their_history.items():
        np.testing.assert_allclose(our_history[name], expected, rtol=1e-5)
    for weight, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(weight, expected, rtol=1e-5, atol=1e-7)


def test_evaluation_sees_the_averages_and_prediction_gives_the_weights_back() -> None:
    model, _ = models()
    model.fit(X, Y, verbose=0)
    with_weights = model.predict(X, verbose=0)
    model.fit(X, Y, epochs=1, verbose=0)
    weights = [weight.copy() for weight in model.get_weights()]
    model.optimizer.learning_rate = 0.0
    swap = torchkeras.callbacks.SwapEMAWeights()
    model.predict(X, verbose=0, callbacks=[swap])
    for now, before in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, before)
    assert with_weights.shape == (70, 1)


def test_a_run_that_is_stopped_ends_with_the_averages() -> None:
    class Stop(torchkeras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epoch == 1

    model, other = models()[0], models()[0]
    other.set_weights(model.get_weights())
    swap = torchkeras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    model.fit(X, Y, epochs=5, shuffle=False, verbose=0, callbacks=[swap, Stop()])
    other.fit(X, Y, epochs=2, shuffle=False, verbose=0)
    for ours, expected in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, expected)


def test_an_optimizer_without_averages_is_refused() -> None:
    model, _ = models(use_ema=False)
    with pytest.raises(ValueError, match="SwapEMAWeights must be used when `use_ema=True` is set"):
        model.evaluate(X, Y, verbose=0, callbacks=[torchkeras.callbacks.SwapEMAWeights()])


def test_averages_inside_other_optimizers_are_found() -> None:
    model, _ = models()
    optimizers = torchkeras.optimizers
    model.compile(optimizers.LossScaleOptimizer(optimizers.SGD(0.1, use_ema=True)), "mse")
    swap = torchkeras.callbacks.SwapEMAWeights()
    assert np.isfinite(model.evaluate(X, Y, verbose=0, callbacks=[swap]))
