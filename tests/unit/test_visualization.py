"""Pictures: the same pixels as Keras's where it draws, and figures with what was asked for."""

import inspect
import sys
import types

import keras
import matplotlib as mpl
import numpy as np
import pytest
import torch
from matplotlib import pyplot as plt
from PIL import Image

import torchkeras
from torchkeras import callbacks, visualization
from torchkeras.callbacks.history import History

mpl.use("Agg")
RNG = np.random.default_rng(2)
IMAGES = RNG.integers(0, 256, (5, 24, 30, 3)).astype("uint8")
MASKS = RNG.integers(0, 3, (5, 24, 30, 1))
BOXES = {
    "boxes": np.array([[[4.0, 8.0, 20.0, 18.0], [0.0, 0.0, 9.0, 9.0]]] * 5),
    "labels": np.array([[1, -1]] * 5),
}
NAMES = sorted(name for name in dir(keras.visualization) if not name.startswith("_"))


@pytest.mark.parametrize("name", NAMES)
def test_names_and_arguments_are_keras(name):
    ours, theirs = (
        [(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()]
        for f in (getattr(visualization, name), getattr(keras.visualization, name))
    )
    assert ours == theirs


@pytest.fixture(autouse=True)
def no_figure_is_left():
    yield
    assert not plt.get_fignums()


# Masks


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize(
    "args",
    [
        {},
        {"alpha": 0.3},
        {"blend": False},
        {"ignore_index": 0},
        {"color_mapping": {0: (1, 2, 3), 1: (200, 0, 0), 2: (0, 0, 200)}},
    ],
    ids=str,
)
def test_masks_are_drawn_as_keras_draws_them(args):
    found = visualization.draw_segmentation_masks(IMAGES, MASKS, 3, **args)
    theirs = keras.visualization.draw_segmentation_masks(
        torch.tensor(IMAGES), torch.tensor(MASKS), 3, **args
    )
    assert found.dtype == np.uint8
    np.testing.assert_allclose(found.astype(int), np.asarray(theirs).astype(int), atol=1)


def test_all_classes_are_drawn_if_their_number_is_not_given():
    found = visualization.draw_segmentation_masks(IMAGES, MASKS[..., 0], blend=False)
    assert np.array_equal(
        found, visualization.draw_segmentation_masks(IMAGES, MASKS, 3, blend=False)
    )
    first = visualization.draw_segmentation_masks(
        np.moveaxis(IMAGES, -1, 1), MASKS.transpose(0, 3, 1, 2), data_format="channels_first",
        blend=False,
    )  # fmt: skip
    assert np.array_equal(first, found)


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(TypeError, match="whole numbers"):
        visualization.draw_segmentation_masks(IMAGES, MASKS.astype("float32"))
    with pytest.raises(ValueError, match="segmentation_masks"):
        visualization.draw_segmentation_masks(IMAGES, MASKS[:, 1:])


# Boxes


def drawn(images=IMAGES, **args):
    color = args.pop("color", (9, 8, 7))
    return visualization.draw_bounding_boxes(images, BOXES, "xyxy", color=color, **args)


def test_boxes_are_lines_of_the_color():
    found = drawn(line_thickness=1)
    where = (found == (9, 8, 7)).all(-1)
    expected = np.zeros((24, 30), bool)
    expected[[8, 18], 4:21] = expected[8:19, 4] = expected[8:19, 20] = True
    assert (where[0] == expected).all()
    assert np.array_equal(found[:, ~expected], IMAGES[:, ~expected])


def test_names_are_written_if_there_are_any():
    plain, named = drawn(), drawn(class_mapping={1: "cat"})
    assert not np.array_equal(plain, named)
    sure = visualization.draw_bounding_boxes(
        IMAGES, {**BOXES, "confidences": np.ones((5, 2))}, "xyxy", {1: "cat"}, (9, 8, 7)
    )
    assert not np.array_equal(sure, named)
    assert np.array_equal(plain, drawn(class_mapping={7: "dog"}))


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_images_of_any_kind_are_drawn_on(channels):
    pictures = RNG.uniform(0, 1, (5, 24, 30, channels)).astype("float32")
    kept = pictures.copy()
    found = drawn(pictures, class_mapping={1: "cat"})
    assert found.dtype == np.uint8
    assert found.shape == pictures.shape
    assert found.max() > 200
    first = drawn(
        np.moveaxis(pictures, -1, 1), data_format="channels_first", class_mapping={1: "cat"}
    )
    assert np.array_equal(np.moveaxis(first, 1, -1), found)
    assert np.array_equal(pictures, kept)


def test_given_bytes_are_left_alone():
    kept = IMAGES.copy()
    drawn(class_mapping={1: "cat"})
    assert np.array_equal(IMAGES, kept)


def test_boxes_outside_of_the_image_are_no_error():
    boxes = {"boxes": [[[-9.0, -9.0, 99.0, 99.0], [40.0, 40.0, 50.0, 50.0]]], "labels": [[1, 1]]}
    visualization.draw_bounding_boxes(IMAGES[:1], boxes, "xyxy", {1: "a rather long name"})


def test_what_is_wrong_with_boxes_is_said():
    with pytest.raises(TypeError, match="dictionary"):
        visualization.draw_bounding_boxes(IMAGES, BOXES["boxes"], "xyxy")
    with pytest.raises(ValueError, match="'labels'"):
        visualization.draw_bounding_boxes(IMAGES, {"boxes": BOXES["boxes"]}, "xyxy")
    with pytest.raises(ValueError, match="4 axes"):
        visualization.draw_bounding_boxes(IMAGES[0], BOXES, "xyxy")


# Figures


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).reshape(-1, 3)


