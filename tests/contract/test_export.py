"""`torch.export` takes every layer, with a batch of any size."""

import inspect

import torch

import torchkeras
from tests import oracle
from tests.cases.row import larger


def calls(layer, row):
    """Return a module, and its arguments for the row and for a batch with one sample more."""
    found = []
    for each in (row, larger(row)):
        args, kwargs = oracle.tensors(each, torchkeras)
        plain, masks = oracle.unmasked(args)
        masked = any(mask is not None for mask in masks)
        found.append(((plain, kwargs, masks), {}) if masked else (tuple(args), kwargs))
    return (oracle.WithMasks(layer) if masked else layer), *found


def dynamic(module, args, kwargs):
    """Say that the first axis of every tensor is a batch of any size."""
    batch = torch.export.Dim("batch")
    named = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    return oracle.map_leaves(lambda x: {0: batch} if hasattr(x, "shape") else None, dict(named))


def test_dynamic_batch(row):
    layer = oracle.built(row, torchkeras)
    module, (args, kwargs), (more_args, more_kwargs) = calls(layer, row)
    shapes = dynamic(module, args, kwargs)
    program = torch.export.export(module, args, kwargs, dynamic_shapes=shapes, strict=False)
    found = oracle.leaves(program.module()(*more_args, **more_kwargs))
    expected = oracle.leaves(module(*more_args, **more_kwargs))
    for exported, eager in zip(found, expected, strict=True):
        oracle.assert_close(exported, eager, row.tolerance)
