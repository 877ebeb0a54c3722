"""Reading `.keras` archives that strangers wrote: members are looked at, and never extracted."""

import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from torchkeras._base.damage import raised_by

from .checksum import checksum_of
from .window import Window
from .zip_member import Summed, as_file

_MEMBERS = 10_000
_FREE_BYTES, _FREE_IN_ALL = 1 << 23, 1 << 26
_RATIO = 100  # texts and weights pack far worse
_ASSETS, _ASSET_RATIO = "assets/", 20  # the files of layers: vocabularies, which pack by five
_PIECE, _SMALL_BYTES = 1 << 20, 1 << 20
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_DAMAGE = (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error)
_HEADER_BYTES = 30


@contextmanager
def opened(filepath: "str | os.PathLike[str]") -> Iterator["Archive"]:
    """Open an archive for reading.

    Args:
        filepath: The file.

    Raises:
        ValueError: If it is no zip archive, or one that no honest program writes.
    """
    name = os.fspath(filepath)
    with open(filepath, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                yield Archive(name, file, archive)
        except Exception as error:
            if not isinstance(error, _DAMAGE) and not raised_by(error, "zipfile"):
                raise
            raise ValueError(f"{name!r} is no whole .keras archive: {error}") from error


class Archive:
    """An open archive whose members have all been looked at."""

    def __init__(self, name: str, file: IO[bytes], archive: zipfile.ZipFile) -> None:
        self.name, self._file, self._archive = name, file, archive
        self._size = file.seek(0, os.SEEK_END)
        members = archive.infolist()
        if len(members) > _MEMBERS:
            raise self._refusal(f"it has {len(members)} members, and may have {_MEMBERS}")
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            self._check(member)
            self._members[member.filename] = member
        self._check_total()

    def __contains__(self, name: object) -> bool:
        return name in self._members

    def names(self) -> list[str]:
        """Return the names of all members that are files."""
        return [name for name in self._members if not name.endswith("/")]

    def size_of(self, name: str) -> int:
        """Return the number of bytes of a member, unpacked."""
        return self._member(name).file_size

    def read(self, name: str) -> bytes:
        """Return the bytes of a member that is a text.

        Args:
            name: Its name.

        Raises:
            ValueError: If the archive has no such member, or a far longer one than the file is.
        """
        size, largest = self.size_of(name), _FREE_BYTES + self._size
        if size > largest:
            raise self._refusal(f"its member {name!r} claims {size} bytes, and may have {largest}")
        with self.stream(name) as stream:
            return stream.read()

    def stream(self, name: str) -> IO[bytes]:
        """Open a member to read it once, from its beginning.

        Args:
            name: Its name.

        Raises:
            ValueError: If the archive has no such member.
        """
        return self._archive.open(self._member(name))

    @contextmanager
    def file(self, name: str) -> Iterator[IO[bytes] | bytes]:
        """Open a member to read it anywhere, once its checksum is known to hold.

        Args:
            name: Its name.

        Returns:
            A file, or all bytes of a small one.

        Raises:
            ValueError: If the archive has no such member, or it is damaged.
        """
        member = self._member(name)
        if member.file_size <= _SMALL_BYTES:
            yield self.read(name)
            return
        if member.compress_type != zipfile.ZIP_STORED:
            with self._unpacked(name) as unpacked:
                yield unpacked
            return
        window = Window(self._file, self._start(member), member.file_size)
        self._compare(member, checksum_of(window.read_at, 0, window.size))
        yield as_file(window)

    @contextmanager
    def file_compared_last(self, name: str) -> Iterator[IO[bytes] | bytes]:
        """Open a member as `file` does, but compare its checksum when all was read.

        It costs less, and is for those who throw away what they made of a damaged file.

        Args:
            name: Its name.

        Raises:
            ValueError: If the archive has no such member, or it is damaged; in place of any error
                that a damaged one has led to.
        """
        member = self._member(name)
        if member.compress_type != zipfile.ZIP_STORED or member.file_size <= _SMALL_BYTES:
            with self.file(name) as whole:
                yield whole
            return
        window = Summed(self._file, self._start(member), member.file_size)
        try:
            yield as_file(window)
        except Exception:
            self._compare(member, window.checksum())
            raise
        self._compare(member, window.checksum())

    @contextmanager
    def _unpacked(self, name: str) -> Iterator[IO[bytes]]:
        with self.stream(name) as stream, tempfile.TemporaryFile() as unpacked:
            while piece := stream.read(_PIECE):
                unpacked.write(piece)
            unpacked.flush()
            yield as_file(Window(unpacked, 0, unpacked.tell()))

    def _compare(self, member: zipfile.ZipInfo, checksum: int) -> None:
        if checksum != member.CRC:
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {member.filename!r}")

    def _member(self, name: str) -> zipfile.ZipInfo:
        if name not in self._members:
            raise ValueError(
                f"{self.name!r} is no whole .keras archive: it has no {name!r}, only "
                f"{sorted(self._members)[:10]}."
            )
        return self._members[name]

    def _start(self, member: zipfile.ZipInfo) -> int:
        """Return where the bytes of a member begin: behind its own header, name and extras."""
        with self._archive.open(member):  # looks at that header
            pass
        self._file.seek(member.header_offset)
        header = self._file.read(_HEADER_BYTES)
        name, extra = (int.from_bytes(header[at : at + 2], "little") for at in (26, 28))
        return member.header_offset + _HEADER_BYTES + name + extra

    def _check(self, member: zipfile.ZipInfo) -> None:
        name, unpacked, packed = member.filename, member.file_size, member.compress_size
        mode = member.external_attr >> 16
        if escapes(name):
            raise self._refusal(f"its member {name!r} has a name that leads out of it")
        if name in self._members:
            raise self._refusal(f"it has two members {name!r}")
        if stat.S_ISLNK(mode):
            raise self._refusal(f"its member {name!r} is a link")
        if member.flag_bits & _ENCRYPTED or member.compress_type not in _PACKINGS:
            raise self._refusal(f"its member {name!r} is encrypted, or packed in an unknown way")
        if member.compress_type == zipfile.ZIP_STORED and unpacked != packed:
            raise self._refusal(f"its member {name!r} is {packed} bytes, and claims {unpacked}")
        if unpacked > _FREE_BYTES and unpacked > _RATIO * packed:
            raise self._refusal(
                f"its member {name!r} claims {unpacked} bytes, of which it holds {packed}"
            )

    def _check_total(self) -> None:
        """Refuse many members that are each just small enough, and those that share their bytes."""
        members = list(self._members.values())
        if sum(member.compress_size for member in members) > self._size:
            raise self._refusal("its members lie upon one another")
        self._check_together("members", members, _FREE_IN_ALL, _RATIO)
        assets = [each for each in members if each.filename.startswith(_ASSETS)]
        self._check_together("files of layers", assets, _FREE_BYTES, _ASSET_RATIO)

    def _check_together(
        self, what: str, members: list[zipfile.ZipInfo], free: int, ratio: int
    ) -> None:
        unpacked = sum(member.file_size for member in members)
        packed = sum(member.compress_size for member in members)
        if unpacked > free and unpacked > ratio * packed:
            raise self._refusal(
                f"its {what} claim {unpacked} bytes together, of which it holds {packed}"
            )

    def _refusal(self, reason: str) -> ValueError:
        return ValueError(f"Refused {self.name!r}: {reason}.")


def escapes(name: str) -> bool:
    """Say whether the name of a file in something leads out of it.

    Args:
        name: The name.
    """
    parts = name.removesuffix("/").split("/")
    odd = any(sign in name for sign in ("\\", "\0", ":"))
    return odd or any(part in ("", ".", "..") for part in parts)
