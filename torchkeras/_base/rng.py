"""The state of the process's random number generators: Python's, NumPy's, torch's."""

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

TorchState = tuple[torch.device, torch.Tensor, torch.Tensor | None]


def rng_state() -> dict[str, Any]:
    """Return the state of all generators, as plain values and CPU tensors.

    Those of accelerators are among them once the process uses an accelerator.
    """
    version, words, next_gauss = random.getstate()
    name, keys, position, has_gauss, gauss = np.random.get_state(legacy=True)  # noqa: NPY002
    state: dict[str, Any] = {
        "python": (version, torch.tensor(words, dtype=torch.int64, device="cpu"), next_gauss),
        "numpy": (name, torch.from_numpy(np.asarray(keys, "int64")), position, has_gauss, gauss),
        "torch": torch.get_rng_state(),
    }
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        state["cuda"] = torch.cuda.get_rng_state_all()
    if torch.backends.mps.is_available():
        state["mps"] = torch.mps.get_rng_state()
    return state


def set_rng_state(state: Mapping[str, Any]) -> None:
    """Put all generators into a state that `rng_state` returned.

    Args:
        state: The state; what it says about accelerators that are not there is passed over.
    """
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words.tolist()), gauss))
    name, keys, position, has_gauss, cached = state["numpy"]
    words = np.asarray(keys).astype("uint32")
    np.random.set_state((name, words, position, has_gauss, cached))  # noqa: NPY002
    torch.set_rng_state(state["torch"])
    for index, device_state in enumerate(state.get("cuda", ())):
        if index < torch.cuda.device_count():
            torch.cuda.set_rng_state(device_state, index)
    if "mps" in state and torch.backends.mps.is_available():
        torch.mps.set_rng_state(state["mps"])


def torch_rng_state(device: torch.device) -> TorchState:
    """Return the state of torch's generators for the CPU and for one CUDA device.

    Args:
        device: The device; any other has no generator of its own here.
    """
    own = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return device, torch.get_rng_state(), own


def set_torch_rng_state(state: TorchState) -> None:
    """Put torch's generators into a state that `torch_rng_state` returned.

    Args:
        state: The state.
    """
    device, cpu, own = state
    torch.set_rng_state(cpu)
    if own is not None:
        torch.cuda.set_rng_state(own, device)


@contextmanager
def kept_rng() -> Iterator[None]:
    """Leave all generators as they were, whatever is drawn inside."""
    state = rng_state()
    try:
        yield
    finally:
        set_rng_state(state)
