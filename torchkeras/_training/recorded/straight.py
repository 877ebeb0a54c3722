"""A function of tensors as a straight line of torch's kernels, without modules and autograd.

The gradients that a function computes are recorded with it, as the kernels that autograd calls. The
line calls the same kernels on the same numbers, and leaves out what stands between them.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

Function = Callable[..., tuple[Tensor, ...]]

_ATEN = torch.ops.aten
_SAME = (_ATEN.alias.default, _ATEN.detach.default)  # without autograd, their input
_TRANSPOSED = _ATEN.t.default
_RECTIFIER = _ATEN.relu.default
_PRODUCT, _SUM_OF_PRODUCT = _ATEN.mm.default, _ATEN.addmm.default

# The functions that people call take half the time of the operators that are recorded, and these
# take the same arguments.
_FUNCTIONS = frozenset(
    "t mm addmm bmm sum mean relu sigmoid tanh exp add sub mul div neg pow cat select permute "
    "where transpose unsqueeze squeeze ones_like _softmax _log_softmax native_layer_norm".split()
)
_METHODS = frozenset({"view", "expand"})

# What they return depends on the numbers in a tensor, and so may what comes after them.
_LEAKS = (torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape)


class UnrecordableError(RuntimeError):
    """What a function does may be something else next time."""


def straight_line(function: Function, examples: Sequence[Tensor]) -> Function:
    """Record what a function does to examples, as a function that does it again and no more.

    It must do the same to all tensors of these shapes, and change nothing.

    Args:
        function: A function of tensors that returns tensors. Parameters and buffers that it uses
            keep their place: the line reads them where they are.
        examples: What it is recorded with; different objects.

    Raises:
        UnrecordableError: If it looks at numbers, or changes tensors that it has not made.
    """
    tape = _Tape(examples)
    with tape:
        outputs = function(*examples)
    return tape.compiled([tape.text(output) for output in outputs])


@dataclass
class _Call:
    """One call of an operator.

    Attributes:
        operator: What is called.
        function: What the line calls instead.
        args: The arguments, as the code writes them.
        names: The names among them.
        outputs: The names of what it returns.
        stays: Whether it is called even if nobody uses what it returns.
    """

    operator: Any
    function: Callable[..., Any]
    args: list[str]
    names: set[str]
    outputs: list[str]
    stays: bool


class _Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Takes down the operators that are called, and what with."""

    def __init__(self, examples: Sequence[Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._calls: list[_Call] = []
        self._globals: dict[str, Any] = {}
        self._kept: list[Any] = []  # so that no other object gets the identity of one of them
        self._names: dict[int, str] = {}
        self._foreign: set[int] = set()  # the memory that was there before
        self._by_output: dict[str, _Call] = {}
        self._inputs = [self._found(example, f"input_{i}") for i, example in enumerate(examples)]

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if any(tag in func.tags for tag in _LEAKS):
            raise UnrecordableError(f"{func} looks at numbers")
        if func._schema.is_mutable:
            self._refuse_foreign(func, args, kwargs)
        outputs = func(*args, **kwargs)
        if func in _SAME:
            self._named(outputs, self.text(args[0]))
        else:
            self._take_down(func, args, kwargs, outputs)
        return outputs

    def _named(self, tensor: Any, name: str) -> str:
        self._kept.append(tensor)
        self._names[id(tensor)] = name
        return name

    def _found(self, tensor: Tensor, name: str) -> str:
        """Name a tensor that was there before."""
        self._foreign.add(tensor.untyped_storage()._cdata)
        return self._named(tensor, name)

    def _take_down(self, func: Any, args: Sequence[Any], kwargs: Any, outputs: Any) -> None:
        twice = self._transposed_twice(func, args)
        if twice is not None:
            self._named(outputs, twice)
            return
        written = [self.text(argument) for argument in args]
        written += [f"{key}={self.text(value)}" for key, value in kwargs.items()]
        names = {self.text(tensor) for tensor in _tensors_in([*args, *kwargs.values()])}
        stays = func._schema.is_mutable or torch.Tag.nondeterministic_seeded in func.tags
        several = isinstance(outputs, (list, tuple))
        made = [self._result(each) for each in (outputs if several else [outputs])]
        call = _Call(func, _binding(func), written, names, made, stays)
        self._calls.append(call)
        self._by_output.update(dict.fromkeys(made, call))

    def _result(self, output: Any) -> str:
        """Return the name of what an operator returned; one that works in place returns its own."""
        known = self._names.get(id(output))
        return known or self._named(output, f"made_{len(self._kept)}")

    def _refuse_foreign(self, func: Any, args: Sequence[Any], kwargs: Any) -> None:
        """Refuse to change what was there before."""
        for number, argument in enumerate(func._schema.arguments):
            if argument.alias_info is None or not argument.alias_info.is_write:
                continue
            value = args[number] if number < len(args) else kwargs.get(argument.name)
            if any(map(self._is_foreign, _tensors_in([value]))):
                raise UnrecordableError(f"{func} changes a tensor that was there before")

    def _transposed_twice(self, func: Any, args: Sequence[Any]) -> str | None:
        before = self._by_output.get(self._names.get(id(args[0]), "")) if args else None
        if func is _TRANSPOSED and before is not None and before.operator is _TRANSPOSED:
            return before.args[0]
        return None

    def _is_foreign(self, tensor: Tensor) -> bool:
        known = id(tensor) in self._names
        return not known or tensor.untyped_storage()._cdata in self._foreign

    def text(self, argument: Any) -> str:
        """Return how the line's code writes an argument."""
        if isinstance(argument, Tensor):
            known = self._names.get(id(argument))
            return known or self._found(argument, self._constant(argument))
        if isinstance(argument, (list, tuple)) and any(isinstance(a, Tensor) for a in argument):
            return f"[{', '.join(map(self.text, argument))}]"
        return self._constant(argument)

    def _constant(self, value: Any) -> str:
        name = f"constant_{len(self._globals)}"
        self._globals[name] = value
        return name

    def compiled(self, outputs: list[str]) -> Function:
        """Return what was taken down as a Python function whose constants are its globals."""
        calls = _needed(_joined(self._calls), outputs)
        _rectify_in_place(calls, outputs)
        freed = _last_uses(calls, outputs)
        body = [self._line(*pair) for pair in zip(calls, freed, strict=True)]
        body.append(f"return {', '.join(outputs)},")
        code = "\n    ".join([f"def line({', '.join(self._inputs)}):", *body])
        names = dict(self._globals)
        exec(compile(code, "<a recorded step>", "exec"), names)
        made: Function = names["line"]
        return made

    def _line(self, call: _Call, freed: list[str]) -> str:
        function = self._constant(call.function)
        text = f"{', '.join(call.outputs)} = {function}({', '.join(call.args)})"
        return "; ".join([text, *(f"{name} = None" for name in freed)])


def _tensors_in(arguments: Iterable[Any]) -> Iterator[Tensor]:
    for argument in arguments:
        if isinstance(argument, Tensor):
            yield argument
        elif isinstance(argument, (list, tuple)):
            yield from _tensors_in(argument)


def _joined(calls: list[_Call]) -> list[_Call]:
    """Write the products with a transposed matrix as the one function that does both."""
    transposed = {call.outputs[0]: call for call in calls if call.operator is _TRANSPOSED}
    for call in calls:
        if call.operator not in (_PRODUCT, _SUM_OF_PRODUCT) or call.args[-1] not in transposed:
            continue
        weight = transposed[call.args[-1]].args[0]
        *bias, inputs, _ = call.args
        call.function, call.args = F.linear, [inputs, weight, *bias]
        call.names = set(call.args)
    return calls


def _needed(calls: list[_Call], outputs: list[str]) -> list[_Call]:
    """Leave out what nobody uses, such as the wrappers that autograd makes."""
    wanted, found = set(outputs), []
    for call in reversed(calls):
        if call.stays or not wanted.isdisjoint(call.outputs):
            wanted |= call.names
            found.append(call)
    return found[::-1]


def _last_uses(calls: list[_Call], outputs: list[str]) -> list[list[str]]:
    """Return for each call the names of what nothing after it uses, whose memory is then free."""
    made = {name for call in calls for name in call.outputs}
    seen, found = set(outputs), []
    for call in reversed(calls):
        names = (call.names | set(call.outputs)) & made - seen
        seen |= names
        found.append(sorted(names))
    return found[::-1]


def _rectify_in_place(calls: list[_Call], outputs: list[str]) -> None:
    """Let rectifiers overwrite the products that nobody else uses."""
    uses = Counter([*outputs, *(name for call in calls for name in call.names)])
    products = {call.outputs[0] for call in calls if call.function is F.linear}
    for call in calls:
        before = call.args[0] if call.operator is _RECTIFIER else None
        if before in products and uses[before] == 1:
            call.function = torch.relu_


def _binding(operator: Any) -> Callable[..., Any]:
    """Return the fastest way to call an operator with its own arguments."""
    name = operator._schema.name.removeprefix("aten::")
    if name in _METHODS:
        return getattr(torch.Tensor, name)
    return getattr(torch, name) if name in _FUNCTIONS else operator._op
