"""Compiled and eager steps race on real batches: the faster goes on, and no batch is lost."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import torchkeras
from tests.training.twins import LABELS, X
from torchkeras import layers
from torchkeras._training.jit import jit_of
from torchkeras._training.jitted import step as compiled_step
from torchkeras._training.jitted.compiler_threads import Threads
from torchkeras._training.jitted.race import Lap, Race, Result

RACING: dict[str, Any] = {"backend": "eager"}
BATCHES = 46  # of a whole race


class FakeLap(Lap):
    """A lap that takes as long as it is told to."""

    def __init__(self, seconds: float, is_over: bool = True) -> None:
        self.told, self.ended = seconds, is_over

    def stop(self) -> None:
        pass

    def is_over(self) -> bool:
        return self.ended

    def seconds(self) -> float:
        return self.told


def is_eager(turn: int) -> bool:
    return (turn + 1) // 2 % 2 == 1


def laps(compiled: float, eager: float) -> Iterator[FakeLap]:
    """Return the laps of a race."""
    return (FakeLap(eager if is_eager(turn) else compiled) for turn in range(BATCHES))


def raced(times: list[FakeLap]) -> tuple[list[str], list[Result]]:
    """Race until there is a result; return who ran the batches, and the result."""
    ran: list[str] = []
    found: list[Result] = []
    left = iter(times)
    race = Race(
        lambda batch: ran.append("compiled"),
        lambda batch: ran.append("eager"),
        lambda: next(left),
        found.append,
    )
    for _ in times:
        race(None)
    assert not found
    race(None)
    return ran, found


def test_a_race_is_bounded_and_neither_always_leads() -> None:
    ran, found = raced(list(laps(2.0, 1.0)))
    assert ran[:4] == ["compiled", "eager", "eager", "compiled"]
    assert (ran.count("eager"), len(ran)) == (BATCHES // 2, BATCHES + 1)
    assert (found[0].compiled, found[0].eager, found[0].ratio) == (2.0, 1.0, 2.0)
    assert not found[0].is_won


@pytest.mark.parametrize("slow", [[0, 3], [20, 23, 31]], ids=["the first", "a few"])
def test_slow_laps_decide_nothing(slow: list[int]) -> None:
    times = list(laps(1.0, 1.1))
    for turn in slow:
        times[turn].told = 100.0
    _, found = raced(times)
    assert found[0].ratio == pytest.approx(1 / 1.1)


def test_pairs_count_where_a_machine_gets_slower() -> None:
    times = list(laps(1.0, 1.1))
    for turn, lap in enumerate(times):
        lap.told *= 1 + turn
    _, found = raced(times)
    assert found[0].is_won


def test_the_compiled_step_goes_on_until_the_device_has_passed() -> None:
    times = list(laps(2.0, 1.0))
    times[-1].ended = False
    left, ran, found = iter(times), [], []
    race = Race(lambda _: ran.append("compiled"), lambda _: None, lambda: next(left), found.append)
    for _ in range(BATCHES + 5):
        race(None)
    assert (found, ran[-5:]) == ([], ["compiled"] * 5)
    times[-1].ended = True
    race(None)
    assert len(found) == 1


def test_a_step_that_raises_is_not_timed() -> None:
    def fail(batch: Any) -> None:
        raise ValueError(batch)

    race = Race(fail, fail, lambda: FakeLap(1.0), lambda result: None)
    for _ in range(2):
        with pytest.raises(ValueError, match="this batch"):
            race("this batch")
    assert race._laps == ([], [])


# Whole runs


def classifier() -> torchkeras.Sequential:
    return torchkeras.Sequential(
        [
            torchkeras.Input((6,)),
            layers.Dense(8, "relu"),
            layers.BatchNormalization(),
            layers.Dense(3, "softmax"),
        ]
    )


def perceptron() -> torchkeras.Sequential:
    return torchkeras.Sequential([torchkeras.Input((6,)), layers.Dense(3, "softmax")])


def run(build: Any, jit: Any) -> tuple[dict[str, Any], list[Any], dict[str, str]]:
    """Train, evaluate and predict over 60 batches each, 6 of them smaller ones."""
    torchkeras.utils.set_random_seed(0)
    model = build()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit)
    settings: dict[str, Any] = {"batch_size": 7, "verbose": 0}
    history = model.fit(X, LABELS, epochs=6, shuffle=False, **settings).history
    assert int(model.optimizer.iterations) == 60
    for _ in range(6):
        evaluated = model.evaluate(X, LABELS, **settings)
        outputs = model.predict(X, **settings)
    history["evaluated"] = evaluated
    return history, [outputs, *model.get_weights()], model.compile_report()


@pytest.fixture
def raced_with(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that says how long laps take."""
    torch._dynamo.reset()

    def told(compiled: float, eager: float) -> None:
        def lap_on(device: torch.device) -> Any:
            times = laps(compiled, eager)
            return lambda: next(times)

        monkeypatch.setattr(compiled_step, "lap_on", lap_on)

    with torchkeras.device("cpu"):
        yield told


COMPILED = "compiled: 1 ms a step, 0.50 of an eager one's 2 ms"
EAGER = "eager: 1 ms a step; compiled 2 ms, 2.00 of that"


@pytest.mark.parametrize(
    ("build", "report"),
    [(classifier, COMPILED), (classifier, EAGER), (perceptron, EAGER)],
    ids=["compiled", "eager", "recorded"],
)
def test_the_faster_step_goes_on_with_the_same_numbers(
    build: Any, report: str, raced_with: Any
) -> None:
    raced_with(*((0.001, 0.002) if report == COMPILED else (0.002, 0.001)))
    history, arrays, reports = run(build, RACING)
    assert reports == dict.fromkeys(("train", "test", "predict"), report)
    expected, others, _ = run(build, False)
    for name, values in expected.items():
        assert history[name] == pytest.approx(values, rel=1e-4)
    for mine, other in zip(arrays, others, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-5)


def test_a_race_that_is_not_over_is_reported(raced_with: Any) -> None:
    raced_with(1.0, 2.0)
    model = classifier()
    model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=RACING)
    model.fit(X, LABELS, batch_size=7, verbose=0)
    assert model.compile_report()["train"] == "compiled, and timed beside eager steps"


def test_runs_that_are_to_be_the_same_have_no_race(monkeypatch: pytest.MonkeyPatch) -> None:
    assert jit_of(True, False).races()
    assert jit_of(RACING, False).races()
    assert not jit_of({"race": False}, False).races()
    assert jit_of({"race": False, "mode": "default"}, False).arguments == {"mode": "default"}
    monkeypatch.setattr("torchkeras._training.jit.is_determinism_enabled", lambda: True)
    assert not jit_of(True, False).races()


def test_auto_measures_nothing() -> None:
    decision = jit_of("auto", False)
    decision.options = {}
    assert not decision.races()


def test_a_wrong_race_is_refused() -> None:
    with pytest.raises(ValueError, match=r"besides 'race': True or False.*'race': 'often'"):
        perceptron().compile("sgd", "mse", jit_compile={"race": "often"})


# Threads


def test_a_few_steps_on_other_threads_compile_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, now = Threads(), 2
    monkeypatch.setattr(torch, "get_num_threads", lambda: now)
    assert all(threads.are_known() for _ in range(100))
    now = 1
    assert not any(threads.are_known() for _ in range(8))
    now = 2
    assert threads.are_known()
    now = 1
    assert sum(threads.are_known() for _ in range(60)) > 20  # now they are the rule
