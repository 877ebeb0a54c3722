"""`replacing`: a file is there wholly or not at all."""

import os
import signal
import stat
import subprocess
import sys

import pytest

from torchkeras._base.atomic import replacing


def test_new_file(tmp_path):
    with replacing(tmp_path / "x") as path:
        path.write_text("new")
    assert (tmp_path / "x").read_text() == "new"
    assert os.listdir(tmp_path) == ["x"]


def test_old_file_stays_until_the_end(tmp_path):
    target = tmp_path / "x"
    target.write_text("old")
    with replacing(target) as path:
        path.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_errors_leave_the_old_file_and_no_rest(tmp_path, error):
    target = tmp_path / "x"
    target.write_text("old")

    def write():
        with replacing(target) as path:
            path.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["x"]


def test_kill_leaves_the_old_file(tmp_path):
    target = tmp_path / "x"
    target.write_text("old")
    code = (
        "import os, signal, sys\n"
        "from torchkeras._base.atomic import replacing\n"
        "with replacing(sys.argv[1]) as path:\n"
        "    path.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert target.read_text() == "old"
    (left,) = set(os.listdir(tmp_path)) - {"x"}
    with replacing(tmp_path / "y") as path:
        path.write_text("other")
    assert left in os.listdir(tmp_path)
    with replacing(target) as path:
        path.write_text("new")
    linux = sys.platform == "linux"
    assert sorted(os.listdir(tmp_path)) == sorted(["x", "y"] if linux else ["x", "y", left])


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="folder"), replacing(tmp_path / "no" / "x"):
        pass


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(IsADirectoryError, match="folder"), replacing(tmp_path):
        pass


def test_permissions_are_kept(tmp_path):
    target = tmp_path / "x"
    target.write_text("old")
    target.chmod(0o640)
    with replacing(target) as path:
        path.write_text("new")
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_new_files_have_usual_permissions(tmp_path):
    (tmp_path / "plain").write_text("")
    with replacing(tmp_path / "x") as path:
        path.write_text("new")
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("plain", "x")]
    assert modes[0] == modes[1]


def test_links_are_followed(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with replacing(tmp_path / "link") as path:
        path.write_text("new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PermissionError), replacing(tmp_path / "x"):
        pass


@pytest.mark.skipif(os.name != "posix", reason="modes are posix's")
def test_a_writer_that_replaces_the_file_does_not_change_its_mode(tmp_path):
    (tmp_path / "other").write_text("new")
    (tmp_path / "other").chmod(0o600)
    with replacing(tmp_path / "x") as path:
        granted = stat.S_IMODE(path.stat().st_mode)
        os.replace(tmp_path / "other", path)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == granted
