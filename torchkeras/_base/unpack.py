"""Archives of strangers, unpacked so that nothing lands outside of one folder.

What would leave the folder is refused, not skipped, and before anything is written. Links may point
inside only, and no member may lie below a link: then nothing is ever written through one, however
a system resolves long paths.
"""

import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

FORMATS = ("tar", "zip")


class UnsafeArchiveError(ValueError):
    """An archive that would write outside of its folder, or is damaged."""


def unpack(archive: Path, folder: Path, formats: Sequence[str] = FORMATS) -> bool:
    """Unpack an archive into a folder, whole or not at all.

    Args:
        archive: The archive.
        folder: The folder, which is made; files of the same name in it are replaced.
        formats: What it may be.

    Returns:
        Whether it is one of these.
    """
    for name in formats:
        if not (tarfile.is_tarfile if name == "tar" else zipfile.is_zipfile)(archive):
            continue
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".unpack-", dir=folder.parent) as aside:
            whole = Path(aside, "content")
            whole.mkdir()
            try:
                (_unpack_tar if name == "tar" else _unpack_zip)(archive, whole)
            except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError) as error:
                raise UnsafeArchiveError(f"{archive} cannot be unpacked: {error}.") from error
            _move(whole, folder)
        return True
    return False


def _unpack_tar(path: Path, folder: Path) -> None:
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        links = {_inside(path, m.name) for m in members if m.issym()}
        for member in members:
            _check_member(path, member, links)
        _check_room(path, folder, (member.size for member in members))
        archive.extractall(folder, members=members, filter="data")


def _check_member(path: Path, member: tarfile.TarInfo, links: set[PurePosixPath]) -> None:
    name = _inside(path, member.name)
    if not (member.isfile() or member.isdir() or member.issym() or member.islnk()):
        raise _refused(path, member.name, "is neither a file, a folder nor a link")
    if not links.isdisjoint(name.parents) or (name in links and not member.issym()):
        raise _refused(path, member.name, "would be written through a link")
    if member.islnk():
        target = _inside(path, member.linkname)
        if not links.isdisjoint((target, *target.parents)):
            raise _refused(path, member.name, "is a link through another link")
    if member.issym():
        _check_target(path, member, name)


def _check_target(path: Path, member: tarfile.TarInfo, name: PurePosixPath) -> None:
    """Refuse a link that may lead out: upwards it may go at its begin only, and not too far."""
    target = member.linkname
    parts = [part for part in target.replace("\\", "/").split("/") if part not in ("", ".")]
    ups = next((i for i, part in enumerate(parts) if part != ".."), len(parts))
    is_far = target.startswith(("/", "\\")) or ups > len(name.parts) - 1
    if is_far or ".." in parts[ups:] or ":" in parts[0:1]:
        raise _refused(path, member.name, f"is a link to {target!r}, which may lie outside")


def _unpack_zip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for member in members:
            _inside(path, member.filename)
            if member.flag_bits & 1:
                raise _refused(path, member.filename, "is encrypted")
        _check_room(path, folder, (member.file_size for member in members))
        archive.extractall(folder, members=members)


def _inside(path: Path, name: str) -> PurePosixPath:
    """Return a member's name without its dots; one that leaves the folder is refused."""
    plain = name.replace("\\", "/")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    drive = bool(parts) and len(parts[0]) > 1 and parts[0][1] == ":"
    if plain.startswith("/") or ".." in parts or drive or "\0" in name:
        raise _refused(path, name, "would lie outside of the folder")
    return PurePosixPath(*parts)


def _check_room(path: Path, folder: Path, sizes: Iterable[int]) -> None:
    """Refuse what would fill the disk, as a few bytes can."""
    total, free = sum(sizes), shutil.disk_usage(folder).free
    if total > free:
        raise UnsafeArchiveError(
            f"{path} is refused: it unpacks to {total} bytes, and {free} are free on the disk."
        )


def _refused(path: Path, name: str, why: str) -> UnsafeArchiveError:
    return UnsafeArchiveError(
        f"{path} is refused: its member {name!r} {why}. Nothing of it was unpacked."
    )


def _move(whole: Path, folder: Path) -> None:
    """Put what was unpacked in place, beside what is there."""
    if not folder.exists():
        os.replace(whole, folder)
        return
    for entry in sorted(whole.iterdir()):
        there = folder / entry.name
        if entry.is_dir() and not entry.is_symlink() and there.is_dir() and not there.is_symlink():
            _move(entry, there)
            continue
        if there.is_dir() and not there.is_symlink():
            shutil.rmtree(there)
        os.replace(entry, there)
