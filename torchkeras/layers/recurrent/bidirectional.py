"""`Bidirectional`: a recurrent layer that runs a sequence both ways."""

from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import one_of, show
from torchkeras._base.nested import leaves_of
from torchkeras.layers.base.config import encode
from torchkeras.layers.layer import Layer

from .mask_follower import MaskFollower

_MODES = ("sum", "mul", "ave", "concat", None)
_COMMON = ("stateful", "return_sequences", "return_state")


class Bidirectional(MaskFollower):
    """Two copies of a recurrent layer, one of which runs backwards.

    Args:
        layer: A recurrent layer. It is copied, with new weights.
        merge_mode: How the two outputs become one: `"concat"`, `"sum"`, `"ave"` or `"mul"`; with
            `None` both are returned.
        weights: Arrays that the weights start with, those of the forward layer first.
        backward_layer: The layer that runs backwards, which is not copied; a copy of `layer` that
            goes the other way if not given.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        The layer's own.

    Output shape:
        The layer's own, twice as wide with `"concat"`; two of them with `None`. With
        `return_state` followed by the states of the forward layer, then of the backward layer.

    Raises:
        ValueError: If the two layers do not fit each other, or `merge_mode` is unknown.

    Differs from Keras:
        `weights` counts; Keras 3 takes it and leaves it.

    Example:
        >>> import torch, torchkeras
        >>> lstm = torchkeras.layers.LSTM(4, return_sequences=True)
        >>> tuple(torchkeras.layers.Bidirectional(lstm)(torch.ones(2, 5, 3)).shape)
        (2, 5, 8)
    """

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        _check_layer("layer", layer)
        if backward_layer is not None:
            _check_layer("backward_layer", backward_layer)
        one_of("merge_mode", merge_mode, _MODES)
        super().__init__(**kwargs)
        self.forward_layer = _copy(layer, "forward_")
        if backward_layer is None:
            backward_layer = _copy(layer, "backward_", go_backwards=True)
        self.backward_layer = backward_layer
        self._check_pair()
        for direction in (self.forward_layer, self.backward_layer):
            if hasattr(layer, "use_cudnn"):
                direction.use_cudnn = layer.use_cudnn
            if hasattr(direction, "zero_output_for_mask"):
                direction.zero_output_for_mask = direction.return_sequences
        self.merge_mode = merge_mode
        self._first_weights = weights
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.input_spec = layer.input_spec

    def _check_pair(self) -> None:
        forward, backward = self.forward_layer, self.backward_layer
        if forward.go_backwards == backward.go_backwards:
            raise ValueError(
                "`backward_layer` must go the other way than `layer`. Received: go_backwards="
                f"{forward.go_backwards} of both. Set `go_backwards=True` in one of them."
            )
        for name in _COMMON:
            mine, other = getattr(forward, name), getattr(backward, name)
            if mine != other:
                raise ValueError(
                    f"`layer` and `backward_layer` must have the same `{name}`. Received: "
                    f"layer.{name}={mine}, backward_layer.{name}={other}."
                )

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        for direction in (self.forward_layer, self.backward_layer):
            if not direction.built:
                direction.build(sequences_shape)
                direction.built = True
        if self._first_weights:
            self.set_weights(self._first_weights)

    # Running

    def call(
        self,
        sequences: Tensor,
        initial_state: Any = None,
        mask: Any = None,
        training: bool | None = None,
    ) -> Any:
        forward, backward = self._initial_states(initial_state)
        y = self._run(self.forward_layer, sequences, forward, mask)
        y_back = self._run(self.backward_layer, sequences, backward, mask)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*y[1:], *y_back[1:])
            y, y_back = y[0], y_back[0]
        output = self._merge(y, y_back.flip(1) if self.return_sequences else y_back)
        if not self.return_state:
            return output
        return (*output, *states) if self.merge_mode is None else (output, *states)

    def _run(self, layer: Any, sequences: Tensor, states: Any, mask: Any) -> Any:
        given: dict[str, Any] = {}
        if states is not None:
            given["initial_state"] = states
        if mask is not None and layer.call_spec.takes_mask:
            given["mask"] = mask
        return layer(sequences, **given)

    def _initial_states(self, given: Any) -> tuple[Any, Any]:
        if given is None:
            return None, None
        half = len(given) // 2
        return given[:half], given[half:]

    def _merge(self, y: Tensor, y_back: Tensor) -> Any:
        y, y_back = (x.to(self.torch_dtype) for x in (y, y_back))
        match self.merge_mode:
            case "concat":
                return torch.cat([y, y_back], -1)
            case "sum":
                return y + y_back
            case "ave":
                return (y + y_back) / 2
            case "mul":
                return y * y_back
        return y, y_back

    # States, shapes and masks

    @property
    def states(self) -> tuple[Any, ...] | None:
        """The states kept from one batch to the next, forward ones first, or `None`."""
        forward, backward = self.forward_layer.states, self.backward_layer.states
        return (*forward, *backward) if forward and backward else None

    def reset_state(self) -> None:
        """Let the next batch start with states of zeros.

        Raises:
            AttributeError: If the layer keeps no states.
        """
        if not self.stateful:
            raise AttributeError("`reset_state` needs a layer that is made with `stateful=True`.")
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    def reset_states(self) -> None:
        """Do what `reset_state` does, under its old name."""
        self.reset_state()

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        """Return the shapes of the outputs.

        Args:
            sequences_shape: The shape of the inputs.
            initial_state_shape: The shapes of the initial states; they change nothing.
        """
        shape = self.forward_layer.compute_output_shape(sequences_shape)
        back = self.backward_layer.compute_output_shape(sequences_shape)
        states: tuple[Any, ...] = ()
        if self.return_state:
            states = (*shape[1:], *back[1:])
            shape, back = shape[0], back[0]
        if self.merge_mode is None:
            return (shape, back, *states)
        if self.merge_mode == "concat":
            shape = (*shape[:-1], shape[-1] + back[-1])
        return (shape, *states) if self.return_state else shape

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """Return the masks of the outputs: the inputs' own if all steps come out.

        Args:
            inputs: The inputs.
            previous_mask: Their mask, or `None`.
        """
        shown = leaves_of(previous_mask)[0] if self.return_sequences else None
        if self.merge_mode is None:
            return (shown, shown)
        return [shown] if self.return_state else shown

    # Config

    def attribute_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`, the forward layer as `layer`."""
        return {
            "merge_mode": self.merge_mode,
            "layer": encode(self.forward_layer),
            "backward_layer": encode(self.backward_layer),
        }


def _check_layer(argument: str, layer: Any) -> None:
    if not isinstance(layer, Layer):
        raise ValueError(
            f"`{argument}` must be a recurrent layer, such as `LSTM(8)`. "
            f"Received: {argument}={show(layer)} (of type {type(layer).__name__})."
        )
    missing = [name for name in ("go_backwards", *_COMMON) if not hasattr(layer, name)]
    if missing:
        raise ValueError(
            f"`{argument}` must be a recurrent layer, with the attributes of `RNN`. Received: "
            f"{argument}={layer!r}, which has no {', '.join(missing)}."
        )


def _copy(layer: Any, prefix: str, **changed: Any) -> Any:
    """Return a layer made from another one's config, named after it; built if that one is."""
    name = f"{prefix}{layer.name.removeprefix(prefix)}"
    made = type(layer).from_config({**layer.get_config(), "name": name, **changed})
    if layer.built:
        made.build_from_config(layer.get_build_config())
    return made
