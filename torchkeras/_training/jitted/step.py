"""A step whose tensors are computed by `torch.compile`: in full, or not at all.

The first batch runs eagerly: it makes what is made late, and shows which logits the loss wants.
The second has its shapes compiled, and a race with the eager step shows whether that was worth it.
Batches of other shapes, such as the last one of an epoch, run eagerly, until they are so many that
a second graph, for all shapes, pays. So do batches that come while there are fewer threads than
usual, for which torch would compile anew.

What may fail is the compiler. It does so before the optimizer has changed anything, and the first
step of a graph can be taken back, so a step is never lost and never done twice.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import torch
import torch.fx.experimental._config
from torch import Tensor, nn

from torchkeras._base.nested import leaves_of, map_leaves
from torchkeras._state.variable import Variable
from torchkeras._training.steps import Steps
from torchkeras._training.walk import device_of
from torchkeras.layers.base.calling import in_given_mode
from torchkeras.metrics.metric import held

from .compiler_threads import Threads
from .function import captures, compiled_function, tell_failure
from .moment import Moment
from .parts import Parts
from .race import Race, Result, lap_on

Step = Callable[[Any], Any]

# Other shapes than those of the first batch get a graph of their own when so many batches had
# them, and they are more than one in so many.
_OTHERS, _ONE_IN = 8, 4


class CompiledStep:
    """A step that is compiled after the first batch.

    Args:
        parts: The step.
        model: The model, whose state is kept in case a step is to be taken back.
        rival: The step without a compiler as fast as it goes, to race with.
    """

    def __init__(self, parts: Parts, model: Steps, rival: Step | None = None) -> None:
        self._parts, self._model, self._jit = parts, model, model._compiled.jit
        self._rival = rival or parts.eager
        self._shapes: Any = None
        self._run: Step | None = None
        self._run_any: Step | None = None
        self._steps = self._others = 0
        self._threads = Threads()
        self._is_eager = False
        self._say("compiled after the first batch")

    def __call__(self, batch: Any) -> Any:
        if self._is_eager:
            return self._rival(batch)
        if self._shapes is None:
            self._shapes = _shapes(batch)
            return self._parts.eager(batch)
        if not self._threads.are_known():
            return self._parts.eager(batch)
        if _shapes(batch) != self._shapes:
            return self._other(batch)
        self._steps += 1
        if self._run is None:
            return self._first(batch, False)
        return self._run(batch)

    def _other(self, batch: Any) -> Any:
        """Run a batch of other shapes than the first one's."""
        self._others += 1
        if self._run_any is not None:
            return self._run_any(batch)
        many = self._others > _OTHERS and self._others * _ONE_IN > self._steps
        if many and self._jit.arguments.get("dynamic") is not False:
            return self._first(batch, True)
        return self._parts.eager(batch)

    def _guarded(self, run: Step, batch: Any) -> Any:
        """Run a compiled step; go on eagerly if it had to be compiled too often."""
        try:
            return run(batch)
        except torch._dynamo.exc.TorchDynamoException as error:  # before anything ran
            self._give_up(error)
        return self._parts.eager(batch)

    def _first(self, batch: Any, dynamic: bool) -> Any:
        """Compile, and run the first step; take it back and run it eagerly if that fails."""
        failure: Exception | None = None
        for name, function in self._parts.versions():
            run, has_all = self._made(function, dynamic), name == ""
            before = Moment(self._model, self._metric_variables())
            try:
                with _sizes_apart():
                    made = self._parts.begin(run, batch)
            except Exception as error:  # noqa: BLE001 - whatever a compiler raises
                before.restore()
                nn.Module.zero_grad(self._model)
                failure = failure or error
                continue
            self._keep(run, has_all, dynamic, name)
            return self._parts.finish(batch, made, has_all)
        outcome = self._parts.eager(batch)  # if the batch is at fault, this says how
        assert failure is not None
        self._give_up(failure)
        return outcome

    def _metric_variables(self) -> list[Variable]:
        metrics = self._model._compiled.metrics
        return [] if metrics is None or self._parts.kind == "predict" else metrics.variables

    def _keep(self, run: Callable[..., Any], has_all: bool, dynamic: bool, name: str) -> None:
        begin, finish = self._parts.begin, self._parts.finish
        is_first = self._run is None

        def step(batch: Any) -> Any:
            return finish(batch, begin(run, batch), has_all)

        def tell(result: Result) -> None:
            if result.is_won or dynamic:
                self._put(compiled if result.is_won else self._rival, dynamic)
            else:
                self._stay_eager()
            if is_first:
                self._say(result.said(f"compiled{name}"))

        compiled = partial(self._guarded, step)
        races, start = self._jit.races(), lap_on(self._device)
        self._put(Race(compiled, self._rival, start, tell) if races else compiled, dynamic)
        if is_first:
            self._say(f"compiled{name}{', and timed beside eager steps' if races else ''}")

    @property
    def _device(self) -> torch.device:
        return device_of(self._model) or torch.device("cpu")

    def _put(self, run: Step, dynamic: bool) -> None:
        """Run batches of the first one's shapes, or of all others, in this way."""
        if dynamic:
            self._run_any = run
        else:
            self._run = run

    def _stay_eager(self) -> None:
        """Run eagerly from now on."""
        self._is_eager, self._run, self._run_any = True, None, None

    def _say(self, found: str) -> None:
        self._jit.found[self._parts.kind] = found

    def _made(self, function: Callable[..., Any], dynamic: bool) -> Callable[..., Any]:
        compiled = compiled_function(function, self._parts.kind, self._jit, self._device, dynamic)
        if captures(self._jit, self._device):
            self._stay_in_place()
            return in_given_mode(_replayed(compiled, self._parts.kind == "predict"))
        return in_given_mode(lambda batch: compiled(*batch))

    def _stay_in_place(self) -> None:
        """Tell a captured graph that the state it writes into does not move."""
        tensors = [*self._model.buffers(), *map(held, self._metric_variables())]
        for tensor in tensors:
            torch._dynamo.mark_static_address(tensor)

    def _give_up(self, error: Exception) -> None:
        """Run eagerly from now on, and say so."""
        self._stay_eager()
        tell_failure(self._jit, self._parts.kind, error)


def _replayed(compiled: Callable[..., Any], is_kept: bool) -> Callable[[Any], Any]:
    """Return a function of a batch that replays a captured graph.

    Each replay writes its outputs into the same memory, so those that are kept are copied.
    """

    def run(batch: Any) -> Any:
        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]
        made = compiled(*batch)
        return map_leaves(torch.clone, made) if is_kept else made

    return run


def _sizes_apart() -> AbstractContextManager[None]:
    """Let a graph for all shapes take equal sizes, such as rows and features, for a coincidence."""
    config: Any = torch.fx.experimental._config
    patched: AbstractContextManager[None] = config.patch(use_duck_shape=False)
    return patched


def _shapes(batch: Any) -> Any:
    """Return what a graph is made for: shapes, dtypes, and what is missing."""
    x, y, weight = batch
    if type(x) is Tensor and type(y) is Tensor:
        of_weight = None if weight is None else _shapes_of(weight)
        return x.shape, x.dtype, y.shape, y.dtype, of_weight
    return _shapes_of(x), _shapes_of(y), _shapes_of(weight)


def _shapes_of(structure: Any) -> Any:
    leaves = leaves_of(structure)
    return [(x.shape, x.dtype) if isinstance(x, Tensor) else type(x) for x in leaves]
