"""A functional model as a list of steps and, made from it, a `torch.fx` graph and its function.

Symbols know only their own origin. `trace` walks from the outputs back to the inputs and writes
the steps down once, flat, with layers by name: a program is plain data that can be copied,
pickled, written to a config and replayed. `emit` turns it into an `fx.Graph`; the straight-line
function that the graph generates is what runs.
"""

import keyword
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import torch
from torch import fx, nn

from torchkeras import tree
from torchkeras._base.messages import show
from torchkeras._base.naming import free_name
from torchkeras._base.nested import leaves_of, map_leaves, unpack_singleton

from .spec import Spec
from .tensor import KerasTensor, Node

Improve = Callable[[fx.Graph, dict[str, Any]], None]
_PLAIN = (bool, int, float, complex, str, type(None), torch.dtype, torch.device, type(Ellipsis))


@dataclass(frozen=True)
class Ref:
    """The `leaf`-th tensor that comes out of step number `step`."""

    step: int
    leaf: int


@dataclass(frozen=True)
class Constant:
    """A value that is no plain argument, by its number among the program's constants."""

    index: int


@dataclass
class Step:
    """One call: of a layer, by name, or of a function."""

    target: str | Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: Any
    name: str

    @property
    def is_layer(self) -> bool:
        """Whether a layer is called."""
        return isinstance(self.target, str)

    @property
    def is_input(self) -> bool:
        """Whether the step only declares an input."""
        return self.is_layer and not self.refs

    def without_mode(self) -> "Step":
        """Return the step without `training` among its arguments."""
        kwargs = {key: value for key, value in self.kwargs.items() if key != "training"}
        return replace(self, kwargs=kwargs)

    @property
    def refs(self) -> list[Ref]:
        """The tensors that go in, in order."""
        return [leaf for leaf in leaves_of((self.args, self.kwargs)) if isinstance(leaf, Ref)]


@dataclass
class Program:
    """Steps in the order in which they run; structures of refs for inputs and outputs."""

    steps: list[Step]
    inputs: Any
    outputs: Any
    constants: list[Any] = field(default_factory=list)

    @property
    def fixes_modes(self) -> bool:
        """Whether a layer is called with `training`."""
        return any("training" in step.kwargs for step in self.steps)

    def without_modes(self) -> "Program":
        """Return the program in which no layer is called with `training`."""
        return replace(self, steps=[step.without_mode() for step in self.steps])

    def emit(self) -> fx.Graph:
        """Return the program as an `fx.Graph`; inputs are flat, outputs nested unless single."""
        return _Emitter(self).emit()

    def bind(
        self, layers: Mapping[str, nn.Module], owner: nn.Module, improve: Improve
    ) -> Callable[..., Any]:
        """Return the function of the flat inputs that runs the program.

        Args:
            layers: The layers by name.
            owner: The module that holds constant tensors.
            improve: Takes the graph and what its calls find by name, and may change both.
        """
        graph = self.emit()
        called: dict[str, Any] = {key: layers[name] for name, key in self.keys().items()}
        improve(graph, called)
        code = graph.python_code("self")
        namespace: dict[str, Any] = dict(code.globals)
        exec(compile(code.src, "<functional model>", "exec"), namespace)
        objects = {f"constant_{i}": value for i, value in enumerate(self.constants)}
        scope = SimpleNamespace(owner=owner, constants=SimpleNamespace(**objects), **called)
        return namespace["forward"].__get__(scope)

    def keys(self) -> dict[str, str]:
        """Return, for each called layer, a name that code can use."""
        found: dict[str, str] = {}
        for step in self.steps:
            if step.is_layer and not step.is_input and step.name not in found:
                found[step.name] = free_name(_identifier(step.name), {*found.values(), "owner"})
        return found

    def replay(
        self, call: Callable[[Step, tuple[Any, ...], dict[str, Any]], Any]
    ) -> tuple[Any, Any]:
        """Run the steps through `call`, and return the structures of inputs and outputs.

        Args:
            call: Takes a step and its arguments with earlier results in place of refs.
        """
        leaves: dict[Ref, Any] = {}

        def fill(value: Any) -> Any:
            if isinstance(value, Constant):
                return self.constants[value.index]
            return leaves[value] if isinstance(value, Ref) else value

        order = {ref.step: rank for rank, ref in enumerate(leaves_of(self.inputs))}
        for index in [*order, *(i for i in range(len(self.steps)) if i not in order)]:
            step = self.steps[index]
            args, kwargs = map_leaves(fill, (step.args, step.kwargs))
            for leaf, value in enumerate(leaves_of(call(step, args, kwargs))):
                leaves[Ref(index, leaf)] = value
        return map_leaves(fill, self.inputs), map_leaves(fill, self.outputs)

    def __str__(self) -> str:
        return str(self.emit().python_code("self").src).strip()


