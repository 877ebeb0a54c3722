"""Files from the network, kept on disk."""

import os
import sys
import tempfile
import urllib.parse
import warnings
from pathlib import Path

from torchkeras._base import console
from torchkeras._base.fetch import Digest, fetch
from torchkeras._base.messages import one_of
from torchkeras._base.unpack import FORMATS, unpack

_ALGORITHM_BY_LENGTH = {32: "md5", 64: "sha256"}
_ALGORITHMS = ("auto", "sha256", "md5")


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | list[str] | tuple[str, ...] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file, which is downloaded if it is not there.

    A download is put in place when it is whole and its hash is right. If it is cut and the hash
    is given, the next call goes on with it.

    Args:
        fname: The name of the file, without folders; what the address ends with if not given.
        origin: The address.
        untar: Whether to unpack it as a tar archive; `extract` does so too.
        md5_hash: The MD5 that it must have; `file_hash` does so too.
        file_hash: The hash that it must have, which should always be given.
        cache_subdir: The folder in `cache_dir`, or any other folder if it begins with `/`.
        hash_algorithm: `"sha256"`, `"md5"`, or `"auto"` to tell them by their length.
        extract: Whether to unpack it.
        archive_format: What it may be, `"tar"` (packed or not), `"zip"`, or both for `"auto"`.
        cache_dir: Where files are kept; the environment variable `KERAS_HOME` or `~/.keras` if
            not given.
        force_download: Whether to download it even if it is there.

    Returns:
        The path of the file, or of the folder that it was unpacked to.

    Raises:
        ValueError: If an argument is wrong, or an archive has a member that would be written
            outside of the folder.
        OSError: If it cannot be downloaded or is not what the hash promises.

    Differs from Keras:
        An archive with a member outside of the folder is refused as a whole; Keras skips that
        member. A file is replaced only when the download is complete. A `cache_dir` that does not
        exist is made; Keras uses the folder for temporary files instead.

    Example:
        >>> import pathlib, tempfile, torchkeras
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "a.txt").write_text("hello")
        >>> origin = (folder / "a.txt").as_uri()
        >>> path = torchkeras.utils.get_file(origin=origin, cache_dir=folder / "cache")
        Downloading data from file://...
        >>> pathlib.Path(path).read_text()
        'hello'
    """
    if origin is None:
        raise ValueError("`origin` must be the address of a file. Received: origin=None.")
    digest = _digest(md5_hash, file_hash, hash_algorithm)
    formats = _formats("tar" if untar else archive_format)
    folder = _home(cache_dir) / cache_subdir
    name = _name(fname, origin)
    if not (extract or untar):
        _ensure(origin, folder / name, digest, force_download)
        return str(folder / name)
    archive, unpacked = _places(folder, name, bool(fname))
    _ensure(origin, archive, digest, force_download)
    if not unpack(archive, unpacked, formats):
        warnings.warn(
            f"{archive} was not unpacked: it is no archive of the format {archive_format!r}.",
            stacklevel=2,
        )
    return str(unpacked)


def _ensure(origin: str, target: Path, digest: Digest | None, again: bool) -> None:
    if target.exists() and not again:
        if digest is None or digest.fits(target):
            return
        console.write(
            f"{target} has another {digest.algorithm} than {digest.value}: it is downloaded anew.\n"
        )
    console.write(f"Downloading data from {origin}\n")
    fetch(origin, target, digest, again)


def _digest(md5_hash: str | None, file_hash: str | None, algorithm: str) -> Digest | None:
    one_of("hash_algorithm", algorithm, _ALGORITHMS)
    if file_hash is None:
        return None if md5_hash is None else Digest(md5_hash, "md5")
    if algorithm != "auto":
        return Digest(file_hash, algorithm)
    if len(file_hash) not in _ALGORITHM_BY_LENGTH:
        raise ValueError(
            "`file_hash` must be a SHA-256 (64 hexadecimal digits) or an MD5 (32). "
            f"Received: file_hash={file_hash!r} (of length {len(file_hash)})."
        )
    return Digest(file_hash, _ALGORITHM_BY_LENGTH[len(file_hash)])


def _formats(value: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, str):
        value = (
            FORMATS if one_of("archive_format", value, ("auto", *FORMATS)) == "auto" else [value]
        )
    return tuple(one_of("archive_format", name, FORMATS) for name in value)


def _home(cache_dir: str | os.PathLike[str] | None) -> Path:
    """Return the folder of all files, or one for temporary files if it cannot be written to."""
    chosen = cache_dir or os.environ.get("KERAS_HOME") or "~/.keras"
    folder = Path(os.path.expanduser(chosen))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        writable = False
    else:
        writable = os.access(folder, os.W_OK)
    if writable:
        return folder
    temporary = "/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()
    return Path(temporary, ".keras")


def _name(fname: str | os.PathLike[str] | None, origin: str) -> str:
    name = os.fspath(fname) if fname else ""
    name = name or os.path.basename(urllib.parse.urlsplit(origin).path)
    if not name:
        raise ValueError(
            f"`fname` must be given, because the address ends with no name. Received: {origin!r}."
        )
    separators = ("/", "\\") if sys.platform == "win32" else (os.sep,)
    if any(mark in name for mark in (*separators, "\0")) or name in (".", ".."):
        raise ValueError(
            "`fname` must be a file name without folders; `cache_dir` and `cache_subdir` say "
            f"where it goes. Received: fname={name!r}."
        )
    return name


def _places(folder: Path, name: str, was_given: bool) -> tuple[Path, Path]:
    """Return where an archive is kept and where it is unpacked to, as Keras has it."""
    if was_given and "." in name:
        return folder / name, folder / f"{name[: name.find('.')]}_extracted"
    return folder / f"{name}_archive", folder / name
