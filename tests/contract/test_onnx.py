"""Layers as ONNX, with a batch of any size, give the same numbers in onnxruntime.

An export takes a second, whatever is in it, so the layers go into it by the dozen.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import torchkeras
from tests import oracle
from tests.cases.layers import ROWS
from tests.cases.row import Row
from tests.contract.test_completeness import NEED_TENSORFLOW
from tests.contract.test_export import calls
from torchkeras import layers
from torchkeras.export import onnx_program

onnxruntime = pytest.importorskip("onnxruntime")

# One of a kind runs with all other tests; `.ci/check onnx` runs the whole table.
FIRST = ("Dense", "Embedding", "Conv2D", "BatchNormalization", "MaxPooling2D")
SIZE = 12
GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "serving.md"


def rows() -> list[Row]:
    """Return the first row of each class that can be exported, asleep if need be."""
    able = [row for row in ROWS if not {"export", "onnx"} & set(row.skip)]
    asleep = [put_to_sleep(row) for row in ROWS if "draws anew" in row.skip.get("export", "")]
    return list({class_of(row): row for row in reversed([*able, *asleep])}.values())[::-1]


def put_to_sleep(row: Row) -> Row:
    given = dict(row.kwargs)
    return replace(row, kwargs={**given, "training": False} if "training" in given else given)


def class_of(row: Row) -> str:
    return row.id.partition("-")[0]


def groups() -> Iterator[object]:
    yield pytest.param([row for row in rows() if class_of(row) in FIRST], id="first")
    others = [row for row in rows() if class_of(row) not in FIRST]
    for at in range(0, len(others), SIZE):
        group = others[at : at + SIZE]
        yield pytest.param(group, id=f"{group[0].id}..{group[-1].id}", marks=pytest.mark.onnx)


class Together(nn.Module):
    """Several modules as one: the arguments and the outputs of each in a list."""

    def __init__(self, modules):
        super().__init__()
        self.parts = nn.ModuleList(modules)

    def forward(self, packed):
        pairs = zip(self.parts, packed, strict=True)
        return [oracle.leaves(part(*args, **kwargs)) for part, (args, kwargs) in pairs]


def exported(modules, packed):
    """Return what runs several modules in onnxruntime."""
    batch = torch.export.Dim.DYNAMIC
    free = oracle.map_leaves(lambda x: {0: batch} if hasattr(x, "shape") else None, packed)
    program = torch.export.export(
        Together(modules), (packed,), dynamic_shapes=(free,), strict=False
    )
    made = onnx_program.converted(program)
    session = onnxruntime.InferenceSession(made.model_proto.SerializeToString())
    names = [each.name for each in session.get_inputs()]

    def run(packed):
        flat = [oracle.numpy(x) for x in oracle.leaves(packed)]
        return session.run(None, dict(zip(names, flat, strict=True)))

    return run


# Torch hides it where it is shown, which is too late where warnings are errors.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
@pytest.mark.parametrize("group", list(groups()))
def test_onnxruntime_gives_the_same_numbers(group):
    found = [calls(oracle.built(row, torchkeras), row) for row in group]
    modules = [module for module, _, _ in found]
    run = exported(modules, [[list(args), kwargs] for _, (args, kwargs), _ in found])
    more = [[list(args), kwargs] for _, _, (args, kwargs) in found]
    outputs = iter(run(more))
    for row, module, (args, kwargs) in zip(group, modules, more, strict=True):
        for expected in oracle.leaves(module(*args, **kwargs)):
            oracle.assert_close(next(outputs), expected, max(row.tolerance, 1e-5), row.id)
    assert not list(outputs)


# The table of the guide

CANNOT = {
    "HashedCrossing": (lambda x: layers.HashedCrossing(4)((x, x)), "int32"),
    "Hashing": (layers.Hashing(4), "int32"),
    "StringLookup": (layers.StringLookup(vocabulary=["a"]), "string"),
    "TextVectorization": (layers.TextVectorization(vocabulary=["a"]), "string"),
}


def test_the_guide_lists_what_cannot_be_exported():
    table = GUIDE.read_text("utf-8").partition("<!-- layers that cannot be exported")[2]
    listed = re.findall(r"^\| `(\w+)` \| both \|", table, re.MULTILINE)
    assert listed == sorted(CANNOT)
    tested = {class_of(row) for row in rows()} | {"IntegerLookup"}  # tests/unit/export
    assert {class_of(row) for row in ROWS} - set(CANNOT) <= tested
    assert NEED_TENSORFLOW - set(CANNOT) <= tested


@pytest.mark.parametrize("name", CANNOT)
def test_what_cannot_be_exported(name, tmp_path):
    call, dtype = CANNOT[name]
    x = torchkeras.Input((1,), dtype=dtype)
    model = torchkeras.Model(x, call(x))
    with pytest.raises((ValueError, RuntimeError), match=r"holds texts|must not depend"):
        model.export(tmp_path / "m.pt2")
