"""Functions and operators inside functional models are written and read as Keras's operations."""

import importlib
import inspect

import keras
import numpy as np
import pytest
import torch
from keras.src.ops.operation import Operation

import torchkeras
from tests import oracle
from torchkeras.models import keras_operations

X = np.random.default_rng(0).uniform(-1, 1, (2, 4, 3)).astype("float32")
FAMILIES = ("numpy", "nn", "core", "math", "linalg", "image")
# Without `call` of their own, or functions of functions, which no file can hold.
WITHOUT = {"AssociativeScan", "Cond", "ForiLoop", "JVP", "Map", "Scan", "SegmentReduction"}
WITHOUT |= {"Switch", "VectorizedMap", "WhileLoop", "SegmentMax", "SegmentMin", "SegmentProd"}
WITHOUT |= {"SegmentSum"}


def keras_classes():
    for family in FAMILIES:
        module = importlib.import_module(f"keras.src.ops.{family}")
        for name, found in vars(module).items():
            own = inspect.isclass(found) and found.__module__ == module.__name__
            if own and issubclass(found, Operation) and name not in WITHOUT:
                yield module.__name__, name, found


def names(function):
    kept = inspect.signature(function).parameters.values()
    return [p.name for p in kept if p.name not in ("self", "name")]


def test_each_operation_of_keras_is_known_with_its_settings():
    wrong = []
    for module, name, found in keras_classes():
        function = keras_operations.find(name)
        called = [n for n in names(function) if keras_operations._is_called(function, n)]
        settings = set(names(function)) - {*called, "kwargs"}
        place, known = keras_operations.identity(function)
        is_there = hasattr(importlib.import_module(place), known)  # maybe under another name
        theirs = (
            [n for n in names(found.call) if n != "kwargs"],
            set(names(found.__init__)) - {"kwargs", "rms_scaling"},
        )
        if not is_there or place != module or (called, settings) != theirs:
            wrong.append((name, called, settings, theirs))
    assert not wrong


def reductions(k, x):
    parts = [k.ops.mean(x, axis=1), k.ops.sum(x, -1, keepdims=True), k.ops.max(x, (1, 2))]
    return [*parts, k.ops.logsumexp(x, axis=1), k.ops.argmax(x, axis=-1), k.ops.norm(x, axis=-1)]


def shapes(k, x):
    turned = k.ops.transpose(x, (0, 2, 1))
    padded = k.ops.pad(x, ((0, 0), (1, 1), (0, 0)), constant_values=3.0)
    wide = k.ops.concatenate([x, k.ops.tile(x, (1, 2, 1))], axis=1)
    flat = k.ops.reshape(k.ops.stack([x, x], axis=2), (-1, 24))
    return [k.ops.matmul(x, turned), padded, wide, flat, k.ops.split(x, 2, axis=1)[1]]


def elements(k, x):
    kept = k.ops.where((x > 0) & (x < 0.5), x, -0.5)
    code = k.ops.one_hot(k.ops.argmax(x, axis=-1), 4)
    return [kept, code, k.ops.cast(x * 9, "int32"), k.ops.clip(x, -0.2, x_max=0.3), 1.0 / (x + 3)]


def networks(k, x):
    seen = k.ops.softmax(k.ops.einsum("bij,bkj->bik", x, x), axis=1)
    image = k.ops.image.resize(k.ops.expand_dims(x, -1), (8, 6))
    normed = k.ops.layer_normalization(x, np.ones(3, "float32"), axis=-1)
    return [seen, image, normed, k.ops.gelu(x, approximate=False), k.ops.relu(x)]


def indices(k, x):
    return [x[:, 0], x[..., 1:, None], k.ops.take(x, [0, 2], axis=1), x[:, -1, 1:]]


MODELS = (reductions, shapes, elements, networks, indices)


def made(build, k):
    oracle.reset()
    x = k.Input((4, 3))
    return k.Model(x, build(k, x))


def same(first, second):
    pairs = zip(first(torch.tensor(X)), second(torch.tensor(X)), strict=True)
    for one, other in pairs:
        oracle.assert_close(one, other, 1e-6)


@pytest.mark.parametrize("build", MODELS)
def test_both_ways(build, tmp_path):
    path = tmp_path / "m.keras"
    ours, theirs = made(build, torchkeras), made(build, keras)
    ours.save(path)
    same(keras.saving.load_model(path), ours)
    same(torchkeras.saving.load_model(path), ours)
    theirs.save(path)
    same(torchkeras.saving.load_model(path), theirs)


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize("build", MODELS)
def test_in_h5_files_which_keras_itself_cannot_read_back(build, tmp_path):
    path = tmp_path / "m.h5"
    for package in oracle.PACKAGES:
        model = made(build, package)
        model.save(path)
        same(torchkeras.saving.load_model(path), model)


def test_lists_that_gather_stay_lists(tmp_path):
    x = torchkeras.Input((4, 3))
    model = torchkeras.Model(x, [x[:, [0, 2]], x[[0, 1]]])
    model.save(tmp_path / "m.keras")
    same(torchkeras.saving.load_model(tmp_path / "m.keras"), model)
