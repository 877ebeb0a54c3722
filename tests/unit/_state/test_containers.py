"""Lists and dictionaries of a layer stay lists and dictionaries, and torch finds what is inside."""

import copy
import json
import pickle
from collections import OrderedDict, defaultdict, namedtuple

import keras
import pytest
import torch
from torch import nn

import torchkeras
from tests.torch_versions import not_on_the_oldest_torch
from torchkeras import layers, tree
from torchkeras._state.containers import TrackedDict, TrackedList
from torchkeras._state.variable import Variable

Pair = namedtuple("Pair", "first second")


class Holder(layers.Layer):
    """A layer with one attribute."""

    def __init__(self, items=None, **kwargs):
        super().__init__(**kwargs)
        self.items = items


def built(units=1):
    layer = layers.Dense(units, use_bias=False)
    layer.build((None, 2))
    return layer


def names(holder):
    return list(holder.state_dict())


# A list as Python has it


def changes_of_lists():
    """Yield the name of a change and the change."""
    yield "append", lambda x: x.append(9)
    yield "extend", lambda x: x.extend(iter([8, 9]))
    yield "insert", lambda x: x.insert(1, 9)
    yield "insert at the end", lambda x: x.insert(99, 9)
    yield "pop", lambda x: x.pop()
    yield "pop first", lambda x: x.pop(0)
    yield "remove", lambda x: x.remove(1)
    yield "clear", lambda x: x.clear()
    yield "reverse", lambda x: x.reverse()
    yield "sort", lambda x: x.sort()
    yield "sort by key", lambda x: x.sort(key=lambda n: -n, reverse=True)
    yield "set", lambda x: x.__setitem__(-1, 9)
    yield "set slice", lambda x: x.__setitem__(slice(0, 2), [7, 8, 9])
    yield "set steps", lambda x: x.__setitem__(slice(None, None, 2), [7, 8])
    yield "delete", lambda x: x.__delitem__(0)
    yield "delete slice", lambda x: x.__delitem__(slice(1, None))
    yield "+=", lambda x: x.__iadd__((8, 9))
    yield "*=", lambda x: x.__imul__(2)
    yield "extend by itself", lambda x: x.extend(x)


LIST_CHANGES = dict(changes_of_lists())


@pytest.mark.parametrize("change", LIST_CHANGES)
def test_list_changes_as_python_lists_do(change):
    ours, plain = TrackedList([3, 1, 2]), [3, 1, 2]
    results = LIST_CHANGES[change](ours), LIST_CHANGES[change](plain)
    assert ours == plain
    assert [*ours] == [*list.__iter__(ours)] == plain
    assert len(ours) == list.__len__(ours) == len(plain)
    assert results[0] == results[1]


@pytest.mark.parametrize("change", ["pop", "remove", "set", "delete"])
def test_list_raises_as_python_lists_do(change):
    tries = {
        "pop": (IndexError, lambda x: x.pop(5)),
        "remove": (ValueError, lambda x: x.remove(5)),
        "set": (IndexError, lambda x: x.__setitem__(5, 1)),
        "delete": (IndexError, lambda x: x.__delitem__(5)),
    }
    error, apply = tries[change]
    with pytest.raises(error):
        apply(TrackedList([1]))


def test_list_reads_as_python_lists_do():
    ours, plain = TrackedList([3, 1, 3]), [3, 1, 3]
    assert isinstance(ours, list)
    assert ours[0] == 3
    assert ours[-2:] == plain[-2:]
    assert list(reversed(ours)) == plain[::-1]
    assert (ours.index(1), ours.count(3), 1 in ours, 7 in ours) == (1, 2, True, False)
    assert ours + [1] == plain + [1]  # noqa: RUF005
    assert [1] + ours == [1, *plain]  # noqa: RUF005
    assert ours * 2 == plain * 2
    assert ours.copy() == plain
    assert sorted(ours) == [1, 3, 3]
    assert ours > [1]
    assert repr(ours) == repr(plain)
    assert json.dumps(ours) == json.dumps(plain)
    assert bool(ours)
    assert not TrackedList()
    first, *rest = ours
    assert (first, rest) == (3, [1, 3])


# A dictionary as Python has it


