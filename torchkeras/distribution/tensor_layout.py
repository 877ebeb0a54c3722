"""`TensorLayout`: along which axes of a mesh a tensor is cut."""

from collections.abc import Iterable
from typing import Any

from .device_mesh import DeviceMesh


class TensorLayout:
    """For each axis of a tensor, the axis of a mesh along which it is cut, or `None`.

    Args:
        axes: Names of axes of the mesh, or `None`.
        device_mesh: The mesh, which may be set later.

    Raises:
        ValueError: If the mesh has no such axis.

    Example:
        >>> from torchkeras.distribution import DeviceMesh, TensorLayout
        >>> mesh = DeviceMesh((1, 1), ["batch", "model"], ["cpu:0"])
        >>> TensorLayout([None, "model"], mesh).axes
        (None, 'model')
    """

    def __init__(self, axes: Iterable[str | None], device_mesh: DeviceMesh | None = None) -> None:
        self._axes, self._device_mesh = tuple(axes), device_mesh
        self._check()

    @property
    def axes(self) -> tuple[str | None, ...]:
        """The names."""
        return self._axes

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The mesh; it can be set once."""
        return self._device_mesh

    @device_mesh.setter
    def device_mesh(self, device_mesh: DeviceMesh) -> None:
        if self._device_mesh is not None:
            raise ValueError(
                f"Cannot override device mesh value. Existing value is {self._device_mesh}."
            )
        self._device_mesh = device_mesh
        self._check()

    @property
    def backend_layout(self) -> list[Any]:
        """The placements of `torch.distributed.tensor`, one for each axis of the mesh."""
        from torch.distributed.tensor import Replicate, Shard

        if self._device_mesh is None:
            raise ValueError("The layout has no `device_mesh` yet. Set `layout.device_mesh`.")
        return [
            Shard(self._axes.index(name)) if name in self._axes else Replicate()
            for name in self._device_mesh.axis_names
        ]

    def _check(self) -> None:
        if self._device_mesh is None:
            return
        valid = list(self._device_mesh.axis_names)
        wrong = [name for name in self._axes if name is not None and name not in valid]
        if wrong:
            raise ValueError(
                f"Invalid axis names for Layout. Valid axis names: {valid}. Received: {wrong}."
            )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} axes={self.axes}, device_mesh={self.device_mesh}>"
