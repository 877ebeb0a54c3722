"""EarlyStopping: when it stops, what it restores, in Keras's terms."""

from typing import Any

import pytest

from tests.unit.callbacks.fakes import FakeMetric, FakeModel, losses, run
from torchkeras.callbacks import EarlyStopping


@pytest.mark.parametrize(
    ("arguments", "values", "stopped"),
    [
        ({"patience": 1}, [3, 2, 2, 2], 2),
        ({"patience": 2}, [3, 2, 2, 2, 1], 3),
        ({"patience": 0}, [3, 2, 1, 1], 3),
        ({"patience": 0}, [1, 2], 1),
        ({"patience": 3}, [3, 2, 1], 0),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.8, 2.6], 1),
        ({"patience": 1, "mode": "max"}, [1, 2, 2], 2),
        ({"patience": 2, "baseline": 0.5}, [3, 2, 1], 0),
        ({"patience": 2, "baseline": 0.5}, [3, 2, 2.5], 2),
        ({"patience": 1, "start_from_epoch": 2}, [1, 2, 3, 4, 5], 3),
    ],
)
def test_it_stops_after_patience(arguments: dict[str, Any], values: Any, stopped: int) -> None:
    callback = EarlyStopping(**arguments)
    model = run(callback, losses(*values))
    assert callback.stopped_epoch == stopped
    assert model.stop_training == (stopped > 0)


def test_it_never_stops_in_the_first_epoch() -> None:
    assert not run(EarlyStopping(patience=0, baseline=0.1), losses(5.0)).stop_training


def test_best_weights_come_back_though_training_was_not_stopped() -> None:
    model = run(EarlyStopping(patience=9, restore_best_weights=True), losses(3, 1, 2))
    assert model.weights[0] == 1


def test_weights_come_back_though_the_baseline_was_never_reached() -> None:
    callback = EarlyStopping(patience=2, baseline=0.5, restore_best_weights=True)
    assert run(callback, losses(3, 2, 2.5)).weights[0] == 1


def test_it_can_be_used_again() -> None:
    callback = EarlyStopping(patience=1)
    assert run(callback, losses(1, 2)).stop_training
    assert not run(callback, losses(5, 4)).stop_training


def test_it_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    run(EarlyStopping(patience=1, verbose=1, restore_best_weights=True), losses(1, 2))
    out = capsys.readouterr().out
    assert "Epoch 2: early stopping" in out
    assert "the end of the best epoch: 1." in out


def test_a_missing_metric_warns_with_what_there_is() -> None:
    with pytest.warns(UserWarning, match="`val_loss` which is not available. Available.*: loss"):
        run(EarlyStopping(), [{"loss": 1.0}])


@pytest.mark.parametrize(
    ("monitor", "direction", "stops"),
    [("val_accuracy", "up", False), ("val_mae", "down", True), ("out_mae", "down", True)],
)
def test_auto_mode_asks_the_metric(monitor: str, direction: str, stops: bool) -> None:
    metric = FakeMetric(monitor.removeprefix("val_").removeprefix("out_"), direction)
    callback = EarlyStopping(monitor=monitor, patience=1)
    assert run(callback, losses(1, 2, 3, name=monitor), FakeModel(metric)).stop_training == stops


def test_auto_mode_looks_into_compiled_metrics() -> None:
    container = FakeMetric("compile_metrics")
    container.metrics = [FakeMetric("accuracy", "up")]  # type: ignore[attr-defined]
    callback = EarlyStopping(monitor="accuracy", patience=1)
    assert run(callback, losses(2, 1, name="accuracy"), FakeModel(container)).stop_training


def test_auto_mode_without_an_answer() -> None:
    with pytest.raises(ValueError, match=r"cannot tell whether `monitor='val_x'`.*mode='max'"):
        run(EarlyStopping(monitor="val_x"), losses(1, name="val_x"), FakeModel(FakeMetric("x")))


def test_an_unknown_mode_warns() -> None:
    with pytest.warns(UserWarning, match="falls back to auto mode"):
        assert EarlyStopping(mode="down").mode == "auto"
