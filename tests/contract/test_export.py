"""`torch.export` takes every layer, with a batch of any size."""

import torch

import torchkeras
from tests import oracle
from tests.cases.row import larger


def test_dynamic_batch(row):
    layer = oracle.built(row, torchkeras)
    args, kwargs = oracle.tensors(row, torchkeras)
    batch = torch.export.Dim("batch", min=1, max=1024)
    shapes = oracle.map_arrays(lambda tensor: {0: batch}, [args, kwargs])
    dynamic = {"args": tuple(shapes[0]), "kwargs": shapes[1]}
    program = torch.export.export(layer, tuple(args), kwargs, dynamic_shapes=dynamic, strict=False)
    args, kwargs = oracle.tensors(larger(row), torchkeras)
    outputs = program.module()(*args, **kwargs)
    pairs = zip(oracle.leaves(outputs), oracle.leaves(layer(*args, **kwargs)), strict=True)
    for exported, eager in pairs:
        oracle.assert_close(exported, eager, row.tolerance)
