"""`Distribution`: how work is shared, and which way is in force."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torchkeras._base.replicas import REPLICAS, Replicas

from .device_mesh import DeviceMesh
from .devices import num_processes, process_id
from .tensor_layout import TensorLayout


class Distribution:
    """The base of `DataParallel` and `ModelParallel`.

    Args:
        device_mesh: The devices.
        batch_dim_name: The axis of the mesh along which batches are cut.
        auto_shard_dataset: Whether each process is given whole batches and takes its part.
    """

    def __init__(
        self,
        device_mesh: DeviceMesh,
        batch_dim_name: str | None = None,
        auto_shard_dataset: bool = True,
    ) -> None:
        self._device_mesh, self._batch_dim_name = device_mesh, batch_dim_name
        self._auto_shard_dataset = auto_shard_dataset
        self._num_processes, self._process_id = num_processes(), process_id()

    @property
    def num_processes(self) -> int:
        """The number of processes of the job."""
        return self._num_processes

    @property
    def num_model_replicas(self) -> int:
        """The number of copies of the model."""
        raise NotImplementedError

    @property
    def data_shard_id(self) -> int:
        """Which part of the data is this process's."""
        per_replica = max(1, self.num_processes // self.num_model_replicas)
        return self._process_id // per_replica

    @property
    def device_mesh(self) -> DeviceMesh:
        """The devices."""
        return self._device_mesh

    @property
    def batch_dim_name(self) -> str | None:
        """The axis of the mesh along which batches are cut."""
        return self._batch_dim_name

    @property
    def auto_shard_dataset(self) -> bool:
        """Whether each process is given whole batches and takes its part."""
        return self._auto_shard_dataset

    @auto_shard_dataset.setter
    def auto_shard_dataset(self, value: bool) -> None:
        self._auto_shard_dataset = value
        if _CURRENT.value is self:
            set_distribution(self)

    def get_data_layout(self, data_shape: Any) -> TensorLayout:
        """Return the layout of a batch, which is cut along its first axis.

        Args:
            data_shape: The shape of the batch.
        """
        return TensorLayout(
            [self.batch_dim_name, *[None] * (len(data_shape) - 1)], self.device_mesh
        )

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        """Return the layout of a variable.

        Args:
            variable: The variable.
        """
        raise NotImplementedError

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """Return the layout of what is computed under a path.

        Args:
            path: The path.
        """
        raise NotImplementedError

    def distribute_dataset(self, dataset: Any) -> Any:
        """Return the data: `fit`, `evaluate` and `predict` take this process's part of each batch.

        Args:
            dataset: Any data that `fit` takes.
        """
        return dataset

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Have this distribution in force inside the context."""
        before = distribution()
        set_distribution(self)
        try:
            yield
        finally:
            set_distribution(before)

    def replicas(self) -> Replicas | None:
        """Return this process among those that share each batch, or `None` if it is alone.

        Raises:
            RuntimeError: If the job has not one process for each device.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"<{type(self).__name__} device_mesh={self.device_mesh}>"


@dataclass
class _Current:
    value: Distribution | None = None


_CURRENT = _Current()


def distribution() -> Distribution | None:
    """Return the distribution in force, or `None`.

    Example:
        >>> import torchkeras
        >>> torchkeras.distribution.distribution() is None
        True
    """
    return _CURRENT.value


def set_distribution(value: Distribution | None) -> None:
    """Set the distribution that runs of models obey from now on.

    Args:
        value: A `DataParallel` or `ModelParallel`, or `None` for none.

    Raises:
        RuntimeError: If the job has not one process for each device.
        TypeError: If it is something else.

    Example:
        >>> import torchkeras
        >>> torchkeras.distribution.set_distribution(None)
    """
    if value is not None and not isinstance(value, Distribution):
        raise TypeError(
            "`value` must be a `DataParallel`, a `ModelParallel` or None. "
            f"Received: value={value!r} (of type {type(value).__name__})."
        )
    REPLICAS.active = None if value is None else value.replicas()
    _CURRENT.value = value
