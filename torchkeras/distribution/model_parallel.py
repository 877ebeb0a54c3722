"""`ModelParallel`: variables that are cut over several processes."""

from typing import Any

from torchkeras._base.replicas import Replicas

from .device_mesh import require_processes
from .layout_map import LayoutMap
from .strategy import Distribution
from .tensor_layout import TensorLayout


class ModelParallel(Distribution):
    """Layouts for variables by their paths, and an axis of the mesh for batches.

    A layout map that cuts nothing trains as `DataParallel` does. Variables that are cut are torch's
    business: `fit` refuses them and says how torch does it.

    Args:
        layout_map: The layouts of variables by patterns for their paths.
        batch_dim_name: The axis of the mesh along which batches are cut; the first if not given.
        auto_shard_dataset: Whether each process is given whole batches and takes its part.
        **kwargs: `device_mesh`, which counts for nothing; that of the map does.

    Raises:
        ValueError: If `layout_map` is missing or the mesh does not fit the processes.

    Example:
        >>> from torchkeras.distribution import DeviceMesh, LayoutMap, ModelParallel
        >>> mesh = DeviceMesh((2, 4), ["batch", "model"], [f"cpu:{n}" for n in range(8)])
        >>> layouts = LayoutMap(mesh)
        >>> layouts[".*kernel"] = (None, "model")
        >>> ModelParallel(layout_map=layouts).num_model_replicas
        2
    """

    def __init__(
        self,
        *,
        layout_map: LayoutMap | None = None,
        batch_dim_name: str | None = None,
        auto_shard_dataset: bool = True,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("device_mesh", None)
        if kwargs:
            raise ValueError(f"Unexpected keyword argument(s): {tuple(kwargs)}")
        if not isinstance(layout_map, LayoutMap) or layout_map.device_mesh is None:
            raise ValueError(
                "You must specify `layout_map`, a `LayoutMap` with a mesh. "
                f"Received: layout_map={layout_map!r}."
            )
        mesh = layout_map.device_mesh
        super().__init__(mesh, batch_dim_name or mesh.axis_names[0], auto_shard_dataset)
        self._layout_map = layout_map
        surplus = self.num_processes > self.num_model_replicas
        if surplus and self.num_processes % self.num_model_replicas:
            raise ValueError(
                "If `num_processes` is greater than `num_model_replicas`, `num_processes` must be "
                f"divisible by `num_model_replicas`. Received: num_processes={self.num_processes}, "
                f"num_model_replicas={self.num_model_replicas}."
            )

    @property
    def num_model_replicas(self) -> int:
        """The number of copies of the model: the length of the batches' axis."""
        names = list(self.device_mesh.axis_names)
        if self.batch_dim_name not in names:
            raise ValueError(
                f"`batch_dim_name` must be one of the mesh's axes {names}. "
                f"Received: batch_dim_name={self.batch_dim_name!r}."
            )
        return self.device_mesh.shape[names.index(self.batch_dim_name)]

    def get_variable_layout(self, variable: Any) -> TensorLayout:
        """Return the layout of a variable: that of the map, or whole everywhere.

        Args:
            variable: The variable.
        """
        found = self._layout_map[variable.path]
        return found or TensorLayout([None] * len(variable.shape), self.device_mesh)

    def get_tensor_layout(self, path: str) -> TensorLayout | None:
        """Return the layout of the map for a path, or `None`.

        Args:
            path: The path.
        """
        return self._layout_map[path]

    def replicas(self) -> Replicas | None:
        require_processes(self.device_mesh)
        cut = [key for key, layout in self._layout_map.items() if any(_cuts(self, layout))]
        if cut or self.num_model_replicas != self.num_processes:
            raise NotImplementedError(
                f"Variables that are cut over several processes ({cut[:3] or 'none yet'}, on the "
                f"mesh {self.device_mesh}) cannot be trained by `fit`. A model is a torch module: "
                "cut it with `torch.distributed.fsdp.fully_shard(model)` or "
                "`torch.distributed.tensor.parallel.parallelize_module(model, mesh, plan)` and "
                "train it in a torch loop, or use `DataParallel`, whose processes hold all "
                "variables."
            )
        if self.num_processes == 1:
            return None
        return Replicas(self._process_id, self.num_processes, self.auto_shard_dataset)


def _cuts(strategy: ModelParallel, layout: Any) -> list[bool]:
    """Say for each axis of a layout whether it cuts a variable into more than one piece."""
    mesh = strategy.device_mesh
    lengths = dict(zip(mesh.axis_names, mesh.shape, strict=True))
    return [name is not None and lengths[name] > 1 for name in layout.axes]
