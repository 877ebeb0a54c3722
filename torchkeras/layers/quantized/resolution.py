"""What `quantize(mode, config)` was told, as one config."""

from typing import Any

from torchkeras._base.messages import show
from torchkeras.dtype_policies.quantized import MODES
from torchkeras.quantizers import (
    AWQConfig,
    Float8QuantizationConfig,
    GPTQConfig,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
)

_PLAIN: dict[str, type[QuantizationConfig]] = {
    "int8": Int8QuantizationConfig,
    "int4": Int4QuantizationConfig,
    "float8": Float8QuantizationConfig,
}
_CALIBRATED = {"gptq": GPTQConfig, "awq": AWQConfig}


def resolve_config(mode: Any, config: Any) -> QuantizationConfig:
    """Return the config that a mode and a config stand for.

    Args:
        mode: The name of a mode, or `None` for that of the config.
        config: A `QuantizationConfig`, or `None` for the usual one of the mode.

    Raises:
        ValueError: If neither is given, a mode is unknown, the two differ, or the config is none.
    """
    if isinstance(config, str):  # an older order of arguments
        mode, config = config, None
    check_mode(mode)
    if config is None:
        config = _usual(mode)
    elif not isinstance(config, QuantizationConfig):
        raise ValueError(
            "Argument `config` must be an instance of `QuantizationConfig`, such as "
            f"`Int8QuantizationConfig()`. Received: config={show(config)} "
            f"(of type {type(config).__name__})."
        )
    if mode is not None and config.mode != mode:
        raise ValueError(
            f"Contradictory arguments: mode={mode!r} but config.mode={config.mode!r}. "
            "Leave `mode` out."
        )
    check_mode(config.mode)
    needed = _CALIBRATED.get(config.mode)
    if needed is not None and not isinstance(config, needed):
        raise ValueError(
            f"Mode {config.mode!r} requires a valid `config` argument of type "
            f"`{needed.__name__}`. Received: {type(config).__name__}."
        )
    return config


def _usual(mode: str | None) -> QuantizationConfig:
    if mode is None:
        raise ValueError("You must provide either `mode` or `config` to `quantize`.")
    if mode in _CALIBRATED:
        raise ValueError(
            f"For {mode.upper()}, you must pass `{_CALIBRATED[mode].__name__}` with data in the "
            "`config` argument."
        )
    return _PLAIN[mode]()


def check_mode(mode: Any) -> None:
    """Refuse what is no mode; `None` passes.

    Args:
        mode: The name of a mode.
    """
    if mode is not None and mode not in MODES:
        raise ValueError(
            f"Invalid quantization mode. Expected one of {MODES}. Received: mode={mode!r}."
        )
