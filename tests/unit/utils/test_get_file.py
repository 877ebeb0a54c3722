"""`get_file`: downloads that are whole or not there, and archives that stay in their folder."""

import hashlib
import http.server
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import keras
import pytest

from torchkeras._base.fetch import Digest, fetch
from torchkeras.utils import get_file

CONTENT = bytes(range(256)) * 5000
SHA256, MD5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves one file; may cut it, and may know ranges or not."""

    cut_after: int | None = None
    knows_ranges = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ranges: list[str | None] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/data.bin"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers from the settings of its server."""

    server: Server

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.server.ranges.append(asked)
        if self.path != "/data.bin":
            self.send_error(404)
            return
        begin = 0
        if asked and self.server.knows_ranges:
            begin = int(asked.removeprefix("bytes=").removesuffix("-"))
            self.send_response(206)
            last = len(CONTENT) - 1
            self.send_header("Content-Range", f"bytes {begin}-{last}/{len(CONTENT)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) - begin))
        self.end_headers()
        self.wfile.write(CONTENT[begin : self.server.cut_after])

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def files(cache: Path) -> list[str]:
    return sorted(os.listdir(cache / "datasets"))


@pytest.mark.parametrize(
    "digest", [{}, {"file_hash": SHA256}, {"file_hash": MD5}, {"md5_hash": MD5}]
)
def test_a_file_is_downloaded_once(server: Server, cache: Path, digest: dict[str, str]) -> None:
    paths = {get_file(origin=server.url, cache_dir=cache, **digest) for _ in range(2)}
    assert paths == {str(cache / "datasets" / "data.bin")}
    assert Path(*paths).read_bytes() == CONTENT
    assert len(server.ranges) == 1
    assert files(cache) == ["data.bin"]


def test_force_download_downloads_again(server: Server, cache: Path) -> None:
    for _ in range(2):
        get_file(origin=server.url, cache_dir=cache, force_download=True)
    assert len(server.ranges) == 2


@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_cut_download_is_gone_on_with(server: Server, cache: Path, knows_ranges: bool) -> None:
    server.cut_after, server.knows_ranges = 300_000, knows_ranges
    with pytest.raises(OSError, match="cut after 300000 of 1280000 bytes"):
        get_file(origin=server.url, cache_dir=cache, file_hash=SHA256)
    assert files(cache) == ["data.bin.part"]
    server.cut_after = None
    path = get_file(origin=server.url, cache_dir=cache, file_hash=SHA256)
    assert Path(path).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=300000-"]
    assert files(cache) == ["data.bin"]


def test_a_wrong_begin_is_dropped(server: Server, cache: Path) -> None:
    (cache / "datasets").mkdir(parents=True)
    (cache / "datasets" / "data.bin.part").write_bytes(b"something else")
    path = get_file(origin=server.url, cache_dir=cache, file_hash=SHA256)
    assert Path(path).read_bytes() == CONTENT
    assert server.ranges == ["bytes=14-", None]


def test_without_a_hash_nothing_of_a_cut_download_stays(server: Server, cache: Path) -> None:
    server.cut_after = 300_000
    with pytest.raises(OSError, match="cut after"):
        get_file(origin=server.url, cache_dir=cache)
    assert files(cache) == []


def test_a_wrong_download_leaves_the_old_file(server: Server, cache: Path) -> None:
    target = cache / "datasets" / "data.bin"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"its sha256 is .* not 0000"):
        get_file(origin=server.url, cache_dir=cache, file_hash="0" * 64)
    assert target.read_bytes() == b"mine"


