"""A function of tensors as a straight line of torch's kernels, without modules and autograd.

The gradients that a function computes are recorded with it, as the kernels that autograd calls. The
line calls the same kernels on the same numbers, and leaves out what stands between them.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, fx

Function = Callable[..., tuple[Tensor, ...]]

_ATEN = torch.ops.aten
_SAME = (_ATEN.alias.default, _ATEN.detach.default)  # without autograd, their input
_TRANSPOSED = _ATEN.t.default

# The functions that people call take half the time of the operators that tracers record, and these
# take the same arguments.
_FUNCTIONS = frozenset(
    "t mm addmm bmm sum mean relu sigmoid tanh exp add sub mul div neg pow cat select permute "
    "where transpose unsqueeze squeeze ones_like _softmax _log_softmax native_layer_norm".split()
)
_METHODS = frozenset({"view", "expand"})


def straight_line(function: Function, examples: Sequence[Tensor]) -> Function:
    """Record what a function does to examples, as a function that does it again and no more.

    It must do the same to all tensors of these shapes, and change nothing.

    Args:
        function: A function of tensors that returns tensors. Parameters and buffers that it uses
            keep their place: the line reads them where they are.
        examples: What it is recorded with.
    """
    from torch.fx.experimental.proxy_tensor import make_fx  # imports a second's worth of modules

    module = make_fx(function)(*examples)
    _shorten(module.graph)
    return _compiled(module)


def _shorten(graph: fx.Graph) -> None:
    """Take out what only autograd needs."""
    for node in graph.nodes:
        if node.target in _SAME:
            node.replace_all_uses_with(node.args[0])
        elif node.target is _TRANSPOSED and node.args[0].target is _TRANSPOSED:
            node.replace_all_uses_with(node.args[0].args[0])
    graph.eliminate_dead_code()


def _compiled(module: fx.GraphModule) -> Function:
    """Write a graph as a Python function whose constants are its globals."""
    names: dict[str, Any] = {}
    lines = list(_lines(module, names))
    inputs = ", ".join(node.name for node in module.graph.nodes if node.op == "placeholder")
    text = f"def line({inputs}):\n" + "\n".join(f"    {line}" for line in lines)
    exec(compile(text, "<a recorded step>", "exec"), names)
    line: Function = names["line"]
    return line


def _lines(module: fx.GraphModule, names: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each node, and add to `names` what the lines refer to."""

    def named(value: Any, prefix: str) -> str:
        name = f"{prefix}_{len(names)}"
        names[name] = value
        return name

    def text(argument: Any) -> str:
        if isinstance(argument, fx.Node):
            return argument.name
        if isinstance(argument, (list, tuple)) and _holds_node(argument):
            return f"[{', '.join(map(text, argument))}]"
        return named(argument, "constant")

    last = _last_uses(module.graph)
    for node in module.graph.nodes:
        if node.op == "get_attr":
            names[node.name] = getattr(module, node.target)
        elif node.op == "call_function":
            positional = [text(argument) for argument in node.args]
            keywords = [f"{key}={text(value)}" for key, value in node.kwargs.items()]
            call = f"{named(_binding(node.target), 'kernel')}({', '.join(positional + keywords)})"
            freed = "".join(f"; {name} = None" for name in last.get(node, ()))
            yield f"{node.name} = {call}{freed}"
        elif node.op == "output":
            yield f"return {', '.join(map(text, node.args[0]))},"


def _holds_node(argument: Any) -> bool:
    return any(isinstance(part, fx.Node) for part in argument)


def _last_uses(graph: fx.Graph) -> dict[fx.Node, list[str]]:
    """Return by node the names of what nothing after it uses, whose memory is free from there."""
    found: dict[fx.Node, list[str]] = {}
    for node in graph.nodes:
        users = set(node.users)
        if node.op == "call_function" and users and not any(u.op == "output" for u in users):
            last = next(other for other in reversed(graph.nodes) if other in users)
            found.setdefault(last, []).append(node.name)
    return found


def _binding(operator: Any) -> Callable[..., Any]:
    """Return the fastest way to call an operator with its own arguments."""
    if not isinstance(operator, torch._ops.OpOverload):
        return operator  # `getitem`
    name = operator._schema.name.removeprefix("aten::")
    if name in _METHODS:
        return getattr(torch.Tensor, name)
    return getattr(torch, name) if name in _FUNCTIONS else operator._op
