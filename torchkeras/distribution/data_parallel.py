"""`DataParallel`: every process has the whole model and its part of each batch."""

import warnings
from typing import Any

from torchkeras._base.replicas import Replicas

from .device_mesh import DeviceMesh, require_processes
from .devices import list_devices
from .strategy import Distribution
from .tensor_layout import TensorLayout

_BATCH = "batch"


class DataParallel(Distribution):
    """Every process trains the same model on its part of each batch.

    In force (`set_distribution`, `scope()`), `fit`, `evaluate` and `predict` cut each batch into as
    many parts as there are processes, add up gradients before each update, and tell all processes
    the same losses, metrics and predictions: those of one process with whole batches. A process
    without a GPU of its own runs on the CPU.

    Args:
        device_mesh: The devices, along one axis.
        devices: A list of devices in its place; all there are if neither is given.
        auto_shard_dataset: Whether each process is given whole batches and takes its part; if not,
            what it is given is its part.

    Raises:
        ValueError: If `device_mesh` is no mesh.

    Differs from Keras:
        Any data that `fit` takes are cut. Batch normalization sees the part of its process; its
        statistics are averaged after each epoch.

    Example:
        >>> import torchkeras
        >>> with torchkeras.distribution.DataParallel(devices=["cpu:0"]).scope():
        ...     torchkeras.distribution.distribution().num_model_replicas
        1
    """

    def __init__(
        self,
        device_mesh: DeviceMesh | None = None,
        devices: Any = None,
        auto_shard_dataset: bool = True,
    ) -> None:
        if device_mesh is None:
            found = list_devices() if devices is None else list(devices)
            device_mesh = DeviceMesh((len(found),), [_BATCH], found)
        if not isinstance(device_mesh, DeviceMesh):
            raise ValueError(
                "`device_mesh` must be an instance of `DeviceMesh`. "
                f"Received: device_mesh={device_mesh!r} (of type {type(device_mesh).__name__})."
            )
        if device_mesh.devices.ndim != 1:
            warnings.warn(
                "Expect the input mesh to be 1D, but received "
                f"mesh.devices.ndim={device_mesh.devices.ndim}. The first axis will be used for "
                "data-parallel sharding.",
                stacklevel=2,
            )
        super().__init__(device_mesh, device_mesh.axis_names[0], auto_shard_dataset)

    @property
    def num_model_replicas(self) -> int:
        """The number of copies of the model: one for each device."""
        return int(self.device_mesh.devices.size)

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        """Return the layout of a variable, which is whole everywhere.

        Args:
            variable: The variable.
        """
        return TensorLayout([None] * len(variable.shape), self.device_mesh)

    def get_tensor_layout(self, path: str) -> None:
        """Return `None`: what is computed is not cut otherwise than the batch.

        Args:
            path: The path.
        """

    def replicas(self) -> Replicas | None:
        require_processes(self.device_mesh)
        if self.num_processes == 1:
            return None
        return Replicas(self._process_id, self.num_processes, self.auto_shard_dataset)
