"""GPTQ and AWQ: the blocks of a model are quantized one after the other, on what comes in."""

import copy
import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from torchkeras._base.messages import show
from torchkeras.layers.layer import Layer
from torchkeras.layers.quantized.quantizable import Quantizable
from torchkeras.quantizers import awq, gptq

from .innermost import innermost_layers

_SEEN = {"gptq": gptq.Hessian, "awq": awq.Magnitudes}
_START = zlib.crc32(b"calibration")


def structure_of(model: Any, config: Any) -> dict[str, Any]:
    """Return the layers before the blocks of a model, and the blocks.

    Args:
        model: The model.
        config: A `GPTQConfig` or `AWQConfig`.

    Raises:
        ValueError: If neither the config nor the model tells, or there is no data.
    """
    if config.dataset is None or config.tokenizer is None:
        raise ValueError(
            f"Mode {config.mode!r} requires a dataset and a tokenizer. Give them to "
            f"`{type(config).__name__}`."
        )
    structure = config.quantization_layer_structure
    if structure is None:
        structure = model.get_quantization_layer_structure(config.mode)
    if not structure or not structure.get("sequential_blocks"):
        raise ValueError(
            f"For mode {config.mode!r}, a valid quantization structure must be provided: a "
            "dictionary with the lists 'pre_block_layers' and 'sequential_blocks', either as "
            "`config.quantization_layer_structure` or by `get_quantization_layer_structure(mode)` "
            f"of the model. Received: {structure!r}."
        )
    return dict(structure)


def without_data(config: Any) -> Any:
    """Return a config as layers keep it: it holds neither data nor the layers themselves.

    Args:
        config: A `GPTQConfig` or `AWQConfig`.
    """
    kept = copy.copy(config)
    kept.dataset = kept.tokenizer = kept.quantization_layer_structure = None
    return kept


def calibratable(block: Any) -> list[Quantizable]:
    """Return the layers of a block that are matrix products.

    Args:
        block: A layer.
    """
    return [
        layer
        for layer in innermost_layers(block)
        if isinstance(layer, Quantizable)
        and "gptq" in layer.quantization_modes
        and layer.places()[0].kind is nn.Linear
    ]


def calibrate(structure: dict[str, Any], chosen: Sequence[Layer], config: Any) -> None:
    """Quantize the layers of blocks; each block sees what the quantized ones before it return.

    Args:
        structure: The layers before the blocks, and the blocks.
        chosen: The layers that are meant, which wait for data.
        config: A `GPTQConfig` or `AWQConfig`.
    """
    blocks, meant = structure["sequential_blocks"], {id(layer) for layer in chosen}
    with torch.no_grad():
        inputs = list(_inputs(structure.get("pre_block_layers", []), config))
        for block in blocks:
            wanted = [layer for layer in calibratable(block) if id(layer) in meant]
            _calibrate_block(block, wanted, inputs, config)
            if block is not blocks[-1]:
                inputs = [_first(block(x)) for x in inputs]


def _inputs(before: Sequence[Any], config: Any) -> Iterator[Any]:
    for sample in samples(config):
        x: Any = torch.from_numpy(sample[None])
        for layer in before:
            x = layer(x)
        yield x


def _first(outputs: Any) -> Any:
    return outputs[0] if isinstance(outputs, (list, tuple)) else outputs


def _calibrate_block(block: Any, layers: list[Quantizable], inputs: list[Any], config: Any) -> None:
    modules: list[Any] = [layer.places()[0].module for layer in layers]
    make = _SEEN[config.mode]
    seen: list[Any] = [make(_inputs_of(m), m.weight.device) for m in modules]
    with _watching(modules, seen):
        for x in inputs:
            block(x)
    algorithm: Any = gptq if config.mode == "gptq" else awq
    for layer, module, what in zip(layers, modules, seen, strict=True):
        layer.take_calibrated(**algorithm.quantized(module.weight.detach(), what, config))


def _inputs_of(module: Any) -> int:
    return int(module.weight.shape[1])


@contextmanager
def _watching(modules: list[nn.Module], seen: list[Any]) -> Iterator[None]:
    """Show whatever goes into modules to those who want to see it."""

    def hook(watcher: Any) -> Any:
        return lambda module, args: watcher.see(args[0])

    handles = [
        module.register_forward_pre_hook(hook(watcher))
        for module, watcher in zip(modules, seen, strict=True)
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def samples(config: Any) -> "np.ndarray[Any, Any]":
    """Return pieces of equal length of all tokens, evenly spread, `(samples, length)`.

    Args:
        config: A `GPTQConfig` or `AWQConfig` with data.
    """
    tokens = _tokens(config.dataset, config.tokenizer)
    length, count = config.sequence_length, config.num_samples
    if tokens.size < count * length:
        tokens = np.tile(tokens, math.ceil(count * length / tokens.size))
    starts = tokens.size - length + 1
    at = (_START % starts + np.arange(count) * max(1, starts // count)) % starts
    return tokens[at[:, None] + np.arange(length)]


def _tokens(dataset: Any, tokenizer: Any) -> "np.ndarray[Any, Any]":
    if isinstance(dataset, (str, bytes)) or not hasattr(dataset, "__iter__"):
        raise TypeError(
            "`dataset` must be a list or another iterable of texts or tokens. "
            f"Received: dataset={show(dataset)} (of type {type(dataset).__name__})."
        )
    tokenize = getattr(tokenizer, "tokenize", tokenizer)
    pieces = [_whole(tokenize(piece) if isinstance(piece, str) else piece) for piece in dataset]
    found = np.concatenate(pieces) if pieces else np.empty(0, np.int32)
    if found.size == 0:
        raise ValueError("`dataset` must hold at least one token. Received: none.")
    return found


def _whole(tokens: Any) -> "np.ndarray[Any, Any]":
    host = tokens.detach().cpu().numpy() if isinstance(tokens, Tensor) else np.asarray(tokens)
    if host.dtype.kind not in "iuf":
        raise ValueError(
            f"`tokenizer` must return whole numbers for a text. Received: {show(host)} of dtype "
            f"{host.dtype}."
        )
    return host.reshape(-1).astype(np.int32)
