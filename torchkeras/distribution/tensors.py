"""`distribute_tensor`: a tensor cut over the devices of a mesh."""

from typing import Any

from torchkeras._symbolic.tensor import is_keras_tensor

from .tensor_layout import TensorLayout


def distribute_tensor(tensor: Any, layout: TensorLayout) -> Any:
    """Return a tensor in another layout, as a `DTensor` of torch; a symbol stays as it is.

    Args:
        tensor: A tensor that is the same on all processes, a `DTensor`, or a symbol.
        layout: The layout, with a mesh of one device for each process.

    Raises:
        RuntimeError: If the job has not one process for each device.
        TypeError: If `layout` is none.

    Example:
        >>> import torchkeras
        >>> from torchkeras.distribution import TensorLayout, distribute_tensor
        >>> symbol = torchkeras.Input((3,))
        >>> distribute_tensor(symbol, TensorLayout(["batch", None])) is symbol
        True
    """
    if not isinstance(layout, TensorLayout):
        raise TypeError(
            f"`layout` must be a `TensorLayout`. Received: layout={layout!r} (of type "
            f"{type(layout).__name__})."
        )
    if is_keras_tensor(tensor):
        return tensor
    from torch.distributed.tensor import DTensor
    from torch.distributed.tensor import distribute_tensor as distribute

    placements = layout.backend_layout
    mesh = layout.device_mesh.backend_mesh  # type: ignore[union-attr]
    if isinstance(tensor, DTensor):
        return tensor.redistribute(mesh, placements)
    return distribute(tensor, mesh, placements)
