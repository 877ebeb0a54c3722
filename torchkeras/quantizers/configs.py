"""What `quantize` is told: the quantizers of weights and of what flows between layers."""

from typing import Any, Self

from torchkeras._base.messages import show
from torchkeras._base.serialization import deserialize_keras_object, serialize_keras_object

from .abs_max import AbsMaxQuantizer

_DEFAULT = "default"


class QuantizationConfig:
    """How a layer is quantized; to be written by subclasses, which have a `mode`.

    Args:
        weight_quantizer: What makes whole numbers of the weights.
        activation_quantizer: What makes whole numbers of the inputs.

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.QuantizationConfig().get_config()
        {'weight_quantizer': None, 'activation_quantizer': None}
    """

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = None) -> None:
        self.weight_quantizer = weight_quantizer
        self.activation_quantizer = activation_quantizer

    @property
    def mode(self) -> str:
        """The name of the kind of quantization."""
        raise NotImplementedError(
            f"`{type(self).__name__}` has no `mode`. Use one of its subclasses, such as "
            "`Int8QuantizationConfig`."
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal object."""
        return {
            "weight_quantizer": serialize_keras_object(self.weight_quantizer),
            "activation_quantizer": serialize_keras_object(self.activation_quantizer),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the object that a config describes.

        Args:
            config: What `get_config` returned.
        """
        return cls(**_quantizers(config))

    @staticmethod
    def weight_quantizer_or_default(config: "QuantizationConfig | None", default: Any) -> Any:
        """Return the quantizer of weights that a config names, or the default.

        Args:
            config: A config, or `None`.
            default: What is returned if there is no quantizer.
        """
        named = None if config is None else config.weight_quantizer
        return default if named is None else named

    @staticmethod
    def activation_quantizer_or_default(config: "QuantizationConfig | None", default: Any) -> Any:
        """Return the quantizer of inputs of a config, which may be `None`, or the default.

        Args:
            config: A config, or `None`.
            default: What is returned if there is no config.
        """
        return default if config is None else config.activation_quantizer


class Int8QuantizationConfig(QuantizationConfig):
    """Weights and inputs of 8 bits.

    Args:
        weight_quantizer: What makes whole numbers of the weights; the layer's own if not given.
        activation_quantizer: What makes whole numbers of the inputs; `None` leaves them floats,
            `"default"` stands for `AbsMaxQuantizer()`.

    Raises:
        ValueError: If the weights would not become int8.

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.Int8QuantizationConfig().mode
        'int8'
    """

    def __init__(self, weight_quantizer: Any = None, activation_quantizer: Any = _DEFAULT) -> None:
        if isinstance(activation_quantizer, str) and activation_quantizer == _DEFAULT:
            activation_quantizer = AbsMaxQuantizer()
        super().__init__(weight_quantizer, activation_quantizer)
        _check_bytes(weight_quantizer)

    @property
    def mode(self) -> str:
        """`"int8"`."""
        return "int8"


class Int4QuantizationConfig(QuantizationConfig):
    """Weights of 4 bits, two to a byte.

    Args:
        weight_quantizer: What makes whole numbers of the weights; the layer's own if not given.
        activation_quantizer: What makes whole numbers of the inputs; `None` and `"default"` leave
            them floats.
        block_size: How many inputs share a scale; `None` or -1 for all.

    Raises:
        ValueError: If the block size is not positive, if blocks and own quantizers are asked for
            at once, or if the weights would not become whole numbers from -8 to 7.

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.Int4QuantizationConfig().block_size
        128
    """

    def __init__(
        self,
        weight_quantizer: Any = None,
        activation_quantizer: Any = _DEFAULT,
        block_size: int | None = 128,
    ) -> None:
        if isinstance(activation_quantizer, str) and activation_quantizer == _DEFAULT:
            activation_quantizer = None
        super().__init__(weight_quantizer, activation_quantizer)
        if block_size is not None and block_size != -1 and block_size <= 0:
            raise ValueError(
                "`block_size` must be None, -1, or a positive integer. "
                f"Received: block_size={block_size!r}."
            )
        self.block_size = block_size
        is_blockwise = block_size is not None and block_size > 0
        if is_blockwise and (weight_quantizer, activation_quantizer) != (None, None):
            raise ValueError(
                "Blocks of weights (`block_size` above 0) do not support custom quantizers. Set "
                "`block_size=None`, or leave the quantizers out. "
                f"Received: block_size={block_size}."
            )
        if weight_quantizer is not None and tuple(weight_quantizer.value_range) != (-8, 7):
            raise ValueError(
                "`weight_quantizer` must have the value_range=(-8, 7), that of 4 bits. "
                f"Received: value_range={weight_quantizer.value_range}."
            )
        _check_bytes(weight_quantizer)

    @property
    def mode(self) -> str:
        """`"int4"`."""
        return "int4"

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal object."""
        return {**super().get_config(), "block_size": self.block_size}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the object that a config describes; older ones know no `block_size`, and mean none.

        Args:
            config: What `get_config` returned.
        """
        return cls(**_quantizers(config), block_size=config.get("block_size"))


class Float8QuantizationConfig(QuantizationConfig):
    """Training with floats of 8 bits, which takes no quantizers.

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.Float8QuantizationConfig().mode
        'float8'
    """

    def __init__(self) -> None:
        super().__init__(None, None)

    @property
    def mode(self) -> str:
        """`"float8"`."""
        return "float8"

    def get_config(self) -> dict[str, Any]:
        """Return an empty dictionary."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the object.

        Args:
            config: What `get_config` returned.
        """
        return cls()


def _quantizers(config: dict[str, Any]) -> dict[str, Any]:
    names = ("weight_quantizer", "activation_quantizer")
    return {name: deserialize_keras_object(config.get(name)) for name in names}


def _check_bytes(weight_quantizer: Any) -> None:
    if weight_quantizer is not None and weight_quantizer.output_dtype != "int8":
        raise ValueError(
            "`weight_quantizer` must have output_dtype='int8'. Received: "
            f"output_dtype={weight_quantizer.output_dtype!r} of {show(weight_quantizer)}."
        )
