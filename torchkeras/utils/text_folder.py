"""Folders of texts as data sets."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from torchkeras._base.messages import one_of
from torchkeras._data.stages import texts

from .folder import Folder, Kind


def text_dataset_from_directory(
    directory: str | os.PathLike[str],
    labels: str | Sequence[int] | None = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
    format: str = "tf",
    verbose: bool = True,
) -> Any:
    """Return the `.txt` files in a folder, one folder in it for each class, as batches of texts.

    Args:
        directory: The folder.
        labels: `"inferred"` from the folders' names; `None`; or one integer for each file, in the
            order of the files' names.
        label_mode: `"int"`, `"categorical"` (one-hot), `"binary"` or `None` for no labels.
        class_names: The folders to use, in the order of their labels; all, by name, if not given.
        batch_size: Texts per batch; `None` for single ones.
        max_length: How many bytes of a text are kept at most.
        shuffle: Whether the files are shuffled, and again in each epoch.
        seed: Seeds the order.
        validation_split: The fraction of the files for validation.
        subset: Which part is wanted: `"training"`, `"validation"`, or `"both"` for both in a list.
        follow_links: Whether folders that are links are entered.
        format: `"tf"` or `"grain"`, without effect.
        verbose: Whether the number of files is written.

    Returns:
        A data set of `(texts, labels)`, or `texts` without labels: arrays of `bytes` objects,
        which `TextVectorization` takes, and labels int32 `(n,)`, float32 `(n, 1)` if binary,
        float32 `(n, classes)` if categorical. It has `class_names`, `file_paths`, `map`, `batch`,
        `unbatch`, `take`, `skip`, `cache`, `prefetch`, `shuffle` and `repeat`.

    Raises:
        ValueError: If an argument is wrong or there is no file.

    Differs from Keras:
        It is a data set of torch, not of TensorFlow; each epoch is shuffled as a whole.

    Example:
        >>> import pathlib, tempfile, torchkeras
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> for name in ("good", "bad"):
        ...     (folder / name).mkdir()
        ...     _ = (folder / name / "1.txt").write_text(f"A {name} film.")
        >>> data = torchkeras.utils.text_dataset_from_directory(folder, shuffle=False)
        Found 2 files belonging to 2 classes.
        >>> [(texts.tolist(), labels.tolist()) for texts, labels in data]
        [([b'A bad film.', b'A good film.'], [0, 1])]
    """
    one_of("format", format, ("tf", "grain"))
    folder = Folder(
        directory, labels, label_mode, class_names, batch_size, shuffle, seed, validation_split,
        subset, follow_links, verbose,
    )  # fmt: skip
    return folder.dataset(Kind("text", (".txt",), partial(_read, max_length), texts))


def _read(max_length: int | None, path: str) -> bytes:
    return Path(path).read_bytes()[:max_length]
