"""Every public name of the installed Keras is here, namespace by namespace, with its arguments."""

import importlib
import inspect
from types import ModuleType

import keras
import pytest

import torchkeras

# Names and namespaces that are being built; one that is there must not stand here.
LATER: set[str] = set()

# What cannot exist on torch: the names are there and say so when they are called.
REFUSED = {
    "layers.JaxLayer": "runs functions of JAX",
    "layers.FlaxLayer": "runs modules of Flax",
    "layers.TFSMLayer": "runs programs of TensorFlow",
    "callbacks.OrbaxCheckpoint": "writes checkpoints with JAX",
}

# Arguments that are not Keras's, each with its reason.
OTHER_ARGUMENTS = {
    "keras.export.ExportArchive": "Keras's is wrapped and tells none",
    "keras.name_scope": "`caller`, `deduplicate` and `override_parent` are Keras's own bookkeeping",
}

# Arguments that are ours, after those of Keras.
MORE_ARGUMENTS = {
    "keras.callbacks.TerminateOnNaN": ["mode"],
}
MORE_EVERYWHERE = {"keras.datasets": ["as_dataset"]}


def is_namespace(thing):
    name = getattr(thing, "__name__", "")
    return isinstance(thing, ModuleType) and name.startswith("keras.") and ".src" not in name


def namespaces(module=keras, seen=None):
    """The public modules of Keras, each once."""
    seen = {} if seen is None else seen
    seen.setdefault(module.__name__, module)
    for name, inner in vars(module).items():
        public = not name.startswith("_") and is_namespace(inner)
        if public and inner.__name__ not in seen:
            namespaces(inner, seen)
    return seen


SPACES = namespaces()


def names(module):
    public = {n: x for n, x in vars(module).items() if not n.startswith("_")}
    return {n: x for n, x in public.items() if not isinstance(x, ModuleType)}


def ours(path):
    """Our namespace for one of Keras."""
    return importlib.import_module(path.replace("keras", "torchkeras", 1))


def is_later(path):
    return any(path == late or path.startswith(f"{late}.") for late in LATER)


def arguments(thing):
    function = thing.__init__ if inspect.isclass(thing) else thing
    parameters = list(inspect.signature(function).parameters.values())[inspect.isclass(thing) :]
    return [(p.name, p.default) for p in parameters if p.kind != p.VAR_KEYWORD]


def same_default(one, other):
    """Functions of the two packages are the same default if they have the same name."""
    named = getattr(one, "__name__", one), getattr(other, "__name__", other)
    return type(named[0]) is type(named[1]) and named[0] == named[1]


@pytest.mark.parametrize("path", SPACES)
def test_names(path):
    if is_later(path):
        pytest.skip("is being built")
    wanted = {name for name in names(SPACES[path]) if not is_later(f"{path}.{name}")}
    space = ours(path)
    assert {name for name in wanted if not hasattr(space, name)} == set()


@pytest.mark.parametrize("path", SPACES)
def test_arguments(path):
    if is_later(path):
        pytest.skip("is being built")
    wrong = {}
    for name, theirs in names(SPACES[path]).items():
        full = f"{path}.{name}"
        if full in OTHER_ARGUMENTS or is_later(full) or not callable(theirs):
            continue
        expected, found = arguments(theirs), arguments(getattr(ours(path), name))
        begin, rest = found[: len(expected)], [name for name, _ in found[len(expected) :]]
        same = len(begin) == len(expected) and all(
            one[0] == other[0] and same_default(one[1], other[1])
            for one, other in zip(begin, expected, strict=True)
        )
        everywhere = [a for space, a in MORE_EVERYWHERE.items() if path.startswith(space)]
        if not same or (rest and rest not in [MORE_ARGUMENTS.get(full), *everywhere]):
            wrong[full] = (found, expected)
    assert wrong == {}


@pytest.mark.parametrize("path", sorted(LATER))
def test_what_is_there_is_not_later(path):
    space, _, name = path.rpartition(".")
    assert not hasattr(ours(space), name), f"{path} is there: take it off LATER"


@pytest.mark.parametrize("path", REFUSED)
def test_what_cannot_be_says_so(path):
    space, _, name = path.partition(".")
    refused = getattr(getattr(torchkeras, space), name)
    with pytest.raises((ImportError, NotImplementedError, ValueError), match="torch alone") as said:
        refused("x")
    assert name in str(said.value)
