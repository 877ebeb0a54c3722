"""The functions of `keras.tree`, over optree; `None` is a leaf."""

import warnings
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


def assert_same_structure(a: Any, b: Any, check_types: bool | None = None) -> None:
    """Raise a `ValueError` if two structures differ in anything but their leaves.

    Args:
        a: A nested structure.
        b: Another; dictionaries of all kinds count as the same.
        check_types: Deprecated, without effect; `assert_same_paths` is the looser check.

    Example:
        >>> import torchkeras
        >>> torchkeras.tree.assert_same_structure([(0, 1)], [(2, 3)])
    """
    if check_types is not None:
        warnings.warn(
            "`check_types` has no effect; leave it out. `assert_same_paths` is the looser check.",
            DeprecationWarning,
            stacklevel=2,
        )
    try:
        optree.tree_map(_refuse_nested, a, b, **_OPTIONS)
    except ValueError as error:
        first, second = (optree.tree_structure(tree, **_OPTIONS) for tree in (a, b))
        raise ValueError(
            f"`a` and `b` must have the same structure. Received: {first} and {second}."
        ) from error


def _refuse_nested(first: Any, second: Any) -> None:
    if is_nested(first) or is_nested(second):
        raise ValueError("There is more on one side.")


def lists_to_tuples(structure: Any) -> Any:
    """Return the structure with every list turned into a tuple.

    Args:
        structure: A nested structure.
    """
    return traverse(
        lambda node: tuple(node) if isinstance(node, list) else None, structure, top_down=False
    )


def map_structure_up_to(shallow_structure: Any, func: Callable[..., Any], *structures: Any) -> Any:
    """Apply `func` to what structures hold where a shallower one has its leaves.

    Args:
        shallow_structure: The structure whose shape the result has.
        func: Takes as many members as there are structures, which may be structures themselves.
        *structures: Nested structures that agree with `shallow_structure` as far as that goes.

    Raises:
        ValueError: If there are no structures, or they do not agree with it.

    Example:
        >>> import torchkeras
        >>> torchkeras.tree.map_structure_up_to([None, None], len, [[1, 1], [2, 2, 2]])
        [2, 3]
    """
    if not structures:
        raise ValueError("`map_structure_up_to` needs at least one structure. Received none.")
    return optree.tree_map(
        lambda _, *members: func(*members), shallow_structure, *structures, **_OPTIONS
    )


def assert_same_paths(a: Any, b: Any) -> None:
    """Raise a `ValueError` if the leaves of two structures lie at different paths.

    Args:
        a: A nested structure.
        b: Another; its lists may be tuples and so on.

    Example:
        >>> import torchkeras
        >>> torchkeras.tree.assert_same_paths([0, 1], (2, 3))
    """
    first, second = (set(optree.tree_paths(tree, **_OPTIONS)) for tree in (a, b))
    if first != second:
        raise ValueError(
            "`a` and `b` must have their leaves at the same paths. Received: "
            f"{sorted(first - second, key=str)} in `a` alone, "
            f"{sorted(second - first, key=str)} in `b` alone."
        )


def map_shape_structure(func: Callable[[Any], Any], structure: Any) -> Any:
    """Apply `func` to the shapes in a structure.

    Args:
        func: Takes a shape: a tuple or list of whole numbers and `None`.
        structure: A nested structure of shapes.

    Example:
        >>> import torchkeras
        >>> torchkeras.tree.map_shape_structure(len, {"a": (None, 3), "b": [(2,)]})
        {'a': 2, 'b': [1]}
    """
    return optree.tree_map(func, structure, is_leaf=_is_shape, **_OPTIONS)


def _is_shape(x: Any) -> bool:
    listed = isinstance(x, (list, tuple))
    return listed and all(size is None or isinstance(size, int) for size in x)
