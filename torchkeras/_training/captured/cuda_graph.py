"""All that captured steps ask of CUDA: record what is launched, and launch it again."""

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch

from torchkeras._base.rng import set_torch_rng_state, torch_rng_state

Body = Callable[[], None]


class Graph(Protocol):
    """Records what a function does on a device, and does it again without the function.

    `warm_up` runs the function, `record` need not; `replay` writes its results where they were when
    it was recorded. The function neither waits for the device nor looks at numbers on it.
    """

    def __init__(self, device: torch.device) -> None: ...

    def refuses(self) -> str:
        """Return why nothing can be recorded now, or nothing."""

    def warm_up(self, body: Body) -> None: ...

    def record(self, body: Body) -> None: ...

    def replay(self) -> None: ...

    def random_state(self) -> Any: ...

    def set_random_state(self, state: Any) -> None: ...


class CudaGraph:
    """A graph of CUDA's, with memory of its own for all that is made in it.

    Args:
        device: The device.
    """

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._graph: Any = torch.cuda.CUDAGraph()
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]

    def refuses(self) -> str:
        """Return why nothing can be recorded now, or nothing."""
        if torch.version.hip is not None:
            return "graphs have not been tried on ROCm"
        if torch.cuda.is_current_stream_capturing():
            return "somebody else is capturing a graph"
        return "" if self._has_room() else "the device has no memory left for a graph of its own"

    def _has_room(self) -> bool:
        """Whether memory is left for twice of what the largest step so far took."""
        held = torch.cuda.memory_allocated(self._device)
        idle = torch.cuda.memory_reserved(self._device) - held
        step = torch.cuda.max_memory_allocated(self._device) - held
        return torch.cuda.mem_get_info(self._device)[0] + idle > 2 * step

    def warm_up(self, body: Body) -> None:
        """Run a function beside the stream at work, where a wait for the device is an error.

        What would break a recording shows here, before there is one.

        Args:
            body: The function.
        """
        with torch.cuda.device(self._device):
            here = torch.cuda.current_stream()
            self._stream.wait_stream(here)
            try:
                with torch.cuda.stream(self._stream):
                    body()
                    with _no_waits():
                        body()
            finally:
                here.wait_stream(self._stream)

    def record(self, body: Body) -> None:
        """Record a function, without running it.

        Args:
            body: The function; what it makes keeps its place as long as it is held.
        """
        with (
            torch.cuda.device(self._device),
            torch.cuda.stream(torch.cuda.current_stream(self._device)),  # also after an error
            torch.cuda.graph(self._graph, stream=self._stream, capture_error_mode="thread_local"),
        ):
            body()

    def replay(self) -> None:
        """Launch what was recorded."""
        with torch.cuda.device(self._device):
            self._graph.replay()

    def random_state(self) -> Any:
        """Return the states of the generators that the function draws from."""
        return torch_rng_state(self._device)

    def set_random_state(self, state: Any) -> None:
        """Bring back what `random_state` returned.

        Args:
            state: The states.
        """
        set_torch_rng_state(state)


@contextmanager
def _no_waits() -> Iterator[None]:
    """Make waits for the device errors, unless that would hit other threads."""
    before = torch.cuda.get_sync_debug_mode()
    if threading.active_count() > 1:
        yield
        return
    with warnings.catch_warnings(action="ignore"):  # that the mode may change in later versions
        torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode(before)


# The devices whose steps are captured, and what captures them.
GRAPHS: dict[str, Callable[[torch.device], Graph]] = {"cuda": CudaGraph}