class _Emitter:
    """Writes a program as an fx graph."""

    def __init__(self, program: Program) -> None:
        self.program, self.graph, self.keys = program, fx.Graph(), program.keys()
        self.results: dict[int, fx.Node] = {}
        self.leaves: dict[Ref, fx.Node] = {}

    def emit(self) -> fx.Graph:
        program = self.program
        names: list[str] = []
        for ref in tree.flatten(program.inputs):
            names.append(free_name(_identifier(program.steps[ref.step].name), names))
            placeholder = self.graph.placeholder(names[-1])
            self.results[ref.step] = self.leaves[ref] = placeholder
        for index, step in enumerate(program.steps):
            if index not in self.results:
                self.results[index] = self._step(step)
        self.graph.output(self._fill(unpack_singleton(program.outputs)))
        return self.graph

    def _step(self, step: Step) -> fx.Node:
        args, kwargs = self._fill(step.args), self._fill(step.kwargs)
        _require_names(step)
        if isinstance(step.target, str):
            return self.graph.call_module(self.keys[step.target], args, kwargs)
        if getattr(torch.Tensor, getattr(step.target, "__name__", ""), None) is step.target:
            return self.graph.call_method(step.target.__name__, args, kwargs)
        return self.graph.call_function(step.target, args, kwargs)

    def _fill(self, structure: Any) -> Any:
        return tree.map_structure(self._leaf, structure)

    def _leaf(self, value: Any) -> Any:
        if isinstance(value, Constant):
            constant = self.program.constants[value.index]
            place = "owner" if isinstance(constant, torch.Tensor) else "constants"
            return self.graph.get_attr(f"{place}.constant_{value.index}")
        return self._tensor(value) if isinstance(value, Ref) else value

    def _tensor(self, ref: Ref) -> fx.Node:
        if ref not in self.leaves:
            node = self.results[ref.step]
            paths = tree.flatten_with_path(self.program.steps[ref.step].outputs)
            for key in paths[ref.leaf][0]:
                node = self.graph.call_function(operator.getitem, (node, key))
            self.leaves[ref] = node
        return self.leaves[ref]


def _require_names(step: Step) -> None:
    """Refuse arguments that are no names: fx writes them into code as they are."""
    wrong = [key for key in step.kwargs if not key.isidentifier() or keyword.iskeyword(key)]
    if wrong:
        raise ValueError(f"Step {step.name!r} is called with {wrong[0]!r}, which is no name.")


def _identifier(name: str) -> str:
    """Return a name that code can use for an argument or attribute."""
    if name.isidentifier() and not keyword.iskeyword(name) and name not in ("self", "constants"):
        return name
    return "_" + re.sub(r"\W", "_", name)


def trace(
    inputs: Any,
    outputs: Any,
    names: Callable[[Node], str],
    declare: Callable[[KerasTensor], Node],
) -> Program:
    """Write down the steps that lead from `inputs` to `outputs`.

    Args:
        inputs: A structure of symbols.
        outputs: A structure of symbols made from them.
        names: Gives the unique name of a node's layer or step.
        declare: Makes the input node for a symbol that is the result of an earlier step.
    """
    entries: dict[int, Node] = {}
    for symbol in tree.flatten(inputs):
        origin = symbol.origin
        entries[id(symbol)] = origin if origin and origin.is_input else declare(symbol)
    refs: dict[int, Ref] = {}
    program = Program([], None, None)
    entry_of_node = {id(node): symbol for symbol, node in entries.items()}
    for node in _order(entries, tree.flatten(outputs), tree.flatten(inputs)):
        if id(node) in entry_of_node:
            refs[entry_of_node[id(node)]] = Ref(len(program.steps), 0)
        for leaf, symbol in enumerate(tree.flatten(node.outputs)):
            refs.setdefault(id(symbol), Ref(len(program.steps), leaf))
        program.steps.append(_write(node, refs, program, names))
    program.inputs = tree.map_structure(lambda symbol: refs[id(symbol)], inputs)
    program.outputs = tree.map_structure(lambda symbol: refs[id(symbol)], outputs)
    return program


