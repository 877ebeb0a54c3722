"""Texts of Zhang, Zhao and LeCun (2015): tables in archives that their authors keep on a drive."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from torchkeras._base.messages import one_of

from ._as_datasets import given
from ._text_files import TextFile
from ._text_reading import csv_archive

_DRIVE = "https://drive.usercontent.google.com/download?export=download&confirm=t&id="


def on_drive(folder: str, name: str, digest: str, key: str) -> TextFile:
    """Return an archive that is kept there.

    Args:
        folder: torchtext's name of the data set.
        name: The name of the file.
        digest: Its MD5.
        key: Its name on the drive.
    """
    return TextFile(folder, name, digest, _DRIVE + key)


def load(file: TextFile, as_dataset: bool) -> Any:
    """Return both parts of a data set, as arrays or torch's `Dataset`s.

    Args:
        file: The archive, with a folder of its own name in it.
        as_dataset: Whether datasets are wanted.
    """
    stem = file.name.removesuffix(".tar.gz")
    parts = (f"{stem}/train.csv", f"{stem}/test.csv")
    return given(file.load(partial(csv_archive, parts=parts)), as_dataset)


def load_kind(files: Mapping[str, TextFile], kind: str, as_dataset: bool) -> Any:
    """Return both parts of a data set of which there are several kinds.

    Args:
        files: The archive of each kind.
        kind: One of them.
        as_dataset: Whether datasets are wanted.
    """
    return load(files[one_of("kind", kind, files)], as_dataset)
