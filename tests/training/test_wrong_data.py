"""Wrong data: the message names the argument or layer, what was expected, what came, a cure."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

from torchkeras import Input, Model, Sequential, layers

X = np.ones((6, 2), "float32")
Y = np.ones((6, 1), "float32")
IMAGES = np.ones((6, 8, 7, 3), "float32")


def dense() -> Any:
    return compiled(Sequential([Input((2,)), layers.Dense(1)]))


def compiled(model: Any) -> Any:
    model.compile("sgd", "mse")
    return model


def images(**options: Any) -> Any:
    last = options.get("data_format") != "channels_first"
    inputs = Input((8, 7, 3) if last else (3, 8, 7))
    convolved = layers.Conv2D(2, 3, **options)(inputs)
    return compiled(Model(inputs, layers.Dense(1)(layers.Flatten()(convolved))))


def two_inputs() -> Any:
    inputs = {name: Input((2,), name=name) for name in "ab"}
    return compiled(Model(inputs, layers.Dense(1)(layers.Add()(list(inputs.values())))))


def unbuilt_convolution() -> Any:
    model = Sequential([layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(1)])
    model.build((None, 8, 7, 3))
    return compiled(model)


def empty_generator() -> Any:
    return (batch for batch in ())


ROWS: list[tuple[str, Callable[[], Any], tuple[Any, ...], str]] = [
    ("width", dense, (np.ones((6, 3)), Y), r"expected shape=\(None, 2\), found shape=\(6, 3\)"),
    ("rank", dense, (np.ones(6), Y), r"expected ndim=2, found ndim=1.*axis missing"),
    ("images for a dense layer", dense, (IMAGES, Y), "expected ndim=2, found ndim=4"),
    (
        "channels first",
        images,
        (np.moveaxis(IMAGES, -1, 1), Y),
        r"shape=\(None, 8, 7, 3\), found shape=\(6, 3, 8, 7\).*first.*np\.moveaxis\(x, 1, -1\)",
    ),
    (
        "channels first in a layer",
        unbuilt_convolution,
        (np.moveaxis(IMAGES, -1, 1), Y),
        r"channels seem to come first.*np\.moveaxis\(x, 1, -1\)",
    ),
    (
        "channels last",
        lambda: images(data_format="channels_first"),
        (IMAGES, Y),
        r"channels seem to come last.*np\.moveaxis\(x, -1, 1\)",
    ),
    ("length", dense, (X, Y[:4]), "cardinality is ambiguous.*`x` has 6, `y` has 4"),
    ("weights' length", dense, (X, Y, np.ones(5)), "`sample_weight` has 5"),
    ("text", dense, (X, np.array(["a"] * 6)), r"`y` must hold numbers. Received: y=ndarray"),
    ("objects", dense, (X.astype(object), Y), r"`x` must hold numbers.*astype\('float32'\)"),
    ("ragged", dense, ([[1.0, 2.0], [3.0]], Y[:2]), "`x` must hold lists of equal length"),
    ("no samples", dense, (X[:0], Y[:0]), "`x` must hold at least one sample"),
    ("no data", dense, (None,), "Unrecognized data type: `x`.*Received: x=None"),
    ("a word", dense, ("data.csv",), "Unrecognized data type: `x`.*x='data.csv'"),
    ("a generator function", dense, (empty_generator, Y), "Unrecognized data type: `x`.*call it"),
    ("no targets", dense, (X,), "compiled with a loss, which needs targets. Received: y=None"),
    ("a used up generator", dense, (empty_generator(),), "must yield at least one batch"),
    ("one input of two", two_inputs, ({"a": X}, Y), "Missing data for input 'b'.*'a'"),
    ("another key", two_inputs, ({"a": X, "c": X}, Y), "Missing data for input 'b'"),
    ("an array for two inputs", two_inputs, (X, Y), r"expects 2 input\(s\), but it received 1"),
    ("None for an input", two_inputs, ({"a": X, "b": None}, Y), "it must not be None"),
    ("targets beside a loader", dense, (DataLoader(TensorDataset(torch.ones(2))), Y), "`y` must"),
]


@pytest.mark.parametrize(
    ("make", "data", "text"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_fit_says_what_is_wrong(make: Callable[[], Any], data: tuple[Any, ...], text: str) -> None:
    x, y, sample_weight = (*data, None, None)[:3]
    with pytest.raises(ValueError, match=f"(?s){text}"):
        make().fit(x, y, sample_weight=sample_weight, verbose=0)


def test_a_generator_names_what_it_yields() -> None:
    with pytest.raises(ValueError, match="`y` must hold numbers"):
        dense().fit(((X, np.array(["a"] * 6)) for _ in range(2)), verbose=0)


def test_validation_data_are_checked_too() -> None:
    with pytest.raises(ValueError, match="found shape="):
        dense().fit(X, Y, validation_data=(np.ones((6, 3)), Y), verbose=0)
    with pytest.raises(ValueError, match="needs targets"):
        dense().fit(X, Y, validation_data=(X,), verbose=0)


def test_a_generator_that_ends_ends_the_training() -> None:
    model = dense()
    with pytest.warns(UserWarning, match="ran out of data after 0 of 2 batches"):
        history = model.fit(((X, Y) for _ in range(2)), epochs=4, verbose=0)
    assert len(history.history["loss"]) == 1


def test_validation_data_that_end_leave_no_false_zero() -> None:
    model = dense()
    with pytest.warns(UserWarning, match="ran out of data after 0 of 2 batches"):
        history = model.fit(X, Y, epochs=2, validation_data=((X, Y) for _ in range(2)), verbose=0)
    assert len(history.history["val_loss"]) == 1
    assert len(history.history["loss"]) == 2


def test_nothing_is_evaluated_without_data() -> None:
    model = dense()
    model.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match="must yield at least one batch"):
        model.evaluate(empty_generator(), verbose=0)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "bool", "float16", "float64"])
def test_inputs_of_any_number_type_are_cast_as_keras_does(dtype: str) -> None:
    model = dense()
    expected = model.predict(X, verbose=0)
    np.testing.assert_array_equal(model.predict(X.astype(dtype), verbose=0), expected)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64", "bool"])
def test_labels_keep_their_type(dtype: str) -> None:
    own: list[torch.dtype] = []

    class Own(Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

        def compute_loss(
            self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool = True
        ) -> Any:
            own.append(y.dtype)
            return y_pred.sum()

    model = Own()
    model.compile("sgd")
    model.fit(X, Y.astype(dtype), verbose=0)
    model.fit(((X, Y.astype(dtype)) for _ in range(1)), verbose=0)
    assert set(own) == {getattr(torch, dtype)}


def test_no_float64_goes_to_a_device(monkeypatch: pytest.MonkeyPatch) -> None:
    moved: list[torch.dtype] = []
    to = torch.Tensor.to

    def watched(self: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
        if any(isinstance(argument, torch.device) for argument in args):
            moved.append(self.dtype)
        return to(self, *args, **kwargs)

    monkeypatch.setattr(torch.Tensor, "to", watched)
    model = dense()
    wide = X.astype("float64"), Y.astype("float64")
    loader = DataLoader(TensorDataset(*map(torch.from_numpy, wide)), batch_size=3)
    model.fit(*wide, verbose=0)
    model.fit(loader, verbose=0)
    model.fit((wide for _ in range(2)), verbose=0)
    model.train_on_batch(*wide)
    assert torch.float64 not in moved
