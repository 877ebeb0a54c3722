"""Functions without a name in configs: marshalled bytecode, which `safe_mode=False` alone runs."""

import base64
import binascii
import builtins
import dis
import marshal
import math
import sys
from collections.abc import Callable, Mapping
from types import CellType, CodeType, FunctionType
from typing import Any

import numpy as np
import torch

from .messages import show
from .registry import scoped_objects
from .switches import in_safe_mode

CLASS_NAME = "__lambda__"
_PYTHON = sys.implementation.cache_tag
_ROOT = __name__.partition(".")[0]
UNSAFE = (
    "if you trust whoever made it, pass `safe_mode=False` to the loading function or call "
    "`torchkeras.config.enable_unsafe_deserialization()`."
)


def config_of(function: FunctionType, plain: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the config of a function that has no name: its code, which only `function_of` reads.

    Args:
        function: The function.
        plain: Turns the values of defaults and of variables around the function into plain ones.
    """
    cells = function.__closure__
    code = base64.encodebytes(marshal.dumps(function.__code__)).decode("ascii")
    closure = [plain(cell.cell_contents) for cell in cells] if cells else None
    defaults = None if function.__defaults__ is None else plain(list(function.__defaults__))
    written = {"code": code, "defaults": defaults, "closure": closure, "python": _PYTHON}
    if function.__kwdefaults__:
        written["kwdefaults"] = plain(function.__kwdefaults__)
    return {"class_name": CLASS_NAME, "config": written}


def function_of(
    config: Mapping[str, Any], made: Callable[[Any], Any], safe_mode: bool | None = None
) -> FunctionType:
    """Return the function that a config holds, whose code anybody may have written.

    It knows by name: torch, torchkeras (as `keras` and `torchkeras`, its `layers` and `ops`, and
    its `backend` as `K`), NumPy, math, and the caller's `custom_objects`.

    Args:
        config: What `config_of` or Keras wrote.
        made: Makes values of plain ones.
        safe_mode: `False` if the caller allows it; otherwise the mode of the calls around decides.

    Raises:
        ValueError: In safe mode; if there is no function, or it was made by another Python.
    """
    if in_safe_mode(safe_mode):
        raise ValueError(
            f"Refused a config of class_name {CLASS_NAME!r}: it carries Python bytecode, which "
            "could run anything. Name the function and register it with "
            f"`@torchkeras.saving.register_keras_serializable()`; or, {UNSAFE}"
        )
    inner = config["config"]
    code = _code(inner["code"], inner.get("python"))
    cells = tuple(CellType(made(value)) for value in inner.get("closure") or ())
    if len(cells) != len(code.co_freevars):
        raise ValueError(
            f"The config of a function has {len(cells)} values for the variables around it, which "
            f"are {code.co_freevars}."
        )
    defaults = inner.get("defaults")
    given = None if defaults is None else tuple(made(list(defaults)))
    found = FunctionType(code, _names_for(code), code.co_name, given, cells or None)
    found.__kwdefaults__ = made(inner.get("kwdefaults"))
    return found


def _code(text: Any, python: Any) -> CodeType:
    try:
        raw = _unpacked(text)
        code = marshal.loads(raw) if python in (None, _PYTHON) else None
    except (EOFError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(_other_python(python)) from error
    if not isinstance(code, CodeType) or not _is_ours(code):
        raise ValueError(_other_python(python))
    return code


def _unpacked(text: str) -> bytes:
    try:
        return base64.b64decode(text.replace("\n", ""), validate=True)
    except (UnicodeEncodeError, binascii.Error):  # Keras before 2.0.9
        return text.encode("raw_unicode_escape")


def _is_ours(code: CodeType) -> bool:
    """Say whether this Python may have made some code: another's would bring it down."""
    try:
        names = {instruction.opname for instruction in dis.get_instructions(code)}
    except (IndexError, KeyError, ValueError):
        return False
    return "RESUME" in names and not any(name.startswith("<") for name in names)


def _other_python(python: Any) -> str:
    made_by = "another version of Python" if python is None else show(python)
    return (
        f"The bytecode in a config is damaged, or was made by {made_by}; this is {_PYTHON}. It "
        "cannot be carried from one version to another: pass the function in `custom_objects`, or "
        "load the file with the Python that saved it and name the function."
    )


def _names_for(code: CodeType) -> dict[str, Any]:
    root = sys.modules[_ROOT]
    parts = {"layers": "layers", "ops": "ops", "K": "backend"}
    own = {name: sys.modules.get(f"{_ROOT}.{part}") for name, part in parts.items()}
    known = {"torch": torch, "np": np, "numpy": np, "math": math, "keras": root, _ROOT: root}
    names = {"__builtins__": builtins, **known, **own, **scoped_objects()}
    used = {i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL"}
    if missing := sorted(used - names.keys() - vars(builtins).keys()):
        raise ValueError(
            f"The code in a config uses {missing}, which it does not bring along. Pass what they "
            f"are: `custom_objects={{{missing[0]!r}: ...}}`."
        )
    return names
