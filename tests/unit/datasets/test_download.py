"""What happens when nothing is on disk: downloads without network, and the words of the errors."""

import hashlib
import importlib
import io
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.unit.datasets.conftest import Places
from tests.unit.datasets.layouts import IDX_NAMES, cifar10, grey_arrays, idx_set, write_idx
from torchkeras import datasets
from torchkeras.datasets import _places

PUT = {
    "mnist": ("keras/datasets/mnist.npz", "cache/MNIST/raw", "t10k-labels-idx1-ubyte"),
    "fashion_mnist": ("keras/datasets/fashion-mnist", "t10k-labels-idx1-ubyte", "Debian's"),
    "cifar10": ("cache/cifar-10-python.tar.gz", "cifar-10-batches-py-target_archive"),
    "cifar100": ("cache/cifar-100-python.tar.gz", "cifar-100-python-target_archive"),
    "imdb": ("keras/datasets/imdb.npz", "tf-keras-datasets/imdb.npz"),
    "reuters": ("keras/datasets/reuters.npz", "tf-keras-datasets/reuters.npz"),
    "boston_housing": ("keras/datasets/boston_housing.npz",),
    "california_housing": ("keras/datasets/california_housing.npz",),
}


@pytest.mark.parametrize("name", PUT)
def test_without_network_the_error_says_what_to_put_where(name: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        getattr(datasets, name).load_data()
    text = str(caught.value)
    for part in (*PUT[name], "no network in this test", "torchkeras.datasets.digits", "Looked in"):
        assert part in text


@pytest.mark.parametrize("name", PUT)
def test_a_failed_download_leaves_nothing(name: str, places: Places) -> None:
    with pytest.raises(FileNotFoundError):
        getattr(datasets, name).load_data()
    assert list(places.cache.iterdir()) == []


def test_the_digits_need_no_network() -> None:
    (x_train, _), _ = datasets.digits.load_data()
    assert len(x_train) == 1437


@pytest.mark.parametrize("error", [ImportError, RuntimeError, OSError])
def test_a_torchvision_that_does_not_import_is_named_with_the_cure(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(name: str) -> ModuleType:
        raise error("operator torchvision::nms does not exist")

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(ImportError, match=r"pip install --upgrade torch torchvision") as caught:
        datasets.mnist.load_data()
    for part in ("torchvision::nms does not exist", "CPU-only", "mnist.npz", "digits"):
        assert part in str(caught.value)


def test_importing_the_data_sets_does_not_import_torchvision() -> None:
    code = "import sys, torchkeras.datasets; sys.exit('torchvision' in sys.modules)"
    root = Path(datasets.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


class Response(io.BytesIO):
    """What `urlopen` returns for a file of the mirror."""

    def __init__(self, url: str, content: bytes) -> None:
        super().__init__(content)
        self.url = url
        self.length = len(content)


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose files every address leads to."""
    folder = tmp_path / "mirror"

    def urlopen(request: urllib.request.Request, **kwargs: object) -> Response:
        url = request.full_url
        return Response(url, (folder / url.rpartition("/")[2]).read_bytes())

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return folder


@pytest.fixture
def arrays(
    mirror: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """A small MNIST on the mirror, that the tables of torchvision and ours describe."""
    from torchvision.datasets import MNIST

    arrays = grey_arrays(rng)
    write_idx(mirror, arrays, packed=True)
    packed = [mirror / f"{name}.gz" for name in IDX_NAMES]
    hashes = [(p.name, hashlib.md5(p.read_bytes()).hexdigest()) for p in packed]
    monkeypatch.setattr(MNIST, "resources", hashes)
    monkeypatch.setattr(datasets.mnist, "_IDX", idx_set(arrays))
    return arrays


def test_a_download_is_kept_in_torchvisions_layout(
    arrays: tuple[np.ndarray, ...], places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchvision.datasets import MNIST

    (x_train, _), _ = datasets.mnist.load_data()
    np.testing.assert_array_equal(x_train, arrays[0])
    kept = sorted(p.name for p in places.cache.rglob("*") if p.is_file())
    assert kept == sorted(IDX_NAMES)
    assert [p.name for p in places.cache.iterdir()] == ["MNIST"]
    np.testing.assert_array_equal(MNIST(places.cache).data.numpy(), arrays[0])

    monkeypatch.setattr(MNIST, "mirrors", [])  # the second call downloads nothing
    (again, _), _ = datasets.mnist.load_data()
    np.testing.assert_array_equal(again, arrays[0])


def test_a_download_does_not_overwrite_what_lies_there(
    arrays: tuple[np.ndarray, ...], places: Places
) -> None:
    raw = places.cache / "MNIST" / "raw"
    write_idx(raw, arrays)
    (raw / IDX_NAMES[0]).write_bytes(b"mine")
    (raw / f"{IDX_NAMES[1]}.gz").write_bytes(b"mine too")
    with pytest.warns(UserWarning, match=rf"{IDX_NAMES[0]} does not begin .* left as it is"):
        (x_train, _), _ = datasets.mnist.load_data()
    np.testing.assert_array_equal(x_train, arrays[0])
    assert (raw / IDX_NAMES[0]).read_bytes() == b"mine"
    assert (raw / f"{IDX_NAMES[1]}.gz").read_bytes() == b"mine too"


def test_a_download_with_another_content_is_refused(
    arrays: tuple[np.ndarray, ...],
    places: Places,
    monkeypatch: pytest.MonkeyPatch,
    rng: np.random.Generator,
) -> None:
    monkeypatch.setattr(datasets.mnist, "_IDX", idx_set(grey_arrays(rng)))
    with pytest.raises(FileNotFoundError, match="is damaged or another file"):
        datasets.mnist.load_data()
    assert list(places.cache.iterdir()) == []


# Python 3.12 and 3.13 want a filter that torchvision does not name.
@pytest.mark.filterwarnings("ignore:Python 3.14 will:DeprecationWarning")
def test_cifar_is_downloaded_and_kept_without_its_archive(
    places: Places, mirror: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    from torchvision.datasets import CIFAR10

    small = cifar10(datasets.cifar10._FILES, rng)
    archive = mirror / "cifar-10-python.tar.gz"
    files = small.write_archive(archive)
    monkeypatch.setattr(datasets.cifar10, "_FILES", files)
    monkeypatch.setattr(CIFAR10, "tgz_md5", hashlib.md5(archive.read_bytes()).hexdigest())
    monkeypatch.setattr(CIFAR10, "train_list", [[b.name, b.md5] for b in files.train])
    monkeypatch.setattr(CIFAR10, "test_list", [[b.name, b.md5] for b in files.test])
    monkeypatch.setattr(CIFAR10, "meta", {**CIFAR10.meta, "md5": small.md5("batches.meta")})
    (x_train, y_train), _ = datasets.cifar10.load_data()
    assert (x_train.shape, y_train.shape) == ((15, 32, 32, 3), (15, 1))
    assert [p.name for p in places.cache.iterdir()] == ["cifar-10-batches-py"]


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("TORCHKERAS_DATA", "~/mine", "mine"),
        ("XDG_CACHE_HOME", "~/caches", "caches/torchkeras/datasets"),
        ("XDG_CACHE_HOME", "", ".cache/torchkeras/datasets"),
    ],
)
def test_the_cache_follows_the_environment(
    variable: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TORCHKERAS_DATA")
    monkeypatch.setenv(variable, value)
    assert _places.cache_folder() == Path.home() / expected


def test_keras_home_defaults_to_the_hidden_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KERAS_HOME")
    assert _places.keras_folders()[0] == Path.home() / ".keras" / "datasets"


def test_keras_substitute_is_searched_where_its_home_is_not_writable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "absent"))
    folders = _places.keras_folders()
    assert folders[0] == tmp_path / "absent" / "datasets"
    assert folders[1].parts[-2:] == (".keras", "datasets")
