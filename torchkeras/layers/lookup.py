"""`serialize` and `deserialize`: layers to configs and back."""

from typing import Any

from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .layer import Layer


def serialize(layer: Layer) -> dict[str, Any]:
    """Return a dictionary from which `deserialize` makes an equal layer, without its weights.

    Args:
        layer: A layer.

    Example:
        >>> import torchkeras
        >>> torchkeras.layers.serialize(torchkeras.layers.Flatten())["class_name"]
        'Flatten'
    """
    config: dict[str, Any] = serialize_keras_object(layer)
    return config


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
    """Return the layer that a dictionary describes.

    Args:
        config: What `serialize` returned.
        custom_objects: Classes and functions of your own, by name.

    Raises:
        ValueError: If the dictionary describes something that is no layer.

    Example:
        >>> import torchkeras
        >>> config = torchkeras.layers.serialize(torchkeras.layers.Dense(3))
        >>> torchkeras.layers.deserialize(config).units
        3
    """
    made = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(made, Layer):
        raise ValueError(
            "`config` must describe a layer, as `keras.layers.serialize` returns it. "
            f"Received: config={config!r}."
        )
    return made
