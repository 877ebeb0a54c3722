"""`fit`, `evaluate` and `predict` on strings, for models with a layer that reads them."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader

import torchkeras
from torchkeras import layers

TEXTS = ["good film", "bad film", "good good", "bad bad bad", "so so"] * 2
Y = np.array([1, 0, 1, 0, 0] * 2)


def vectorization(**kwargs):
    layer = layers.TextVectorization(10, output_sequence_length=4, **kwargs)
    layer.adapt(TEXTS)
    return layer


def sequential(*inputs):
    parts = [vectorization(), layers.Embedding(10, 3), layers.GlobalAveragePooling1D()]
    model = torchkeras.Sequential([*inputs, *parts, layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


INPUTS = {
    "none": list,
    "column": lambda: [torchkeras.Input((1,), dtype="string")],
    "scalar": lambda: [torchkeras.Input((), dtype="string")],
}
FORMS = {
    "unicode": np.array,
    "bytes": lambda x: np.array([t.encode() for t in x]),
    "objects": lambda x: np.array(x, dtype=object),
    "column": lambda x: np.array(x)[:, None],
    "list": lambda x: x,
    "lists": lambda x: [[t] for t in x],
    "series": pd.Series,
    "table": lambda x: pd.DataFrame({"text": x}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("inputs", INPUTS)
def test_strings_in_every_form(inputs, form):
    x, model = FORMS[form](TEXTS), sequential(*INPUTS[inputs]())
    history = model.fit(x, Y, batch_size=3, validation_split=0.2, verbose=0).history
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    predicted = model.predict(x, batch_size=4, verbose=0)
    assert predicted.shape == (10, 1)
    np.testing.assert_allclose(predicted, model.predict_on_batch(x), rtol=1e-5)
    assert model.evaluate(x, Y, verbose=0, return_dict=True)["accuracy"] >= 0
    assert model.train_on_batch(x, Y)[0] > 0
    if form not in ("series", "table"):
        np.testing.assert_allclose(model(x).detach(), model.predict(x, verbose=0), rtol=1e-5)


LOADERS = {
    "pairs": lambda: DataLoader(list(zip(TEXTS, Y, strict=True)), 4),
    "workers": lambda: DataLoader(list(zip(TEXTS, Y, strict=True)), 4, num_workers=1),
    "generator": lambda: ((np.array(TEXTS[i : i + 5]), Y[i : i + 5]) for i in (0, 5)),
    "lists": lambda: iter([(TEXTS[:2], torch.from_numpy(Y[:2]))]),
}


@pytest.mark.parametrize("name", LOADERS)
def test_strings_from_loaders_and_iterables(name):
    model = sequential()
    model.fit(LOADERS[name](), verbose=0)
    assert model.predict(TEXTS, verbose=0).shape == (10, 1)


@pytest.mark.parametrize("batch_size", [2, 3, 4])
def test_a_batch_of_strings_is_no_tuple_of_inputs_and_targets(batch_size):
    model = sequential()
    found = model.predict(DataLoader(TEXTS, batch_size), verbose=0)
    np.testing.assert_allclose(found, model.predict(TEXTS, verbose=0), rtol=1e-5)


@pytest.mark.filterwarnings("ignore:The model does not have any trainable")
def test_shuffling_keeps_texts_and_labels_together():
    model = torchkeras.Sequential([layers.StringLookup(vocabulary=["a", "b"]), _Seen()])
    model.compile("sgd", "mse")
    words = np.array(["a", "b"] * 8)
    model.fit(words, (words == "b") + 1.0, batch_size=4, verbose=0, epochs=2)
    assert model.evaluate(words, (words == "b") + 1.0, verbose=0) == 0


class _Seen(layers.Layer):
    def call(self, inputs):
        return inputs.float()


def branches():
    text = torchkeras.Input((1,), dtype="string", name="text")
    number = torchkeras.Input((2,), name="number")
    words = layers.Flatten()(layers.Embedding(10, 3)(vectorization()(text)))
    outputs = layers.Dense(1)(layers.concatenate([words, number]))
    model = torchkeras.Model({"text": text, "number": number}, outputs)
    model.compile("sgd", "mse")
    return model


def test_strings_beside_numbers():
    model = branches()
    x = {"text": TEXTS, "number": np.ones((10, 2))}
    model.fit(x, Y, batch_size=4, verbose=0)
    arrays = {"text": np.array(TEXTS), "number": np.ones((10, 2), "float32")}
    np.testing.assert_allclose(model.predict(x, verbose=0), model(arrays).detach(), rtol=1e-5)


def test_subclassed_models_read_strings():
    class Subclassed(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.words, self.head = vectorization(output_mode="int"), layers.Dense(1)

        def call(self, inputs):
            return self.head(self.words(inputs).float())

    model = Subclassed()
    model.compile("sgd", "mse")
    model.fit(TEXTS, Y, verbose=0)
    assert model.predict(np.array(TEXTS), verbose=0).shape == (10, 1)


def dense():
    model = torchkeras.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def built():
    model = torchkeras.Sequential([torchkeras.Input((1,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


MIXED = np.array(["a", None, "c"], dtype=object)
WRONG = {
    "no reader": (dense, np.array(TEXTS), "`x` must hold numbers"),
    "no reader, list": (dense, TEXTS, "`x` must hold numbers"),
    "built": (built, np.array(TEXTS), "Layers take numbers"),
    "missing": (sequential, MIXED, "`x` must hold numbers"),
    "unequal lists": (sequential, [["a"], ["b", "c"]], "strings of equal length"),
    "numbers": (branches, {"text": np.ones((10, 1)), "number": np.ones((10, 2))}, "Give strings"),
    "text": (branches, {"text": TEXTS, "number": np.array([TEXTS] * 2).T}, "Give numbers"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said(name):
    make, x, text = WRONG[name]
    with pytest.raises(ValueError, match=text):
        make().fit(x, Y[: len(x)] if len(x) != 2 else Y, verbose=0)


def test_a_text_model_travels_whole(tmp_path):
    model = sequential(torchkeras.Input((1,), dtype="string"))
    model.fit(TEXTS, Y, verbose=0)
    model.save(tmp_path / "m.keras")
    again = torchkeras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(
        again.predict(TEXTS, verbose=0), model.predict(TEXTS, verbose=0), rtol=1e-6
    )
    assert again.get_layer(index=0).get_vocabulary() == model.get_layer(index=0).get_vocabulary()
    assert model.count_params() == 10 * 3 + 3 + 1


@pytest.mark.parametrize("inner", ["sequential", "functional"])
def test_models_that_read_text_are_layers_of_others(inner):
    words = layers.TextVectorization(output_sequence_length=4, vocabulary=["a", "b"])
    parts = [words, layers.Embedding(5, 3), layers.GlobalAveragePooling1D(), layers.Dense(1)]
    reader = torchkeras.Sequential([layers.Input((1,), dtype="string"), *parts])
    if inner == "functional":
        text = layers.Input((1,), dtype="string")
        reader = torchkeras.Model(text, reader(text))
    inputs = layers.Input((1,), dtype="string")
    model = torchkeras.Model(inputs, layers.Rescaling(2.0)(reader(inputs)))
    assert model.output_shape == (None, 1)
    texts = np.array([["a b"], ["b"]])
    np.testing.assert_allclose(
        model.predict(texts, verbose=0), 2 * reader.predict(texts, verbose=0), rtol=1e-6
    )


def test_a_tutorial_from_a_folder_to_raw_strings(tmp_path):
    for label, words in (("neg", "bad dull"), ("pos", "good moving")):
        folder = tmp_path / "texts" / label
        folder.mkdir(parents=True)
        for place in range(8):
            (folder / f"{place}.txt").write_text(f"A {words} film, {place}!<br />")
    train, held = torchkeras.utils.text_dataset_from_directory(
        tmp_path / "texts",
        batch_size=4,
        validation_split=0.25,
        subset="both",
        seed=1,
        verbose=False,
    )
    numbers = layers.TextVectorization(max_tokens=50, output_sequence_length=6)
    numbers.adapt(train.map(lambda x, y: x))
    ready = [
        part.map(lambda x, y: (numbers(np.expand_dims(x, -1)), y)).cache().prefetch(-1)
        for part in (train, held)
    ]
    model = torchkeras.Sequential(
        [layers.Embedding(50, 4), layers.GlobalAveragePooling1D(), layers.Dense(1, "sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(ready[0], validation_data=ready[1], epochs=2, verbose=0).history
    assert len(history["val_accuracy"]) == 2
    inputs = torchkeras.Input((1,), dtype="string")
    whole = torchkeras.Model(inputs, model(numbers(inputs)))
    whole.compile(loss="binary_crossentropy", metrics=["accuracy"])
    expected = model.evaluate(ready[1], verbose=0)
    np.testing.assert_allclose(whole.evaluate(held, verbose=0), expected, rtol=1e-5)
    whole.save(tmp_path / "whole.keras")
    loaded = torchkeras.models.load_model(tmp_path / "whole.keras")
    raw = np.array([["A good film"], ["What a dull one"]])
    assert np.array_equal(loaded.predict(raw, verbose=0), whole.predict(raw, verbose=0))
