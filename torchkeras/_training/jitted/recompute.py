"""What the compiler for CPUs is told about boolean masks: compute them again, never store them."""

from typing import Any

import torch
from torch import fx
from torch.utils.checkpoint import CheckpointPolicy

_COMPARISONS = ("eq", "ge", "gt", "le", "lt", "ne")


def options_for(device: torch.device) -> dict[str, Any]:
    """Return options for inductor on a device."""
    if device.type != "cpu":
        return {}
    from torch._inductor.custom_graph_pass import CustomGraphPass  # slow to import

    class Pass(RecomputedMasks, CustomGraphPass):  # what caches of compiled graphs ask for
        pass

    return {"joint_custom_pre_pass": Pass()}


class RecomputedMasks:
    """A pass over a training graph in which comparisons are made again for the backward pass.

    The partitioner likes to keep a mask of one byte instead of the float it was made from. The
    C++ that torch generates for storing and loading such masks takes 10 to 30 times as long as the
    comparison, so that a ReLU would cost more than the convolution before it.
    """

    def __call__(self, graph: fx.Graph) -> None:
        """Mark the comparisons.

        Args:
            graph: Forward and backward pass together.
        """
        for node in graph.nodes:
            packet = getattr(node.target, "overloadpacket", None)
            name = getattr(packet, "__name__", "")
            if node.op == "call_function" and name in _COMPARISONS and _has_cpu_values(node):
                node.meta["recompute"] = CheckpointPolicy.MUST_RECOMPUTE
                node.meta["ac_graph_id"] = 0

    def uuid(self) -> str:
        """Return what compiled graphs are stored under, besides the graph itself."""
        return "torchkeras: recomputed masks, 1"


def _has_cpu_values(node: fx.Node) -> bool:
    value = node.meta.get("val")
    return isinstance(value, torch.Tensor) and value.device.type == "cpu" and value.dim() > 0
