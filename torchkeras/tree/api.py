"""The functions of `keras.tree`, over optree; `None` is a leaf."""

from collections.abc import Callable, Sequence
from typing import Any

import optree

_NAMESPACE = "torchkeras"
_OPTIONS: dict[str, Any] = {"none_is_leaf": True, "namespace": _NAMESPACE}


class MAP_TO_NONE:  # noqa: N801
    """Returned by the function of `traverse` where the leaf is to become `None`."""


def register_container(
    cls: type[Any], flatten: Callable[[Any], Any], unflatten: Callable[[Any, Any], Any]
) -> None:
    """Make a class a container of leaves.

    Args:
        cls: The class.
        flatten: Returns the members of an instance, what else `unflatten` needs, and their paths.
        unflatten: Makes an instance of that and of members.
    """
    optree.register_pytree_node(cls, flatten, unflatten, namespace=_NAMESPACE)


def is_nested(structure: Any) -> bool:
    """Say whether `structure` is a list, tuple, dictionary or other container.

    Args:
        structure: Anything.
    """
    return not optree.tree_is_leaf(structure, **_OPTIONS)


def flatten(structure: Any) -> list[Any]:
    """Return the leaves of a nested structure; dictionaries go by sorted key.

    Args:
        structure: A nested structure, or one leaf.

    Example:
        >>> import torchkeras
        >>> torchkeras.tree.flatten({"b": [2, 3], "a": 1})
        [1, 2, 3]
    """
    return optree.tree_leaves(structure, **_OPTIONS)


def flatten_with_path(structure: Any) -> list[tuple[tuple[Any, ...], Any]]:
    """Return pairs of path and leaf, a path being the keys and indices that lead to the leaf.

    Args:
        structure: A nested structure, or one leaf.
    """
    paths, leaves, _ = optree.tree_flatten_with_path(structure, **_OPTIONS)
    return list(zip(paths, leaves, strict=True))


def map_structure(func: Callable[..., Any], *structures: Any, none_is_leaf: bool = True) -> Any:
    """Apply `func` to the leaves of structures of one shape, and return that shape.

    Args:
        func: Takes as many leaves as there are structures.
        *structures: Nested structures that agree.
        none_is_leaf: Whether `func` also gets the leaves that are `None`.
    """
    if not structures:
        raise ValueError("`map_structure` needs at least one structure. Received none.")
    return optree.tree_map(func, *structures, none_is_leaf=none_is_leaf, namespace=_NAMESPACE)


def pack_sequence_as(structure: Any, flat_sequence: Sequence[Any]) -> Any:
    """Put the items of a flat sequence into the shape of `structure`.

    Args:
        structure: The nested structure whose shape is taken.
        flat_sequence: As many items as `structure` has leaves.
    """
    treedef = optree.tree_structure(structure, **_OPTIONS)
    if treedef.num_leaves != len(flat_sequence):
        raise ValueError(
            f"`flat_sequence` must have as many items as `structure` has leaves. Received: "
            f"{len(flat_sequence)} items for {treedef.num_leaves} leaves."
        )
    return treedef.unflatten(flat_sequence)


def traverse(func: Callable[[Any], Any], structure: Any, top_down: bool = True) -> Any:
    """Replace every sub-structure for which `func` returns something other than `None`.

    Args:
        func: Takes a sub-structure; returns its replacement, `None` to keep it, or `MAP_TO_NONE`.
        structure: A nested structure.
        top_down: Whether a structure is asked before its members.
    """
    if top_down:
        replaced = func(structure)
        if replaced is not None:
            return None if replaced is MAP_TO_NONE else replaced
    result = structure
    if is_nested(structure):
        shallow = optree.tree_structure(
            structure,
            is_leaf=lambda node: node is not structure,
            **_OPTIONS,
        )
        children = optree.tree_flatten_one_level(structure, **_OPTIONS)[0]
        result = shallow.unflatten([traverse(func, child, top_down) for child in children])
    if top_down:
        return result
    replaced = func(result)
    if replaced is None:
        return result
    return None if replaced is MAP_TO_NONE else replaced


def assert_same_structure(a: Any, b: Any) -> None:
    """Raise a `ValueError` if two structures differ in anything but their leaves.

    Args:
        a: A nested structure.
        b: Another.
    """
    first, second = (optree.tree_structure(tree, **_OPTIONS) for tree in (a, b))
    if first != second:
        raise ValueError(
            f"`a` and `b` must have the same structure. Received: {first} and {second}."
        )


def lists_to_tuples(structure: Any) -> Any:
    """Return the structure with every list turned into a tuple.

    Args:
        structure: A nested structure.
    """
    return traverse(
        lambda node: tuple(node) if isinstance(node, list) else None, structure, top_down=False
    )
