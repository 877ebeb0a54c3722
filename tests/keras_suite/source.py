"""Keras's tests, out of its source package."""

import importlib.metadata
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

# Other frameworks' code, and tests of the tests.
_ELSEWHERE = ("backend/jax/", "backend/tensorflow/", "testing/")


def fetched(folder: Path) -> Path:
    """Return the folder `keras/src` of the Keras that is installed.

    Args:
        folder: Where the package is downloaded and unpacked, unless it is there.
    """
    version = importlib.metadata.version("keras")
    root = folder / f"keras-{version}"
    if not root.exists():
        ask = ["download", "--quiet", "--no-deps", "--no-binary", "keras", "--dest", str(folder)]
        subprocess.run([sys.executable, "-m", "pip", *ask, f"keras=={version}"], check=True)
        with tarfile.open(folder / f"keras-{version}.tar.gz") as archive:
            archive.extractall(folder, filter="data")
    return root / "keras" / "src"


def flattened(source: Path, folder: Path) -> Path:
    """Copy the tests side by side, so that none lies in a package called `keras`.

    Args:
        source: The folder `keras/src`.
        folder: Where the folder of the copies is made.
    """
    tests = folder / "tests"
    shutil.rmtree(tests, ignore_errors=True)
    tests.mkdir()
    for path in source.rglob("*_test.py"):
        name = path.relative_to(source).as_posix()
        if not name.startswith(_ELSEWHERE):
            shutil.copy(path, tests / name.replace("/", "__"))
    return tests