def changes_of_dicts():
    yield "set", lambda x: x.__setitem__("c", 9)
    yield "overwrite", lambda x: x.__setitem__("a", 9)
    yield "delete", lambda x: x.__delitem__("a")
    yield "update", lambda x: x.update({"a": 5, "c": 6})
    yield "update by pairs and names", lambda x: x.update([("a", 5)], c=6)
    yield "setdefault", lambda x: x.setdefault("c", 9)
    yield "setdefault of a known key", lambda x: x.setdefault("a", 9)
    yield "pop", lambda x: x.pop("a")
    yield "pop with default", lambda x: x.pop("z", None)
    yield "popitem", lambda x: x.popitem()
    yield "clear", lambda x: x.clear()
    yield "|=", lambda x: x.__ior__({"c": 1})


DICT_CHANGES = dict(changes_of_dicts())


@pytest.mark.parametrize("change", DICT_CHANGES)
def test_dictionary_changes_as_python_dictionaries_do(change):
    ours, plain = TrackedDict({"b": 1, "a": 2}), {"b": 1, "a": 2}
    results = DICT_CHANGES[change](ours), DICT_CHANGES[change](plain)
    assert ours == plain
    assert [*ours.items()] == [*dict.items(ours)] == [*plain.items()]
    assert len(ours) == dict.__len__(ours) == len(plain)
    assert results[0] == results[1]


def test_dictionary_reads_as_python_dictionaries_do():
    ours, plain = TrackedDict({"b": 1, "a": 2}), {"b": 1, "a": 2}
    assert isinstance(ours, dict)
    assert (ours["a"], ours.get("z"), ours.get("z", 3)) == (2, None, 3)
    assert ("a" in ours, "z" in ours) == (True, False)
    assert list(ours) == [*ours.keys()] == ["b", "a"]
    assert [*ours.values()] == [1, 2]
    assert list(reversed(ours)) == ["a", "b"]
    assert {**ours} == dict(**ours) == dict(ours) == plain
    assert ours | {"c": 1} == plain | {"c": 1}
    assert {"c": 1} | ours == {"c": 1} | plain
    assert repr(ours) == repr(plain)
    assert json.dumps(ours) == json.dumps(plain)
    with pytest.raises(KeyError):
        ours["z"]
    with pytest.raises(KeyError):
        ours.pop("z")


def test_default_dictionary_keeps_its_default():
    holder = Holder(defaultdict(list))
    holder.items["a"].append(built())
    assert names(holder) == ["items.a.0.linear.weight"]


def test_trees_see_containers():
    ours, theirs = TrackedList([1, {"b": 2, "a": 3}]), [1, {"b": 2, "a": 3}]
    assert tree.flatten(ours) == tree.flatten(theirs)
    assert tree.map_structure(lambda x: -x, ours) == [-1, {"a": -3, "b": -2}]
    mapping = TrackedDict({"b": 2, "a": 3})
    assert tree.flatten_with_path(mapping) == [(("a",), 3), (("b",), 2)]
    assert tree.map_structure(lambda x: -x, mapping) == {"b": -2, "a": -3}
    assert tree.is_nested(ours)


# What torch and Keras find inside


def test_layers_of_a_list_are_found():
    holder = Holder([built(), built()])
    assert names(holder) == ["items.0.linear.weight", "items.1.linear.weight"]
    assert len(holder.weights) == 2
    assert [m.name for m in holder.modules() if isinstance(m, layers.Dense)] == [
        layer.name for layer in holder.items
    ]


def test_list_that_is_filled_later():
    holder = Holder([])
    assert holder.items == []
    holder.items.append(built())
    holder.items.extend([built(), 5])
    holder.items += [built()]
    holder.items.insert(0, built())
    assert names(holder) == [f"items.{i}.linear.weight" for i in (0, 1, 2, 4)]


def test_items_that_leave_are_forgotten():
    holder = Holder([built(), built(2)])
    kept = holder.items.pop()
    assert names(holder) == ["items.0.linear.weight"]
    holder.items[0] = kept
    assert [tuple(p.shape) for p in holder.parameters()] == [(2, 2)]
    holder.items.clear()
    assert names(holder) == []


def test_dictionary_that_is_filled_later():
    holder = Holder({})
    holder.items["x"] = built()
    holder.items.setdefault("y", built())
    holder.items.update(z=built())
    assert names(holder) == [f"items.{key}.linear.weight" for key in "xyz"]
    del holder.items["x"]
    holder.items["y"] = 5
    assert names(holder) == ["items.z.linear.weight"]


