"""Models from JSON."""

import json
from typing import Any

from torchkeras._base.messages import show
from torchkeras._base.serialization import deserialize_keras_object

from .model import Model


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """Return the model whose architecture `to_json()` wrote, here or in Keras.

    Args:
        json_string: The text.
        custom_objects: Classes and functions by name, besides the registered ones.

    Raises:
        ValueError: If the text is no JSON, or describes no model.
        TypeError: If it names a class that is neither public nor registered.

    Example:
        >>> import torchkeras
        >>> from torchkeras import layers
        >>> model = torchkeras.Sequential([layers.Input((4,)), layers.Dense(3)])
        >>> torchkeras.models.model_from_json(model.to_json()).layers[0].units
        3
    """
    try:
        config = json.loads(json_string)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"`json_string` must be the text that `model.to_json()` returns ({error}). "
            f"Received: json_string={show(json_string)}."
        ) from error
    model = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(model, Model):
        raise ValueError(
            "`json_string` must describe a model. Received the description of "
            f"{show(model)} (of type {type(model).__name__})."
        )
    return model