def _write(
    node: Node, refs: Mapping[int, Ref], program: Program, names: Callable[[Node], str]
) -> Step:
    def leaf(value: Any) -> Any:
        if isinstance(value, KerasTensor):
            return refs[id(value)]
        if isinstance(value, (slice, *_PLAIN)):
            return value
        program.constants.append(_without_history(value))
        return Constant(len(program.constants) - 1)

    args, kwargs = tree.map_structure(leaf, (node.args, node.kwargs))
    name = names(node)
    specs = tree.map_structure(_as_spec, node.outputs)
    target = name if isinstance(node.target, nn.Module) else node.target
    return Step(target, args, kwargs, specs, name)


def _without_history(value: Any) -> Any:
    """Return a value, cut off from the graph that computed it, which lasts for one step only."""
    if not isinstance(value, torch.Tensor):
        return value
    computed = value if value._base is None else value._base
    return value if computed.grad_fn is None else value.detach()


def _as_spec(leaf: Any) -> Any:
    return Spec(leaf.shape, leaf.dtype) if isinstance(leaf, Spec) else leaf


def _order(
    entries: Mapping[int, Node], outputs: Sequence[Any], inputs: Sequence[KerasTensor]
) -> list[Node]:
    """Return the nodes from inputs to outputs in Keras's order: deepest first.

    The depth of a node is its longest way to an output; all calls of one layer share the greatest.
    Among equals, the layer that was met first going back from the outputs comes first.
    """
    walk = _Walk(entries, inputs)
    for output in outputs:
        walk.back_from(output)
    depth_of_node: dict[int, int] = {}
    depth_of_target: dict[int, int] = {}
    for node in reversed(walk.found):
        target = _identity(node)
        depth = max(depth_of_node.get(id(node), 0), depth_of_target.get(target, 0))
        depth_of_node[id(node)] = depth_of_target[target] = depth
        for parent in walk.parents(node):
            depth_of_node[id(parent)] = max(depth_of_node.get(id(parent), 0), depth + 1)
    unused = [node for node in entries.values() if id(node) not in depth_of_node]
    nodes = [*walk.found, *unused]
    rank = {id(node): position for position, node in enumerate(nodes)}

    def key(node: Node) -> tuple[int, int, int]:
        met = walk.met.get(_identity(node), -1)  # unused inputs come first among equals
        return -depth_of_node.get(id(node), 0), met, rank[id(node)]

    return sorted(nodes, key=key)


def _identity(node: Node) -> int:
    return id(node.target) if isinstance(node.target, nn.Module) else id(node)


class _Walk:
    """A walk from outputs back to inputs; `found` has parents before children."""

    def __init__(self, entries: Mapping[int, Node], inputs: Sequence[KerasTensor]) -> None:
        self.entries, self.inputs = entries, inputs
        self.entry_nodes = {id(node) for node in entries.values()}
        self.found: list[Node] = []
        self.met: dict[int, int] = {}

    def parents(self, node: Node) -> list[Node]:
        """Return the nodes that a node's inputs come from."""
        if id(node) in self.entry_nodes:
            return []
        return [self._node_of(symbol) for symbol in node.inputs]

    def _node_of(self, symbol: KerasTensor) -> Node:
        node = self.entries.get(id(symbol)) or symbol.origin
        if node is None or (node.is_input and id(node) not in self.entry_nodes):
            raise _disconnected(symbol, self.inputs)
        return node

    def back_from(self, output: KerasTensor) -> None:
        """Walk from one output, depth first and without recursion."""
        done = {id(node) for node in self.found}
        stack = [(self._node_of(output), False)]
        while stack:
            node, finished = stack.pop()
            if id(node) in done:
                continue
            if finished:
                done.add(id(node))
                self.found.append(node)
                continue
            self.met.setdefault(_identity(node), len(self.met))
            stack.append((node, True))
            stack += [(parent, False) for parent in reversed(self.parents(node))]


def _disconnected(symbol: KerasTensor, inputs: Sequence[KerasTensor]) -> ValueError:
    return ValueError(
        "`inputs` not connected to `outputs`: the outputs also need the symbol "
        f"{symbol!r}, which is not among the inputs {[show(x) for x in inputs]}. Add it."
    )
