"""What quantization that looks at data is told."""

from typing import Any, Self

from torchkeras._base.messages import one_of, positive_int

from .configs import QuantizationConfig

_BITS = (2, 3, 4, 8)


class _CalibratedConfig(QuantizationConfig):
    """A config with data, which is used once and not written down."""

    weight_bits: int
    group_size: int

    def _take_data(
        self, dataset: Any, tokenizer: Any, num_samples: int, sequence_length: int, group_size: int
    ) -> None:
        super().__init__()
        self.dataset, self.tokenizer = dataset, tokenizer
        self.num_samples = positive_int("num_samples", num_samples)
        self.sequence_length = positive_int("sequence_length", sequence_length)
        if group_size < -1 or group_size == 0:
            raise ValueError(
                "Invalid group_size: it must be -1 (one group) or a positive integer. "
                f"Received: group_size={group_size!r}."
            )
        self.group_size = group_size

    def dtype_policy_string(self) -> str:
        """Return the beginning of the dtype policy's name: mode, bits and group size."""
        return f"{self.mode}/{self.weight_bits}/{self.group_size}"

    def _written(self, *names: str) -> dict[str, Any]:
        return {"dataset": None, "tokenizer": None, **{name: getattr(self, name) for name in names}}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make the object that a config describes; it has no data.

        Args:
            config: What `get_config` returned.
        """
        return cls(**config)


class GPTQConfig(_CalibratedConfig):
    """How the algorithm GPTQ quantizes: weights one by one, the rest making up for the error.

    Args:
        dataset: Texts, or arrays of tokens.
        tokenizer: What makes tokens of texts.
        weight_bits: 2, 3, 4 or 8.
        num_samples: How many samples of the data are looked at.
        per_channel: Whether each output has scales of its own.
        sequence_length: The number of tokens in a sample.
        hessian_damping: What is added to the Hessian's diagonal, as a part of its mean.
        group_size: How many inputs share a scale; -1 for all.
        symmetric: Whether zero stays in the middle of the range.
        activation_order: Whether the inputs that matter most come first.
        quantization_layer_structure: A dictionary with the lists `"pre_block_layers"` and
            `"sequential_blocks"` of the model.

    Raises:
        ValueError: If an argument is out of its range.

    Source:
        Frantar et al. 2022, https://arxiv.org/abs/2210.17323

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.GPTQConfig(["some text"], str.split).dtype_policy_string()
        'gptq/4/128'
    """

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: int = 4,
        num_samples: int = 128,
        per_channel: bool = True,
        sequence_length: int = 512,
        hessian_damping: float = 0.01,
        group_size: int = 128,
        symmetric: bool = False,
        activation_order: bool = False,
        quantization_layer_structure: dict[str, Any] | None = None,
    ) -> None:
        self.weight_bits = one_of("weight_bits", weight_bits, _BITS)
        self._take_data(dataset, tokenizer, num_samples, sequence_length, group_size)
        if not 0 <= hessian_damping <= 1:
            raise ValueError(
                f"`hessian_damping` must be between 0 and 1. Received: {hessian_damping!r}."
            )
        self.per_channel, self.symmetric = per_channel, symmetric
        self.hessian_damping, self.activation_order = hessian_damping, activation_order
        self.quantization_layer_structure = quantization_layer_structure

    @property
    def mode(self) -> str:
        """`"gptq"`."""
        return "gptq"

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal object, but the data."""
        return self._written(
            *("weight_bits", "num_samples", "per_channel", "sequence_length", "hessian_damping"),
            *("group_size", "symmetric", "activation_order", "quantization_layer_structure"),
        )


class AWQConfig(_CalibratedConfig):
    """How the algorithm AWQ quantizes: weights of strong inputs are made larger beforehand.

    Args:
        dataset: Texts, or arrays of tokens.
        tokenizer: What makes tokens of texts.
        weight_bits: 4.
        num_samples: How many samples of the data are looked at.
        sequence_length: The number of tokens in a sample.
        group_size: How many inputs share a scale; -1 for all.
        num_grid_points: How many scales are tried.
        quantization_layer_structure: A dictionary with the lists `"pre_block_layers"` and
            `"sequential_blocks"` of the model.

    Raises:
        ValueError: If an argument is out of its range.

    Source:
        Lin et al. 2023, https://arxiv.org/abs/2306.00978

    Example:
        >>> import torchkeras
        >>> torchkeras.quantizers.AWQConfig(["some text"], str.split).dtype_policy_string()
        'awq/4/128'
    """

    def __init__(
        self,
        dataset: Any,
        tokenizer: Any,
        *,
        weight_bits: int = 4,
        num_samples: int = 128,
        sequence_length: int = 512,
        group_size: int = 128,
        num_grid_points: int = 20,
        quantization_layer_structure: dict[str, Any] | None = None,
    ) -> None:
        self.weight_bits = one_of("weight_bits", weight_bits, (4,))
        self._take_data(dataset, tokenizer, num_samples, sequence_length, group_size)
        self.num_grid_points = positive_int("num_grid_points", num_grid_points)
        self.quantization_layer_structure = quantization_layer_structure

    @property
    def mode(self) -> str:
        """`"awq"`."""
        return "awq"

    def get_config(self) -> dict[str, Any]:
        """Return the arguments from which `from_config` makes an equal object, but the data."""
        return self._written(
            *("weight_bits", "num_samples", "sequence_length", "group_size", "num_grid_points"),
            "quantization_layer_structure",
        )
