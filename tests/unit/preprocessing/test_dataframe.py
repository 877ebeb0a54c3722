"""`flow_from_dataframe`: files, targets, weights and subsets as `tf.keras` takes them."""

import warnings

import numpy as np
import pandas as pd
import pytest

import torchkeras as keras
from torchkeras.preprocessing.image import DataFrameIterator, ImageDataGenerator


@pytest.fixture
def table(tmp_path):
    """Six grey images, of the shade of their number."""
    for number in range(6):
        keras.utils.save_img(tmp_path / f"{number}.png", np.full((4, 5, 1), number * 10.0),
                             scale=False)  # fmt: skip
    return pd.DataFrame(
        {
            "filename": [f"{number}.png" for number in range(6)],
            "class": ["b", "a", "c", "a", "b", "a"],
            "both": [["a"], ["a", "b"], ["b"], ["a"], ["b"], ["b", "a"]],
            "x": np.arange(6) / 2,
            "y": np.arange(6),
            "weight": np.arange(6) + 1.0,
        }
    )


def flow(table, tmp_path, generator=None, **kwargs):
    options = {"target_size": (2, 3), "color_mode": "grayscale", "shuffle": False, **kwargs}
    generator = generator or ImageDataGenerator()
    return generator.flow_from_dataframe(table, tmp_path, **options)


def test_images_and_classes(table, tmp_path, capsys):
    batches = flow(table, tmp_path, batch_size=4)
    assert capsys.readouterr().out == (
        "Found 6 validated image filenames belonging to 3 classes.\n"
    )
    images, targets = next(batches)
    assert images.shape == (4, 2, 3, 1)
    assert images[:, 0, 0, 0].tolist() == [0, 10, 20, 30]
    assert targets.tolist() == np.eye(3)[[1, 0, 2, 0]].tolist()
    assert batches.class_indices == {"a": 0, "b": 1, "c": 2}
    assert (len(batches), batches.samples, batches.num_classes) == (2, 6, 3)


MODES = {
    "sparse": ({"class_mode": "sparse"}, [1, 0, 2, 0, 1, 0]),
    "binary": ({"class_mode": "binary", "classes": ["a", "b"]}, [1, 0, 0, 1, 0]),
    "order": ({"class_mode": "sparse", "classes": ["c", "a"]}, [1, 0, 1, 1]),
    "raw": ({"class_mode": "raw", "y_col": "x"}, [0, 0.5, 1, 1.5, 2, 2.5]),
    "raw-pair": ({"class_mode": "raw", "y_col": ["x", "y"]}, [[n / 2, n] for n in range(6)]),
    "multi": ({"class_mode": "multi_output", "y_col": ["x", "y"]},
              [[0, 0.5, 1, 1.5, 2, 2.5], [0, 1, 2, 3, 4, 5]]),
    "hot": ({"y_col": "both"}, [[1, 0], [1, 1], [0, 1], [1, 0], [0, 1], [1, 1]]),
    "hot-some": ({"y_col": "both", "classes": ["b"]}, [[1], [1], [1], [1]]),
}  # fmt: skip


@pytest.mark.parametrize("name", MODES)
def test_targets(name, table, tmp_path):
    options, expected = MODES[name]
    targets = next(flow(table, tmp_path, **options))[1]
    assert np.array(targets).tolist() == expected


def test_weights_inputs_and_none(table, tmp_path):
    images, again, weights = next(
        flow(table, tmp_path, class_mode="input", weight_col="weight", batch_size=2)
    )
    np.testing.assert_array_equal(images, again)
    assert weights.tolist() == [1, 2]
    assert next(flow(table, tmp_path, class_mode=None)).shape == (6, 2, 3, 1)


def test_subsets_are_parts_of_the_table(table, tmp_path):
    generator = ImageDataGenerator(validation_split=0.34)
    names = {
        subset: flow(table, tmp_path, generator, subset=subset).filenames
        for subset in ("training", "validation")
    }
    assert names["validation"] == ["0.png", "1.png"]
    assert names["training"] == ["2.png", "3.png", "4.png", "5.png"]


def test_missing_files_are_left_out(table, tmp_path):
    table.loc[1, "filename"] = "gone.png"
    with pytest.warns(UserWarning, match="Found 1 invalid image filename"):
        assert flow(table, tmp_path).samples == 5
    whole = table.assign(filename=[str(tmp_path / name) for name in table["filename"]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert flow(whole, None).samples == 5


def test_a_model_is_trained_on_them(table, tmp_path):
    model = keras.Sequential(
        [keras.Input((2, 3, 1)), keras.layers.Flatten(), keras.layers.Dense(3)]
    )
    model.compile("sgd", "mse")
    history = model.fit(flow(table, tmp_path, batch_size=2), epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


WRONG = {
    "mode": ({"class_mode": "colour"}, ValueError, "class_mode='colour'"),
    "numbers": ({"class_mode": "sparse", "y_col": "y"}, TypeError, "astype"),
    "three": ({"class_mode": "binary"}, ValueError, "Found 3 classes"),
    "names": ({"x_col": "x"}, TypeError, "must be strings"),
    "columns": ({"class_mode": "multi_output", "y_col": "x"}, TypeError, "must be a list"),
    "weights": ({"weight_col": "class"}, TypeError, "must be numeric"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_arguments(name, table, tmp_path):
    options, error, message = WRONG[name]
    with pytest.raises(error, match=message):
        flow(table, tmp_path, **options)


def test_a_generator_is_needed(table):
    with pytest.raises(ValueError, match="`image_data_generator` is missing"):
        DataFrameIterator(table)
