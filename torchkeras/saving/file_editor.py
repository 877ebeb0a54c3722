"""`KerasFileEditor`: look at the weights in a file, change them, and save them again."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from torchkeras._base.atomic import replacing

from . import archive, h5_tree, keras_file, weights_h5
from .h5_reading import opened
from .h5_writing import Writer, created

_WEIGHTS_ENDING = ".weights.h5"
Tree = dict[str, Any]


class KerasFileEditor:
    """Shows and changes the weights in a file, say after the architecture of a model has changed.

    Args:
        filepath: A file that ends in `.keras` or `.weights.h5`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it ends otherwise, is damaged, or leads anywhere outside itself.

    Differs from Keras:
        Weights of objects inside objects that have none of their own (attention in a block) are
        kept. `compare` counts each weight once. The names of objects are saved again.

    Example:
        >>> import numpy as np, tempfile, torchkeras
        >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(2)])
        >>> model.layers[0].name = "answer"
        >>> path = tempfile.mkdtemp() + "/m.weights.h5"
        >>> model.save_weights(path)
        >>> editor = torchkeras.saving.KerasFileEditor(path)
        Keras model file '...m.weights.h5'
        >>> editor.rename_object("dense", "first")
        >>> editor.summary()
        Weights structure
          > layers
            > first ('answer')
              > 0: shape=(3, 2), dtype=float32
              └─ 1: shape=(2,), dtype=float32
    """

    def __init__(self, filepath: "str | os.PathLike[str]") -> None:
        self.filepath = name = os.fspath(filepath)
        self.metadata: Any = None
        self.config: Any = None
        self.model: Any = None
        if not name.endswith((".keras", _WEIGHTS_ENDING)):
            raise ValueError(
                f"`filepath` must end in `.keras` or `.weights.h5`. Received: filepath={name!r}."
            )
        if not os.path.isfile(name):
            raise FileNotFoundError(f"File not found: filepath={name!r}.")
        if name.endswith(".keras"):
            self._read_archive()
        else:
            self._read(name, os.path.getsize(name))
        _say(f"Keras model file {name!r}")
        if isinstance(self.metadata, dict):
            saved = self.metadata.get("date_saved")
            _say(f"Saved with Keras {self.metadata.get('keras_version')} - date: {saved}")

    def _read_archive(self) -> None:
        with archive.opened(self.filepath) as found:
            self.config = keras_file.json_of(found.read(keras_file.CONFIG), found.name)
            self.metadata = keras_file.json_of(found.read(keras_file.METADATA), found.name)
            with found.file(keras_file.WEIGHTS) as weights:
                self._read(weights, found.size_of(keras_file.WEIGHTS))

    def _read(self, place: Any, size: int) -> None:
        with opened(place, self.filepath) as file:
            tree, names = h5_tree.read(file, keras_file.budget(size))
        self.weights_dict: Tree = tree
        self.object_metadata = {path: {"name": name} for path, name in names.items()}

    # Looking

    def summary(self) -> None:
        """Print the objects in the file, and the shapes and dtypes of their weights."""
        _say("Weights structure")
        for line in self._lines(self.weights_dict, "  ", ""):
            _say(line)

    def _lines(self, tree: Tree, indent: str, path: str) -> Iterator[str]:
        for index, (key, value) in enumerate(tree.items()):
            mark = ">" if not index else "└─" if index == len(tree) - 1 else "├─"
            if not isinstance(value, dict):
                array = np.asarray(value)
                yield f"{indent}{mark} {key}: shape={array.shape}, dtype={array.dtype}"
                continue
            place = f"{path}/{key}".lstrip("/")
            name = self.object_metadata.get(place, {}).get("name")
            yield f"{indent}{mark} {key}" + (f" ({name!r})" if name else "")
            yield from self._lines(value, indent + "  ", place)

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """Print where the file and a model differ in objects, weights and shapes.

        Args:
            reference_model: A built model.

        Returns:
            `"status"` ("success" or "error"), `"error_count"` and `"match_count"`.
        """
        _say("Running comparison")
        ours, theirs = dict(_flat(self.weights_dict)), _shapes(reference_model)
        problems = [
            *(f"{path} is in the model, and not in the file" for path in _lacking(ours, theirs)),
            *(f"{path} is in the file, and not in the model" for path in _lacking(theirs, ours)),
        ]
        matches = 0
        for path in ours.keys() & theirs.keys():
            shape = tuple(np.shape(ours[path]))
            if shape == theirs[path]:
                matches += 1
            else:
                problems.append(f"{path} is {shape} in the file, and {theirs[path]} in the model")
        for problem in sorted(problems):
            _say(f"...{problem}")
        _say(f"Found {matches} matching weights, and {len(problems)} errors")
        status = "error" if problems else "success"
        return {"status": status, "error_count": len(problems), "match_count": matches}

    # Changing

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object (a layer, say) another name.

        Args:
            object_name: Its name or its path.
            new_name: The new name, without a path.
        """
        _check_name("new_name", new_name)
        owner, old, path = self._found(object_name)
        if new_name in owner and new_name != old:
            raise ValueError(f"`new_name` is taken already. Received: new_name={new_name!r}.")
        items = [(new_name if key == old else key, value) for key, value in owner.items()]
        owner.clear()
        owner.update(items)
        self._move_names(path, f"{path.rpartition('/')[0]}/{new_name}".lstrip("/"))

    def _move_names(self, before: str, now: str) -> None:
        for place in list(self.object_metadata):
            if place == before or place.startswith(f"{before}/"):
                metadata = self.object_metadata.pop(place)
                self.object_metadata[now + place[len(before) :]] = metadata

    def delete_object(self, object_name: str) -> None:
        """Take an object out.

        Args:
            object_name: Its name or its path.
        """
        owner, name, _ = self._found(object_name)
        del owner[name]

    def add_object(self, object_path: str, weights: dict[str, Any]) -> None:
        """Put an object in.

        Args:
            object_path: Its whole path, such as `"layers/dense_2"`.
            weights: Arrays by name, such as `{"0": kernel, "1": bias}`.
        """
        checked = _checked(weights)
        place, _, name = object_path.rpartition("/")
        _check_name("object_path", name)
        owner: Any = self.weights_dict
        for part in place.split("/") if place else ():
            owner = owner.get(part) if isinstance(owner, dict) else None
        if not isinstance(owner, dict):
            raise ValueError(f"Path {place!r} not found in model.")
        owner[name] = checked

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Take a weight out of an object.

        Args:
            object_name: The object's name or path.
            weight_name: The name of the weight, such as `"0"`.
        """
        owner, name, _ = self._found(object_name)
        if weight_name not in owner[name]:
            raise ValueError(
                f"Weight {weight_name} not found in object {object_name}. Weights found: "
                f"{list(owner[name])}"
            )
        del owner[name][weight_name]

    def add_weights(self, object_name: str, weights: dict[str, Any]) -> None:
        """Put weights into an object.

        Args:
            object_name: The object's name or path.
            weights: Arrays by name, such as `{"2": extra}`.
        """
        owner, name, _ = self._found(object_name)
        owner[name].update(_checked(weights))

    def _found(self, wanted: str) -> tuple[Tree, str, str]:
        """Return the dictionary that holds an object, its name there, and its path."""
        found = [
            entry
            for entry in _objects(self.weights_dict, "")
            if wanted == (entry[2] if "/" in wanted else entry[1])
        ]
        if len(found) > 1:
            raise ValueError(
                f"Name {wanted!r} occurs more than once in the model; try passing a complete path"
            )
        if not found:
            what = "Path" if "/" in wanted else "Source name"
            known = [path for _, _, path in _objects(self.weights_dict, "")]
            raise ValueError(f"{what} {wanted!r} not found in model. It has: {known}.")
        return found[0]

    # Saving

    def save(self, filepath: "str | os.PathLike[str]") -> None:
        """Write the changed weights to a file, which is replaced in one step.

        Args:
            filepath: A file that ends in `.weights.h5`.
        """
        name = os.fspath(filepath)
        if not name.endswith(_WEIGHTS_ENDING):
            raise ValueError(f"`filepath` must end in `.weights.h5`. Received: filepath={name!r}.")
        with replacing(filepath) as path, created(path) as writer:
            self._write(writer, self.weights_dict, "")

    resave_weights: Callable[[Any, Any], None] = save

    def _write(self, writer: Writer, tree: Tree, path: str) -> None:
        group = writer.file.require_group(f"{path}/vars" if path else "vars")
        for key, value in self.object_metadata.get(path, {}).items():
            group.attrs[key] = value
        for name, value in tree.items():
            if isinstance(value, dict):
                self._write(writer, value, f"{path}/{name}" if path else name)
            else:
                writer.put(group, name, value)


def _say(line: str) -> None:
    print(line)  # noqa: T201 - as Keras's


def _objects(tree: Tree, path: str) -> Iterator[tuple[Tree, str, str]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            place = f"{path}/{name}".lstrip("/")
            yield tree, name, place
            yield from _objects(value, place)


def _flat(tree: Tree, path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in tree.items():
        place = f"{path}/{name}".lstrip("/")
        if isinstance(value, dict):
            yield from _flat(value, place)
        else:
            yield place, value


def _lacking(paths: Iterable[str], others: Iterable[str]) -> set[str]:
    """Return the weights of `others` that `paths` lack; an object lacking as a whole is one."""
    known = {place for path in paths for place in _places(path)}
    return {
        next(place for place in _places(path) if place not in known)
        for path in others
        if path not in known
    }


def _places(path: str) -> list[str]:
    """Return the objects around a weight, from the outermost inwards, and the weight."""
    parts = path.split("/")
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all that a file of a model would hold."""
    stores: dict[str, Tree] = {}
    weights_h5.write_into(model, lambda path, _: stores.setdefault(path, {}), None)
    return {
        f"{path.removesuffix('vars')}{name}".lstrip("/"): tuple(value.shape)
        for path, store in stores.items()
        for name, value in store.items()
    }


def _checked(weights: Any) -> Tree:
    if not isinstance(weights, dict):
        raise ValueError(
            "`weights` must be a dictionary of arrays by name, usually '0', '1' and so on. "
            f"Received: type(weights)={type(weights)}"
        )
    for name in weights:
        _check_name("weights", name)
    return {name: np.asarray(value) for name, value in weights.items()}


def _check_name(argument: str, name: Any) -> None:
    if not isinstance(name, str) or name in ("", ".", "..", "vars") or "/" in name:
        raise ValueError(
            f"`{argument}` must be the name of one thing, without '/'. Received: {name!r}."
        )
