"""All weights of an HDF5 file as nested dictionaries: objects, and in them arrays by name."""

from typing import TYPE_CHECKING, Any

from .h5_reading import Datasets, find_group

if TYPE_CHECKING:
    import h5py

_DEPTH, _OBJECTS = 64, 100_000
_VARS = "vars"

Tree = dict[str, Any]


def read(file: "h5py.File", budget: int) -> tuple[Tree, dict[str, str]]:
    """Return the weights of a file, and the names of its objects by path.

    Args:
        file: An open file.
        budget: How many bytes the weights may take together.

    Raises:
        ValueError: If the file leads elsewhere, or claims more than it can hold.
    """
    reader = _Reader(budget)
    return reader.group(file, "", 0), reader.names


class _Reader:
    """Reads groups, with an eye on how much it was."""

    def __init__(self, budget: int) -> None:
        self.budget, self.objects = budget, 0
        self.names: dict[str, str] = {}

    def group(self, group: "h5py.Group", path: str, depth: int) -> Tree:
        import h5py

        if depth > _DEPTH:
            raise ValueError(f"Refused {group.file.filename!r}: {path!r} is too deep.")
        found: Tree = {}
        for name in group:
            self._count(group)
            if group.get(name, getclass=True, getlink=True) is not h5py.HardLink:
                find_group(group, name)  # refuses it
            kind = group.get(name, getclass=True)
            if kind is not h5py.Group:
                found[name] = self._array(group, name)
                continue
            inner = find_group(group, name)
            assert inner is not None
            if name == _VARS:
                self._note(inner, path)
                found = {**self.group(inner, path, depth + 1), **found}
            elif content := self.group(inner, f"{path}/{name}".lstrip("/"), depth + 1):
                found[name] = content
        return found

    def _count(self, group: "h5py.Group") -> None:
        self.objects += 1
        if self.objects > _OBJECTS:
            raise ValueError(f"Refused {group.file.filename!r}: it has too many objects.")

    def _array(self, group: "h5py.Group", name: str) -> Any:
        store = Datasets(group)
        dataset = store.dataset(name)
        self.budget -= dataset.size * dataset.dtype.itemsize
        if self.budget < 0:
            raise ValueError(
                f"Refused {group.file.filename!r}: its arrays claim far more bytes than it has."
            )
        return store[name]

    def _note(self, group: "h5py.Group", path: str) -> None:
        attribute = group.attrs.get_id("name") if "name" in group.attrs else None
        if attribute is not None and attribute.shape == () and attribute.dtype.itemsize <= 1 << 16:
            value = group.attrs["name"]
            self.names[path] = (
                value.decode("utf-8", "replace") if isinstance(value, bytes) else (str(value))
            )
