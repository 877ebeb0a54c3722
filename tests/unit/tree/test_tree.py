"""Nested structures, as in Keras."""

import inspect
from collections import OrderedDict, defaultdict, namedtuple

import keras
import pytest

from torchkeras import tree

PUBLIC = sorted(name for name in dir(keras.tree) if not name.startswith("_"))
FUNCTIONS = [name for name in PUBLIC if inspect.isfunction(getattr(keras.tree, name))]
Point = namedtuple("Point", ["x", "y"])

STRUCTURES = [
    1,
    None,
    [],
    {},
    [1, (2, 3), {"b": 4, "a": None}],
    OrderedDict(b=1, a=[2]),
    defaultdict(int, a=1),
    Point(1, [2, 3]),
    ([], {"a": ()}),
    "text",
]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_name_of_keras_is_there(name):
    assert hasattr(tree, name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures_equal_keras(name):
    ours, theirs = (
        [(p.name, p.kind, p.default) for p in inspect.signature(f).parameters.values()]
        for f in (getattr(tree, name), getattr(keras.tree, name))
    )
    assert ours == theirs


@pytest.mark.parametrize("structure", STRUCTURES, ids=repr)
def test_leaves_paths_and_shapes_equal_keras(structure):
    for name in ("flatten", "flatten_with_path", "is_nested", "lists_to_tuples"):
        assert getattr(tree, name)(structure) == getattr(keras.tree, name)(structure)
    ours, theirs = (module.map_structure(str, structure) for module in (tree, keras.tree))
    assert ours == theirs
    assert type(ours) is type(theirs)


def test_map_up_to_a_shallower_structure():
    for shallow, func, *deep in (
        ([None, None], len, [[1, 1], [2, 2]]),
        ([None, [None, None]], str, [[1, 1], [2, 2]]),
        ({"a": 0, "b": (0,)}, lambda x, y: (x, y), {"a": [1], "b": (2,)}, {"a": 3, "b": ([4],)}),
    ):
        ours, theirs = (m.map_structure_up_to(shallow, func, *deep) for m in (tree, keras.tree))
        assert ours == theirs


@pytest.mark.parametrize(
    ("shallow", "deep"), [([1, [2]], [1, 2]), ([1, 2], [1]), ({"a": 1}, {"b": 1}), ([1], (1,))]
)
def test_map_up_to_refuses_structures_that_do_not_agree(shallow, deep):
    for module in (tree, keras.tree):
        with pytest.raises((ValueError, TypeError)):
            module.map_structure_up_to(shallow, str, deep)


def test_map_up_to_needs_a_structure():
    with pytest.raises(ValueError, match="at least one structure"):
        tree.map_structure_up_to([1], str)


def test_paths_may_be_those_of_other_containers():
    tree.assert_same_paths([0, 1], (2, 3))
    tree.assert_same_paths(Point(0, [1]), [2, (3,)])


def test_other_paths_are_named():
    with pytest.raises(ValueError, match=r"\[\('a',\)\] in `a` alone, \[\('b', 0\)\] in `b` alone"):
        tree.assert_same_paths({"a": 1}, {"b": [1]})


@pytest.mark.parametrize(
    "structure", [(None, 3), [(2,), {"a": [1, None]}], {"a": ()}, [[(None,), (2, 3)]]], ids=repr
)
def test_shapes_are_leaves(structure):
    ours, theirs = (m.map_shape_structure(tuple, structure) for m in (tree, keras.tree))
    assert ours == theirs


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1, (2,)], [3, (None,)]),
        ({"a": 1}, OrderedDict(a=2)),
        ({"a": 1}, defaultdict(int, a=2)),
        ([1], (1,)),
        ([1, 2], [1]),
        ([1], [[1]]),
        ([[1]], [1]),
        ({"a": 1}, {"b": 1}),
        (Point(1, 2), (1, 2)),
        (None, []),
    ],
    ids=repr,
)
def test_same_structures_are_keras_same_structures(a, b):
    def is_same(module):
        try:
            module.assert_same_structure(a, b)
        except ValueError:
            return False
        return True

    assert is_same(tree) == is_same(keras.tree)


def test_check_types_is_deprecated():
    with pytest.warns(DeprecationWarning, match="assert_same_paths"):
        tree.assert_same_structure([1], [2], check_types=False)
