"""Exported models run without this library, under the names of their inputs."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

onnxruntime = pytest.importorskip("onnxruntime")
FORMATS = {"torch": "m.pt2", "onnx": "m.onnx"}


def functional():
    image = torchkeras.Input((6, 6, 1), name="image")
    row = torchkeras.Input((3,), name="a row")
    x = layers.Conv2D(2, 3, name="conv")(image)
    x = layers.Flatten()(layers.BatchNormalization()(x))
    joined = layers.Concatenate()([x, layers.Dropout(0.5)(row)])
    first = layers.Dense(2, name="first")(joined)
    return torchkeras.Model([image, row], [first, layers.Softmax(name="second")(first)])


def small(size=4):
    return torchkeras.Sequential([torchkeras.Input((size,), name="x"), layers.Dense(2)])


def inputs(count):
    return [torch.rand(count, 6, 6, 1), torch.rand(count, 3)]


def loaded(path):
    return torch.export.load(path).module()


# One file, and what is in it


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model, and the folder with both of its files."""
    model, folder = functional(), tmp_path_factory.mktemp("exported")
    for format, name in FORMATS.items():
        model.export(folder / name, format, verbose=False)
    return model, folder


def test_torch_program(exported):
    model, folder = exported
    program = torch.export.load(folder / "m.pt2")
    assert program.graph_signature.user_inputs == ("image", "a_row")
    for count in (1, 5):
        x = inputs(count)
        for found, expected in zip(program.module()(x), model(x), strict=True):
            torch.testing.assert_close(found, expected)


def test_onnx(exported):
    model, folder = exported
    session = onnxruntime.InferenceSession(folder / "m.onnx")
    described = [(each.name, each.shape) for each in session.get_inputs()]
    assert described == [("image", ["batch", 6, 6, 1]), ("a_row", ["batch", 3])]
    assert [each.name for each in session.get_outputs()] == ["first", "second"]
    for count in (1, 5):
        x = inputs(count)
        found = session.run(None, dict(zip(["image", "a_row"], map(np.asarray, x), strict=True)))
        for mine, expected in zip(found, model(x), strict=True):
            np.testing.assert_allclose(mine, expected.detach(), atol=1e-5)


BARE = {
    "torch": """
        import torch
        run = torch.export.load(path).module()
        found = [y.detach().numpy() for y in run([torch.from_numpy(x) for x in given])]
    """,
    "onnx": """
        import onnxruntime
        session = onnxruntime.InferenceSession(path)
        found = session.run(None, dict(zip(["image", "a_row"], given)))
    """,
}


@pytest.mark.parametrize("format", FORMATS)
def test_runs_where_only_torch_or_onnxruntime_is(exported, tmp_path, format):
    model, folder = exported
    path = folder / FORMATS[format]
    x = inputs(3)
    np.savez(tmp_path / "given.npz", *[np.asarray(each) for each in x])
    blocked = ["torchkeras", "keras", *(["torch"] if format == "onnx" else [])]
    begin = f"""
        import sys
        import numpy as np
        for name in {blocked}:
            sys.modules[name] = None
        path = {str(path)!r}
        with np.load({str(tmp_path / "given.npz")!r}) as file:
            given = [file[name] for name in file.files]
    """
    end = f"np.savez({str(tmp_path / 'found.npz')!r}, *found)"
    program = "\n".join(map(textwrap.dedent, (begin, BARE[format], end)))
    environment = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], check=True, cwd=tmp_path, env=environment
    )
    with np.load(tmp_path / "found.npz") as file:
        for name, expected in zip(file.files, model(x), strict=True):
            np.testing.assert_allclose(file[name], expected.detach(), atol=1e-5)


# Inputs


def test_inputs_in_a_dictionary(tmp_path):
    a, b = torchkeras.Input((3,), name="first"), torchkeras.Input((3,), name="second")
    model = torchkeras.Model({"z": a, "y": b}, layers.Subtract()([a, b]))
    model.export(tmp_path / "m.pt2", verbose=False)
    program = torch.export.load(tmp_path / "m.pt2")
    assert program.graph_signature.user_inputs == ("first", "second")
    x = {"z": torch.rand(3, 3), "y": torch.rand(3, 3)}
    torch.testing.assert_close(program.module()(x), model(x))


def test_unknown_sides_stay_free(tmp_path):
    model = torchkeras.Sequential(
        [
            torchkeras.Input((None, None, 1)),
            *(layers.Conv2D(2, 3, strides=2) for _ in range(2)),
            layers.GlobalMaxPooling2D(),
        ]
    )
    model.export(tmp_path / "m.pt2", verbose=False)
    x = torch.rand(1, 33, 40, 1)
    torch.testing.assert_close(loaded(tmp_path / "m.pt2")(x), model(x))


class Subclassed(torchkeras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, left, right):
        return self.dense(left) - self.dense(right)


def test_subclassed_models_know_what_they_were_called_on(tmp_path):
    model = Subclassed()
    x = torch.rand(3, 4), torch.rand(3, 4)
    model(*x)
    model.export(tmp_path / "m.pt2", verbose=False)
    program = torch.export.load(tmp_path / "m.pt2")
    assert program.graph_signature.user_inputs == ("left", "right")
    torch.testing.assert_close(program.module()(*x), model(*x))


