"""Meshes, layouts and strategies in one process: Keras's values, and errors that say what to do."""

import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from torchkeras import distribution
from torchkeras._base.nested import map_leaves
from torchkeras._base.replicas import REPLICAS, Replicas

EIGHT = [f"cpu:{number}" for number in range(8)]


@pytest.fixture(autouse=True)
def alone():
    yield
    distribution.set_distribution(None)


def mesh(k=torchkeras, shape=(4, 2), names=("batch", "model")):
    return k.distribution.DeviceMesh(shape, list(names), EIGHT)


def test_meshes_equal_keras():
    ours, theirs = (mesh(k) for k in oracle.PACKAGES)
    assert repr(ours) == repr(theirs) == str(ours)
    assert ours.devices.tolist() == theirs.devices.tolist()
    assert (ours.shape, ours.axis_names) == (theirs.shape, theirs.axis_names)


def test_layout_maps_equal_keras():
    found = []
    for k in oracle.PACKAGES:
        layouts = k.distribution.LayoutMap(mesh(k))
        layouts[".*dense.*kernel"] = (None, "model")
        layouts["exact"] = k.distribution.TensorLayout(["model"])
        answers = [layouts[path] for path in ("my/dense_1/kernel", "exact", "other")]
        found.append(([a and a.axes for a in answers], len(layouts), list(layouts)))
        assert layouts["exact"].device_mesh is layouts.device_mesh
        del layouts["exact"]
        assert layouts["exact"] is None
    assert found[0] == found[1]


def test_strategies_equal_keras():
    for shape, names in (((8,), ["batch"]), ((4, 2), ["data", "model"])):
        found = []
        for k in oracle.PACKAGES:
            layouts = k.distribution.LayoutMap(mesh(k, shape, names))
            layouts["dense/kernel"] = (None, names[-1])
            parallel = k.distribution.ModelParallel(layout_map=layouts)
            data = parallel.get_data_layout((8, 3, 3)).axes
            replicas = parallel.num_model_replicas, parallel.data_shard_id, parallel.num_processes
            tensor = parallel.get_tensor_layout("dense/kernel").axes
            found.append((data, replicas, parallel.batch_dim_name, tensor))
        assert found[0] == found[1]


def test_variables_have_the_layouts_of_the_map():
    layer = torchkeras.layers.Dense(4, name="dense")
    layer.build((None, 3))
    layouts = distribution.LayoutMap(mesh())
    layouts["dense/kernel"] = (None, "model")
    parallel = distribution.ModelParallel(layout_map=layouts)
    assert parallel.get_variable_layout(layer.kernel).axes == (None, "model")
    assert parallel.get_variable_layout(layer.bias).axes == (None,)
    with pytest.warns(UserWarning, match="1D"):
        data = distribution.DataParallel(mesh())
    assert data.get_variable_layout(layer.kernel).axes == (None, None)
    assert data.get_tensor_layout("dense") is None


def test_devices():
    assert distribution.list_devices("cpu") == ["cpu:0"]
    assert distribution.get_device_count("cpu") == 1
    for wrong in ("tpu", "quantum"):
        with pytest.raises(ValueError, match=f"device_type='{wrong}'"):
            distribution.list_devices(wrong)


def test_a_scope_ends():
    single = distribution.DataParallel(devices=["cpu:0"])
    assert distribution.distribution() is None
    with single.scope():
        assert distribution.distribution() is single
        assert REPLICAS.active is None
    assert distribution.distribution() is None


def test_a_layout_needs_a_mesh_with_its_axes():
    layout = distribution.TensorLayout(["batch", None], mesh())
    assert [str(placement) for placement in layout.backend_layout] == ["S(0)", "R"]
    with pytest.raises(ValueError, match="Cannot override"):
        layout.device_mesh = mesh()
    with pytest.raises(ValueError, match="no `device_mesh` yet"):
        distribution.TensorLayout(["batch"]).backend_layout  # noqa: B018


def doubled():
    layouts = distribution.LayoutMap(mesh())
    layouts[".*a"] = layouts[".*a.*"] = ("model",)
    return layouts["a"]


def twice():
    layouts = distribution.LayoutMap(mesh())
    for _ in range(2):
        layouts["a"] = ("model",)


WRONG = {
    "empty": (lambda: distribution.DeviceMesh((), []), "cannot be empty"),
    "names": (lambda: distribution.DeviceMesh((8,), ["a", "b"], EIGHT), "same size"),
    "count": (lambda: distribution.DeviceMesh((3,), ["a"], EIGHT), "number of devices"),
    "axis": (lambda: distribution.TensorLayout(["colour"], mesh()), "Invalid axis names"),
    "two patterns": (doubled, "matches multiple layout"),
    "twice": (twice, "already exist"),
    "no mesh": (lambda: distribution.DataParallel(device_mesh="gpu"), "`DeviceMesh`"),
    "no map": (lambda: distribution.ModelParallel(), "You must specify `layout_map`"),
    "batch axis": (
        lambda: distribution.ModelParallel(
            layout_map=distribution.LayoutMap(mesh()), batch_dim_name="rows"
        ),
        "batch_dim_name='rows'",
    ),
    "alone": (
        lambda: distribution.set_distribution(distribution.DataParallel(devices=EIGHT)),
        "torchrun --nproc-per-node=8",
    ),
    "kind": (lambda: distribution.set_distribution("data"), "value='data'"),
    "layout": (lambda: distribution.distribute_tensor(torch.ones(2), None), "`TensorLayout`"),
    "tensor": (
        lambda: distribution.distribute_tensor(
            torch.ones(8, 2), distribution.TensorLayout(["batch", None], mesh())
        ),
        "one process for each device",
    ),
    "unknown count": (
        lambda: distribution.initialize("a:1", None, 0),
        "`num_processes` is unknown",
    ),
    "unknown rank": (lambda: distribution.initialize("a:1", 2), "`process_id` is unknown"),
    "rank": (lambda: distribution.initialize("a:1", 2, 2), "from 0 to 1"),
    "address": (lambda: distribution.initialize("host", 2, 0), "job_addresses='host'"),
    "nowhere": (lambda: distribution.initialize(None, 2, 0), "`job_addresses` is unknown"),
}


@pytest.mark.parametrize("case", WRONG)
def test_errors(case, monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    run, message = WRONG[case]
    with pytest.raises((ValueError, TypeError, RuntimeError), match=message):
        run()


@pytest.mark.parametrize("rows", [1, 2, 5, 6])
def test_parts_are_the_batch(rows):
    batch = ({"a": torch.arange(rows), "b": torch.zeros(rows, 2)}, torch.arange(rows), None)
    everyone = [Replicas(rank, 3) for rank in range(3)]
    parts = [replicas.part(batch, map_leaves) for replicas in everyone]
    counts = everyone[0].rows
    assert sum(counts) == rows
    assert all(replicas.rows == counts for replicas in everyone)
    kept = [part[1][:n] for part, n in zip(parts, counts, strict=True)]
    assert torch.cat(kept).tolist() == list(range(rows))
    assert all(len(part[0]["b"]) == max(n, 1) for part, n in zip(parts, counts, strict=True))
    np.testing.assert_allclose(sum(replicas.share for replicas in everyone), 1.0)


def test_keras_has_the_same_strategies_and_no_more():
    assert {n for n in dir(distribution) if n[0].isupper()} == {
        n for n in dir(keras.distribution) if n[0].isupper()
    }
