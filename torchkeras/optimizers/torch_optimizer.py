"""`TorchOptimizer`: an optimizer of torch in the place of one of Keras."""

import copy
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Self

import numpy as np
from torch import Tensor, nn

from torchkeras._base.messages import show
from torchkeras._state.variable import Variable

from . import torch_state
from .optimizer import Optimizer
from .selection import Selection
from .torch_schedule import TorchSchedule, from_description
from .torch_source import all_params, check_source, class_called, describe, describe_class, make
from .workspace import Workspace


class TorchOptimizer(Optimizer):
    """An optimizer of torch that trains a Keras model.

    `compile(optimizer=...)` makes one of an optimizer of torch, of its class, and of a function of
    parameters that returns one. Make it by hand to give options, or a scheduler.

    The update is torch's. What Keras adds comes before and after it: clipping, averaging,
    accumulation, loss scaling and constraints. An instance trains the weights that it was made of,
    in its groups, and no others.

    `learning_rate` is that of the first group; setting it changes the others by the same factor.

    Args:
        optimizer: A class such as `torch.optim.SGD`, an optimizer made of the model's parameters,
            or a function of a list of parameters that returns one.
        scheduler: A scheduler of torch, or a function of the optimizer that returns one.
        per: When the scheduler steps: `"step"`, after each update, or `"epoch"`, after each epoch
            of `fit`, which then also logs `learning_rate`.
        monitor: What a `ReduceLROnPlateau` looks at, such as `"val_loss"`.
        clipnorm: As in `Optimizer`.
        clipvalue: As in `Optimizer`.
        global_clipnorm: As in `Optimizer`.
        use_ema: As in `Optimizer`.
        ema_momentum: As in `Optimizer`.
        ema_overwrite_frequency: As in `Optimizer`.
        loss_scale_factor: As in `Optimizer`.
        gradient_accumulation_steps: As in `Optimizer`.
        name: The optimizer's name.
        **options: Arguments of the class or function, `lr` and `weight_decay` among them.

    Raises:
        TypeError: If `optimizer` or `scheduler` is of another kind.
        ValueError: If options are given to an instance, or `per` is missing.

    Example:
        >>> import torch, torchkeras
        >>> from torch.optim.lr_scheduler import StepLR
        >>> optimizer = torchkeras.optimizers.TorchOptimizer(
        ...     torch.optim.SGD, lr=0.1, momentum=0.9,
        ...     scheduler=lambda optimizer: StepLR(optimizer, step_size=2), per="epoch",
        ... )
        >>> model = torchkeras.Sequential([torchkeras.Input((3,)), torchkeras.layers.Dense(1)])
        >>> model.compile(optimizer, "mse")
        >>> history = model.fit(torch.ones(4, 3), torch.ones(4, 1), epochs=3, verbose=0)
        >>> [round(rate, 3) for rate in history.history["learning_rate"]]
        [0.1, 0.1, 0.01]
    """

    _keras_module = "torchkeras.optimizers"  # Keras has no such class

    def __init__(
        self,
        optimizer: Any,
        scheduler: Any = None,
        per: str | None = None,
        monitor: str | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(
            0.0,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
        )
        check_source(optimizer, options)
        self._source, self._options = optimizer, options
        self._groups: list[dict[str, Any]] | None = None
        self._schedule = _schedule_of(scheduler, per, monitor)
        self._torch: Any = None if callable(optimizer) else optimizer
        self._params: list[nn.Parameter] = []
        self._extra: list[Tensor] = []
        self._waiting_rate: float | None = None
        self._shown: float | None = None

    @property
    def torch_optimizer(self) -> Any:
        """The optimizer of torch, or `None` until a class or function was called."""
        return self._torch

    @property
    def scheduler(self) -> Any:
        """The scheduler of torch, or `None`."""
        return None if self._schedule is None else self._schedule.scheduler

    def build(self, variables: Iterable[Any]) -> None:
        if self.built:
            return
        super().build(variables)
        self._params = self._found_params()
        self._torch = make(self._source, self._options, self._groups, self._params)
        known = {id(param) for param in self._params}
        self._extra = [param for param in all_params(self._torch) if id(param) not in known]
        if self._waiting_rate is not None:
            self._set_rate(self._waiting_rate)
        if self._schedule is not None:
            self._schedule.bind(self._torch)

    def _found_params(self) -> list[Any]:
        params = (param for variable in self._trainable_variables for param in variable.parameters)
        return list({id(param): param for param in params}.values())

    def _new_workspace(self, fit: bool = True) -> Workspace:
        """Follow parameters that were replaced or moved."""
        params = self._found_params()
        if self._torch is not None and self._params:
            torch_state.follow(self._torch, dict(zip(self._params, params, strict=True)))
            self._params = params
        return super()._new_workspace(fit)

    # Learning rate

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the first group, as a variable."""
        self._take_shown()
        self._show()
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        if callable(learning_rate) and not isinstance(learning_rate, (Tensor, Variable)):
            raise TypeError(
                "`learning_rate` must be a number here. Received: "
                f"{show(learning_rate)}. Give a scheduler of torch, `TorchOptimizer(..., "
                'scheduler=..., per="step")`, or use an optimizer of torchkeras.'
            )
        self._set_rate(float(learning_rate))
        self._show()

    def _rate(self) -> float:
        return self._rate_now()

    def _rate_now(self) -> float:
        if self._torch is not None:
            return float(self._torch.param_groups[0]["lr"])
        if self._waiting_rate is not None:
            return self._waiting_rate
        return float(_default_rate(self._source, self._options))

    def _set_rate(self, rate: float) -> None:
        self._waiting_rate = rate
        if self._torch is None:
            return
        old = self._rate_now()
        for group in self._torch.param_groups:
            new = group["lr"] * (rate / old) if old and group["lr"] != old else rate
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(new)
            else:
                group["lr"] = float(new)

    def _show(self) -> None:
        """Write the rate of the groups into the variable."""
        rate = self._rate_now()
        if self._shown is None or np.float32(rate) != np.float32(self._shown):
            self._learning_rate.assign(rate)
        self._shown = rate

    def _take_shown(self) -> None:
        """Take the rate from the variable, if somebody assigned to it since it was shown."""
        number = self._learning_rate.number
        if self._shown is not None and np.float32(number) != np.float32(self._shown):
            self._set_rate(number)
            self._shown = number

    # Stepping

    def zero_grad(self) -> None:
        super().zero_grad()
        for param in self._extra:
            param.grad = None

    def _update(self, chosen: Selection, grads: list[Tensor], rate: float) -> None:
        """Let torch update the parameters from these gradients, and leave their own as they are."""
        self._take_shown()
        before = self._exchange(chosen, grads)
        try:
            self._torch.step()
        finally:
            for param, grad in before:
                param.grad = grad
        if self._schedule is not None:
            self._schedule.after_update()

    def _exchange(self, chosen: Selection, grads: list[Tensor]) -> list[tuple[Tensor, Any]]:
        """Put gradients where torch looks for them; return the parameters whose own were others."""
        before: list[tuple[Tensor, Any]] = []
        for param, grad in zip(chosen.params, grads, strict=True):
            if param.grad is not grad:
                before.append((param, param.grad))
                param.grad = grad
        if len(chosen.params) < len(self._params):
            taken = {id(param) for param in chosen.params}
            others = [p for p in self._params if id(p) not in taken and p.grad is not None]
            before += [(param, param.grad) for param in others]
            for param in others:
                param.grad = None
        return before

    def end_epoch(self, results: Mapping[str, Any]) -> dict[str, float]:
        """Let a scheduler step after an epoch; return the learning rate that the epoch ended with.

        Args:
            results: The results of the epoch by name.
        """
        if self._schedule is None:
            return {}
        self._take_shown()
        rate = self._rate_now()
        self._schedule.after_epoch(results)
        return {"learning_rate": rate}

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any],
        trainable_variables: Sequence[Any],
    ) -> Any:  # fmt: skip
        """Refuse: an optimizer of torch keeps its state."""
        raise NotImplementedError(
            "An optimizer of torch has no `stateless_apply`: it changes the parameters that it was "
            "made of. Use an optimizer of torchkeras."
        )

    # Saving

    def state_dict(self) -> dict[str, Any]:
        """Return the whole state: Keras's variables, torch's state and the scheduler's."""
        variables = [variable.value.detach().clone() for variable in self.variables]
        inner = None if self._torch is None else self._torch.state_dict()
        scheduler = None if self.scheduler is None else self.scheduler.state_dict()
        return {
            "variables": variables,
            "torch": copy.deepcopy(inner),
            "scheduler": copy.deepcopy(scheduler),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take a state that `state_dict` returned.

        Args:
            state: The state.
        """
        self.set_weights(state["variables"])
        if state["torch"] is not None:
            self._torch.load_state_dict(copy.deepcopy(state["torch"]))
        if state["scheduler"] is not None and self.scheduler is not None:
            self.scheduler.load_state_dict(copy.deepcopy(state["scheduler"]))
        self._shown = None

    @property
    def variables(self) -> list[Variable]:
        """The variables that Keras adds: counter, learning rate, averages, sums of gradients."""
        self._take_shown()
        self._show()
        return super().variables

    def _write_more(self, store: MutableMapping[str, Any], prefix: str) -> None:
        if self._torch is not None:
            torch_state.write(self._torch, self.scheduler, store, prefix)

    def _read_more(self, store: Mapping[str, Any], prefix: str) -> None:
        torch_state.read(self._torch, self.scheduler, store, prefix)
        self._shown = None

    def get_config(self) -> dict[str, Any]:
        """Return plain values from which `from_config` makes an equal optimizer, without state.

        Raises:
            ValueError: If optimizer or scheduler are none of torch's own, or a function that was
                not called yet.
        """
        config = super().get_config()
        del config["learning_rate"], config["weight_decay"]
        if self.built:
            config.update(describe(self._torch, self._params))
        elif self._torch is not None:
            config.update(describe(self._torch, all_params(self._torch)))  # type: ignore[arg-type]
        else:
            config.update(describe_class(self._source, self._options), groups=self._groups)
        if self._schedule is not None:
            described = self._schedule.describe()
            config.update(
                scheduler=described, per=self._schedule.per, monitor=self._schedule.monitor
            )
        return config

    @classmethod
    def from_config(
        cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None
    ) -> Self:
        """Make an optimizer from what `get_config` returned; only torch's own can be named.

        Args:
            config: The values.
            custom_objects: Not used: no name but torch's own stands for anything.
        """
        config = dict(config)
        groups, options = config.pop("groups", None), config.pop("options", {})
        source: Callable[..., Any] = class_called(config.pop("optimizer"))
        scheduler = from_description(config.pop("scheduler", None))
        made = cls(source, scheduler=scheduler, **config, **options)
        made._groups = groups
        return made


def _schedule_of(scheduler: Any, per: str | None, monitor: str | None) -> TorchSchedule | None:
    if scheduler is not None:
        return TorchSchedule(scheduler, per, monitor)
    if per is not None or monitor is not None:
        raise ValueError(
            "`per` and `monitor` go with a `scheduler`. "
            f"Received: per={per!r}, monitor={monitor!r}, scheduler=None."
        )
    return None


def _default_rate(source: Any, options: Mapping[str, Any]) -> Any:
    """Return the learning rate that a class or function is going to be called with, or NaN."""
    return torch_state.argument(source, "lr", options)
