"""Pickles of plain data, read by a machine of our own, which can neither call nor reserve.

A pickle is a program: it may call what it can name, ask for memory that nothing fills, and weave
values that take forever to hash. Python's unpickler only lets the names be chosen. This one knows
the instructions that plain data takes, notes calls instead of making them, takes nothing that does
not lie in the file, and has text alone for the keys of dictionaries.
"""

import codecs
import io
import pickle
import re
import struct
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

# Whole numbers of a few bytes: nearly all of a large file, in runs.
_NUMBERS = re.compile(rb"(?:K.|M..|J....|\x8a\x01.|\x8a\x02..|\x8a\x04....){1,4096}+", re.DOTALL)
_INSTRUCTIONS = 1 << 20  # beside numbers: a byte may ask for a list, which takes a hundred
# What the representation of a text in Python 2 has: no other escapes, which would be warned of.
_ESCAPED = re.compile(rb"(?:[^\\]|\\[\\'\"nrt]|\\x[0-9a-fA-F]{2})*+", re.DOTALL)
_SHOWN = 100
_Step = Callable[["_Machine"], object]


class Name(NamedTuple):
    """The name of a class or function, which nobody has looked up."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"[:_SHOWN]


@dataclass(slots=True)
class Call:
    """A call that a pickle asks for, and the state that it wants to give the result."""

    name: Name
    arguments: tuple[Any, ...]
    state: Any = None


def read(content: bytes, known: Collection[Name]) -> Any:
    """Return the value in a pickle, in which each array is a `Call`.

    Args:
        content: The pickle, of any protocol.
        known: The names that it may have.

    Raises:
        pickle.UnpicklingError: It holds anything but plain values and calls of known names.
        ValueError: It is damaged.
        TypeError: It is damaged.
        LookupError: It is damaged.
        struct.error: It is damaged.
    """
    return _Machine(content, known).run()


class _Machine:
    """A stack, the marks on it, and a memory of values by number."""

    def __init__(self, content: bytes, known: Collection[Name]) -> None:
        self.content, self.known, self.at = content, known, 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memory: dict[int, Any] = {}

    def run(self) -> Any:
        for _ in range(_INSTRUCTIONS):
            if run := _NUMBERS.match(self.content, self.at):
                self.at = run.end()
                self.stack += _numbers(run.group())
            code = self.take(1)
            if code == pickle.STOP:
                return self.pop()
            step = _STEPS.get(code)
            if step is None:
                raise pickle.UnpicklingError(f"it has the instruction {code!r}, which no data has")
            step(self)
        raise pickle.UnpicklingError(f"it has more than {_INSTRUCTIONS} instructions")

    # What lies in the file

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.content):
            raise pickle.UnpicklingError("it ends too early, or claims more than it holds")
        taken = self.content[self.at : end]
        self.at = end
        return taken

    def count(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def sized(self, form: str) -> bytes:
        count = self.count(form)
        if count < 0:
            raise pickle.UnpicklingError("it claims a negative size")
        return self.take(count)

    def line(self) -> bytes:
        line = self.take(self.content.find(b"\n", self.at) + 1 - self.at)
        if not line:
            raise pickle.UnpicklingError("it ends too early")
        return line[:-1]

    # What lies on the stack

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self, count: int = 1) -> Any:
        """Remove one value, or return a list of several; what lies under a mark stays."""
        if count > len(self.stack) - (self.marks[-1] if self.marks else 0):
            raise pickle.UnpicklingError("it takes more values than it has made")
        found = self.stack[-count:]
        del self.stack[-count:]
        return found if count > 1 else found[0]

    def mark(self) -> None:
        self.marks.append(len(self.stack))

    def pop_marked(self) -> list[Any]:
        if not self.marks:
            raise pickle.UnpicklingError("it takes more values than it has made")
        start = self.marks.pop()
        found = self.stack[start:]
        del self.stack[start:]
        return found

    def top(self, kind: type) -> Any:
        value = self.pop()
        if type(value) is not kind:
            raise pickle.UnpicklingError(f"it takes a {type(value).__name__} for a {kind.__name__}")
        self.push(value)
        return value

    def fill(self, pairs: list[Any]) -> None:
        values = self.top(dict)
        if len(pairs) % 2 or any(type(key) not in (str, bytes) for key in pairs[::2]):
            raise pickle.UnpicklingError("it has a dictionary whose keys are no texts")
        values.update(zip(pairs[::2], pairs[1::2], strict=True))

    # What is noted, and not done

    def name(self, module: Any, name: Any) -> None:
        found = Name(_text(module), _text(name))
        if found not in self.known:
            raise pickle.UnpicklingError(f"it names {found}")
        self.push(found)

    def call(self) -> None:
        name, arguments = self.pop(2)
        if type(name) is not Name or type(arguments) is not tuple:
            raise pickle.UnpicklingError("it calls what is no name")
        self.push(Call(name, arguments))

    def build(self) -> None:
        made, state = self.pop(2)
        if type(made) is not Call or made.state is not None:
            shown = made if type(made) is Name else type(made).__name__
            raise pickle.UnpicklingError(f"it sets the state of {shown}")
        made.state = state
        self.push(made)


def _numbers(run: bytes) -> list[int]:
    """Return the numbers of a run, which Python's unpickler knows how to read fast."""
    return list(_Numbers(io.BytesIO(pickle.MARK + run + pickle.LIST + pickle.STOP)).load())


