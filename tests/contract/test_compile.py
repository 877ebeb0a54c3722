"""`torch.compile` takes every layer in one graph."""

import torch

from tests import oracle


def test_one_graph(row):
    twins = oracle.twins(row)
    torch._dynamo.reset()
    layer, twins.ours = twins.ours, torch.compile(twins.ours, fullgraph=True, backend="eager")
    compiled = twins.call("ours")[0]
    if row.kwargs.get("training"):
        twins.ours = oracle.twins(row).ours
    else:
        twins.ours = layer
    oracle.assert_same_outputs(compiled, twins.call("ours")[0], row.tolerance)
