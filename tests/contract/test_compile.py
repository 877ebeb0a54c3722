"""`torch.compile` takes every layer in one graph."""

import torch

import torchkeras
from tests import oracle


def run_compiled(layer, row):
    args, kwargs = oracle.tensors(row, torchkeras)
    plain, masks = oracle.unmasked(args)
    if any(mask is not None for mask in masks):
        wrapped = oracle.WithMasks(layer)
        return torch.compile(wrapped, fullgraph=True, backend="eager")(plain, kwargs, masks)
    return torch.compile(layer, fullgraph=True, backend="eager")(*args, **kwargs)


def test_one_graph(row):
    torch._dynamo.reset()
    found = run_compiled(oracle.twins(row).ours, row)
    expected, _ = oracle.twins(row).call("ours")
    oracle.assert_same_outputs(found, expected, row.tolerance)
