"""`model_to_dot` and `plot_model`: boxes and arrows as in Keras, and what they show."""

import importlib
import shutil

import keras
import pytest

import torchkeras
from torchkeras import utils

pytest.importorskip("pydot")
needs_graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is missing")


def sequential(package):
    layers = package.layers
    return package.Sequential(
        [package.Input((8,)), layers.Dense(8, "relu", name="one"), layers.Dense(4, name="two")],
        name="inner",
    )


def branched(package):
    layers, inner = package.layers, sequential(package)
    a, b = package.Input((8,), name="a"), package.Input((8,), name="b")
    joined = layers.Concatenate(name="joined")([inner(a), inner(b)])
    x = package.Input((8,), name="x")
    heads = package.Model(x, [layers.Dense(2, name="p")(x), layers.Dense(3, name="q")(x)])
    p, q = heads(joined)
    return package.Model([a, b], [p, q, layers.Add(name="sum")([joined, joined])])


def count(graph):
    """The boxes and the arrows of a graph with all its clusters."""
    boxes = [node for node in graph.get_nodes() if node.get_name() not in ("node", "edge")]
    inner = [count(cluster) for cluster in graph.get_subgraphs()]
    edges = {(edge.get_source(), edge.get_destination()) for edge in graph.get_edges()}
    return len(boxes) + sum(n for n, _ in inner), len(edges) + sum(n for _, n in inner)


@pytest.mark.parametrize("make", [sequential, branched])
@pytest.mark.parametrize("expand", [False, True])
def test_boxes_and_arrows_are_those_of_keras(make, expand):
    ours, theirs = (
        package.utils.model_to_dot(make(package), expand_nested=expand)
        for package in (torchkeras, keras)
    )
    assert count(ours) == count(theirs)


def text_of(model, **options):
    return utils.model_to_dot(model, **options).to_string()


def test_what_is_shown():
    model = sequential(torchkeras)
    model.layers[1].trainable = False
    plain = text_of(model)
    assert "<b>one</b> (Dense)" in plain
    assert "put shape" not in plain
    assert "<b>Dense</b>" in text_of(model, show_layer_names=False)
    shapes = text_of(model, show_shapes=True, show_dtype=True)
    assert "Input shape: <b>(None, 8)</b>" in shapes
    assert "Output shape: <b>(None, 4)</b>" in shapes
    assert "Output dtype: <b>float32</b>" in shapes
    assert "Activation: <b>relu</b>" in text_of(model, show_layer_activations=True)
    trained = text_of(model, show_trainable=True)
    assert "<b>Trainable</b>" in trained
    assert "<b>Non-trainable</b>" in trained
    assert "rankdir=LR" in text_of(model, rankdir="LR")


def test_functions_are_boxes_too():
    x = torchkeras.Input((8,))
    text = text_of(torchkeras.Model(x, torchkeras.ops.relu(x * 2)), show_shapes=True)
    assert "(relu)" in text
    assert text.count("Output shape") == 3


def test_names_are_escaped():
    x = torchkeras.Input((8,), name='a<b>&"c"')
    assert "a&lt;b&gt;&amp;" in text_of(torchkeras.Model(x, x + 1))


def test_a_model_with_a_call_is_one_box():
    class Own(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.dense = torchkeras.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    model = Own()
    with pytest.raises(ValueError, match="is not built"):
        utils.model_to_dot(model)
    model.build((None, 3))
    assert count(utils.model_to_dot(model)) == (1, 0)


def test_a_cluster_for_a_larger_graph():
    cluster = utils.model_to_dot(sequential(torchkeras), subgraph=True)
    assert type(cluster).__name__ == "Cluster"


@needs_graphviz
@pytest.mark.parametrize(
    ("name", "start"), [("m.png", b"\x89PNG"), ("m.svg", b"<?xml"), ("m", b"\x89PNG")]
)
def test_files(name, start, tmp_path):
    path = tmp_path / name
    options = {"show_shapes": True, "expand_nested": True, "dpi": 40}
    assert utils.plot_model(branched(torchkeras), path, **options) is None
    assert path.read_bytes().startswith(start)


def test_text_needs_no_graphviz(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    inner = torchkeras.Sequential(
        [torchkeras.Input((3,)), torchkeras.layers.Dense(2, name="dense")], name="inner"
    )
    x = torchkeras.Input((3,), name="x")
    model = torchkeras.Model(x, inner(x) * 2.0)
    path = tmp_path / "m.txt"
    utils.plot_model(model, path, show_shapes=True, show_dtype=True, expand_nested=True)
    lines = path.read_text("utf-8").splitlines()
    assert lines[0] == "x (InputLayer) : (None, 3) : float32"
    assert lines[1] == "inner (Sequential) <- x : (None, 2) : float32"
    assert any(line.startswith("  dense (Dense)") for line in lines)
    assert " (mul) <- inner : (None, 2)" in lines[-1]
    utils.plot_model(model, path)
    assert path.read_text("utf-8").splitlines()[1] == "inner (Sequential) <- x"


def test_what_is_missing_is_named(monkeypatch, tmp_path):
    model = sequential(torchkeras)
    monkeypatch.setattr(shutil, "which", lambda program: None)
    with pytest.raises(ImportError, match="needs the program `dot` of Graphviz"):
        utils.plot_model(model, tmp_path / "m.png")
    real = importlib.import_module

    def without_pydot(name, *args):
        if name == "pydot":
            raise ImportError(name)
        return real(name, *args)

    monkeypatch.setattr(importlib, "import_module", without_pydot)
    with pytest.raises(ImportError, match=r"pip install keras-on-torch\[plot\]"):
        utils.model_to_dot(model)


def test_wrong_arguments():
    model = sequential(torchkeras)
    with pytest.raises(ValueError, match="does not take layer_range"):
        utils.model_to_dot(model, layer_range=["one", "two"])
    with pytest.raises(ValueError, match="`rankdir` must be one of"):
        utils.model_to_dot(model, rankdir="UP")
