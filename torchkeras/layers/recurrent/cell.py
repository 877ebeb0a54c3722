"""`RecurrentCell`: what the built-in cells share; each adds its gates.

A cell keeps its weights in torch's recurrent module if torch has one for its arguments. `call` does
one step, `run` a whole sequence: by torch's kernel, or step by step where there is none.
"""

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from torchkeras import constraints, initializers, regularizers
from torchkeras._base import device
from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import positive_int
from torchkeras._state.layout import SAME, TRANSPOSED, Layout
from torchkeras._state.slot import Slot
from torchkeras.activations.lookup import kernel as kernel_of
from torchkeras.layers.base.weights import known_size
from torchkeras.layers.layer import Layer
from torchkeras.random import SeedGenerator

from . import kernels
from .dropout import CellDropout, Masks, gate_products, over_steps

_ROLES = ("kernel", "recurrent", "bias")


class RecurrentCell(CellDropout, Layer):
    """One step of a recurrent layer; the frame of `SimpleRNNCell`, `LSTMCell` and `GRUCell`.

    Args:
        units: The size of the state and of the output.
        use_bias: Whether a bias is added.
        given: The initializers, regularizers and constraints, each three: for the kernel, the
            recurrent kernel and the bias.
        dropout: The part of the inputs that is dropped in training.
        recurrent_dropout: The part of the state that is dropped in training.
        seed: A seed for dropout.
        implementation: 1 for other dropped inputs for each gate, 2 for the same ones.
        **kwargs: The keyword arguments of `Layer`.
    """

    gates: ClassVar[int]
    module_name: ClassVar[str]
    matrix_layout: ClassVar[Layout] = TRANSPOSED
    bias_layout: ClassVar[Layout] = SAME
    one_bias: ClassVar[bool] = True
    seeds_first: ClassVar[bool] = False

    # Whether `run` does what `call` does; not so in a subclass with another `call`.
    runs_whole: ClassVar[bool] = True
    # The kind of torch's kernel, and why there is none, or why training does without it.
    kind: str | None = None
    slow_reason: str | None = None

    activation: Any
    recurrent_activation: Any
    state_size: Any
    kernel: Any
    recurrent_kernel: Any
    bias: Any
    _stores: kernels.Stores

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "call" in cls.__dict__ and "step" not in cls.__dict__:
            cls.runs_whole = False

    def __init__(
        self,
        units: int,
        *,
        use_bias: bool,
        given: Sequence[Sequence[Any]],
        dropout: float,
        recurrent_dropout: float,
        seed: int | None,
        implementation: int = 2,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.units = positive_int("units", units)
        self.use_bias = use_bias
        if self.seeds_first:
            self.seed_generator = SeedGenerator(seed)
        self._take(*given)
        if not self.seeds_first:
            self.seed_generator = SeedGenerator(seed)
        self.seed = seed
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.implementation = 1 if self.recurrent_dropout else implementation
        self.output_size = self.units

    def _take(self, start: Sequence[Any], penalty: Sequence[Any], limit: Sequence[Any]) -> None:
        for index, role in enumerate(_ROLES):
            setattr(self, f"{role}_initializer", initializers.get(start[index]))
            setattr(self, f"{role}_regularizer", regularizers.get(penalty[index]))
            setattr(self, f"{role}_constraint", constraints.get(limit[index]))

    def choose_kernel(self, kind: str | None, reason: str) -> None:
        """Settle how sequences run.

        Args:
            kind: The kind of torch's kernel, or `None`.
            reason: Why there is none, in words.
        """
        self.kind = kind
        if kind is None:
            self.slow_reason = reason
        elif self.recurrent_dropout:
            self.slow_reason = "`recurrent_dropout` acts between steps (in training only)"
        elif self.implementation == 1 and self.dropout and self.gates > 1:
            self.slow_reason = "`implementation=1` drops inputs by gate (in training only)"

    @property
    def inner(self) -> Any:
        """The activation as torch's own function, where it is one."""
        return kernel_of(self.activation)

    @property
    def gate(self) -> Any:
        """The recurrent activation, likewise."""
        return kernel_of(self.recurrent_activation)

    # Weights

    def variable_slots(self) -> dict[str, Slot]:
        """Return where torch's module keeps the weights; nothing if there is none."""
        if self.kind is None:
            return {}
        at = f"{self.module_name}."
        biases = f"{at}bias_ih_l0" if self.one_bias else (f"{at}bias_ih_l0", f"{at}bias_hh_l0")
        return {
            "kernel": Slot(f"{at}weight_ih_l0", self.matrix_layout),
            "recurrent_kernel": Slot(f"{at}weight_hh_l0", self.matrix_layout, "recurrent"),
            "bias": Slot(biases, self.bias_layout),
        }

    def build(self, input_shape: Any) -> None:
        size = known_size(input_shape, -1, self)
        if self.kind is None:
            self._make_weights(size)
            return
        options: dict[str, Any] = {"bias": self.use_bias, "batch_first": True}
        if self.kind in ("tanh", "relu"):
            options["nonlinearity"] = self.kind
        module = self.stock(kernels.MODULES[self.kind], size, self.units, **options)
        if self.one_bias:
            kernels.keep_one_bias(module)
        setattr(self, self.module_name, module)
        object.__setattr__(self, "_stores", kernels.Stores(module))

    def _make_weights(self, size: int) -> None:
        """Make weights of Keras's shapes, since torch's kernel would compute something else."""
        width = self.gates * self.units
        self.kernel = self._weight("kernel", "kernel", (size, width))
        self.recurrent_kernel = self._weight("recurrent_kernel", "recurrent", (self.units, width))
        self.bias = self._weight("bias", "bias", self.bias_shape()) if self.use_bias else None

    def _weight(self, name: str, role: str, shape: tuple[int, ...]) -> Any:
        return self.add_weight(
            shape=shape,
            initializer=self.start_of(role),
            regularizer=getattr(self, f"{role}_regularizer"),
            constraint=getattr(self, f"{role}_constraint"),
            name=name,
        )

    def bias_shape(self) -> tuple[int, ...]:
        """Return the shape of a bias that is not in torch's module."""
        return (self.gates * self.units,)

    def start_of(self, role: str) -> Any:
        """Return the initializer of the kernel, the recurrent kernel or the bias."""
        return getattr(self, f"{role}_initializer")

    def _first_value(self, attribute: str, variable: Any) -> Any:
        start = self.start_of(attribute.removesuffix("_initializer"))
        return start(variable.shape, dtype=self.variable_dtype)

    def step_weights(self) -> list[Any]:
        """Return kernel, recurrent kernel and bias (or `None`) in Keras's shapes, as tensors."""
        if self.kind is None:
            found = (self.kernel, self.recurrent_kernel, self.bias)
            return [None if v is None else v.value.to(self.torch_dtype) for v in found]
        weight_ih, weight_hh, *biases = self._stores.weights(self.torch_dtype)
        shown = [self.matrix_layout.to_keras(weight) for weight in (weight_ih, weight_hh)]
        return [*shown, self.bias_layout.to_keras(*biases) if biases else None]

    def named_modules(
        self, memo: set[nn.Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Module]]:
        """Yield the modules below the cell; not torch's own while the compiler traces.

        `torch.compile` refuses a graph that so much as walks past a recurrent module.
        """
        if not torch.compiler.is_dynamo_compiling():
            yield from super().named_modules(memo, prefix, remove_duplicate)
        elif memo is None or self not in memo:
            yield prefix, self

    # One step

    def call(self, inputs: Tensor, states: Any, training: bool | None = False) -> Any:
        nested = isinstance(states, (list, tuple))
        given = list(states) if nested else [states]
        x = inputs.to(self.torch_dtype)
        mask = self.get_dropout_mask(x) if training else None
        recurrent_mask = self.get_recurrent_dropout_mask(given[0]) if training else None
        weights = self.step_weights()
        output, new = self.step(self.project(x, weights, mask), given, weights, recurrent_mask)
        return output, new if nested else new[0]

    def project(self, x: Tensor, weights: list[Any], mask: Masks) -> Tensor:
        """Return what the inputs, of one step or of all, add to the gates.

        Args:
            x: The inputs.
            weights: What `step_weights` returned.
            mask: The factors that drop inputs.
        """
        product = gate_products(x, weights[0], mask)
        return product if weights[2] is None else product + weights[2]

    def step(
        self, projected: Tensor, states: list[Tensor], weights: list[Any], mask: Masks
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the output and the new states of one step.

        Args:
            projected: What `project` returned for this step.
            states: The states before it.
            weights: What `step_weights` returned.
            mask: The factors that drop the state.
        """
        raise NotImplementedError

    def get_initial_state(self, batch_size: Any = None) -> list[Tensor]:
        """Return states of zeros.

        Args:
            batch_size: The number of sequences.
        """
        where = self._device if self.built else device.running()
        sizes = self.state_size if isinstance(self.state_size, list) else [self.state_size]
        dtype = to_torch(self.compute_dtype)
        return [torch.zeros((batch_size, n), dtype=dtype, device=where) for n in sizes]

    # A whole sequence

    def run(
        self, x: Tensor, states: list[Tensor], valid: Tensor | None, training: bool | None
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the outputs of all steps and the states after the last.

        Args:
            x: The inputs, (batch, steps, features).
            states: The states before the first step.
            valid: `True` for the steps that count, which come first in each sequence; the states
                returned are then those after the last of them.
            training: Whether inputs and states are dropped.
        """
        x = x.to(self.torch_dtype)
        if self._goes_by_step(training):
            return self._run_step_by_step(x, states, valid, training)
        if training and self.dropout:
            x = self._dropped(x)
        if valid is None:
            return self.run_kernel(x, states)
        return self.run_kernel_to_last_valid(x, states, valid)

    def _goes_by_step(self, training: bool | None) -> bool:
        return self.kind is None or bool(training and self.slow_reason is not None)

    def _dropped(self, x: Tensor) -> Tensor:
        return x * self.draw_mask(x[:, 0], self.dropout).unsqueeze(1)  # type: ignore[union-attr]

    def run_masked(
        self, x: Tensor, states: list[Tensor], mask: Tensor, training: bool | None
    ) -> tuple[Tensor, list[Tensor]] | None:
        """Return the states after all steps, and the last; `None` if masks must go before.

        Args:
            x: The inputs, (batch, steps, features).
            states: The states before the first step.
            mask: `True` for the steps that count; the others leave the states alone.
            training: Whether inputs and states are dropped.
        """
        return None

    def run_kernel(self, x: Tensor, states: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Return the outputs of all steps and the states after the last, by torch's kernel."""
        if torch.compiler.is_compiling() or kernels.is_plain(self._modules[self.module_name]):
            return kernels.run(str(self.kind), x, states, self._stores.weights(x.dtype))
        return kernels.run_module(self._modules[self.module_name], x, states)

    def run_kernel_to_last_valid(
        self, x: Tensor, states: list[Tensor], valid: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the outputs of all steps, and the states after the last valid one."""
        y, _ = self.run_kernel(x, states)
        return y, [last_valid(y, valid, states[0])]

    def _run_step_by_step(
        self, x: Tensor, states: list[Tensor], valid: Tensor | None, training: bool | None
    ) -> tuple[Tensor, list[Tensor]]:
        mask = self.draw_mask(x[:, 0], self.dropout) if training else None
        recurrent_mask = self.draw_mask(states[0], self.recurrent_dropout) if training else None
        weights = self.step_weights()
        outputs = []
        for index, projected in enumerate(self.project(x, weights, over_steps(mask)).unbind(1)):
            output, new = self.step(projected, states, weights, recurrent_mask)
            if valid is not None:
                counts = valid[:, index].unsqueeze(1)
                new = [torch.where(counts, a, b) for a, b in zip(new, states, strict=True)]
            outputs.append(output)
            states = new
        return torch.stack(outputs, 1), states


def last_valid(y: Tensor, valid: Tensor, first: Tensor) -> Tensor:
    """Return the output of each sequence's last valid step, or `first` where it has none."""
    count = valid.sum(1, keepdim=True)
    index = (count - 1).clamp(min=0).unsqueeze(-1).expand(-1, -1, y.shape[-1])
    return torch.where(count > 0, y.gather(1, index).squeeze(1), first)
