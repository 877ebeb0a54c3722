"""Downloads through the data set classes of torchvision."""

import importlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._places import cache_folder
from ._search import Splits


def download(class_name: str, folder: str, read: Callable[[Path], Splits]) -> Splits:
    """Download a data set with torchvision, read it, and keep its files in the cache folder.

    Args:
        class_name: Name in `torchvision.datasets`.
        folder: The folder that this class makes in its root.
        read: Reads and verifies the data set in that folder.
    """
    fetch = getattr(_import_torchvision(), class_name)
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)

    # Aside first: a broken download leaves nothing, and torchvision overwrites what it finds.
    with tempfile.TemporaryDirectory(prefix=".download-", dir=cache) as aside:
        fetch(aside, train=True, download=True)
        splits = read(Path(aside, folder))
        _keep(Path(aside), folder, cache)
    return splits


def _import_torchvision() -> Any:
    """Import `torchvision.datasets`; its binary part may fail to load in several ways."""
    try:
        return importlib.import_module("torchvision.datasets")
    except (ImportError, RuntimeError, OSError) as error:
        raise ImportError(
            f"torchvision downloads it, and torchvision cannot be imported here ({error}). This "
            "is what a CPU-only torch beside the registry's torchvision does, or two versions "
            "that do not belong together: install the newest of both from one place, `pip "
            "install --upgrade torch torchvision`."
        ) from error


def _keep(aside: Path, folder: str, cache: Path) -> None:
    """Move unpacked files into the cache where their names are free; archives are dropped."""
    for file in sorted((aside / folder).rglob("*")):
        kept = cache / file.relative_to(aside)
        if file.is_file() and file.suffix != ".gz" and not kept.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.replace(file, kept)