def test_an_outdated_file_is_replaced(
    server: Server, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = cache / "datasets" / "data.bin"
    target.parent.mkdir(parents=True)
    target.write_bytes(b"old")
    get_file(origin=server.url, cache_dir=cache, file_hash=SHA256)
    assert target.read_bytes() == CONTENT
    assert "downloaded anew" in capsys.readouterr().out


def test_a_missing_file_is_named(server: Server, cache: Path) -> None:
    with pytest.raises(OSError, match=r"nothing\.bin could not be downloaded: 404"):
        get_file(origin=server.url.replace("data", "nothing"), cache_dir=cache)


def test_one_download_serves_all_who_ask(server: Server, cache: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        calls = [
            pool.submit(get_file, origin=server.url, cache_dir=cache, file_hash=SHA256)
            for _ in range(4)
        ]
        assert len({call.result() for call in calls}) == 1
    assert len(server.ranges) == 1


@pytest.mark.parametrize("digest", [Digest(SHA256, "sha256"), None])
def test_a_file_that_came_while_one_asked_is_not_downloaded_again(
    server: Server, tmp_path: Path, digest: Digest | None
) -> None:
    for _ in range(2):  # both asked when there was none
        fetch(server.url, tmp_path / "data", digest)
    assert len(server.ranges) == 1
    fetch(server.url, tmp_path / "data", digest, again=True)
    assert len(server.ranges) == 2


def tar(path: Path, *members: tuple[str, str, str]) -> Path:
    """A tar archive of (kind, name, content or target)."""
    kinds = {"link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE}
    with tarfile.open(path, "w:gz") as archive:
        for kind, name, text in members:
            info = tarfile.TarInfo(name)
            if kind == "file":
                info.size = len(text)
            else:
                info.type, info.linkname = kinds[kind], text
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "hello")
    return path


@pytest.mark.parametrize("fname", [None, "flowers", "flowers.tar.gz"])
@pytest.mark.parametrize("way", ["extract", "untar"])
def test_an_archive_is_unpacked_where_keras_unpacks_it(
    tmp_path: Path, cache: Path, fname: str | None, way: str
) -> None:
    origin = tar(tmp_path / "some.tgz", ("file", "a/b.txt", "hello")).as_uri()
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    ours = get_file(fname, origin, cache_dir=cache, **{way: True})
    other = keras.utils.get_file(fname, origin, cache_dir=str(theirs), **{way: True})
    assert Path(ours).relative_to(cache) == Path(other).relative_to(theirs)
    assert Path(ours, "a/b.txt").read_text() == "hello"
    assert files(cache) == sorted(os.listdir(theirs / "datasets"))


def test_a_zip_is_unpacked_beside_what_is_there(tmp_path: Path, cache: Path) -> None:
    origin = zipped(tmp_path / "a.zip", "x/y.txt", "z.txt").as_uri()
    folder = Path(get_file("a.zip", origin, cache_dir=cache, extract=True))
    (folder / "x/mine.txt").write_text("mine")
    (folder / "z.txt").unlink()
    get_file("a.zip", origin, cache_dir=cache, extract=True)
    found = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.txt"))
    assert found == ["x/mine.txt", "x/y.txt", "z.txt"]


def test_links_inside_are_kept(tmp_path: Path, cache: Path) -> None:
    archive = tar(tmp_path / "a.tgz", ("file", "a/b", "hello"), ("link", "c/d", "../a/b"))
    folder = get_file("a.tgz", archive.as_uri(), cache_dir=cache, extract=True)
    assert Path(folder, "c/d").read_text() == "hello"


HOSTILE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "a name that climbs": (("file", "../out", "x"),),
    "a name that climbs later": (("file", "a/../../out", "x"),),
    "an absolute name": (("file", "/tmp/out", "x"),),
    "a link to outside": (("link", "a", "../../out"),),
    "an absolute link": (("link", "a", "/etc"),),
    "a link that climbs later": (("link", "a", "b/../../../out"),),
    "a file through a link": (("link", "a", "b"), ("file", "a/out", "x")),
    "a file over a link": (("link", "a", "b"), ("file", "a", "x")),
    "a hard link to outside": (("hard", "a", "../../out"),),
    "a hard link through a link": (("link", "a", "b"), ("hard", "c", "a/out")),
    "a pipe": (("pipe", "a", ""),),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_tar_is_refused_as_a_whole(name: str, tmp_path: Path, cache: Path) -> None:
    members = (("file", "good", "x"), *HOSTILE[name])
    origin = tar(tmp_path / "bad.tgz", *members).as_uri()
    with pytest.raises(ValueError, match=r"is refused: its member .* Nothing of it was unpacked"):
        get_file("bad.tgz", origin, cache_dir=cache, extract=True)
    assert files(cache) == ["bad.tgz"]
    assert sorted(os.listdir(tmp_path)) == ["bad.tgz", "cache"]


@pytest.mark.parametrize("name", ["../out", "/tmp/out", "a/../../out", "..\\out", "C:\\out"])
def test_a_hostile_zip_is_refused_as_a_whole(name: str, tmp_path: Path, cache: Path) -> None:
    origin = zipped(tmp_path / "bad.zip", "good", name).as_uri()
    with pytest.raises(ValueError, match="would lie outside of the folder"):
        get_file("bad.zip", origin, cache_dir=cache, extract=True)
    assert files(cache) == ["bad.zip"]


def test_what_would_fill_the_disk_is_refused(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchkeras._base import unpack

    origin = zipped(tmp_path / "a.zip", "x").as_uri()
    usage = unpack.shutil.disk_usage(tmp_path)._replace(free=4)
    monkeypatch.setattr(unpack.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(ValueError, match="unpacks to 5 bytes, and 4 are free"):
        get_file("a.zip", origin, cache_dir=cache, extract=True)


def test_a_damaged_archive_leaves_nothing(tmp_path: Path, cache: Path) -> None:
    path = tar(tmp_path / "a.tgz", ("file", "a", os.urandom(9999).hex()))
    path.write_bytes(path.read_bytes()[:-3000])
    with pytest.raises(ValueError, match="cannot be unpacked"):
        get_file("a.tgz", path.as_uri(), cache_dir=cache, extract=True)
    assert files(cache) == ["a.tgz"]


def test_what_is_no_archive_is_named(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "a.txt").write_text("hello")
    with pytest.warns(UserWarning, match="was not unpacked: it is no archive"):
        get_file("a.txt", (tmp_path / "a.txt").as_uri(), cache_dir=cache, extract=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"origin": None}, "`origin` must be the address"),
        ({"origin": "http://host/"}, "`fname` must be given"),
        ({"fname": "a/b"}, "`fname` must be a file name without folders"),
        ({"fname": ".."}, "`fname` must be a file name without folders"),
        ({"file_hash": "abc"}, "`file_hash` must be a SHA-256"),
        ({"hash_algorithm": "crc"}, "`hash_algorithm` must be one of 'auto', 'sha256', 'md5'"),
        ({"archive_format": "rar"}, "`archive_format` must be one of 'auto', 'tar', 'zip'"),
    ],
)
def test_wrong_arguments(call: dict[str, Any], message: str, cache: Path) -> None:
    with pytest.raises(ValueError, match=message):
        get_file(**{"origin": "http://host/a", "cache_dir": cache, **call})


def test_keras_home_is_where_files_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    path = get_file("x.bin", server.url, cache_subdir="models")
    assert path == str(tmp_path / "home" / "models" / "x.bin")
