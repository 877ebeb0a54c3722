"""TensorBoard: what lies in its folders afterwards."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import torchkeras
from torchkeras import callbacks, layers

pytest.importorskip("tensorboard")
X = np.random.default_rng(0).random((12, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")


def events(folder: Path) -> dict[str, list[tuple[int, Any]]]:
    """Return tags with steps and summaries."""
    from tensorboard.backend.event_processing.event_file_loader import LegacyEventFileLoader

    found: dict[str, list[tuple[int, Any]]] = {}
    for file in sorted(folder.glob("events*")):
        for event in LegacyEventFileLoader(str(file)).Load():
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value))
    return found


def make() -> Any:
    model = torchkeras.Sequential([layers.Input((3,)), layers.Dense(2), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def fit(folder: Path, model: Any = None, x: Any = X, **options: Any) -> Any:
    model = model or make()
    board = callbacks.TensorBoard(folder, **options)
    history = model.fit(
        x, Y, batch_size=4, epochs=2, verbose=0, callbacks=[board], validation_data=(x, Y)
    )
    return history.history


def scalars(found: dict[str, list[tuple[int, Any]]], tag: str) -> list[tuple[int, float]]:
    return [(step, value.simple_value) for step, value in found[tag]]


def test_epochs(tmp_path: Path) -> None:
    history = fit(tmp_path)
    train, validation = events(tmp_path / "train"), events(tmp_path / "validation")
    names = {"epoch_loss", "epoch_mae", "epoch_learning_rate", "keras"}
    assert set(train) == names
    assert scalars(train, "epoch_loss") == [
        (epoch, pytest.approx(loss)) for epoch, loss in enumerate(history["loss"])
    ]
    assert [loss for _, loss in scalars(validation, "epoch_loss")] == pytest.approx(
        history["val_loss"]
    )
    steps = [step for step, _ in validation["evaluation_loss_vs_iterations"]]
    assert steps == [3, 6]


@pytest.mark.parametrize(("update_freq", "steps"), [("batch", [1, 2, 3, 4, 5, 6]), (4, [4])])
def test_batches(tmp_path: Path, update_freq: Any, steps: list[int]) -> None:
    fit(tmp_path, update_freq=update_freq)
    assert [step for step, _ in events(tmp_path / "train")["batch_loss"]] == steps


def test_epochs_alone_are_not_told_of_batches(tmp_path: Path) -> None:
    listeners = callbacks.CallbackList([callbacks.TensorBoard(tmp_path)])
    assert listeners.hooks("on_train_batch_end") == []


def test_speed(tmp_path: Path) -> None:
    fit(tmp_path, write_steps_per_second=True, update_freq=1)
    found = events(tmp_path / "train")
    assert all(value > 0 for _, value in scalars(found, "epoch_steps_per_second"))
    assert len(found["batch_steps_per_second"]) == 6


def test_histograms_and_images(tmp_path: Path) -> None:
    model = make()
    fit(tmp_path, model, histogram_freq=1, write_images=True)
    found = events(tmp_path / "train")
    for weight in model.weights:
        assert [step for step, _ in found[f"{weight.path}/histogram"]] == [0, 1]
        assert (f"{weight.path}/image" in found) == (weight.numpy().size > 1)


def test_the_model(tmp_path: Path) -> None:
    model = make()
    fit(tmp_path, model)
    ((_, value),) = events(tmp_path / "train")["keras"]
    assert value.metadata.plugin_data.plugin_name == "graph_keras_model"
    assert json.loads(value.tensor.string_val[0]) == json.loads(model.to_json())


def test_the_model_may_be_left_out(tmp_path: Path) -> None:
    fit(tmp_path, write_graph=False)
    assert "keras" not in events(tmp_path / "train")


def words() -> Any:
    embedding = layers.Embedding(2, 4, name="words")
    model = torchkeras.Sequential(
        [layers.Input((3,)), embedding, layers.Flatten(), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    return model


def test_embeddings(tmp_path: Path) -> None:
    model = words()
    x = np.zeros((12, 3), "int32")
    fit(tmp_path, model, x, embeddings_freq=1, embeddings_metadata={"words": "labels.tsv"})
    table = np.loadtxt(tmp_path / "embedding_words.tsv", delimiter="\t")
    np.testing.assert_allclose(table, model.layers[0].embeddings.numpy(), rtol=1e-6)
    config = (tmp_path / "projector_config.pbtxt").read_text()
    assert 'tensor_name: "words"' in config
    assert 'metadata_path: "labels.tsv"' in config


def test_labels_of_unknown_layers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"embeddings_metadata has \['word'\].*are \['words'\]"):
        fit(tmp_path, words(), embeddings_freq=1, embeddings_metadata={"word": "labels.tsv"})


@pytest.mark.filterwarnings("ignore")
def test_profiles(tmp_path: Path) -> None:
    fit(tmp_path, profile_batch=(2, 3))
    assert list((tmp_path / "train").glob("*.pt.trace.json"))


@pytest.mark.parametrize("profile_batch", [-1, (3, 2), (1,), "1,2,3", 1.5])
def test_profile_batch_must_be_a_range(profile_batch: Any) -> None:
    with pytest.raises(ValueError, match="profile_batch must be a non-negative integer or 2-tuple"):
        callbacks.TensorBoard(profile_batch=profile_batch)


def test_the_package_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ImportError, match=r"TensorBoard needs .*torch\[tensorboard\]"):
        fit(tmp_path)


def test_a_training_that_diverged_is_shown(tmp_path: Path) -> None:
    model = make()
    first = model.weights[0]
    first.assign(np.full(first.shape, np.nan))
    fit(tmp_path, model, histogram_freq=1)
    found = events(tmp_path / "train")
    assert "epoch_loss" in found
    assert f"{first.path}/histogram" not in found
