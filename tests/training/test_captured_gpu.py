"""Captured steps as CUDA graphs.

These tests were written without a GPU at hand and have not been run on one yet; on a CPU,
`test_captured_step.py` and `test_captured_changes.py` run all but the graph itself.
"""

import copy
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import torchkeras
from tests.training import captured
from tests.training.captured import CAPTURED, NETS, X, Y, assert_near, trained
from tests.training.test_captured_step import INSIDE, OUTSIDE
from torchkeras import callbacks
from torchkeras._training.captured import step as captured_step
from torchkeras.utils import PyDataset

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.filterwarnings("ignore:Synchronization debug mode"),
]


@pytest.fixture(autouse=True)
def cuda(gpu: torch.device, monkeypatch: Any) -> Iterator[None]:
    if gpu.type != "cuda":
        pytest.skip("CUDA graphs need CUDA")
    monkeypatch.setattr(captured_step, "_WAITS", 2)
    with torchkeras.device("cuda"):
        yield
    torch.cuda.set_sync_debug_mode("default")


def report(model: Any) -> str:
    return model.compile_report()["train"]


@pytest.mark.parametrize("net", NETS)
def test_a_graph_gives_the_numbers_of_eager_steps(net: str) -> None:
    """Not run yet: written without a GPU at hand."""
    found = trained(net)
    assert report(found[0]) == CAPTURED
    loose = {"rtol": 0.05, "atol": 0.02} if net == "mixed" else {"rtol": 1e-3, "atol": 1e-4}
    assert_near(found, trained(net, eagerly=True), **loose)


@pytest.mark.parametrize("name", [*INSIDE, *OUTSIDE])
def test_optimizers_step_in_graphs_as_outside_of_them(name: str) -> None:
    """Not run yet: written without a GPU at hand."""
    optimizer = {**INSIDE, **OUTSIDE}[name]
    found = trained("classifier", optimizer)
    assert report(found[0]) == CAPTURED
    assert_near(found, trained("classifier", optimizer, eagerly=True), rtol=1e-3, atol=1e-4)


def test_dropout_draws_what_it_draws_eagerly() -> None:
    """Not run yet: written without a GPU at hand."""
    (graph, _), (eager, _) = trained(), trained(eagerly=True)
    assert report(graph) == CAPTURED
    assert_near((graph, {}), (eager, {}), rtol=1e-3, atol=1e-4)
    drawn = [torch.rand(3, device="cuda") for _ in range(2)]
    assert not torch.equal(*drawn)


class _Strict(callbacks.Callback):
    """Lets no step wait for the device once the first epoch is over."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        torch.cuda.set_sync_debug_mode("error" if epoch else "default")

    def on_train_end(self, logs: Any = None) -> None:
        torch.cuda.set_sync_debug_mode("default")


class _Batches(PyDataset):
    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        rows = slice(8 * index, 8 * index + 8)
        return X[rows], Y[rows]


def _loader() -> Any:
    return DataLoader(TensorDataset(torch.from_numpy(X), torch.from_numpy(Y)), batch_size=8)


def _generator() -> Iterator[Any]:
    while True:
        yield from _Batches()


SOURCES: dict[str, tuple[Any, dict[str, Any]]] = {
    "resident arrays": (lambda: (X, Y), {"batch_size": 8}),
    "a PyDataset": (lambda: (_Batches(), None), {}),
    "a loader": (lambda: (_loader(), None), {}),
    "a generator": (lambda: (_generator(), None), {"steps_per_epoch": 5}),
}


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.parametrize("eagerly", [False, True], ids=["captured", "eager"])
def test_no_step_waits_for_the_device(name: str, eagerly: bool) -> None:
    """Not run yet: written without a GPU at hand."""
    make, settings = SOURCES[name]
    model = captured.perceptron()
    model.compile("adam", "mse", metrics=["mae"], run_eagerly=eagerly)
    x, y = make()
    model.fit(x, y, epochs=4, verbose=0, callbacks=[_Strict()], **settings)
    assert eagerly or report(model) == CAPTURED


@pytest.mark.parametrize("verbose", [0, 1])
def test_a_whole_fit_waits_only_for_the_numbers_it_shows(verbose: int) -> None:
    """Not run yet: written without a GPU at hand. What is shown is awaited by an event."""
    model, _ = trained()
    torch.cuda.set_sync_debug_mode("error")
    history = model.fit(X, Y, batch_size=8, epochs=3, verbose=verbose).history
    torch.cuda.set_sync_debug_mode("default")
    assert np.isfinite(history["loss"]).all()


def test_a_graph_costs_less_than_its_kernels_one_by_one() -> None:
    """Not run yet: written without a GPU at hand. Python launches nothing but the graph."""
    model, _ = trained("classifier")
    x, y = NETS["classifier"][3:]
    model.train_on_batch(x[:8], y[:8])
    activities = [torch.profiler.ProfilerActivity.CPU, torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        model.train_on_batch(x[:8], y[:8])
    events = {event.key: event.count for event in profile.key_averages()}
    assert events.get("cudaGraphLaunch") == 1
    assert "aten::addmm" not in events


def test_a_captured_model_moves_and_trains_on() -> None:
    """Not run yet: written without a GPU at hand."""
    model, _ = trained()
    model.to("cpu")
    with torchkeras.device("cpu"):
        model.fit(X, Y, batch_size=8, verbose=0)
    assert "changed" in report(model) or "another device" in report(model)
    model.to("cuda")
    model.fit(X, Y, batch_size=8, epochs=3, verbose=0)
    assert np.isfinite(model.evaluate(X, Y, verbose=0)[0])


def test_a_copy_trains_by_itself() -> None:
    """Not run yet: written without a GPU at hand."""
    model, _ = trained()
    before = model.get_weights()
    copy.deepcopy(model).fit(X, Y, batch_size=8, epochs=2, verbose=0)
    for left, right in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_two_threads_capture_at_the_same_time() -> None:
    """Not run yet: written without a GPU at hand."""
    found: list[Any] = []

    def train() -> None:
        with torchkeras.device("cuda"):
            model = captured.classifier()
            model.compile("adam", "sparse_categorical_crossentropy")
            model.fit(X, captured.LABELS, batch_size=8, epochs=6, verbose=0)
            found.append(model)

    threads = [threading.Thread(target=train) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for model in found:
        assert np.isfinite(model.evaluate(X, captured.LABELS, verbose=0))
    assert len(found) == 2


def test_a_failed_capture_leaves_a_model_that_trains() -> None:
    """Not run yet: written without a GPU at hand. The wait shows before anything is recorded."""
    original = captured_step.DeviceStep.run

    def waiting(self: Any, *batch: Any) -> Any:
        made = original(self, *batch)
        made[1].item()
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(captured_step.DeviceStep, "run", waiting)
        found = trained()
    assert "while it was recorded" in report(found[0])
    assert_near(found, trained(eagerly=True), rtol=1e-3, atol=1e-4)


def test_the_memory_of_a_graph_is_given_back() -> None:
    """Not run yet: written without a GPU at hand."""
    model, _ = trained()
    held = torch.cuda.memory_allocated()
    model.run_eagerly = True
    for weight in model.parameters():
        weight.grad = None
    assert torch.cuda.memory_allocated() <= held
