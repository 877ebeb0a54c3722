"""Architectures as text, JSON or YAML: what a model is made of, without its weights."""

import json
import os
from pathlib import Path
from typing import Any

from torchkeras._base.atomic import replacing
from torchkeras._base.budget import limited, within_machine
from torchkeras._base.damage import plain_errors, raised_by
from torchkeras._base.messages import missing_extra
from torchkeras._base.registry import custom_object_scope
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._base.switches import safe_mode_scope

from . import old_config

JSON, YAML = (".json",), (".yaml", ".yml")
_LARGEST_JSON, _LARGEST_YAML = 1 << 28, 1 << 24  # characters
_NODES, _DEPTH = 1_000_000, 200
_LARGEST_MODEL = 1 << 32  # bytes: a text cannot show that somebody has stored that much
_LONGEST_NUMBER, _LONGEST_KEY = 1000, 18


def to_json(model: Any, **kwargs: Any) -> str:
    """Return the architecture of a model as JSON.

    Args:
        model: The model.
        **kwargs: Passed to `json.dumps`.
    """
    return json.dumps(serialize_keras_object(model), **kwargs)


def to_yaml(model: Any, **kwargs: Any) -> str:
    """Return the architecture of a model as YAML.

    Args:
        model: The model.
        **kwargs: Passed to `yaml.safe_dump`.
    """
    options = {"sort_keys": False, **kwargs}
    return str(_yaml().safe_dump(json.loads(to_json(model)), **options))


def from_json(text: Any, custom_objects: Any, subject: str, compile: bool = True) -> Any:
    """Return what a text describes.

    Args:
        text: JSON.
        custom_objects: Classes and functions by name, besides the registered ones.
        subject: What the text is called in errors.
        compile: Whether the model is compiled as the text says.

    Raises:
        ValueError: If it is no JSON, or too long.
        TypeError: If it names a class that is neither public nor registered.
    """
    _check_length(text, _LARGEST_JSON, subject)
    try:
        config = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{subject} is no whole JSON: {error}.") from error
    return _made(config, custom_objects, subject, compile)


def from_yaml(text: Any, custom_objects: Any, subject: str, compile: bool = True) -> Any:
    """Return what a text describes; only plain values are read, and no tag makes an object.

    Args:
        text: YAML.
        custom_objects: Classes and functions by name, besides the registered ones.
        subject: What the text is called in errors.
        compile: Whether the model is compiled as the text says.

    Raises:
        ValueError: If it is no YAML, too long, too deep, or refers to itself too often.
        TypeError: If it names a class that is neither public nor registered.
    """
    yaml = _yaml()
    _check_length(text, _LARGEST_YAML, subject)
    try:
        loader = _loader(yaml)(text)
        node = loader.get_single_node()
        _check_size(node, subject)
        config = None if node is None else loader.construct_document(node)
    except Exception as error:
        expected = isinstance(error, (yaml.YAMLError, RecursionError))
        if not expected and not raised_by(error, "yaml"):  # it stumbles over odd dates and numbers
            raise
        raise ValueError(f"{subject} is no plain YAML: {error}.") from error
    return _made(config, custom_objects, subject, compile)


def save(model: Any, filepath: "str | os.PathLike[str]") -> None:
    """Write the architecture of a model to a file, in the language that its ending names."""
    name = os.fspath(filepath)
    text = to_json(model) if name.endswith(JSON) else to_yaml(model)
    with replacing(filepath) as path:
        Path(path).write_text(text, encoding="utf-8")


def load(
    filepath: "str | os.PathLike[str]", custom_objects: Any, compile: bool, safe_mode: bool
) -> Any:
    """Make the model that a file describes; its weights are new."""
    name = os.fspath(filepath)
    subject = f"The architecture in {name!r}"
    largest = _LARGEST_JSON if name.endswith(JSON) else _LARGEST_YAML
    if os.path.getsize(filepath) > 4 * largest:
        raise ValueError(f"Refused {name!r}: no architecture is that long.")
    try:
        text = Path(filepath).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{subject} is no text: {error}.") from error
    read = from_json if name.endswith(JSON) else from_yaml
    reason = "more than a file without weights may ask for"
    with limited(_LARGEST_MODEL, reason), safe_mode_scope(safe_mode):
        return read(text, custom_objects, subject, compile)


def _made(config: Any, custom_objects: Any, subject: str, compile: bool) -> Any:
    if not isinstance(config, dict) or "class_name" not in config:
        raise ValueError(f"{subject} does not describe a model.")
    if not compile:
        config["compile_config"] = None
    old = str(config.get("keras_version", "3")).partition(".")[0] in ("1", "2")
    with plain_errors(subject), within_machine(), custom_object_scope(custom_objects or {}):
        if old or "module" not in config:
            config = old_config.modern(config, old)
        return deserialize_keras_object(config)


def _check_length(text: Any, largest: int, subject: str) -> None:
    if not isinstance(text, (str, bytes)):
        raise ValueError(f"{subject} must be a string. Received: {type(text).__name__}.")
    if len(text) > largest:
        raise ValueError(
            f"{subject} is too long: it has {len(text)} characters, and may have {largest}."
        )


def _yaml() -> Any:
    try:
        import yaml
    except ImportError as error:
        raise missing_extra("pyyaml", "yaml", "An architecture as YAML") from error
    return yaml


def _loader(yaml: Any) -> Any:
    """Return PyYAML's safe loader, which also takes the tuples of Keras 1 and 2 for lists."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]
        pass

    Loader.add_constructor(
        "tag:yaml.org,2002:python/tuple",
        lambda loader, node: loader.construct_sequence(node, deep=True),
    )
    return Loader


def _check_numbers(nodes: list[Any], subject: str) -> None:
    """Refuse numbers that take for ever to read, and keys that are made to collide.

    Args:
        nodes: A node, and the keys in it.
        subject: What the text is called in errors.
    """
    for index, node in enumerate(nodes):
        longest = _LONGEST_KEY if index else _LONGEST_NUMBER
        value = getattr(node, "value", None)
        is_number = isinstance(value, str) and not node.tag.endswith((":str", ":binary"))
        if is_number and len(str(value)) > longest:
            raise ValueError(
                f"{subject} has a number of {len(str(value))} characters, which may have {longest}."
            )


def _check_size(root: Any, subject: str) -> None:
    """Refuse what is deep, or huge once all references are written out."""
    sizes: dict[int, int] = {}

    def size(node: Any, depth: int) -> int:
        if depth > _DEPTH:
            raise ValueError(f"{subject} is too deep, or refers to itself.")
        if id(node) not in sizes:
            value = getattr(node, "value", None)
            pairs = value if isinstance(value, list) else []
            _check_numbers([node, *(pair[0] for pair in pairs if isinstance(pair, tuple))], subject)
            inner = [n for pair in pairs for n in (pair if isinstance(pair, tuple) else (pair,))]
            sizes[id(node)] = 1 + sum(size(child, depth + 1) for child in inner)
        return sizes[id(node)]

    if size(root, 0) > _NODES:
        raise ValueError(f"{subject} is too large once its references are written out.")