def test_a_gallery_shows_every_image(tmp_path):
    """Keras shows three of five."""
    colors = np.array([[200, 0, 0], [0, 200, 0], [0, 0, 200], [200, 200, 0], [0, 200, 200]])
    images = np.broadcast_to(colors[:, None, None], (5, 8, 8, 3)).astype("uint8")
    path = tmp_path / "gallery.png"
    visualization.plot_image_gallery(images, path=path)
    seen = {tuple(color) for color in pixels(path).tolist()}
    assert {tuple(color) for color in colors.tolist()} <= seen
    first = tmp_path / "first.png"
    visualization.plot_image_gallery(
        np.moveaxis(images, -1, 1) / 255.0, path=first, data_format="channels_first",
        value_range=(0, 1), rows=1, y_true=[0] * 5, y_pred=[1] * 5, label_map={0: "zero"},
    )  # fmt: skip
    assert {tuple(c) for c in colors.tolist()} <= {tuple(c) for c in pixels(first).tolist()}


def test_galleries_of_boxes_and_masks(tmp_path):
    path = tmp_path / "boxes.png"
    visualization.plot_bounding_box_gallery(
        IMAGES / 255.0, "xyxy", BOXES, BOXES, value_range=(0, 1), legend=True, path=path
    )
    assert pixels(path).std() > 20
    visualization.plot_segmentation_mask_gallery(IMAGES, 3, y_true=MASKS, y_pred=MASKS, path=path)
    assert pixels(path).std() > 20
    with pytest.raises(ValueError, match="legend"):
        visualization.plot_bounding_box_gallery(IMAGES, "xyxy", legend=True, legend_handles=[1])


def test_names_do_not_cover_the_small_images_of_a_gallery(tmp_path):
    path = tmp_path / "named.png"
    dark = np.zeros((1, 24, 30, 3), "uint8")
    visualization.plot_bounding_box_gallery(
        dark, "xyxy", {"boxes": [[[2, 12, 28, 20]]], "labels": [[1]]},
        class_mapping={1: "aeroplane"}, path=path, transparent=False, scale=6,
    )  # fmt: skip
    image = pixels(path)[..., :3]
    colored = (abs(image.astype(int) - (0, 188, 212)).sum(-1) < 90).mean()
    assert 0.01 < colored < 0.1


def test_classes_of_a_gallery_have_colors_far_apart(tmp_path):
    path, dark = tmp_path / "masks.png", np.zeros((1, 9, 9, 3))
    classes = np.arange(81).reshape(1, 9, 9) // 14
    visualization.plot_segmentation_mask_gallery(dark, 6, y_true=classes, alpha=1.0, path=path)
    colors, times = np.unique(pixels(path), axis=0, return_counts=True)
    often = colors[np.argsort(times)[-7:]].astype(int)  # six classes and the ground
    apart = np.abs(often[:, None] - often).sum(-1)[~np.eye(7, dtype=bool)]
    assert apart.min() > 90


def test_epochs_and_counts_have_whole_numbers(monkeypatch):
    ticks = []
    monkeypatch.setattr(
        plt, "show", lambda: ticks.extend((a.get_xticks(), a.get_yticks()) for a in plt.gcf().axes)
    )
    visualization.plot_history({"loss": [0.5]})
    visualization.plot_confusion_matrix([0, 1, 1], [0, 1, 0])
    (epochs, _), _, (_, counts) = ticks
    assert (epochs % 1 == 0).all()
    assert (counts % 1 == 0).all()


