"""Several functions in one file."""

import keras
import numpy as np
import pytest
import torch
from torch.export.pt2_archive._package import load_pt2

import torchkeras
from torchkeras import layers
from torchkeras.export import ExportArchive

SPEC = torchkeras.InputSpec(shape=(None, 4), dtype="float32", name="x")


@pytest.fixture(scope="module")
def model():
    made = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(500), layers.Dropout(0.5)])
    made.compile("adam", "mse")
    made.fit(np.ones((2, 4)), np.ones((2, 500)), verbose=0)
    return made


def test_members_are_keras(model):
    theirs = {name for name in dir(keras.export.ExportArchive) if not name.startswith("_")}
    assert theirs <= set(dir(ExportArchive))


def test_several_endpoints_and_a_collection(model, tmp_path, capsys):
    archive = ExportArchive()
    archive.track(model)
    serve = archive.add_endpoint("serve", model.call, [SPEC])
    archive.add_endpoint("train", lambda x: model(x, training=True), [SPEC])
    archive.add_endpoint("both", lambda x, y: {"sum": model(x) + model(y)}, [SPEC, SPEC])
    archive.add_variable_collection("state", model.optimizer.variables)
    archive.write_out(tmp_path / "m.pt2")
    assert "serve, train, both" in capsys.readouterr().out

    x = torch.rand(3, 4)
    torch.testing.assert_close(serve(x), model(x))
    torch.testing.assert_close(torch.export.load(tmp_path / "m.pt2").module()(x), model(x))
    programs = load_pt2(tmp_path / "m.pt2").exported_programs
    run = {name: program.module() for name, program in programs.items()}
    torch.testing.assert_close(run["serve"](x), model(x))
    torch.testing.assert_close(run["both"](x, x)["sum"], 2 * model(x))
    assert (run["train"](x) == 0).any()
    for found, variable in zip(run["state"](), model.optimizer.variables, strict=True):
        assert torch.equal(found, variable.value)


def test_shared_weights_are_written_once(model, tmp_path):
    sizes = []
    for names in (["a"], ["a", "b", "c"]):
        archive = ExportArchive()
        for name in names:
            archive.track_and_add_endpoint(name, model, [SPEC])
        archive.write_out(tmp_path / "m.pt2", verbose=False)
        with_weights = load_pt2(tmp_path / "m.pt2").exported_programs[names[-1]]
        sizes.append((tmp_path / "m.pt2").read_bytes().count(weights_of(model)))
        assert len(with_weights.state_dict) >= 2
    assert sizes == [1, 1]


def weights_of(model):
    return model.layers[0].linear.weight.detach().numpy().tobytes()


def test_variables_of_what_is_tracked(model):
    archive = ExportArchive()
    archive.track(model)
    archive.track(model)
    assert [v.path for v in archive.trainable_variables] == [
        v.path for v in model.trainable_variables
    ]
    assert len(archive.variables) == len(model.variables)
    assert len(archive.non_trainable_variables) == len(model.non_trainable_variables)


def test_a_model_knows_its_inputs(model):
    archive = ExportArchive()
    archive.track_and_add_endpoint("serve", model, None)
    assert archive.add_endpoint("again", model.call)(torch.ones(3, 4)).shape == (3, 500)


def test_one_endpoint_as_onnx(model, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    archive = ExportArchive()
    archive.add_endpoint("largest", lambda x: model(x).argmax(-1), [SPEC])
    archive.write_out(tmp_path / "m.onnx", verbose=False)
    x = torch.rand(3, 4)
    (found,) = onnxruntime.InferenceSession(tmp_path / "m.onnx").run(None, {"x": x.numpy()})
    np.testing.assert_array_equal(found, model(x).argmax(-1))
    archive.add_variable_collection("state", model.variables)
    with pytest.raises(ValueError, match="holds one endpoint"):
        archive.write_out(tmp_path / "m.onnx")


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda a, m: a.track(3), "must be a layer"),
        (lambda a, m: a.track(layers.Dense(2)), "not yet been built"),
        (lambda a, m: a.add_endpoint("serve", m, [SPEC]), "already taken"),
        (lambda a, m: a.add_endpoint("a/b", m, [SPEC]), "letters"),
        (lambda a, m: a.add_endpoint("x", lambda x: x), "`input_signature` is needed"),
        (lambda a, m: a.add_endpoint("x", m, [SPEC], is_static=True), "Received: is_static"),
        (lambda a, m: a.add_variable_collection("x", m.variables[0]), "list, tuple or set"),
        (lambda a, m: a.add_variable_collection("x", [torch.ones(1)]), "variables alone"),
        (lambda a, m: a.write_out("m"), r"must end in `\.pt2`"),
        (lambda a, m: a.write_out("m.pt2", options=1), "TensorFlow's"),
        (lambda a, m: ExportArchive("neptune_model"), "neptune_model"),
        (lambda a, m: ExportArchive().write_out("m.pt2"), "no endpoints yet"),
    ],
)
def test_refusals(model, act, text):
    archive = ExportArchive()
    archive.add_endpoint("serve", model, [SPEC])
    with pytest.raises(ValueError, match=text):
        act(archive, model)
