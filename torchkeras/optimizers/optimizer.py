"""`Optimizer`: Keras's optimizer over torch's parameters."""

import operator
import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, Self

from torch import Tensor

from torchkeras._base.messages import show
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._state.variable import Variable, as_tensor
from torchkeras._state.view import ParameterView

from . import stateless
from .directory import Directory
from .options import check_options, not_one_string
from .stages import ACCUMULATOR, AVERAGE, Stages
from .state import LearningRate


class Optimizer(Stages):
    """The base of all optimizers: options, bookkeeping and the order of a step.

    A step unscales the gradients, accumulates and clips them, decays the weights, updates and
    averages them and applies constraints; each only if asked for. A subclass makes its variables
    in `build` and defines `update_step` for one variable.

    In a plain torch loop it takes torch parameters: `optimizer.build(module.parameters())`, then
    `zero_grad()`, `backward()` and `step()`.

    Args:
        learning_rate: A float, a schedule, or a function without arguments that returns a float.
        weight_decay: The share of each weight, times the learning rate, that a step takes away.
        clipnorm: The largest norm of the gradient of each variable.
        clipvalue: The largest absolute value in a gradient.
        global_clipnorm: The largest norm of all gradients together.
        use_ema: Whether a moving average of the weights is kept.
        ema_momentum: The weight of the old average in the new one.
        ema_overwrite_frequency: After how many iterations the weights are set to their average;
            `None` for only at the end (`finalize_variable_values`).
        loss_scale_factor: What `scale_loss` multiplies by, and gradients are divided by.
        gradient_accumulation_steps: How many steps' gradients are averaged for one update.
        name: The optimizer's name; made from the class's if not given.

    Raises:
        ValueError: If an option has a wrong value, or more than one clipping is asked for.

    Example:
        >>> import torch, torchkeras
        >>> weight = torch.nn.Parameter(torch.tensor([1.0]))
        >>> optimizer = torchkeras.optimizers.SGD(0.5)
        >>> optimizer.build([weight])
        >>> weight.square().sum().backward()
        >>> optimizer.step()
        >>> weight.tolist()
        [0.0]
    """

    def __init__(
        self,
        learning_rate: LearningRate,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(learning_rate, name)
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.global_clipnorm = global_clipnorm
        self.clipvalue = clipvalue
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        check_options(self, kwargs)
        self._undecayed = Directory()

    @property
    def iterations(self) -> Any:
        """How many updates were made: a variable, or a tensor where gradients are accumulated."""
        if self.gradient_accumulation_steps:
            return self._iterations.value // self.gradient_accumulation_steps
        return self._iterations

    # Building

    def build(self, variables: Iterable[Any]) -> None:
        """Make the optimizer's variables for those of a model.

        Args:
            variables: The variables to train, or torch parameters.
        """
        self._directory = Directory(variables)
        self._shadows_by_name.clear()
        trained = self._trainable_variables
        if self.use_ema:
            self._model_variables_moving_average = self.add_optimizer_variables(trained, AVERAGE)
        if self.gradient_accumulation_steps:
            (self._accumulated_gradients,) = self._shadow_variables(
                trained, [ACCUMULATOR], ["zeros"], skip_overwritten=False
            )
        self._workspace = None
        self.built = True

    # Stepping

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "apply" in cls.__dict__ and "step" not in cls.__dict__:
            cls.step = _step_by_apply  # type: ignore[method-assign]
            cls._step_unless = Optimizer._step_unless  # type: ignore[method-assign]

    def zero_grad(self) -> None:
        """Drop the gradients of the parameters that the optimizer was built with."""
        if self.built:
            work = self._work()
            for param in work.whole.params:
                param.grad = None
            for param in self._overwritten_params(work):
                param.grad = None

    def step(self) -> None:
        """Update the parameters from their `.grad`, as a torch optimizer does.

        Scaled or clipped gradients are changed in place.

        Raises:
            ValueError: If the optimizer is not built, or no parameter has a gradient.
        """
        workspace = self._work()
        chosen = workspace.whole
        grads = _gradients(chosen.params)
        if len(grads) != len(chosen.params) or workspace.overwritten:
            if workspace.replaced:
                self.rebind()
            self._apply_found(*self._present())
        elif grads:
            self._advance(chosen, grads)

    def _found_gradients(self) -> tuple[list[Tensor], list[Tensor]]:
        """Return the gradients at the parameters, and those that take a variable's place."""
        work = self._work()
        others = self._overwritten_params(work)
        return _gradients(work.whole.params), _gradients(others)

    def _overwritten_params(self, work: Any) -> list[Tensor]:
        replaced = [self._trainable_variables[position] for position in work.overwritten]
        return [param for variable in replaced for param in variable.parameters]

    def _step_unless(self, found: Tensor, grads: list[Tensor]) -> bool:
        """Take a step that the device leaves out if `found` is 1, or say that it cannot be done."""
        return False

    def _present(self) -> tuple[dict[int, tuple[Tensor, ...]], list[int]]:
        """Return the gradients that are there, and the variables that should have one."""
        found: dict[int, tuple[Tensor, ...]] = {}
        missing = []
        for position, variable in enumerate(self._trainable_variables):
            params = variable.parameters
            grads = tuple(grad for param in params if (grad := param.grad) is not None)
            if len(grads) == len(params):
                found[position] = grads
            elif any(param.requires_grad for param in params):
                missing.append(position)
        return found, missing

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Any]]) -> Variable:
        """Update variables from pairs of gradient and variable, and return the counter.

        Args:
            grads_and_vars: The pairs.
        """
        pairs = list(grads_and_vars)
        self.apply([grad for grad, _ in pairs], [variable for _, variable in pairs])
        return self._iterations

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[Any] | None = None) -> None:
        """Update variables from gradients in their own shapes.

        Args:
            grads: The gradients; `None` leaves a variable as it is.
            trainable_variables: As many variables or torch parameters; those of `build` if not
                given. The first call builds the optimizer.

        Raises:
            ValueError: If numbers, shapes or variables are not those of `build`, or every gradient
                is `None`.
        """
        grads = list(grads)
        if not grads:
            return
        targets = self._targets(grads, trainable_variables)
        if self._work().replaced:
            self.rebind()
        found: dict[int, tuple[Tensor, ...]] = {}
        missing = []
        for position, grad, target in zip(self._positions(targets), grads, targets, strict=True):
            if grad is None:
                missing.append(position)
            elif position not in found:
                as_is = isinstance(target, Tensor) and not isinstance(target, ParameterView)
                found[position] = self._lay_out(position, grad, as_is)
        self._apply_found(found, missing, copy=self._edits_gradients)

    def _positions(self, targets: list[Any]) -> Iterable[int]:
        """Return the positions of variables, which mostly are all in their own order."""
        trained = self._trainable_variables
        if len(targets) == len(trained) and all(map(operator.is_, targets, trained)):
            return range(len(trained))
        return map(self._directory.position, targets)

    def _targets(self, grads: list[Any], variables: Iterable[Any] | None) -> list[Any]:
        """Return the variables for gradients, after building if it was not done."""
        if variables is None:
            if not self.built:
                raise ValueError(
                    "Without `trainable_variables`, the optimizer must be built. Call "
                    "`optimizer.build(trainable_variables)` first, or pass them."
                )
            targets: list[Any] = self._trainable_variables
        else:
            targets = list(variables)
        if len(grads) != len(targets):
            raise ValueError(
                "`grads` must hold one gradient (or None) for each variable. Received: "
                f"{len(grads)} gradients for {len(targets)} trainable variables."
            )
        if not self.built:
            self.build(targets)
        return targets

    def _lay_out(self, position: int, grad: Any, as_is: bool) -> tuple[Tensor, ...]:
        """Return a gradient in torch's layout, one tensor for each part of the variable."""
        variable, shape = self._trainable_variables[position], self._work().shapes[position]
        params = variable.parameters
        shape = tuple(params[0].shape) if as_is else shape
        value = grad if _fits(grad, params[0]) else as_tensor(grad, params[0])
        if value.shape != shape:
            raise ValueError(
                f"The gradient of variable {variable.path!r} must have its shape {shape}. "
                f"Received: {show(grad)}."
            )
        value = value.to_dense() if value.is_sparse else value
        return (value,) if as_is else variable.to_torch(value)

    def _apply_found(
        self, found: dict[int, tuple[Tensor, ...]], missing: list[int], copy: bool = False
    ) -> None:
        """Update the variables at some positions; `missing` ones are warned of."""
        missing = [position for position in missing if position not in found]
        if not found:
            raise ValueError("No gradients provided for any variable.")
        if missing:
            paths = [self._trainable_variables[position].path for position in missing]
            warnings.warn(
                f"Gradients do not exist for variables {paths} when minimizing the loss. Does the "
                "loss depend on them, and was `compile` given a `loss`?",
                stacklevel=3,
            )
        workspace = self._work()
        for position in workspace.overwritten:
            if position in found:
                self._overwrite(position, found.pop(position))
        chosen = workspace.part(sorted(found))
        grads = [piece for position in chosen.positions for piece in found[position]]
        self._advance(chosen, [grad.clone() for grad in grads] if copy else grads)

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> tuple[list[Tensor], list[Tensor]]:  # fmt: skip
        """Return what `apply` would make of given values; nothing is changed.

        Args:
            optimizer_variables: A value for each of `variables`.
            grads: A gradient for each variable of `build`.
            trainable_variables: A value for each variable of `build`.

        Returns:
            The new values of the variables, and those of the optimizer's variables.

        Raises:
            ValueError: If the optimizer is not built or the numbers differ.
        """
        return stateless.applied(self, optimizer_variables, grads, trainable_variables)

    # Options

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times `loss_scale_factor`, from which gradients are to be computed.

        Args:
            loss: The loss.
        """
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    def exclude_from_weight_decay(
        self, var_list: Iterable[Any] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Name the variables that weight decay leaves alone.

        Args:
            var_list: Variables, or torch parameters.
            var_names: Patterns; a variable is left alone if one is found in its name, such as
                `"bias"`.
        """
        not_one_string("var_names", var_names)
        self._undecayed = Directory(var_list or ())
        names = sorted(set(var_names or ()))
        self._undecayed_names = re.compile("|".join(names)) if names else None
        self._workspace = None

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        """Set the variables to their moving averages, if `use_ema` is on.

        Args:
            var_list: The variables of `build`, in their order.
        """
        if not self.use_ema:
            return
        averages = self._model_variables_moving_average
        if len(var_list) != len(averages):
            raise ValueError(
                f"`var_list` must hold the {len(averages)} variables that the optimizer was built "
                f"with. Received: {len(var_list)} variables."
            )
        for variable, average in zip(var_list, averages, strict=True):
            if average is not None:
                self.assign(variable, average)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make an equal optimizer, without its state."""
        rate: Any = self._learning_rate
        rate = float(rate) if isinstance(rate, Variable) else serialize_keras_object(rate)
        return {
            "name": self.name,
            "learning_rate": rate,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "global_clipnorm": self.global_clipnorm,
            "clipvalue": self.clipvalue,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "loss_scale_factor": self.loss_scale_factor,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """Make an optimizer from what `get_config` returned.

        Args:
            config: The arguments by name.
            custom_objects: Classes and functions by name that the config may use.
        """
        config = dict(config)
        if isinstance(config.get("learning_rate"), dict):
            rate = config["learning_rate"]
            config["learning_rate"] = deserialize_keras_object(rate, custom_objects)
        return cls(**config)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_workspace": None}


def _gradients(params: Iterable[Tensor]) -> list[Tensor]:
    return [grad for param in params if (grad := param.grad) is not None]


def _fits(grad: Any, param: Tensor) -> bool:
    """Say whether a gradient may be used as it is, which spares two calls."""
    return (
        type(grad) is Tensor
        and not grad.requires_grad
        and grad.dtype is param.dtype
        and grad.device == param.device
    )


def _step_by_apply(self: Optimizer) -> None:
    """Update through an `apply` of one's own, which gets gradients in Keras's shapes."""
    variables = list(self._trainable_variables)
    self.apply([variable.gradient for variable in variables], variables)
