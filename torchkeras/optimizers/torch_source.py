"""Where an optimizer of torch comes from: a class, an instance, a function, a config."""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from torchkeras._base.messages import did_you_mean, show

Torch = torch.optim.Optimizer
_PLAIN = (bool, int, float, str, type(None))


def is_torch_source(thing: Any) -> bool:
    """Say whether something is an optimizer of torch, its class, or may be a function of one."""
    if isinstance(thing, type):
        return issubclass(thing, Torch)
    return isinstance(thing, (Torch, LRScheduler)) or (
        callable(thing) and not hasattr(thing, "apply_gradients")
    )


def check_source(source: Any, options: Mapping[str, Any]) -> None:
    """Raise an error for what cannot make an optimizer, or not with these options."""
    if isinstance(source, LRScheduler):
        raise ValueError(
            "`optimizer` must be an optimizer. Received a scheduler of torch, "
            f"{type(source).__name__}. Say when it steps: "
            '`TorchOptimizer(scheduler.optimizer, scheduler=scheduler, per="epoch")`, or "step".'
        )
    if not (isinstance(source, Torch) or callable(source)):
        raise TypeError(
            "`optimizer` must be an optimizer of torch, its class, or a function of parameters "
            f"that returns one. Received: {show(source)} (of type {type(source).__name__})."
        )
    _check_options(source, options)
    base = source.func if isinstance(source, functools.partial) else source
    if base is torch.optim.LBFGS or isinstance(base, torch.optim.LBFGS):
        raise ValueError(
            "LBFGS computes the loss several times in a step, which `fit` does not. Take another "
            "optimizer, or write the loop with `optimizer.step(closure)`."
        )


def _check_options(source: Any, options: Mapping[str, Any]) -> None:
    if options and isinstance(source, Torch):
        raise ValueError(
            f"{type(source).__name__} is made already, so it takes no options. "
            f"Received: {dict(options)}. Pass its class with them."
        )
    if not (isinstance(source, type) and issubclass(source, Torch)):
        return
    parameters = inspect.signature(source).parameters
    known = [name for name in parameters if name != "params"]
    open_ended = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    for name in options:
        if name not in known and not open_ended:
            hint = " torch calls it 'lr'." if name == "learning_rate" else did_you_mean(name, known)
            raise ValueError(
                f"{source.__name__} of torch does not take `{name}`, but {', '.join(known)}.{hint}"
            )


def make(
    source: Any, options: Mapping[str, Any], groups: Sequence[Mapping[str, Any]] | None,
    params: list[nn.Parameter],
) -> Torch:  # fmt: skip
    """Return the optimizer for the parameters of a model.

    Args:
        source: A class, an instance or a function.
        options: Arguments of the class or function.
        groups: What `groups_of` returned; the parameters are one group otherwise.
        params: The parameters.
    """
    if isinstance(source, Torch):
        _check_membership(source, params)
        return source
    given: Any = params if groups is None else _filled(groups, params)
    made = source(given, **options)
    if not isinstance(made, Torch):
        raise TypeError(
            "The function given as `optimizer` must return an optimizer of torch when it is called "
            f"with a list of parameters. Received: {show(made)} (of type {type(made).__name__}). "
            "An optimizer of torchkeras is passed as it is."
        )
    _check_membership(made, params)
    return made


def _check_membership(optimizer: Torch, params: list[nn.Parameter]) -> None:
    known = {id(param) for param in params}
    if params and not any(id(param) in known for param in all_params(optimizer)):
        raise ValueError(
            f"The optimizer {type(optimizer).__name__} holds none of the model's trainable "
            "weights. Make it of `model.parameters()` after the model was built, or pass its "
            "class, or a function of parameters."
        )


def all_params(optimizer: Torch) -> list[Tensor]:
    """Return the parameters of all groups."""
    return [param for group in optimizer.param_groups for param in group["params"]]


def classes() -> dict[str, type[Torch]]:
    """Return torch's own optimizers, the only ones that a file may name."""
    found = {name: getattr(torch.optim, name) for name in dir(torch.optim)}
    return {
        name: thing
        for name, thing in found.items()
        if isinstance(thing, type) and issubclass(thing, Torch) and thing is not Torch
    }


def class_called(name: Any) -> type[Torch]:
    """Return torch's optimizer of a name.

    Args:
        name: The name.

    Raises:
        ValueError: If torch has none.
    """
    known = classes()
    if name not in known:
        raise ValueError(f"Unknown optimizer of torch: {name!r}.{did_you_mean(name, known)}")
    return known[name]


def describe_class(source: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a class, or a `functools.partial` of one, as plain values."""
    if isinstance(source, functools.partial):
        if source.args:
            _refuse(source)
        source, options = source.func, {**source.keywords, **options}
    if not (isinstance(source, type) and issubclass(source, Torch)):
        _refuse(source)
    return {"optimizer": _name_of(source), "options": _plain(options), "groups": None}


def describe(optimizer: Torch, params: list[nn.Parameter]) -> dict[str, Any]:
    """Return an optimizer, with its groups, as plain values.

    Args:
        optimizer: The optimizer.
        params: The parameters of the model; groups are written by their positions.
    """
    known = inspect.signature(type(optimizer).__init__).parameters
    options = {name: value for name, value in optimizer.defaults.items() if name in known}
    written = {"optimizer": _name_of(type(optimizer)), "options": _plain(options)}
    return {**written, "groups": groups_of(optimizer, params)}


def groups_of(optimizer: Torch, params: list[nn.Parameter]) -> list[dict[str, Any]] | None:
    """Return the groups as plain values, or `None` if there is one, of all parameters."""
    positions = {id(param): position for position, param in enumerate(params)}
    groups = []
    for group in optimizer.param_groups:
        own = {key: value for key, value in group.items() if key != "params"}
        found = [positions[id(p)] for p in group["params"] if id(p) in positions]
        groups.append({"params": found, **_plain(own)})
    if len(groups) == 1 and groups[0]["params"] == list(range(len(params))):
        return None
    return groups


def _filled(
    groups: Sequence[Mapping[str, Any]], params: list[nn.Parameter]
) -> list[dict[str, Any]]:
    if any(position >= len(params) for group in groups for position in group["params"]):
        raise ValueError(
            f"The optimizer was written for a model with more weights than these {len(params)}."
        )
    return [{**group, "params": [params[at] for at in group["params"]]} for group in groups]


def _name_of(cls: type[Torch]) -> str:
    if classes().get(cls.__name__) is not cls:
        _refuse(cls)
    return cls.__name__


def _refuse(source: Callable[..., Any]) -> None:
    raise ValueError(
        f"The optimizer {show(source)} is none of torch's own, so a config cannot name it."
    )


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _plain_value(name, value) for name, value in values.items()}


def _plain_value(name: str, value: Any) -> Any:
    if isinstance(value, Tensor) and value.numel() == 1:
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_plain_value(name, item) for item in value]
    if not isinstance(value, _PLAIN):
        raise ValueError(f"`{name}` cannot be written into a config. Received: {show(value)}.")
    return value