def test_keys_with_dots_do_not_collide():
    holder = Holder({"a.b": built(), "a_b": built()})
    assert len(list(holder.parameters())) == 2
    assert len(holder.state_dict()) == 2


def test_ordered_dictionary_is_found():
    assert names(Holder(OrderedDict(b=built()))) == ["items.b.linear.weight"]


def test_nested_containers_are_found_and_may_grow():
    holder = Holder([[built()], {"x": built()}, (built(), 3)])
    assert len(holder.weights) == 3
    holder.items[0].append(built())
    holder.items[1]["y"] = built()
    holder.items.append([])
    holder.items[-1].append(built())
    assert len(holder.weights) == len(list(holder.parameters())) == 6


def test_tuples_stay_tuples():
    holder = Holder((built(), [built()]))
    assert type(holder.items) is tuple
    holder.items[1].append(built())
    assert len(holder.weights) == 3
    holder.items = Pair(built(), 2)
    assert type(holder.items) is Pair
    assert len(holder.weights) == 1
    holder.items = (1, 2)
    assert holder.items == (1, 2)
    assert holder.weights == []


def test_plain_torch_modules_are_found():
    holder = Holder([nn.Linear(2, 1), nn.Sequential(nn.Linear(1, 1))])
    assert len(holder.weights) == len(list(holder.parameters())) == 4


def test_list_of_numbers_stays_a_list():
    holder = Holder([1.0, 2.0])
    assert type(holder.items) is list
    assert list(holder.children()) == []


def test_empty_list_may_hold_numbers():
    holder = Holder([])
    holder.items.append(1.5)
    holder.items += [2.5]
    assert holder.items == [1.5, 2.5]
    assert holder.state_dict() == {}
    holder.items = [3.5]
    assert type(holder.items) is list
    holder.items = None
    assert holder.items is None


def test_appending_numbers_costs_the_same_however_long_the_list_is(monkeypatch):
    items, swept = TrackedList(), []
    monkeypatch.setattr(TrackedList, "_hold_all", lambda *_: swept.append(1))
    for number in range(1000):
        items.append(number)
    assert swept == []


def test_shared_list_is_shared():
    first, second = Holder([built()]), Holder()
    second.items = first.items
    second.items.append(built())
    assert len(first.weights) == len(second.weights) == 2


def test_items_follow_the_mode():
    holder = Holder([layers.Dropout(0.5)])
    holder.train()
    holder.items.append(layers.Dropout(0.5))
    holder.items.append((nn.Dropout(0.5),))
    assert all(m.training for m in holder.modules())
    holder.eval()
    assert not any(m.training for m in holder.modules())


def test_items_are_frozen_with_the_layer():
    holder = Holder([built(), Variable([1.0]), {"x": nn.Linear(1, 1)}])
    holder.trainable = False
    assert holder.trainable_weights == []
    assert not any(p.requires_grad for p in holder.parameters())
    holder.trainable = True
    assert len(holder.trainable_weights) == 4


# Variables


def test_variables_of_a_list_are_weights():
    holder = Holder([Variable([1.0], name="a"), Variable([2.0], name="b", trainable=False)])
    assert [v.name for v in holder.weights] == ["a", "b"]
    assert names(holder) == ["items.0", "items.1"]
    assert [v.name for v in holder.trainable_weights] == ["a"]
    assert holder.weights[0] is holder.items[0]


def test_lists_of_variables_may_grow_and_shrink():
    holder = Holder([])
    first, second = Variable([1.0]), Variable([2.0])
    holder.items += [first, second]
    assert holder.weights == [first, second]
    parameter = second.value
    assert holder.items.pop(0) is first
    assert first.is_free
    assert names(holder) == ["items.0"]
    assert second.value is parameter is holder.items[0].value
    second.assign([5.0])
    assert holder.state_dict()["items.0"].item() == 5


def test_variables_in_dictionaries_and_tuples():
    holder = Holder({"w": Variable([1.0]), "deep": [(Variable([2.0]), 3)]})
    assert names(holder) == ["items.w", "items.deep.0.0"]
    holder.items = (Variable([1.0]), Variable([2.0]))
    assert len(holder.weights) == 2


