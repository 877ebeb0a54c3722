"""Models from text: JSON and YAML."""

from typing import Any

from torchkeras._base.messages import show
from torchkeras.saving import architecture

from .model import Model


def model_from_json(json_string: str, custom_objects: Any = None) -> Any:
    """Return the model whose architecture `to_json()` wrote, here or in any Keras.

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
    made = architecture.from_json(json_string, custom_objects, "`json_string`")
    return _model(made, "json_string")


def model_from_yaml(yaml_string: str, custom_objects: Any = None) -> Any:
    """Return the model whose architecture `to_yaml()` wrote, here or in Keras 1 and 2.

    Args:
        yaml_string: The text; only plain values are read, and no tag makes an object.
        custom_objects: Classes and functions by name, besides the registered ones.

    Raises:
        ImportError: If PyYAML is not installed.
        ValueError: If the text is no plain YAML, or describes no model.
        TypeError: If it names a class that is neither public nor registered.

    Differs from Keras:
        Keras 2.6 and later have none, as theirs ran code of the text.

    Example:
        >>> import torchkeras
        >>> from torchkeras import layers
        >>> model = torchkeras.Sequential([layers.Input((4,)), layers.Dense(3)])
        >>> torchkeras.models.model_from_yaml(model.to_yaml()).layers[0].units
        3
    """
    made = architecture.from_yaml(yaml_string, custom_objects, "`yaml_string`")
    return _model(made, "yaml_string")


def _model(made: Any, argument: str) -> Any:
    if not isinstance(made, Model):
        raise ValueError(
            f"`{argument}` must describe a model. Received the description of "
            f"{show(made)} (of type {type(made).__name__})."
        )
    return made
