"""`LossScaleOptimizer`."""

from collections.abc import Iterable, Sequence
from typing import Any, Self

import torch
from torch import Tensor

from torchkeras._base.messages import positive_int, show
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras._state.variable import Variable, as_tensor

from .optimizer import Optimizer
from .overflow import Verdict, not_found, unscale_
from .scalar import Scalar
from .wrapping import WrappingOptimizer

# Older files hold these, which do nothing here.
_INNER_OPTIONS: dict[str, Any] = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


class LossScaleOptimizer(WrappingOptimizer):
    """Dynamic loss scaling, which keeps small gradients of float16 from becoming 0.

    `scale_loss` multiplies by the scale, and a step divides the gradients by it. If one of them is
    not finite, the step is left out and the scale is halved; after `dynamic_growth_steps` steps
    without that, it is doubled.

    On CUDA, SGD, Adam and AdamW leave the step out on the device, and Python learns of it during
    the next step. Other optimizers, and these with options that work outside of torch's fused
    kernel, wait for the device in each step.

    Args:
        inner_optimizer: The optimizer that changes the weights.
        initial_scale: The first scale.
        dynamic_growth_steps: After how many finite steps the scale is doubled.
        name: The optimizer's name.

    Raises:
        TypeError: If `inner_optimizer` is no optimizer.
        ValueError: If an option is given that belongs to `inner_optimizer`.

    Example:
        >>> import torchkeras
        >>> optimizer = torchkeras.optimizers.LossScaleOptimizer(torchkeras.optimizers.SGD(1.0))
        >>> optimizer.scale_loss(2.0)
        65536.0
        >>> v = torchkeras.Variable([1.0])
        >>> optimizer.apply([[float("inf")]], [v])
        >>> v.numpy().tolist(), float(optimizer.dynamic_scale)
        ([1.0], 16384.0)
    """

    step_counter: Scalar
    dynamic_scale: Scalar

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        _check_options(kwargs)
        if not isinstance(inner_optimizer, Optimizer):
            raise TypeError(
                "`inner_optimizer` must be an optimizer, such as `optimizers.Adam()`. "
                f"Received: {show(inner_optimizer)}."
            )
        super().__init__(name, [inner_optimizer])
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = positive_int("dynamic_growth_steps", dynamic_growth_steps)
        inner_optimizer.loss_scale_factor = None  # gradients would be divided twice
        self._open: Verdict | None = None

    @property
    def inner_optimizer(self) -> Optimizer:
        """The optimizer that changes the weights."""
        self._settle()
        return self._inner_optimizers[0]

    def build(self, var_list: Iterable[Any]) -> None:
        if self.built:
            return
        self.inner_optimizer.build(self._known(var_list))
        self.step_counter = self._scalar(0, "int32", "step_counter")
        self.dynamic_scale = self._scalar(self.initial_scale, "float32", "dynamic_scale")
        self.built = True

    @property
    def variables(self) -> list[Variable]:
        """Counter and learning rate, which stay 0, counter, scale, and those of the optimizer."""
        self._settle()
        return super().variables

    @property
    def _saved_inside(self) -> dict[str, Any]:
        """What a file keeps besides the variables, which hold it too."""
        return {"inner_optimizer": self.inner_optimizer}

    @property
    def iterations(self) -> Any:
        """How many updates were made."""
        return self.inner_optimizer.iterations

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the optimizer inside."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    def scale_loss(self, loss: Any) -> Any:
        """Return the loss times the scale, from which gradients are to be computed.

        Args:
            loss: The loss.
        """
        self._settle()
        return loss * (self.dynamic_scale.number if self.built else self.initial_scale)

    def step(self) -> None:
        inner = self.inner_optimizer
        grads, replacing = self._found_gradients()
        if not (grads or replacing):
            inner.step()  # it says what is missing
            return
        found = not_found((grads + replacing)[0].device)
        unscale_(grads, self.dynamic_scale.number, found)
        unscale_([grad.clone() for grad in replacing], 1.0, found)
        if _defers(found) and not replacing and inner._step_unless(found, grads):
            self._open = Verdict(found)
        elif self._judge(Verdict(found)):
            inner.step()

    def apply(self, grads: Iterable[Any], trainable_variables: Iterable[Any] | None = None) -> None:
        grads = list(grads)
        if not grads:
            return
        inner, targets = self.inner_optimizer, self._targets(grads, trainable_variables)
        variables = [self._directory.variable(target) for target in targets]
        tensors = [
            None if grad is None else as_tensor(grad, variable.parameters[0]).to_dense()
            for grad, variable in zip(grads, variables, strict=True)
        ]
        given = [tensor for tensor in tensors if tensor is not None]
        found = not_found(given[0].device if given else None)
        copies = [tensor.clone() for tensor in given]
        unscale_(copies, self.dynamic_scale.number, found)
        if self._judge(Verdict(found)):
            scaled = iter(copies)
            for index, tensor in enumerate(tensors):
                if tensor is not None:
                    divided = next(scaled)
                    tensors[index] = tensor if variables[index].overwrite_with_gradient else divided
            inner.apply(tensors, targets)

    def check_finite(self, grads: Iterable[Any]) -> Tensor:
        """Return whether all numbers of all gradients are finite.

        Args:
            grads: The gradients; `None` counts as finite.
        """
        tensors = [torch.as_tensor(grad) for grad in grads if grad is not None]
        found = not_found(tensors[0].device if tensors else None)
        unscale_([tensor.detach().clone() for tensor in tensors], 1.0, found)
        return found[0] == 0

    def _judge(self, verdict: Verdict) -> bool:
        """Adapt the scale, and return whether the gradients are finite."""
        scale, counter = self.dynamic_scale, self.step_counter
        if verdict.overflowed():
            scale.set(scale.number * 0.5)
            counter.set(0)
            return False
        if counter.number == self.dynamic_growth_steps - 1:
            scale.set(scale.number * 2.0)
            counter.set(0)
        else:
            counter.advance()
        return True

    def _settle(self) -> None:
        """Learn what became of the last step, if that is not known yet."""
        if self._open is not None:
            verdict, self._open = self._open, None
            if not self._judge(verdict):
                iterations = self._inner_optimizers[0]._iterations
                iterations.set(iterations.number - 1)

    def finalize_variable_values(self, var_list: Sequence[Any]) -> None:
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
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
        if "inner_optimizer" not in config:
            raise ValueError(
                "The config of a LossScaleOptimizer must hold an `inner_optimizer`. "
                f"Received: {show(config)}. Make one with `LossScaleOptimizer(Adam())`."
            )
        inner = deserialize_keras_object(config["inner_optimizer"], custom_objects)
        return cls(**{**config, "inner_optimizer": inner})

    def __getstate__(self) -> dict[str, Any]:
        self._settle()
        return super().__getstate__()


def _defers(found: Tensor) -> bool:
    """Say whether the host learns of an overflow only during the next step."""
    return found.device.type == "cuda"


def _check_options(options: dict[str, Any]) -> None:
    """Raise a `ValueError` for an option that is not the wrapper's, unless it says nothing."""
    options = dict(options)
    if not options.pop("dynamic", True):
        raise ValueError(
            "`LossScaleOptimizer` does not support `dynamic=False`. For a fixed scale, set "
            "`loss_scale_factor` on the optimizer itself."
        )
    unknown = ", ".join(f"`{name}`" for name in options if name not in _INNER_OPTIONS)
    if unknown:
        raise ValueError(f"`LossScaleOptimizer` does not support arguments: {unknown}.")
    for name, value in options.items():
        if value != _INNER_OPTIONS[name]:
            raise ValueError(
                f"`LossScaleOptimizer` does not support `{name}`. Set `{name}` on the "
                "`inner_optimizer`."
            )
