"""`Pipeline`: preprocessing layers one after the other."""

from collections.abc import Sequence
from typing import Any

from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object
from torchkeras.layers.base.call_spec import CallSpec
from torchkeras.layers.base.calling import masks_of

from .awake import AwakeLayer


class Pipeline(AwakeLayer):
    """Apply layers one after the other, in training unless told otherwise.

    Args:
        layers: The layers.
        name: The name.

    Input shape:
        The first layer's.

    Output shape:
        The last layer's.

    Raises:
        ValueError: If `layers` is not a list of layers.

    Example:
        >>> import torch, torchkeras
        >>> from torchkeras import layers
        >>> pipe = layers.Pipeline([layers.RandomBrightness((0.2, 0.2)), layers.Rescaling(1 / 51)])
        >>> pipe(torch.zeros(1, 1, 1)).item()
        1.0
    """

    def __init__(self, layers: Sequence[Any], name: str | None = None) -> None:
        super().__init__(name=name)
        if not isinstance(layers, (tuple, list)) or not all(map(callable, layers)):
            raise ValueError(f"`layers` must be a list of layers. Received: layers={layers!r}.")
        self._pipeline_layers = list(layers)

    @property
    def layers(self) -> list[Any]:
        """The layers."""
        return list(self._pipeline_layers)

    def call(self, inputs: Any, training: bool | None = True, mask: Any = None) -> Any:
        on = self.is_awake(training)
        for layer in self._pipeline_layers:
            spec: CallSpec | None = getattr(layer, "call_spec", None)
            given: dict[str, Any] = {}
            if spec is not None and spec.takes_mask:
                given["mask"] = mask
            if spec is not None and spec.takes_training:
                given["training"] = on
            inputs = layer(inputs, **given)
            mask = masks_of(inputs)
        return inputs

    call.spec = CallSpec(  # type: ignore[attr-defined]
        ("inputs", "training", "mask"), True, {"inputs": "mask"}, 1, training_may_be_none=True
    )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of `__init__`."""
        return {"layers": serialize_keras_object(self._pipeline_layers), "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Pipeline":
        """Make a pipeline from what `get_config` returned.

        Args:
            config: The arguments.

        Raises:
            ValueError: If there is no list of layers in it.
        """
        layers = config.get("layers")
        if not isinstance(layers, (tuple, list)):
            raise ValueError(f"`config` must have a list of layers. Received: layers={layers!r}.")
        return cls(**{**config, "layers": [deserialize_keras_object(layer) for layer in layers]})
