"""Where in the data a run is, and how a run in another process gets there.

The order of a pass follows from the random generators as they were when it was opened. A pass is
therefore opened again in that state, and the batches that were seen are passed over.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

import torch

from torchkeras._base.rng import kept_rng, rng_state, set_rng_state

from .adapt import Source
from .carried import State, data_state, set_carried, set_data_state


class Recorded:
    """A source that remembers how its passes came about.

    Args:
        source: The source.
        peeked: The state in which a first batch was taken from it, if that began a pass.
    """

    def __init__(self, source: Source, peeked: State | None = None) -> None:
        self._source = source
        self._peeked = peeked
        self._ended: State | None = None
        self._epoch: State | None = None
        self._opened: State | None = None
        self._first: State | None = None
        self._taken = self._done = 0
        self._goal: Mapping[str, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._source, name)

    def on_epoch_begin(self) -> None:
        """Note the state, and pass the message on, unless the epoch begins in the middle."""
        if self._goal is not None and self._goal["epoch"] is not None:
            return
        self._epoch, self._done = data_state(self._source), 0
        self._source.on_epoch_begin()

    def on_epoch_end(self) -> None:
        """Note the state, and pass the message on."""
        self._ended = data_state(self._source)
        self._source.on_epoch_end()

    def batches(self, device: torch.device | None = None, packed: bool = False) -> Iterator[Any]:
        """Iterate once over the batches; the first time, over the rest of a pass of another run.

        Args:
            device: Where the batches go.
            packed: Whether they come as Keras packs them rather than as three values.
        """
        open_pass = partial(self._source.batches, device, packed)
        goal, self._goal = self._goal, None
        if goal is not None and goal["opened"] is not None:
            return self._rest(goal, open_pass)
        begun = getattr(self._source, "begun", False) and self._peeked is not None
        self._opened, self._first = self._peeked if begun else data_state(self._source), None
        self._taken = 0
        return self._counted(open_pass(), notes=not begun)

    def _counted(self, batches: Iterator[Any], notes: bool) -> Iterator[Any]:
        if notes:
            self._first = rng_state()
        for batch in batches:
            self._taken += 1
            self._done += 1
            yield batch

    # Going on

    def position(self, inside: bool, runs_on: bool) -> State:
        """Return where the run is.

        Args:
            inside: Whether an epoch is not over yet.
            runs_on: Whether the pass goes on in the next epoch.
        """
        opened = inside or runs_on
        return {
            "ended": self._ended,
            "epoch": self._epoch if inside else None,
            "opened": self._opened if opened else None,
            "first": self._first if opened else None,
            "taken": self._taken if opened else 0,
            "done": self._done if inside else 0,
            "now": data_state(self._source),
        }

    def go_to(self, position: Mapping[str, Any]) -> None:
        """Let the next pass begin where another run was; random generators stay as they are.

        Args:
            position: What `position` returned in that run.
        """
        with kept_rng():
            getattr(self._source, "unpeek", _nothing)()
            if position["ended"] is not None:
                set_data_state(self._source, position["ended"])
                self._source.on_epoch_end()
            set_data_state(self._source, position["now"])
        self._ended, self._goal = position["ended"], position

    def _rest(
        self, goal: Mapping[str, Any], open_pass: Callable[[], Iterator[Any]]
    ) -> Iterator[Any]:
        """Return the rest of a pass that another run had begun."""
        with kept_rng():
            if goal["epoch"] is not None:
                set_data_state(self._source, goal["epoch"])
                self._source.on_epoch_begin()
            set_data_state(self._source, goal["opened"])
            batches = open_pass()
            if goal["first"] is not None:
                set_rng_state(goal["first"])
            for _ in islice(batches, goal["taken"]):
                pass
        set_carried(self._source, goal["now"]["carried"])
        self._epoch, self._opened, self._first = goal["epoch"], goal["opened"], goal["first"]
        self._taken, self._done = goal["taken"], goal["done"]
        return self._counted(batches, notes=goal["taken"] == 0)


def _nothing() -> None:
    """Do nothing."""