def test_weights_of_the_layer_stay_where_they_are():
    layer = layers.Layer()
    layer.items = [layer.add_weight(shape=(1,), name="w"), layer.add_weight(shape=(1,), name="w")]
    assert names(layer) == ["w", "w_1"]
    assert layer.weights == layer.items


def test_variables_of_lists_beside_layers():
    holder = Holder([Variable([1.0], name="v"), built()])
    holder.own = Variable([2.0], name="own")
    assert [v.name for v in holder.weights] == ["own", "v", "kernel"]
    holder.set_weights([[7.0], [8.0], [[1.0], [2.0]]])
    assert (holder.own.value.item(), holder.items[0].value.item()) == (7, 8)


def test_variables_of_lists_equal_keras():
    def made(package):
        layer = package.layers.Layer()
        layer.items = [package.Variable([1.0]), package.Variable([2.0], trainable=False)]
        layer.more = {"x": package.Variable([3.0])}
        layer.inner = package.layers.Dense(1)
        layer.inner.build((None, 2))
        return [tuple(v.shape) for v in layer.weights], [v.trainable for v in layer.weights]

    ours, theirs = made(torchkeras), made(keras)
    assert ours[0] == theirs[0]


def test_save_own_variables_has_those_of_lists():
    holder, store = Holder([Variable([1.0]), Variable([2.0])]), {}
    holder.save_own_variables(store)
    assert {key: value.tolist() for key, value in store.items()} == {"0": [1], "1": [2]}
    holder.load_own_variables({"0": [3.0], "1": [4.0]})
    assert [v.value.item() for v in holder.items] == [3, 4]


# Copies


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_are_apart(copied):
    holder = Holder([built(), {"x": built(), "n": 3}, Variable([1.0]), (built(), 4)])
    other = copied(holder)
    assert names(other) == names(holder)
    assert other.items[0] is other.get_submodule("items.0")
    assert other.items[1]["x"] is other.get_submodule("items.1.x")
    assert other.items[3][0] is other.get_submodule("items.3.0")
    assert other.items[2] is other.own_variables()[0]
    assert (other.items[1]["n"], other.items[3][1]) == (3, 4)
    assert next(iter(list.__iter__(other.items))) is other.items[0]
    other.items[2].assign([9.0])
    other.items.append(built())
    assert holder.items[2].value.item() == 1
    assert len(holder.items) == 4
    assert len(other.weights) == len(holder.weights) + 1


def test_shallow_copies_are_plain():
    items, mapping = TrackedList([built()]), TrackedDict({"x": built()})
    assert type(copy.copy(items)) is type(items.copy()) is list
    assert type(copy.copy(mapping)) is type(mapping.copy()) is dict
    copy.copy(items).append(built())
    assert len(list(items.children())) == 1


def test_recursive_attributes_are_copied():
    holder = Holder([built()])
    holder.items.append(holder.items[0])
    other = copy.deepcopy(holder)
    assert other.items[0] is other.items[1]


# Compiled and exported


class Uses(layers.Layer):
    """A layer that reads its containers in all ways."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.blocks = [layers.Dense(2) for _ in range(3)]
        self.by_name = {"a": layers.Dense(2), "b": nn.Linear(2, 2)}
        self.pair = (layers.Dense(2), "text")
        self.scales = [Variable([2.0, 3.0])]

    def call(self, x):
        for index, block in enumerate(self.blocks):
            x = block(x) + index
        for block in reversed(self.blocks):
            x = block(x)
        for block, scale in zip(self.blocks[1:], self.scales, strict=False):
            x = block(x) * scale
        for name, block in self.by_name.items():
            x = block(x) if name in self.by_name else x
        for block in self.by_name.values():
            x = block(x)
        x = self.blocks[-1](x) + len(self.blocks) + len(self.by_name)
        return self.pair[0](x) + self.by_name["a"](x) + sum(b(x) for b in self.blocks)


@not_on_the_oldest_torch
def test_compiles_in_one_graph():
    layer, x = Uses(), torch.ones(3, 2)
    expected = layer(x)
    compiled = torch.compile(layer, fullgraph=True, backend="eager")
    assert torch.allclose(compiled(x), expected)


def test_exports():
    layer, x = Uses(), torch.ones(3, 2)
    expected = layer(x)
    program = torch.export.export(layer, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    assert torch.allclose(program.module()(x), expected)


def test_works_on_symbols():
    assert Uses()(torchkeras.Input((2,))).shape == (None, 2)
