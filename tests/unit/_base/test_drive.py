"""Files of Google Drive, from a server that behaves as the drive does: it asks back, or refuses."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from torchkeras._base import drive
from torchkeras._base.fetch import Digest, DownloadError, fetch
from torchkeras.datasets import _csv_archives

CONTENT = b"table" * 1000
DIGEST = Digest(hashlib.md5(CONTENT, usedforsecurity=False).hexdigest(), "md5")
FORM = """<html><head><title>Google Drive - Virus scan warning</title></head><body>
<form id="search" action="/search"><input name="q" value="no"></form>
<form id="download-form" action="{action}" method="get"><input type="submit" value="Download">
<input type="hidden" name="id" value="{id}"><input type="hidden" name="confirm" value="t">
<input type="hidden" name="uuid" value="5 &amp; 6"></form></body></html>"""
QUOTA = "<html><head><title>Google Drive -\n Quota exceeded</title></head></html>"


class Drive(BaseHTTPRequestHandler):
    """What the drive does with a file, by the name of the file."""

    def do_GET(self) -> None:
        asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        name, cookie = asked["id"], self.headers.get("Cookie", "")
        if name == "form" and (asked.get("uuid") != "5 & 6" or "seen=1" not in cookie):
            self.page(FORM.format(action="/download", id=name), "seen=1")
        elif name == "elsewhere":
            self.page(FORM.format(action="http://localhost/download", id=name))
        elif name == "old" and asked.get("confirm") != "a1b2":
            self.page("<html></html>", "download_warning_7=a1b2")
        elif name == "quota":
            self.page(QUOTA)
        elif name == "again":
            self.page(FORM.format(action="/download", id=name))
        else:
            self.file()

    def page(self, text: str, cookie: str | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if cookie is not None:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(text.encode())

    def file(self) -> None:
        begun = int(self.headers.get("Range", "bytes=0-")[6:-1])
        self.send_response(206 if begun else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Disposition", 'attachment; filename="table.csv"')
        self.send_header("Content-Length", str(len(CONTENT) - begun))
        if begun:
            self.send_header("Content-Range", f"bytes {begun}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.end_headers()
        self.wfile.write(CONTENT[begun:])

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Drive) as server:
        serving = threading.Thread(target=partial(server.serve_forever, poll_interval=0.01))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}/download?export=download&id="
        server.shutdown()
        serving.join()


@pytest.fixture(autouse=True)
def on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive, "HOSTS", {"127.0.0.1"})


@pytest.mark.parametrize("name", ["direct", "form", "old"])
def test_the_file_comes_whatever_the_drive_asks_first(
    name: str, address: str, tmp_path: Path
) -> None:
    fetch(address + name, tmp_path / "table.csv", DIGEST)
    assert (tmp_path / "table.csv").read_bytes() == CONTENT


def test_a_cut_download_goes_on_behind_the_question(address: str, tmp_path: Path) -> None:
    (tmp_path / "table.csv.part").write_bytes(CONTENT[:1234])
    fetch(address + "form", tmp_path / "table.csv", DIGEST)
    assert (tmp_path / "table.csv").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("quota", "Google Drive - Quota exceeded"),
        ("again", "Virus scan warning"),
        ("elsewhere", "sends elsewhere, to http://localhost/download"),
    ],
)
def test_a_page_is_no_file(name: str, said: str, address: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match=said):
        fetch(address + name, tmp_path / "table.csv", DIGEST)
    assert list(tmp_path.iterdir()) == []


def test_pages_of_other_servers_are_files(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive, "HOSTS", set())
    fetch(address + "quota", tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text() == QUOTA


def test_archives_of_texts_come_from_there(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("KERAS_HOME", "TORCHKERAS_DATA", "TORCH_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(_csv_archives, "_DRIVE", address)
    file = _csv_archives.on_drive("Table", "table.csv", DIGEST.value, "form")
    assert file.load(Path.read_bytes) == CONTENT
