"""A step that users wrote, in which the calls of networks are compiled.

The first step shows which logits losses want, the second what is called, and how. From then on
these calls, forwards and backwards, run as compiled functions, and all else as it is written. A
race with the step as it is written shows whether that was worth it. What differs from those calls,
such as a last batch of another size, runs as it is written.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch._functorch.config
from torch import Tensor, nn

from torchkeras._base.nested import leaves_of
from torchkeras._state.logits import TRACE, Watch
from torchkeras._training.steps import Steps
from torchkeras._training.walk import device_of
from torchkeras.layers.base.calling import training_mode

from .calls import Calls
from .compiler_threads import Threads
from .function import compiled_function, tell_failure
from .moment import Moment
from .race import Race, Result, lap_on

Step = Callable[[Any], Any]
Form = tuple[Any, ...]
Seen = tuple[int, list[tuple[int, str, int | None]]]

_MOST = 8  # calls of one step are compiled


class CompiledCalls:
    """A step whose calls of networks are compiled after two batches.

    Args:
        model: The model.
        written: The step.
        watch: What watches it for logits.
        kind: `"train"`, `"test"` or `"predict"`.
        name: The method that users wrote.
    """

    def __init__(self, model: Steps, written: Step, watch: Watch, kind: str, name: str) -> None:
        self._model, self._written, self._watch = model, written, watch
        self._kind, self._name, self._jit = kind, name, model._compiled.jit
        self._compiled: dict[tuple[nn.Module, Form], CompiledCall] = {}
        self._threads = Threads()
        self._why = f"it calls no network, or more than {_MOST}"
        self._batches = 0
        self._run: Step = self._look
        self._jit.found[kind] = "compiled after two batches"

    def __call__(self, batch: Any) -> Any:
        return self._run(batch)

    def _look(self, batch: Any) -> Any:
        """Run the step as it is written, and see the second time what it calls."""
        self._batches += 1
        if self._batches == 1:
            return self._written(batch)
        with Calls(self._model).through(self._see):
            outcome = self._written(batch)
        self._settle()
        return outcome

    def _see(self, network: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        form, before = _form_of(args, kwargs), self._watch.count
        outputs = network(*args, **kwargs)
        calls, notes = self._watch.since(before)
        against = _against(network, form, leaves_of(outputs), [note[-1] for note in notes])
        if form and not against:
            seen = calls, [note[:-1] for note in notes]
            self._compiled[network, form] = CompiledCall(self._model, network, seen, self._kind)
        self._why = against or self._why
        return outputs

    def _settle(self) -> None:
        """Go on with compiled calls if there are some, and not too many."""
        names = sorted({str(network.name) for network, _ in self._compiled})
        if not 0 < len(self._compiled) <= _MOST:
            self._run = self._written
            self._jit.leave(self._kind, self._name, self._why)
            return
        said, calls = f"compiled where it calls {', '.join(names)}", Calls(self._model)

        def run(batch: Any) -> Any:
            if not self._threads.are_known():
                return self._written(batch)
            with _explained(), calls.through(self._call):
                return self._written(batch)

        def tell(result: Result) -> None:
            if self._compiled:
                self._run = run if result.is_won else self._written
                self._jit.found[self._kind] = result.said(said)

        device = device_of(self._model) or torch.device("cpu")
        races = self._jit.races()
        self._run = Race(run, self._written, lap_on(device), tell) if races else run
        self._jit.found[self._kind] = said + (", and timed beside eager steps" if races else "")

    def _call(self, network: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        form = _form_of(args, kwargs)
        compiled = self._compiled.get((network, form)) if form else None
        if compiled is not None:
            try:
                return compiled(self._watch, args, kwargs)
            except CompilerError as error:
                self._compiled.clear()
                self._run = self._written
                tell_failure(self._jit, self._kind, error.reason)
        return network(*args, **kwargs)


class CompilerError(Exception):
    """A call could not be compiled, and has changed nothing."""

    def __init__(self, reason: Exception) -> None:
        super().__init__(str(reason))
        self.reason = reason


class CompiledCall:
    """A call of a network through `torch.compile`.

    Args:
        model: The model.
        network: The network.
        seen: How many activations an eager call had that may be of logits, and the wanted ones.
        kind: The step.
    """

    def __init__(self, model: Steps, network: nn.Module, seen: Seen, kind: str) -> None:
        self._network, self._seen = network, seen
        function = _with_logits(network, seen[0], [number for number, _, _ in seen[1]])
        device = device_of(model) or torch.device("cpu")
        self._function = compiled_function(function, kind, model._compiled.jit, device, False)
        self._is_new = True

    def __call__(self, watch: Watch, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call it, and let a watch know of the logits that are wanted.

        Args:
            watch: The watch.
            args: The tensors.
            kwargs: Perhaps `training`.
        """
        before, training = watch.count, kwargs.get("training")
        if training is None:
            outputs, logits = self._run(args)
        else:
            with training_mode(self._network, training):
                outputs, logits = self._run(args)
        calls, wanted = self._seen
        notes = [(*note, *pair) for note, pair in zip(wanted, logits, strict=True)]
        watch.add(before, calls, notes)
        return outputs

    def _run(self, args: tuple[Any, ...]) -> Any:
        if not self._is_new:
            try:
                return self._function(args)
            except torch._dynamo.exc.TorchDynamoException as error:  # before anything ran
                raise CompilerError(error) from error
        before = Moment(self._network, [])
        try:
            with _whole():
                made = self._function(args)
            if len(made[1]) != len(self._seen[1]):
                raise RuntimeError("its activations are others than in an eager call")
        except Exception as error:  # whatever a compiler raises
            before.restore()
            raise CompilerError(error) from error
        self._is_new = False
        return made


