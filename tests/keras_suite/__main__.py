"""Run Keras's own tests: `python -m tests.keras_suite [FILE PATTERN] [-- ARGUMENTS OF PYTEST]`."""

import argparse
import os
import shlex
import sys
import tempfile
from pathlib import Path

import pytest

from .source import fetched, flattened


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.keras_suite", description=__doc__)
    parser.add_argument("files", nargs="*", default=["*"], help='such as "layers__core__*"')
    parser.add_argument("--folder", type=Path, help="where the package is kept for another run")
    parser.add_argument("--pytest", default="", help="more arguments for pytest, in one string")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as fresh:
        folder = (chosen.folder or Path(fresh)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        source = fetched(folder)
        tests = flattened(source, folder)
        paths = [path for name in chosen.files for path in sorted(tests.glob(f"{name}_test.py"))]
        if not paths:
            parser.error(f"no test file of Keras is called {' or '.join(chosen.files)}")
        os.environ["KERAS_SUITE_SOURCE"] = str(source)
        settings = ["-c", os.devnull, "--rootdir", str(tests), "-p", "no:cacheprovider"]
        ours = ["-p", "tests.keras_suite.plugin", "--quiet", "--tb=short", "-W", "ignore"]
        ours.append("--continue-on-collection-errors")
        more = shlex.split(chosen.pytest)
        return pytest.main([*settings, *ours, *more, *map(str, paths)])


if __name__ == "__main__":
    sys.exit(main())