@pytest.mark.parametrize(
    "spec", [torchkeras.InputSpec(shape=(None, 4), dtype="float32"), torch.ones(2, 4)]
)
def test_input_signature(tmp_path, spec):
    small().export(tmp_path / "m.pt2", input_signature=[spec], verbose=False)
    assert loaded(tmp_path / "m.pt2")(torch.ones(5, 4)).shape == (5, 2)


@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: [(x,)]])
def test_dynamic_shapes(tmp_path, wrap):
    sizes = {0: torch.export.Dim("batch", min=1, max=32)}
    small().export(tmp_path / "m.pt2", dynamic_shapes=wrap(sizes), verbose=False)
    (found,) = torch.export.load(tmp_path / "m.pt2").range_constraints.values()
    assert (found.lower, found.upper) == (1, 32)


# Modes, and what stays as it was


def test_augmentation_sleeps_and_dropout_is_off(tmp_path):
    flip = layers.RandomFlip(seed=1)
    model = torchkeras.Sequential([torchkeras.Input((4, 4, 1)), flip, layers.Dropout(0.9)])
    model.export(tmp_path / "m.pt2", verbose=False)
    x = torch.rand(3, 4, 4, 1)
    torch.testing.assert_close(loaded(tmp_path / "m.pt2")(x), x)


def test_the_model_keeps_its_mode(tmp_path):
    model = small()
    model.train()
    model.export(tmp_path / "m.pt2", verbose=False)
    assert model.training
    assert model.layers[0].training


def test_what_onnx_has_no_form_of(tmp_path):
    image, number = torchkeras.Input((5, 7, 2), name="i"), torchkeras.Input((3,), name="n")
    outputs = [
        layers.AdaptiveMaxPooling2D((2, 3))(image),
        layers.IntegerLookup(vocabulary=[9, 5, 7])(number),
        number,  # an output that is an input
    ]
    model = torchkeras.Model([image, number], outputs)
    model.export(tmp_path / "m.onnx", "onnx", verbose=False)
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    x = torch.rand(3, 5, 7, 2), torch.tensor([[9.0, 5.0, 7.0], [4.0, 6.0, 8.0], [10.0, 0.0, 9.0]])
    found = session.run(None, {"i": x[0].numpy(), "n": x[1].numpy()})
    for mine, expected in zip(found, model(list(x)), strict=True):
        np.testing.assert_allclose(mine, expected)


# Refusals


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("m.pt", {}, r"must end in `\.pt2`"),
        ("m.onnx", {}, 'Pass `format="onnx"`'),
        ("m.pt2", {"format": "onnx"}, 'Pass `format="torch"`'),
        ("m", {"format": "tf_saved_model"}, "written by TensorFlow"),
        ("m", {"format": "litert"}, "litert_torch.convert"),
        ("m", {"format": "openvino"}, "openvino.convert_model"),
        ("m.pt2", {"format": "onx"}, "Did you mean 'onnx'"),
        ("m.pt2", {"stricd": True}, "Received: stricd. Did you mean 'strict'"),
        ("m.pt2", {"input_signature": [torchkeras.InputSpec(ndim=2)]}, "needs a shape and a dtype"),
    ],
)
def test_wrong_arguments(tmp_path, name, arguments, text):
    with pytest.raises(ValueError, match=text):
        small().export(tmp_path / name, **arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_model_that_was_never_built(tmp_path):
    with pytest.raises(ValueError, match="not yet been built"):
        Subclassed().export(tmp_path / "m.pt2")


@pytest.mark.parametrize("format", FORMATS)
def test_texts(tmp_path, format):
    text = torchkeras.Input((), dtype="string", name="text")
    model = torchkeras.Model(text, layers.StringLookup(vocabulary=["a"])(text))
    with pytest.raises(ValueError, match="'text' holds texts"):
        model.export(tmp_path / FORMATS[format], format)


class Branching(torchkeras.Model):
    def call(self, x):
        return x * 2 if bool(x[0, 0] > 0) else x


@pytest.mark.parametrize("strict", [True, False])
def test_what_depends_on_numbers_is_no_program(tmp_path, strict):
    model = Branching()
    model(torch.ones(1, 4))
    with pytest.raises(RuntimeError, match="must not depend on the numbers"):
        model.export(tmp_path / "m.pt2", strict=strict)
    assert list(tmp_path.iterdir()) == []


def test_an_operation_that_onnx_does_not_have(tmp_path):
    class Odd(layers.Layer):
        def call(self, inputs):
            return torch.special.bessel_j0(inputs)

    model = torchkeras.Sequential([torchkeras.Input((3,)), Odd()])
    with pytest.raises(RuntimeError, match="bessel_j0"):
        model.export(tmp_path / "m.onnx", "onnx")


def test_missing_packages(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    with pytest.raises(ImportError, match=r"pip install keras-on-torch\[onnx\]"):
        small().export(tmp_path / "m.onnx", "onnx")


def test_it_says_where_the_file_is(tmp_path, capsys):
    small().export(tmp_path / "m.pt2")
    assert str(tmp_path / "m.pt2") in capsys.readouterr().out
