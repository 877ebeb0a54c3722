"""Policies of layers whose weights are quantized."""

from typing import Any

from torchkeras._base.messages import one_of

from .policy import DTypePolicy, dtype_policy, parse

MODES = ("int8", "float8", "int4", "gptq", "awq")
_GPTQ_BITS = (2, 3, 4, 8)
_AWQ_BITS = (4,)


class QuantizedDTypePolicy(DTypePolicy):
    """A policy that also says how weights are quantized.

    Args:
        mode: `"int8"`, `"float8"`, `"int4"`, `"gptq"` or `"awq"`.
        source_name: The policy that the layer had before; the global one if not given.

    Raises:
        ValueError: If a name is unknown, or int8 is asked of a layer that computes in float16.

    Example:
        >>> import torchkeras
        >>> torchkeras.dtype_policies.QuantizedDTypePolicy("int8", "mixed_bfloat16").name
        'int8_from_mixed_bfloat16'
    """

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        self._describe(mode, mode, source_name)

    def _describe(self, mode: str, written: str, source_name: str | None) -> None:
        """Set the properties; `written` is the mode with its numbers."""
        if source_name is None:
            source_name = dtype_policy().name
        self._compute_dtype, self._variable_dtype = parse(source_name)
        one_of("mode", mode, MODES)
        if mode == "int8" and self._compute_dtype == "float16":
            raise ValueError(
                "`mode` 'int8' loses too much where the layer computes in float16. "
                f"Received: source_name={source_name!r}. Use 'mixed_bfloat16' or 'float32'."
            )
        self._name = f"{written}_from_{source_name}"
        self._quantization_mode = mode
        self._source_name, self._written_mode = source_name, written

    def _identity(self) -> tuple[Any, ...]:
        return *super()._identity(), self._source_name

    def get_config(self) -> dict[str, Any]:
        return {"mode": self._written_mode, "source_name": self._source_name}


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """A policy for training in float8.

    Args:
        mode: `"float8"`.
        source_name: The policy that the layer had before; the global one if not given.
        amax_history_length: Over how many steps the greatest magnitudes are remembered.

    Raises:
        TypeError: If `amax_history_length` is no integer.
        ValueError: If a name is unknown.

    Example:
        >>> import torchkeras
        >>> torchkeras.dtype_policies.QuantizedFloat8DTypePolicy("float8", "float32").name
        'float8_from_float32'
    """

    default_amax_history_length = 1024

    def __init__(
        self, mode: str, source_name: str | None = None, amax_history_length: int = 1024
    ) -> None:
        super().__init__(mode, source_name)
        if not isinstance(amax_history_length, int):
            raise TypeError(
                "`amax_history_length` must be an integer. "
                f"Received: amax_history_length={amax_history_length!r}."
            )
        self._amax_history_length = amax_history_length

    @property
    def amax_history_length(self) -> int:
        """Over how many steps the greatest magnitudes are remembered."""
        return self._amax_history_length

    def _identity(self) -> tuple[Any, ...]:
        return *super()._identity(), self._amax_history_length

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "amax_history_length": self.amax_history_length}


class Int4DTypePolicy(QuantizedDTypePolicy):
    """A policy for weights of 4 bits that share a scale in blocks.

    Args:
        mode: `"int4/<block_size>"`, such as `"int4/128"`; a block of -1 is a whole channel.
        source_name: The policy that the layer had before; the global one if not given.

    Raises:
        ValueError: If the mode is written otherwise, or a name is unknown.

    Example:
        >>> import torchkeras
        >>> torchkeras.dtype_policies.Int4DTypePolicy("int4/128", "float32").block_size
        128
    """

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        (self.block_size,) = _numbers(mode, "int4/<block_size>")
        self.mode = "int4"
        _check_group(mode, self.block_size)
        self._describe("int4", mode, source_name)


class GPTQDTypePolicy(QuantizedDTypePolicy):
    """A policy for weights quantized by GPTQ.

    Args:
        mode: `"gptq/<weight_bits>/<group_size>"`, such as `"gptq/4/128"`; 2, 3, 4 or 8 bits, and a
            group of -1 for the whole tensor.
        source_name: The policy that the layer had before; the global one if not given.

    Raises:
        ValueError: If the mode is written otherwise, or a name is unknown.

    Example:
        >>> import torchkeras
        >>> torchkeras.dtype_policies.GPTQDTypePolicy("gptq/4/128", "float32").weight_bits
        4
    """

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        self.weight_bits, self.group_size = _numbers(mode, "gptq/<weight_bits>/<group_size>")
        self.mode = "gptq"
        one_of("weight_bits", self.weight_bits, _GPTQ_BITS)
        _check_group(mode, self.group_size)
        self._describe("gptq", mode, source_name)


class AWQDTypePolicy(QuantizedDTypePolicy):
    """A policy for weights quantized by AWQ.

    Args:
        mode: `"awq/4/<group_size>"`, such as `"awq/4/128"`; a group of -1 is a whole channel.
        source_name: The policy that the layer had before; the global one if not given.

    Raises:
        ValueError: If the mode is written otherwise, or a name is unknown.

    Example:
        >>> import torchkeras
        >>> torchkeras.dtype_policies.AWQDTypePolicy("awq/4/128", "float32").group_size
        128
    """

    def __init__(self, mode: str, source_name: str | None = None) -> None:
        self.weight_bits, self.group_size = _numbers(mode, "awq/<weight_bits>/<group_size>")
        self.mode = "awq"
        one_of("weight_bits", self.weight_bits, _AWQ_BITS)
        _check_group(mode, self.group_size)
        self._describe("awq", mode, source_name)


def quantized_by_name(name: str) -> QuantizedDTypePolicy:
    """Return the policy that a name such as `"int8_from_float32"` stands for."""
    mode, *sources = name.split("_from_")
    if len(sources) != 1:
        raise ValueError(
            "The name of a quantized policy must be written '<mode>_from_<policy>', such as "
            f"'int8_from_float32'. Received: {name!r}. For a dtype without quantization give "
            "`DTypePolicy(name)`."
        )
    (source,) = sources
    algorithm, *numbers = mode.split("/")
    if algorithm == "float8":
        return QuantizedFloat8DTypePolicy(mode, source)
    if algorithm == "gptq":
        return GPTQDTypePolicy(mode, source)
    if algorithm == "awq":
        return AWQDTypePolicy(mode, source)
    return Int4DTypePolicy(mode, source) if numbers else QuantizedDTypePolicy(mode, source)


def _numbers(mode: str, form: str) -> list[int]:
    """Return the numbers in a mode that is written like `form`."""
    algorithm, *given = mode.split("/")
    expected, *fields = form.split("/")
    whole = [text for text in given if text.lstrip("-").isdecimal()]
    if algorithm != expected or len(given) != len(fields) or whole != given:
        raise ValueError(
            f"`mode` must be written '{form}', with whole numbers. Received: mode={mode!r}."
        )
    return [int(text) for text in given]


def _check_group(mode: str, size: int) -> None:
    if size < -1 or size == 0:
        raise ValueError(
            f"The group of weights that share a scale must be -1 (for all) or a positive number. "
            f"Received: {size} in mode={mode!r}."
        )
