"""`apply` on values that are given, and not on those of the variables."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from torchkeras._state.stateless import swapped
from torchkeras._state.variable import Variable, as_tensor


def applied(
    optimizer: Any,
    optimizer_variables: Sequence[Any],
    grads: Sequence[Any],
    trainable_variables: Sequence[Any],
) -> tuple[list[Tensor], list[Tensor]]:
    """Return new values of the trainable and of the optimizer's variables, which keep their own."""
    own, trained = optimizer.variables, optimizer._trainable_variables
    if not optimizer.built:
        raise ValueError(
            "To call `stateless_apply`, the optimizer must be built. Call "
            "`optimizer.build(trainable_variables)` first."
        )
    _check("optimizer_variables", optimizer_variables, own)
    _check("trainable_variables", trainable_variables, trained)
    variables, given = [*trained, *own], [*trainable_variables, *optimizer_variables]
    values = [
        as_tensor(value, variable.parameters[0]).clone()
        for variable, value in zip(variables, given, strict=True)
    ]
    with swapped(variables, values), optimizer._detached():
        optimizer.apply(grads)
        results = [variable.value.detach().clone() for variable in variables]
    return results[: len(trained)], results[len(trained) :]


def _check(argument: str, values: Sequence[Any], variables: list[Variable]) -> None:
    if len(values) != len(variables):
        raise ValueError(
            f"`{argument}` must hold one value for each of {len(variables)} variables. "
            f"Received: {len(values)} values."
        )
