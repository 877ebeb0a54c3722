"""`JaxLayer`, `FlaxLayer` and `TFSMLayer`: programs of other frameworks, which cannot run on torch.

The names exist so that a program which asks for them learns what to do instead.
"""

from collections.abc import Sequence
from typing import Any, NoReturn

from torchkeras.layers.layer import Layer


class JaxLayer(Layer):
    """Refuse to be made: a JAX function cannot run on torch.

    Args:
        call_fn: A JAX function.
        init_fn: A function that makes its parameters.
        params: Its parameters.
        state: Its state.
        seed: A seed for `init_fn`.
        native_serialization_platforms: What it was to be compiled for.
        **kwargs: The keyword arguments of `Layer`.

    Raises:
        ValueError: Always, as in Keras on torch.

    Example:
        >>> import torchkeras
        >>> torchkeras.layers.JaxLayer(lambda params, x: x)
        Traceback (most recent call last):
        ...
        ValueError: `JaxLayer` runs JAX functions, and torchkeras runs on torch...
    """

    def __init__(
        self,
        call_fn: Any,
        init_fn: Any = None,
        params: Any = None,
        state: Any = None,
        seed: int | None = None,
        native_serialization_platforms: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        _refuse(self, "JAX functions")

    def call(self, inputs: Any, training: bool = False) -> Any:
        _refuse(self, "JAX functions")


class FlaxLayer(JaxLayer):
    """Refuse to be made: a Flax module cannot run on torch.

    Args:
        module: A Flax module.
        method: The method to call.
        variables: Its variables.
        **kwargs: The keyword arguments of `Layer`.

    Raises:
        ValueError: Always.

    Example:
        >>> import torchkeras
        >>> torchkeras.layers.FlaxLayer(None)
        Traceback (most recent call last):
        ...
        ValueError: `FlaxLayer` runs Flax modules, and torchkeras runs on torch...
    """

    def __init__(
        self, module: Any, method: Any = None, variables: Any = None, **kwargs: Any
    ) -> None:
        _refuse(self, "Flax modules")


class TFSMLayer(Layer):
    """Refuse to be made: a TensorFlow SavedModel cannot run on torch.

    Args:
        filepath: The folder of the SavedModel.
        call_endpoint: The endpoint that computes the outputs.
        call_training_endpoint: The one that does so in training.
        trainable: Whether its variables are trained.
        name: The layer's name.
        dtype: A dtype's name or a dtype policy.

    Raises:
        NotImplementedError: Always, as in Keras on torch.

    Example:
        >>> import torchkeras
        >>> torchkeras.layers.TFSMLayer("model")
        Traceback (most recent call last):
        ...
        NotImplementedError: `TFSMLayer` runs TensorFlow's SavedModels, and torchkeras runs on...
    """

    def __init__(
        self,
        filepath: str,
        call_endpoint: str = "serve",
        call_training_endpoint: str | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        _refuse(self, "TensorFlow's SavedModels", NotImplementedError)

    def call(self, inputs: Any, training: bool = False, **kwargs: Any) -> Any:
        _refuse(self, "TensorFlow's SavedModels", NotImplementedError)


def _refuse(layer: Layer, what: str, error: type[Exception] = ValueError) -> NoReturn:
    raise error(
        f"`{type(layer).__name__}` runs {what}, and torchkeras runs on torch alone. Write the "
        "layer with torch's functions (any `nn.Module` is a layer here, see "
        "`TorchModuleWrapper`), or save its weights to NumPy files there and load them here."
    )
