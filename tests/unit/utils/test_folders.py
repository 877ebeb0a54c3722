"""Folders of pictures and texts: Keras's order of files and labels, batches, and damaged files."""

import itertools
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from keras.src.utils import dataset_utils
from PIL import Image
from torch.utils.data import DataLoader, Dataset

import torchkeras
from torchkeras import layers
from torchkeras.utils import image_dataset_from_directory, text_dataset_from_directory
from torchkeras.utils.resampling import METHODS, cropped, padded, resized

FORMATS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")


@pytest.fixture
def pictures(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Pictures of three classes, each of one colour that tells the file."""
    names = ["cat/2.png", "cat/10.PNG", "cat/sub/1.bmp", "dog/a.gif", "dog/b.png", "emu/x.png"]
    for number, name in enumerate(names):
        path = tmp_path / "pictures" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (9 + number, 7), (number, 2 * number, 30)).save(path)
    (tmp_path / "pictures/cat/notes.txt").write_text("no picture")
    (tmp_path / "pictures/.hidden").mkdir()
    return tmp_path / "pictures"


def theirs(folder: Path, **call: Any) -> tuple[list[str], Any, Any]:
    """Keras's order of files and labels."""
    call = {"labels": "inferred", "shuffle": False, "seed": None, **call}
    paths, labels, names = dataset_utils.index_directory(
        str(folder), formats=FORMATS, verbose=False, **call
    )
    return paths, None if labels is None else list(labels), names


def labels_of(data: Any) -> list[Any]:
    return list(itertools.chain.from_iterable(y.tolist() for _, y in data))


def image_data(folder: Path, **call: Any) -> Any:
    call = {"image_size": (4, 5), "shuffle": False, "verbose": False, **call}
    return image_dataset_from_directory(folder, **call)


@pytest.mark.parametrize("names", [None, ["emu", "cat"]])
def test_files_and_labels_have_keras_order(pictures: Path, names: list[str] | None) -> None:
    data = image_data(pictures, class_names=names, batch_size=2)
    paths, labels, classes = theirs(pictures, class_names=names)
    assert data.file_paths == paths
    assert data.class_names == classes
    assert labels_of(data) == labels


def test_the_first_shuffle_is_that_of_keras(pictures: Path) -> None:
    data = image_data(pictures, shuffle=True, seed=3)
    assert data.file_paths == theirs(pictures, shuffle=True, seed=3)[0]


@pytest.mark.parametrize("subset", ["training", "validation"])
def test_subsets_are_those_of_keras(pictures: Path, subset: str) -> None:
    call = {"shuffle": True, "seed": 5}
    paths, labels, _ = theirs(pictures, **call)
    wanted = dataset_utils.get_training_or_validation_split(paths, labels, 0.4, subset)
    data = image_data(pictures, validation_split=0.4, subset=subset, **call)
    assert data.file_paths == wanted[0]
    assert sorted(labels_of(data)) == sorted(wanted[1])
    both = image_data(pictures, validation_split=0.4, subset="both", **call)
    assert both[subset == "validation"].file_paths == wanted[0]
    assert labels_of(both[1]) == labels[-2:]


def test_pictures_come_as_float_batches(pictures: Path) -> None:
    (x, y), *rest = image_data(pictures, batch_size=4)
    assert (x.shape, x.dtype, y.dtype) == ((4, 4, 5, 3), torch.float32, torch.int32)
    assert x[:, 0, 0].tolist() == [[1, 2, 30], [0, 0, 30], [2, 4, 30], [3, 6, 30]]
    assert len(rest) == 1
    assert len(image_data(pictures, batch_size=4)) == 2


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        ({"color_mode": "grayscale"}, (6, 4, 5, 1)),
        ({"color_mode": "rgba"}, (6, 4, 5, 4)),
        ({"data_format": "channels_first"}, (6, 3, 4, 5)),
        ({"image_size": 3}, (6, 3, 3, 3)),
        ({"pad_to_aspect_ratio": True}, (6, 4, 5, 3)),
        ({"crop_to_aspect_ratio": True}, (6, 4, 5, 3)),
        *(({"interpolation": method}, (6, 4, 5, 3)) for method in METHODS),
    ],
)
def test_shapes(pictures: Path, call: dict[str, Any], shape: tuple[int, ...]) -> None:
    ((x, _),) = image_data(pictures, **call)
    assert x.shape == shape
    if "interpolation" in call:
        assert torch.allclose(x[:, :, :, 2], torch.tensor(30.0))


