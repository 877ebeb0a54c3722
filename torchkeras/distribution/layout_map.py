"""`LayoutMap`: layouts of variables, by patterns for their paths."""

import re
from collections.abc import Iterator, MutableMapping

from .device_mesh import DeviceMesh
from .tensor_layout import TensorLayout

Layout = TensorLayout | tuple[str | None, ...] | None


class LayoutMap(MutableMapping[str, Layout]):
    """A mapping whose keys are patterns, and which is asked for paths of variables.

    A path that no pattern matches as a whole has the layout `None`.

    Args:
        device_mesh: The mesh of the layouts.

    Example:
        >>> from torchkeras.distribution import DeviceMesh, LayoutMap
        >>> layouts = LayoutMap(DeviceMesh((1, 1), ["batch", "model"], ["cpu:0"]))
        >>> layouts[".*dense.*kernel"] = (None, "model")
        >>> layouts["dense_1/kernel"].axes
        (None, 'model')
    """

    def __init__(self, device_mesh: DeviceMesh | None) -> None:
        self._layouts: dict[str, TensorLayout] = {}
        self._device_mesh = device_mesh

    @property
    def device_mesh(self) -> DeviceMesh | None:
        """The mesh."""
        return self._device_mesh

    def __getitem__(self, key: str) -> TensorLayout | None:
        """Return the layout for a path: of the same key, or of the pattern that matches.

        Raises:
            ValueError: If several patterns match.
        """
        if key in self._layouts:
            return self._layouts[key]
        found = [pattern for pattern in self._layouts if re.fullmatch(pattern, key)]
        if len(found) > 1:
            raise ValueError(
                f"Path '{key}' matches multiple layout specification keys: {found}. Please make "
                "sure each path only matches at most one key of the LayoutMap."
            )
        return self._layouts[found[0]] if found else None

    def __setitem__(self, key: str, layout: Layout) -> None:
        if key in self._layouts:
            raise ValueError(
                f"{key} already exist in the LayoutMap with value {self._layouts[key]}. Please "
                "make sure to not use duplicated keys."
            )
        if isinstance(layout, tuple):
            layout = TensorLayout(axes=layout)
        if not isinstance(layout, TensorLayout):
            raise ValueError(
                "A layout must be a `TensorLayout` or a tuple of names. "
                f"Received: {layout!r} (of type {type(layout).__name__})."
            )
        if layout.device_mesh is None and self._device_mesh is not None:
            layout.device_mesh = self._device_mesh
        self._layouts[key] = layout

    def __delitem__(self, key: str) -> None:
        del self._layouts[key]

    def __len__(self) -> int:
        return len(self._layouts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._layouts)
