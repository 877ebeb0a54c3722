"""What is asked of CUDA, with torch's functions for it replaced by some that take notes."""

import threading
from contextlib import contextmanager
from typing import Any

import pytest
import torch

from torchkeras._base.fetching import fetched
from torchkeras._data.lane import CudaLane
from torchkeras._training.captured.cuda_graph import CudaGraph

PLACE = torch.device("cuda", 0)


class Stream:
    def __init__(self, notes: list[str], name: str) -> None:
        self.notes, self.name = notes, name

    def wait_stream(self, other: "Stream") -> None:
        self.notes.append(f"{self.name} waits for {other.name}")


class Graph:
    def __init__(self, notes: list[str]) -> None:
        self.notes = notes

    def replay(self) -> None:
        self.notes.append("replay")


@pytest.fixture
def notes(monkeypatch: Any) -> list[str]:
    found: list[str] = []
    modes = ["default"]
    streams = [Stream(found, "here")]

    @contextmanager
    def on(stream: Stream) -> Any:
        streams.append(stream)
        found.append(f"on {stream.name}")
        try:
            yield
        finally:
            streams.pop()

    @contextmanager
    def capturing(graph: Graph, stream: Stream, capture_error_mode: str) -> Any:
        with on(stream):
            found.append(f"begin {capture_error_mode}")
            try:
                yield
            finally:
                found.append("end")

    @contextmanager
    def device(place: torch.device) -> Any:
        assert place == PLACE
        yield

    def set_mode(mode: str) -> None:
        found.append(f"mode {mode}")
        modes.append(mode)

    fakes = {
        "CUDAGraph": lambda: Graph(found),
        "Stream": lambda place: Stream(found, "beside"),
        "current_stream": lambda place=None: streams[-1],
        "stream": on,
        "graph": capturing,
        "device": device,
        "get_sync_debug_mode": lambda: modes[-1],
        "set_sync_debug_mode": set_mode,
        "is_current_stream_capturing": lambda: False,
        "memory_allocated": lambda place: 100,
        "memory_reserved": lambda place: 150,
        "max_memory_allocated": lambda place: 400,
        "mem_get_info": lambda place: (600, 1000),
    }
    for name, fake in fakes.items():
        monkeypatch.setattr(torch.cuda, name, fake)
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    return found


def failing() -> None:
    raise RuntimeError("no")


def test_a_step_is_warmed_up_beside_the_work_without_a_wait(notes: list[str]) -> None:
    CudaGraph(PLACE).warm_up(lambda: notes.append("step"))
    assert notes == [
        "beside waits for here",
        "on beside",
        "step",
        "mode error",
        "step",
        "mode default",
        "here waits for beside",
    ]


def test_a_failing_warm_up_leaves_streams_and_modes_as_they_were(notes: list[str]) -> None:
    runs = iter([lambda: None, failing])
    with pytest.raises(RuntimeError, match="no"):
        CudaGraph(PLACE).warm_up(lambda: next(runs)())
    assert notes[-2:] == ["mode default", "here waits for beside"]
    assert torch.cuda.current_stream().name == "here"


def test_other_threads_may_wait_meanwhile(notes: list[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(threading, "active_count", lambda: 2)
    CudaGraph(PLACE).warm_up(lambda: None)
    assert not [note for note in notes if note.startswith("mode")]


def test_a_recording_leaves_other_threads_alone_and_the_stream_as_it_was(notes: list[str]) -> None:
    graph = CudaGraph(PLACE)
    graph.record(lambda: notes.append("step"))
    with pytest.raises(RuntimeError, match="no"):
        graph.record(failing)
    graph.replay()
    recorded = ["on here", "on beside", "begin thread_local"]
    assert notes == [*recorded, "step", "end", *recorded, "end", "replay"]
    assert torch.cuda.current_stream().name == "here"


@pytest.mark.parametrize(("largest", "reason"), [(400, ""), (430, "no memory left for a graph")])
def test_a_graph_needs_room_for_two_steps(
    largest: int, reason: str, notes: list[str], monkeypatch: Any
) -> None:
    monkeypatch.setattr(torch.version, "hip", None)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda place: largest)
    assert reason in CudaGraph(PLACE).refuses()
    assert bool(reason) == bool(CudaGraph(PLACE).refuses())


def test_a_graph_is_refused_inside_of_another(notes: list[str], monkeypatch: Any) -> None:
    monkeypatch.setattr(torch.cuda, "is_current_stream_capturing", lambda: True)
    assert CudaGraph(PLACE).refuses() == "somebody else is capturing a graph"


def test_a_batch_travels_beside_the_work_and_is_awaited_once(
    notes: list[str], monkeypatch: Any
) -> None:
    pinned: list[torch.Tensor] = []
    held: list[str] = []
    monkeypatch.setattr(torch.Tensor, "is_pinned", lambda self: any(self is p for p in pinned))
    monkeypatch.setattr(torch.Tensor, "pin_memory", lambda self: self.clone())
    monkeypatch.setattr(
        torch.Tensor, "record_stream", lambda self, stream: held.append(stream.name)
    )
    lane = CudaLane(torch.device("cpu"))
    ready = torch.ones(3)
    pinned.append(ready)
    sent = [lane.send(ready), lane.send(torch.ones(2))]
    assert notes == ["on beside", "on beside"]
    lane.arrive()
    lane.arrive()
    assert notes == ["on beside", "on beside", "here waits for beside"]
    assert held == ["here", "here"]
    assert sent[0] is ready
    assert sent[1].tolist() == [1.0, 1.0]


def test_numbers_of_a_cpu_are_there() -> None:
    tensor = torch.ones(2)
    assert fetched(tensor) is tensor
