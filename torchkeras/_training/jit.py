"""Whether steps are compiled, how, and why not."""

import importlib.util
import warnings
from dataclasses import dataclass, field
from typing import Any

import torch

from torchkeras._base.determinism import is_determinism_enabled

# From when on "auto" compiles on CUDA: large enough for the gain, long enough for the compiler.
_LEAST_WEIGHTS = 1_000_000
_LEAST_STEPS = 5_000
_OLDEST_GPU = (7, 0)  # for Triton, with which torch compiles there

_OPTIONS = ("fullgraph", "dynamic", "backend", "mode", "options")
_RACE = "race"


@dataclass
class Jit:
    """What was asked for, and what became of it.

    Attributes:
        options: What users gave in a dictionary, or `None` where steps run eagerly.
        is_auto: Whether it was left to the library.
        found: By step, what it does and why.
        has_warned: Whether users know that something could not be compiled.
        as_written: Whether steps run as they are written, for debugging.
        asked: The argument.
    """

    options: dict[str, Any] | None = None
    is_auto: bool = False
    found: dict[str, str] = field(default_factory=dict)
    has_warned: bool = False
    as_written: bool = False
    asked: Any = "auto"

    @property
    def setting(self) -> bool | dict[str, Any]:
        """What `model.jit_compile` says."""
        return False if self.options is None else self.options or True

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments for `torch.compile`."""
        return {key: value for key, value in (self.options or {}).items() if key != _RACE}

    def races(self) -> bool:
        """Say whether compiled steps have to be faster than eager ones to stay.

        What is measured differs from run to run, so nothing is where runs are to be the same.
        """
        repeats = is_determinism_enabled() or torch.are_deterministic_algorithms_enabled()
        return not (self.is_auto or repeats) and (self.options or {}).get(_RACE, True)

    def decide(self, weights: int, device: torch.device, steps: int | None) -> bool:
        """Decide for a run of `fit`, if that was left to the library; say whether it is compiled.

        Args:
            weights: How many numbers are trained.
            device: Where.
            steps: How many steps the run has, if that is known.
        """
        reason = _against(weights, device, steps)
        self.options = None if reason else {}
        self.found["train"] = f"eager: {reason}" if reason else "compiled after the first batch"
        return not reason

    def leave(self, kind: str, what: str, why: str) -> None:
        """Leave a step as users wrote it.

        Args:
            kind: The step.
            what: The methods that they wrote.
            why: What speaks against compiling the calls of networks in it.
        """
        self.found[kind] = f"eager: the model has a {what} of its own, and {why}"
        if not (self.is_auto or self.has_warned):
            self.has_warned = True
            warnings.warn(
                f"jit_compile: the model has a {what} of its own, which runs as it is written, "
                f"since {why}. Compile the parts that are worth it with `torch.compile` there, or "
                "say jit_compile=False.",
                stacklevel=2,
            )


def _against(weights: int, device: torch.device, steps: int | None) -> str:
    """Return what speaks against compiling, or nothing."""
    if device.type != "cuda":
        return (
            f'jit_compile="auto" compiles on CUDA only, and the model is on {device.type!r}, where '
            "the compiler takes longer than most runs would win"
        )
    if importlib.util.find_spec("triton") is None:
        return 'jit_compile="auto" needs the package `triton` on CUDA'
    if torch.cuda.get_device_capability(device) < _OLDEST_GPU:
        return "Triton does not know this GPU"
    if weights < _LEAST_WEIGHTS:
        return f'jit_compile="auto" leaves models of less than {_LEAST_WEIGHTS:,} weights alone'
    if steps is None or steps < _LEAST_STEPS:
        return f'jit_compile="auto" compiles for runs known to have {_LEAST_STEPS:,} steps or more'
    return ""


def jit_of(jit_compile: Any, run_eagerly: bool) -> Jit:
    """Return what the arguments of `compile` ask for.

    Args:
        jit_compile: `True`, `False`, `"auto"`, or a dictionary of arguments for `torch.compile`.
        run_eagerly: Whether nothing is compiled.
    """
    wanted = checked_jit(jit_compile, run_eagerly)
    if wanted:
        return Jit(dict(wanted) if isinstance(wanted, dict) else {}, asked=jit_compile)
    is_auto = jit_compile == "auto" and not run_eagerly
    why = "run_eagerly=True" if run_eagerly else f"jit_compile={jit_compile!r}"
    steps = ("train", "test", "predict")
    found = dict.fromkeys(steps, f"eager: {why}")
    return Jit(None, is_auto, found, as_written=bool(run_eagerly), asked=jit_compile)


def checked_jit(jit_compile: Any, run_eagerly: bool) -> bool | dict[str, Any]:
    """Return whether steps are compiled, or how; `"auto"` is decided when `fit` runs."""
    options = jit_compile if isinstance(jit_compile, dict) else {}
    unknown = set(options) - {*_OPTIONS, _RACE} or options.get(_RACE, True) not in (True, False)
    if unknown or not (options or jit_compile in (True, False, None, "auto")):
        raise ValueError(
            "`jit_compile` must be True, False, 'auto' or a dictionary of arguments for "
            f"`torch.compile` ({', '.join(_OPTIONS)}), besides {_RACE!r}: True or False. "
            f"Received: jit_compile={jit_compile!r}."
        )
    wanted = dict(options) or jit_compile is True
    if wanted and run_eagerly:
        warnings.warn(
            "If `run_eagerly` is True, then `jit_compile` cannot also be True. Disabling "
            "`jit_compile`.",
            stacklevel=5,
        )
        return False
    return wanted