def _with_logits(network: nn.Module, calls: int, wanted: list[int]) -> Callable[..., Any]:
    """Return a function of the arguments that returns outputs, and logits with what is of them."""

    def forward(args: tuple[Any, ...]) -> Any:
        TRACE.begin((), calls)
        outputs = network(*args)
        found = TRACE.taken(wanted)
        TRACE.end()
        return outputs, found

    return forward


@contextmanager
def _whole() -> Iterator[None]:
    """Have the backward pass compiled with the forward pass.

    It could not fail later, in a step of users, without half of that being done. Where one network
    gets what another returned, torch's tracer looks for its gradient, and warns itself of that.
    """
    config: Any = torch._functorch.config
    with config.patch(force_non_lazy_backward_lowering=True), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"The \.grad attribute of a Tensor that is not a leaf")
        yield


@contextmanager
def _explained() -> Iterator[None]:
    """Say what to do where a graph is gone through twice."""
    try:
        yield
    except RuntimeError as error:
        if "double backward" in str(error) or "donated buffers" in str(error):
            error.add_note("Compile the model with jit_compile=False for a second backward pass.")
        raise


def _form_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Form | None:
    """Return what tells one call from another; `None` for calls that are not compiled."""
    training = kwargs.get("training")
    if set(kwargs) - {"training"} or training not in (None, True, False) or _is_transformed():
        return None
    forms = [_form(arg) for arg in args]
    if not forms or None in forms:
        return None
    return training, torch.is_grad_enabled(), torch.is_inference_mode_enabled(), *forms


def _form(arg: Any) -> Form | None:
    if type(arg) is Tensor:
        return arg.shape, arg.dtype, arg.requires_grad
    if type(arg) not in (list, tuple, dict):
        return None
    keys = tuple(arg) if isinstance(arg, dict) else ()
    inner = [_form(part) for part in (arg.values() if isinstance(arg, dict) else arg)]
    return None if None in inner else (type(arg), keys, *inner)


def _is_transformed() -> bool:
    """Whether calls run inside of `torch.func` or of a mode that sees each operation."""
    transforms = torch._C._functorch.peek_interpreter_stack()
    return transforms is not None or torch._C._len_torch_dispatch_stack() > 0


def _against(network: Any, form: Form | None, results: list[Any], noted: list[Tensor]) -> str:
    """Return what speaks against compiling a call, or nothing.

    Args:
        network: What is called.
        form: What it is called with.
        results: What it returned.
        noted: What it computed from logits that a loss asks for.
    """
    name = network.name
    if form is None:
        return f"it calls {name!r} with more than plain tensors and `training`"
    if not all(type(result) is Tensor for result in results):
        return f"{name!r} returns masks, or more than tensors"
    if not all(any(one is result for result in results) for one in noted):
        return f"a loss looks for logits inside of {name!r}"
    boxes = (getattr(module, "_loss_box", None) for module in network.modules())
    adds = any(box is not None and box.get() for box in boxes)
    return f"layers of {name!r} add losses, which it may look for" if adds else ""
