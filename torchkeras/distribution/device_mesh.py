"""`DeviceMesh`: devices in rows and columns, with names for the axes."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .devices import list_devices, num_processes


class DeviceMesh:
    """The devices of a job, as an array whose axes have names.

    Args:
        shape: The shape of the array, such as `(8,)` or `(4, 2)`.
        axis_names: A name for each axis.
        devices: The devices; those of `list_devices()` if not given.

    Raises:
        ValueError: If names or devices do not fit the shape.

    Example:
        >>> import torchkeras
        >>> devices = [f"cpu:{number}" for number in range(8)]
        >>> torchkeras.distribution.DeviceMesh((4, 2), ["batch", "model"], devices)
        <DeviceMesh shape=(4, 2), axis_names=['batch', 'model']>
    """

    def __init__(
        self, shape: Sequence[int], axis_names: Sequence[str], devices: Any = None
    ) -> None:
        if not shape or not axis_names:
            raise ValueError(
                "`shape` and `axis_names` cannot be empty. "
                f"Received: shape={shape}, axis_names={axis_names}."
            )
        if len(shape) != len(axis_names):
            raise ValueError(
                "`shape` and `axis_names` should have same size. "
                f"Received: shape={shape}, axis_names={axis_names}."
            )
        found = np.array(list_devices() if devices is None else devices)
        if math.prod(shape) != found.size:
            raise ValueError(
                "`shape` does not match the number of devices. "
                f"Received: shape={shape}; devices.shape={found.shape}."
            )
        self._shape, self._axis_names = shape, axis_names
        self._devices = np.reshape(found, shape)
        self._backend_mesh: Any = None

    @property
    def shape(self) -> Sequence[int]:
        """The shape."""
        return self._shape

    @property
    def axis_names(self) -> Sequence[str]:
        """The names of the axes."""
        return self._axis_names

    @property
    def devices(self) -> "np.ndarray[Any, Any]":
        """The devices in that shape."""
        return self._devices

    @property
    def backend_mesh(self) -> Any:
        """The mesh of `torch.distributed`, one process for each device."""
        if self._backend_mesh is None:
            from torch.distributed.device_mesh import init_device_mesh

            require_processes(self)
            kind = str(self._devices.flat[0]).partition(":")[0].replace("gpu", "cuda")
            names = tuple(self._axis_names)
            self._backend_mesh = init_device_mesh(kind, tuple(self._shape), mesh_dim_names=names)
        return self._backend_mesh

    def __repr__(self) -> str:
        return f"<{type(self).__name__} shape={self.shape}, axis_names={self.axis_names}>"


def require_processes(mesh: DeviceMesh) -> None:
    """Raise if there is not one process for each device of a mesh."""
    devices, processes = mesh.devices.size, num_processes()
    if devices != processes:
        raise RuntimeError(
            f"torch runs one process for each device. Received: a mesh of {devices} devices in a "
            f"job of {processes} process(es). Start the program with `torchrun "
            f"--nproc-per-node={devices} program.py`, and call "
            "`torchkeras.distribution.initialize()` first in it."
        )
