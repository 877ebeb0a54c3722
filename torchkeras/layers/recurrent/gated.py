"""`GatedRNN`: a recurrent layer that makes its cell itself, and shows the cell's arguments."""

from typing import Any

from torch import Tensor
from torch.backends import cudnn

from torchkeras._base.messages import one_of
from torchkeras.layers.base.config import encode
from torchkeras.layers.base.input_spec import InputSpec
from torchkeras.layers.base.weights import known_size

from .rnn import RNN

SETTINGS = (
    "return_sequences",
    "return_state",
    "go_backwards",
    "stateful",
    "unroll",
    "zero_output_for_mask",
)


def from_cell(name: str) -> Any:
    """Return a property that shows an attribute of the cell."""
    return property(lambda self: getattr(self.cell, name), doc=f"The cell's `{name}`.")


class GatedRNN(RNN):
    """The frame of `SimpleRNN`, `LSTM` and `GRU`."""

    units = from_cell("units")
    activation = from_cell("activation")
    use_bias = from_cell("use_bias")
    kernel_initializer = from_cell("kernel_initializer")
    recurrent_initializer = from_cell("recurrent_initializer")
    bias_initializer = from_cell("bias_initializer")
    kernel_regularizer = from_cell("kernel_regularizer")
    recurrent_regularizer = from_cell("recurrent_regularizer")
    bias_regularizer = from_cell("bias_regularizer")
    kernel_constraint = from_cell("kernel_constraint")
    recurrent_constraint = from_cell("recurrent_constraint")
    bias_constraint = from_cell("bias_constraint")
    dropout = from_cell("dropout")
    recurrent_dropout = from_cell("recurrent_dropout")

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self.input_spec = InputSpec(ndim=3)

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        super().build(sequences_shape, initial_state_shape)
        self.input_spec = InputSpec(ndim=3, axes={-1: known_size(sequences_shape, -1, self)})

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, read from the layer and its cell."""
        settings = {name: getattr(self, name) for name in SETTINGS}
        penalty = {"activity_regularizer": encode(self.activity_regularizer)}
        return settings | penalty | self.cell.attribute_config()


class CudnnRNN(GatedRNN):
    """The frame of the layers for which cuDNN has a kernel."""

    _use_cudnn: Any = "auto"

    @property
    def use_cudnn(self) -> Any:
        """Whether cuDNN may run: `"auto"`, `False`, or `True` for nothing but torch's kernel."""
        return self._use_cudnn

    @use_cudnn.setter
    def use_cudnn(self, value: Any) -> None:
        one_of("use_cudnn", value, ("auto", True, False))
        if value is True and self.slow_reason is not None:
            raise ValueError(
                "`use_cudnn=True` insists on torch's kernel, which cannot run here: "
                f"{self.slow_reason}. Leave `use_cudnn` at 'auto'."
            )
        self._use_cudnn = value

    def inner_loop(
        self, sequences: Tensor, initial_state: Any, mask: Any, training: bool | None = False
    ) -> tuple[Tensor, Tensor | None, Any]:
        if self._use_cudnn is False and sequences.is_cuda:
            with cudnn.flags(enabled=False):
                return super().inner_loop(sequences, initial_state, mask, training)
        return super().inner_loop(sequences, initial_state, mask, training)