def test_galleries_are_shown_or_saved(monkeypatch, tmp_path):
    shown = []
    monkeypatch.setattr(plt, "show", lambda: shown.append(len(plt.gcf().axes)))
    visualization.plot_image_gallery(IMAGES)
    visualization.plot_image_gallery(IMAGES, path=tmp_path / "x.png")
    assert shown == [6]
    with pytest.raises(ValueError, match="path"):
        visualization.plot_image_gallery(IMAGES, path="x.png", show=True)
    with pytest.raises(ValueError, match="label_map"):
        visualization.plot_image_gallery(IMAGES, y_true=[1])


def panels(monkeypatch, *args, **kwargs):
    """Return the titles of the panels of a history, and the labels and lengths of their curves."""
    found = {}

    def show():
        for axis in plt.gcf().axes:
            if axis.get_title():
                found[axis.get_title()] = [(x.get_label(), list(x.get_xdata())) for x in axis.lines]

    monkeypatch.setattr(plt, "show", show)
    visualization.plot_history(*args, **kwargs)
    return found


def test_history_has_a_panel_for_each_metric(monkeypatch):
    x, y = np.ones((8, 2)), np.ones((8, 1))
    model = torchkeras.Sequential([torchkeras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    history = model.fit(x, y, epochs=3, initial_epoch=1, validation_split=0.5, verbose=0)
    found = panels(monkeypatch, history)
    assert list(found) == ["loss", "mae"]
    assert found["loss"] == [("training", [2, 3]), ("validation", [2, 3])]
    assert list(panels(monkeypatch, history.history, ["mae"])) == ["mae"]
    with pytest.raises(ValueError, match="acc"):
        visualization.plot_history(history, ["acc"])
    with pytest.raises(ValueError, match="metrics"):
        visualization.plot_history(History())
    with pytest.raises(TypeError, match="fit"):
        visualization.plot_history([1, 2])


def test_confusions_are_counted():
    found = visualization.plot_confusion_matrix([0, 1, 2, 2], [0, 2, 2, 1], show=False)
    assert found.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 1]]
    shares = visualization.plot_confusion_matrix(
        np.eye(3)[[0, 1, 2, 2]], np.eye(3)[[0, 2, 2, 1]] * 0.9, normalize="true", show=False
    )
    np.testing.assert_allclose(shares.sum(1), 1)
    binary = visualization.plot_confusion_matrix([[0], [1]], [[0.2], [0.7]], show=False)
    assert binary.tolist() == [[1, 0], [0, 1]]


def test_confusions_are_drawn(tmp_path):
    path = tmp_path / "confusion.svg"
    visualization.plot_confusion_matrix([0, 1], [0, 0], ["cat", "dog"], path=path)
    assert "predicted" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (([0, 1], [0]), "same length"),
        (([0, 3], [0, 1], ["a", "b"]), "class_names"),
        (([0, -1], [0, 1]), "from 0"),
        (([0, 1], [0, 1], None, "rows"), "normalize='rows'"),
    ],
)
def test_confusions_that_cannot_be(args, text):
    with pytest.raises(ValueError, match=text):
        visualization.plot_confusion_matrix(*args, show=False)


# While training


def run(callback, epochs=2):
    callback.on_train_begin()
    for epoch in range(epochs):
        callback.on_epoch_end(epoch, {"loss": 1 / (epoch + 1), "val_loss": 2.0})


def test_live_plot_explains_itself_where_there_is_no_notebook(capsys):
    run(callbacks.LivePlot())
    assert "plot_history" in capsys.readouterr().out


def test_live_plot_keeps_a_file_up_to_date(tmp_path, capsys):
    path = tmp_path / "run.png"
    run(callbacks.LivePlot(path=path), 1)
    one = path.read_bytes()
    run(callbacks.LivePlot(path=path), 3)
    assert path.read_bytes() != one
    assert capsys.readouterr().out == ""


def test_live_plot_stays_in_its_place_in_a_notebook(monkeypatch, capsys):
    calls = []

    class Handle:
        def update(self, image):
            calls.append(("update", image[:4]))

    def display(image, display_id):
        calls.append(("display", image[:4]))
        return Handle()

    tools = types.SimpleNamespace(display=display, Image=lambda data: data)
    for name, module in (("ipykernel", tools), ("IPython", tools), ("IPython.display", tools)):
        monkeypatch.setitem(sys.modules, name, module)
    run(callbacks.LivePlot(), 3)
    assert [word for word, _ in calls] == ["display", "update", "update"]
    assert {start for _, start in calls} == {b"\x89PNG"}
    assert capsys.readouterr().out == ""


def test_live_plot_goes_on_after_a_break():
    first, second = callbacks.LivePlot(), callbacks.LivePlot()
    run(first)
    second.load_state_dict(first.state_dict())
    assert second.history == first.history
