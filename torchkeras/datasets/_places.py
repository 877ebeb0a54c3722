"""The folders in which data sets are looked for, and the one that downloads go to."""

import os
import tempfile
from pathlib import Path

DEBIAN_FASHION_MNIST = Path("/usr/share/datasets/fashion-mnist")


def keras_folders() -> list[Path]:
    """Folders of Keras's own files: its home and, if that is not writable, its substitute."""
    home = _folder("KERAS_HOME", Path("~/.keras"))
    if os.access(home, os.W_OK):
        return [home / "datasets"]
    temporary = "/tmp" if os.path.isdir("/tmp") else tempfile.gettempdir()
    return [home / "datasets", Path(temporary, ".keras", "datasets")]


def cache_folder() -> Path:
    """The folder that downloads go to, in torchvision's layout: `TORCHKERAS_DATA` or a cache."""
    return _folder("TORCHKERAS_DATA", _user_cache() / "torchkeras" / "datasets")


def vision_roots() -> list[Path]:
    """Folders that may hold torchvision's layout, each a `root` of its data set classes."""
    hub = _folder("TORCH_HOME", _user_cache() / "torch")
    return [cache_folder(), Path("data"), hub / "datasets"]


def text_roots() -> list[Path]:
    """Folders that may hold torchtext's layout, each a `root` of its data sets."""
    hub = _folder("TORCH_HOME", _user_cache() / "torch")
    return [hub / "text", Path(".data"), Path("~/.torchtext/cache").expanduser()]


def file_name(argument: str, value: str | os.PathLike[str] | None, default: str) -> str:
    """Return `value` as a bare file name, `default` if it is empty."""
    name = os.fspath(value) if value else default
    if Path(name).name != name or name == ".." or "\\" in name or "\0" in name:
        raise ValueError(
            f"`{argument}` must be a file name without folders, such as {default!r}. "
            f"Received: {argument}={value!r}. Set the environment variable KERAS_HOME to have "
            "the file looked for in the folder `datasets` of another place."
        )
    return name


def _folder(variable: str, default: Path) -> Path:
    return Path(os.path.expanduser(os.environ.get(variable) or default))


def _user_cache() -> Path:
    return _folder("XDG_CACHE_HOME", Path("~/.cache"))