class _Numbers(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it names {module}.{name}")


def _text(value: Any) -> str:
    if type(value) not in (str, bytes):
        raise pickle.UnpicklingError("it has a name that is no text")
    return value.decode() if isinstance(value, bytes) else value


def _decimal(line: bytes) -> int | bool:
    if line in (b"00", b"01"):  # how the first protocol writes False and True
        return line == b"01"
    return int(line.removesuffix(b"L"))


def _quoted(line: bytes) -> bytes:
    text = line[1:-1]
    is_quoted = len(line) > 1 and line[:1] in (b"'", b'"') and line[-1:] == line[:1]
    if not is_quoted or not _ESCAPED.fullmatch(text):
        raise pickle.UnpicklingError("it has a text in quotes that is damaged")
    return codecs.escape_decode(text)[0]


def _remember(index: Callable[[_Machine], int]) -> _Step:
    def step(machine: _Machine) -> None:
        value = machine.pop()
        machine.push(value)
        machine.memory[index(machine)] = value

    return step


def _recall(index: Callable[[_Machine], int]) -> _Step:
    return lambda machine: machine.push(machine.memory[index(machine)])


def _value(make: Callable[[_Machine], Any]) -> _Step:
    return lambda machine: machine.push(make(machine))


def _tuple(count: int) -> _Step:
    return lambda machine: machine.push(
        tuple(machine.pop(count)) if count > 1 else (machine.pop(),)
    )


def _append(machine: _Machine) -> None:
    value = machine.pop()
    machine.top(list).append(value)


def _extend(machine: _Machine) -> None:
    values = machine.pop_marked()
    machine.top(list).extend(values)


def _dictionary(machine: _Machine) -> None:
    pairs = machine.pop_marked()
    machine.push({})
    machine.fill(pairs)


def _instance(machine: _Machine) -> None:
    machine.name(machine.line(), machine.line())
    raise pickle.UnpicklingError("it makes an instance")


def _global_of_stack(machine: _Machine) -> None:
    machine.name(*machine.pop(2))


_STEPS: dict[bytes, _Step] = {
    pickle.PROTO: lambda m: m.take(1),
    pickle.FRAME: lambda m: m.take(8),
    pickle.NONE: _value(lambda m: None),
    pickle.NEWTRUE: _value(lambda m: True),
    pickle.NEWFALSE: _value(lambda m: False),
    pickle.INT: _value(lambda m: _decimal(m.line())),
    pickle.LONG: _value(lambda m: _decimal(m.line())),
    pickle.LONG1: _value(lambda m: int.from_bytes(m.sized("<B"), "little", signed=True)),
    pickle.BINFLOAT: _value(lambda m: struct.unpack(">d", m.take(8))[0]),
    pickle.STRING: _value(lambda m: _quoted(m.line())),
    pickle.BINSTRING: _value(lambda m: m.sized("<i")),
    pickle.SHORT_BINSTRING: _value(lambda m: m.sized("<B")),
    pickle.BINBYTES: _value(lambda m: m.sized("<I")),
    pickle.SHORT_BINBYTES: _value(lambda m: m.sized("<B")),
    pickle.BINBYTES8: _value(lambda m: m.sized("<Q")),
    pickle.UNICODE: _value(lambda m: m.line().decode("raw-unicode-escape")),
    pickle.BINUNICODE: _value(lambda m: m.sized("<I").decode()),
    pickle.SHORT_BINUNICODE: _value(lambda m: m.sized("<B").decode()),
    pickle.BINUNICODE8: _value(lambda m: m.sized("<Q").decode()),
    pickle.MARK: _Machine.mark,
    pickle.EMPTY_TUPLE: _value(lambda m: ()),
    pickle.TUPLE: _value(lambda m: tuple(m.pop_marked())),
    pickle.TUPLE1: _tuple(1),
    pickle.TUPLE2: _tuple(2),
    pickle.TUPLE3: _tuple(3),
    pickle.EMPTY_LIST: _value(lambda m: []),
    pickle.LIST: _value(lambda m: m.pop_marked()),
    pickle.APPEND: _append,
    pickle.APPENDS: _extend,
    pickle.EMPTY_DICT: _value(lambda m: {}),
    pickle.DICT: _dictionary,
    pickle.SETITEM: lambda m: m.fill(m.pop(2)),
    pickle.SETITEMS: lambda m: m.fill(m.pop_marked()),
    pickle.GLOBAL: lambda m: m.name(m.line(), m.line()),
    pickle.STACK_GLOBAL: _global_of_stack,
    pickle.INST: _instance,
    pickle.REDUCE: _Machine.call,
    pickle.BUILD: _Machine.build,
    pickle.PUT: _remember(lambda m: int(m.line())),
    pickle.BINPUT: _remember(lambda m: m.count("<B")),
    pickle.LONG_BINPUT: _remember(lambda m: m.count("<I")),
    pickle.MEMOIZE: _remember(lambda m: len(m.memory)),
    pickle.GET: _recall(lambda m: int(m.line())),
    pickle.BINGET: _recall(lambda m: m.count("<B")),
    pickle.LONG_BINGET: _recall(lambda m: m.count("<I")),
}
