"""One line of a layer's table: Keras's variable name, and where torch keeps it."""

from dataclasses import dataclass

from torch import nn

from .layout import SAME, Layout
from .places import Part


@dataclass(frozen=True)
class Slot:
    """Where a variable lies.

    Attributes:
        paths: The parameter's path below the layer, such as `"linear.weight"`; several for a
            variable that torch keeps in pieces.
        layout: How Keras's shape relates to torch's.
        role: The prefix of the attributes that hold the initializer, regularizer and constraint
            (`kernel` finds `kernel_initializer`); the variable's name if not given.
    """

    paths: str | tuple[str, ...]
    layout: Layout = SAME
    role: str | None = None

    def is_made(self, root: nn.Module) -> bool:
        """Say whether the layer has made the module that holds the parameter."""
        paths = (self.paths,) if isinstance(self.paths, str) else self.paths
        return all(path.partition(".")[0] in root._modules for path in paths)

    def parts(self, root: nn.Module) -> tuple[Part, ...] | None:
        """Return the modules and names of the parameters, or `None` if the layer has none."""
        paths = (self.paths,) if isinstance(self.paths, str) else self.paths
        found = []
        for path in paths:
            owner_path, _, key = path.rpartition(".")
            owner = root.get_submodule(owner_path)
            if owner._parameters.get(key) is None and owner._buffers.get(key) is None:
                return None
            found.append((owner, key))
        return tuple(found)
