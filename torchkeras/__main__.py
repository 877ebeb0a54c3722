"""`python -m torchkeras run script.py`: run a Keras program as it is."""

import argparse
import os
import runpy
import sys
from importlib.machinery import SourceFileLoader
from types import ModuleType, TracebackType

from torchkeras.legacy.program import install


def main() -> None:
    """Read the command line and run the program."""
    parser = argparse.ArgumentParser("python -m torchkeras", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="run a script or module with torchkeras as its Keras")
    run.add_argument("-m", dest="module", action="store_true", help="the program is a module")
    run.add_argument("program", help="a script, or with -m the name of a module")
    run.add_argument("arguments", nargs=argparse.REMAINDER, help="what the program gets")
    given = parser.parse_args()
    install()
    sys.argv = [given.program, *given.arguments]
    if given.module:
        runpy.run_module(given.program, run_name="__main__", alter_sys=True)
    else:
        _run_script(given.program)


def _run_script(path: str) -> None:
    """Run a file as `python file` does."""
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        print(f"can't open file {path!r}: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(2)
    program = ModuleType("__main__")
    program.__file__ = path
    program.__loader__ = SourceFileLoader("__main__", path)
    vars(program)["__builtins__"] = __builtins__
    sys.modules["__main__"] = program
    sys.path[0] = os.path.dirname(os.path.realpath(path))
    try:
        exec(compile(source, path, "exec", dont_inherit=True), vars(program))
    except Exception as error:  # noqa: BLE001 - shown as the interpreter shows it
        inside = _inside(error.__traceback__)
        sys.excepthook(type(error), error.with_traceback(inside), inside)
        sys.exit(1)


def _inside(traceback: TracebackType | None) -> TracebackType | None:
    """Return the traceback without the frame of this file."""
    return traceback and traceback.tb_next


if __name__ == "__main__":
    main()