def test_labels_of_each_mode(pictures: Path) -> None:
    ((_, one_hot),) = image_data(pictures, label_mode="categorical")
    assert one_hot.dtype is torch.float32
    assert one_hot.argmax(1).tolist() == [0, 0, 0, 1, 1, 2]
    ((_, y),) = image_data(pictures, label_mode="binary", class_names=["cat", "dog"])
    assert (y.shape, y.dtype) == ((5, 1), torch.float32)
    for call in ({"labels": None}, {"label_mode": None}):
        (x,) = image_data(pictures, **call)
        assert x.shape == (6, 4, 5, 3)
        assert image_data(pictures, **call).class_names is None
    given = image_data(pictures, labels=[3, 1, 1, 3, 1, 3])
    assert (labels_of(given), given.class_names) == ([3, 1, 1, 3, 1, 3], ["1", "3"])


def test_one_picture_at_a_time(pictures: Path) -> None:
    data = image_data(pictures, batch_size=None)
    assert [tuple(x.shape) for x, _ in data] == [(4, 5, 3)] * 6
    assert len(data) == 6


def test_each_epoch_has_an_order_of_its_own_and_a_seed_repeats_it(pictures: Path) -> None:
    data, again = (image_data(pictures, shuffle=True, seed=1, batch_size=1) for _ in range(2))
    epochs = [[float(x[0, 0, 0, 1]) for x, _ in data] for _ in range(4)]
    assert all(sorted(epoch) == [0, 2, 4, 6, 8, 10] for epoch in epochs)
    assert len(set(map(tuple, epochs))) > 1
    assert epochs == [[float(x[0, 0, 0, 1]) for x, _ in again] for _ in range(4)]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_loader_yields_each_batch_once(pictures: Path, workers: int, shuffle: bool) -> None:
    data = image_data(pictures, batch_size=2, shuffle=shuffle, seed=1)
    loader = DataLoader(data, batch_size=None, num_workers=workers)
    found = [float(v) for x, _ in loader for v in x[:, 0, 0, 1]]
    assert sorted(found) == [0, 2, 4, 6, 8, 10]
    if not shuffle:
        assert found == [2, 0, 4, 6, 8, 10]
    assert isinstance(data, Dataset)


def test_fit_takes_it_and_a_chain_of_it(pictures: Path) -> None:
    data = image_data(pictures, batch_size=2, shuffle=True, seed=0)
    model = torchkeras.Sequential([layers.Flatten(), layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(data, validation_data=data, epochs=2, verbose=0)
    assert {"loss", "val_loss", "accuracy"} <= set(history.history)
    chain = data.map(lambda x, y: (x / 255, y)).cache().shuffle(10).prefetch(-1)
    model.fit(chain, epochs=2, verbose=0)
    assert model.predict(chain, verbose=0).shape == (6, 3)
    assert len(model.evaluate(chain, verbose=0)) == 2


def test_data_for_ever_need_a_number_of_steps(pictures: Path) -> None:
    data = image_data(pictures, batch_size=2).repeat()
    model = torchkeras.Sequential([layers.Flatten(), layers.Dense(3)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"`steps_per_epoch` .* repeats for ever"):
        model.fit(data, verbose=0)
    numbers = data.map(lambda x, y: (x / 255, torch.zeros(len(y), 3)))
    assert len(model.fit(numbers, steps_per_epoch=2, epochs=2, verbose=0).epoch) == 2


def test_a_damaged_file_is_named_and_can_be_left_out(pictures: Path) -> None:
    (pictures / "dog/b.png").write_bytes(b"\x89PNG damaged")
    data = image_data(pictures, batch_size=2)
    with pytest.raises(ValueError, match=r"b\.png cannot be read as an image"):
        list(data)
    with pytest.warns(UserWarning, match=r"b\.png .* It is left out"):
        assert labels_of(data.ignore_errors()) == [0, 0, 0, 1, 2]
    assert labels_of(data.ignore_errors(log_warning=False)) == [0, 0, 0, 1, 2]


def test_sixteen_bits_become_eight(tmp_path: Path) -> None:
    Image.fromarray(np.full((4, 4), 0x7F12, "uint16")).save(tmp_path / "a.png")
    (x,) = image_data(tmp_path, labels=None, color_mode="grayscale")
    assert x.unique().tolist() == [0x7F]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ({"label_mode": "on-hot"}, "`label_mode` must be one of"),
        ({"labels": "guess"}, "`labels` must be 'inferred'"),
        ({"labels": [1, 2]}, "2 labels, and .* holds 6 files"),
        ({"labels": None, "class_names": ["cat"]}, "`class_names` must not be given"),
        ({"class_names": ["cow"]}, "`class_names` must be names of folders"),
        ({"label_mode": "binary"}, "takes two classes"),
        ({"color_mode": "cmyk"}, "`color_mode` must be one of"),
        ({"image_size": (1, 2, 3)}, "`image_size` must be"),
        ({"interpolation": "best"}, "`interpolation` must be one of"),
        ({"validation_split": 2.0, "subset": "training"}, "between 0 and 1"),
        ({"validation_split": 0.2}, "must be given together"),
        ({"subset": "training"}, "must be given together"),
        ({"validation_split": 0.2, "subset": "both", "shuffle": True}, "`seed` must be given"),
        ({"validation_split": 0.1, "subset": "validation"}, "No validation image files found"),
        ({"crop_to_aspect_ratio": True, "pad_to_aspect_ratio": True}, "Only one of"),
        ({"batch_size": 0}, "`batch_size` must be a positive integer"),
        ({"format": "csv"}, "`format` must be one of"),
    ],
)
def test_wrong_arguments(pictures: Path, call: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        image_data(pictures, **call)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="No image files found"):
        image_data(tmp_path)
    (tmp_path / "file").touch()
    for name, error in (("nowhere", FileNotFoundError), ("file", NotADirectoryError)):
        with pytest.raises(error, match="`directory` must be a folder"):
            image_data(tmp_path / name)


def test_the_smallest_images_are_cropped_to_no_less_than_a_pixel(tmp_path: Path) -> None:
    Image.new("RGB", (1, 1), (9, 8, 7)).save(tmp_path / "dot.png")
    data = image_data(tmp_path, labels=None, image_size=(2, 9), crop_to_aspect_ratio=True)
    assert next(iter(data))[0, 1, 8].round().tolist() == [9, 8, 7]


def test_the_number_of_files_is_told(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image_data(pictures, verbose=True, validation_split=0.4, subset="training")
    assert capsys.readouterr().out == (
        "Found 6 files belonging to 3 classes.\nUsing 4 files for training.\n"
    )


def test_resampling_weights_are_those_of_tensorflow() -> None:
    # Rows of tf.image.resize's kernels, from their formulas: halfway between two pixels.
    ramp = torch.arange(8.0).reshape(1, 1, 8).expand(1, 8, 8)
    assert resized(ramp, (8, 4), "bilinear")[0, 0].tolist() == [0.5, 2.5, 4.5, 6.5]
    assert resized(ramp, (8, 4), "area")[0, 0].tolist() == [0.5, 2.5, 4.5, 6.5]
    assert resized(ramp, (8, 4), "nearest")[0, 0].tolist() == [1, 3, 5, 7]
    step = torch.tensor([0.0, 0, 0, 1, 1, 1, 1, 1]).reshape(1, 1, 8).expand(1, 8, 8)
    found = {m: float(resized(step, (8, 4), m)[0, 0, 1]) for m in METHODS[2:]}
    assert found["bicubic"] == pytest.approx(0.5)
    assert found["mitchellcubic"] == pytest.approx(0.5)
    wide = torch.eye(8)[:1].reshape(1, 1, 8).expand(1, 8, 8)
    assert float(resized(wide, (8, 4), "bicubic")[0, 0, 0]) == pytest.approx(9 / 17)


def test_aspect_ratios_are_kept() -> None:
    image = torch.arange(60.0).reshape(1, 6, 10)
    assert torch.equal(cropped(image, (2, 2)), image[:, :, 2:8])
    made = padded(torch.ones(1, 6, 10), (5, 5), "bilinear")
    assert made[0, :, 0].tolist() == [0, 1, 1, 1, 0]


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    for name, text in {"neg/0.txt": "bad", "neg/1.txt": "café\r\nbad", "pos/0.txt": "good"}.items():
        path = tmp_path / "reviews" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
    return tmp_path / "reviews"


def test_texts_come_as_bytes(reviews: Path) -> None:
    data = text_dataset_from_directory(reviews, shuffle=False, verbose=False)
    ((x, y),) = data
    assert x.tolist() == [b"bad", "café\r\nbad".encode(), b"good"]
    assert x.numpy()[0] == b"bad"
    assert y.tolist() == [0, 0, 1]
    assert data.class_names == ["neg", "pos"]
    assert [os.path.basename(p) for p in data.file_paths] == ["0.txt", "1.txt", "0.txt"]


def test_texts_are_cut_and_come_alone(reviews: Path) -> None:
    call = {"shuffle": False, "verbose": False, "labels": None}
    ((x),) = text_dataset_from_directory(reviews, max_length=2, **call)
    assert x.tolist() == [b"ba", b"ca", b"go"]
    single = text_dataset_from_directory(reviews, batch_size=None, **call)
    assert list(single) == [b"bad", "café\r\nbad".encode(), b"good"]
    assert [b.tolist() for b in single.batch(2)][1] == [b"good"]


def test_texts_become_numbers_in_a_map(reviews: Path) -> None:
    data = text_dataset_from_directory(reviews, shuffle=False, verbose=False, batch_size=2)
    lengths = data.map(lambda x, y: (torch.tensor([[float(len(t))] for t in x]), y))
    model = torchkeras.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    assert len(model.fit(lengths, epochs=2, verbose=0).history["loss"]) == 2
