"""Functions of `keras.backend` in Keras 2 that compute with whole tensors: convolutions, loops."""

import string
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from .patches import Functions, Patches, named


def apply(package: ModuleType, patches: Patches) -> None:
    """Add the functions.

    Args:
        package: The module that `keras` is.
        patches: Where they are noted.
    """
    ops = package.ops
    found = _products(ops) | _convolutions(ops) | _images(ops) | _loops(ops) | _norms(ops)
    for name, function in found.items():
        patches.add(package.backend, name, function)


def _products(ops: Any) -> Functions:
    def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
        rank, other = len(x.shape), len(y.shape)
        if axes is None:
            axes = (rank - 1, other - 1 if other == 2 else other - 2)
        first, second = (axes, axes) if isinstance(axes, int) else axes
        first, second = first % rank, second % other
        left, right = list(string.ascii_lowercase[1:rank]), list(string.ascii_uppercase[1:other])
        right[second - 1] = left[first - 1]
        kept = [c for c in left if c != left[first - 1]]
        kept += [c for c in right if c != left[first - 1]]
        made = ops.einsum(f"a{''.join(left)},a{''.join(right)}->a{''.join(kept)}", x, y)
        return made if kept else ops.expand_dims(made, -1)

    def bias_add(x: Any, bias: Any, data_format: str | None = None) -> Any:
        if data_format != "channels_first" or len(x.shape) < 3:
            return x + bias
        if len(bias.shape) > 1:
            return x + ops.expand_dims(ops.moveaxis(bias, -1, 0), 0)
        return x + ops.reshape(bias, (1, -1, *[1] * (len(x.shape) - 2)))

    def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return ops.logsumexp(x, axis=axis, keepdims=keepdims)

    return named(batch_dot, bias_add, logsumexp)


def _convolutions(ops: Any) -> Functions:
    def conv(
        x: Any,
        kernel: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
    ) -> Any:
        return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)

    def conv1d(
        x: Any,
        kernel: Any,
        strides: int = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int = 1,
    ) -> Any:
        if padding == "causal":
            before = (kernel.shape[0] - 1) * dilation_rate
            borders = [[0, 0], [0, 0]]
            borders.insert(2 if data_format == "channels_first" else 1, [before, 0])
            x = ops.pad(x, borders)
            padding = "valid"
        return ops.conv(x, kernel, strides, padding, data_format, dilation_rate)

    def conv2d_transpose(
        x: Any,
        kernel: Any,
        output_shape: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
    ) -> Any:
        return ops.conv_transpose(x, kernel, strides, padding, None, data_format, dilation_rate)

    def depthwise_conv2d(
        x: Any,
        depthwise_kernel: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
    ) -> Any:
        return ops.depthwise_conv(x, depthwise_kernel, strides, padding, data_format, dilation_rate)

    def separable_conv2d(
        x: Any,
        depthwise_kernel: Any,
        pointwise_kernel: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
    ) -> Any:
        return ops.separable_conv(
            x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate
        )

    def pool2d(
        x: Any,
        pool_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        pool_mode: str = "max",
    ) -> Any:
        pool = {"max": ops.max_pool, "avg": ops.average_pool}.get(pool_mode)
        if pool is None:
            raise ValueError(f"`pool_mode` must be 'max' or 'avg'. Received: {pool_mode!r}.")
        return pool(x, pool_size, strides, padding, data_format)

    def pool3d(
        x: Any,
        pool_size: Any,
        strides: Any = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        pool_mode: str = "max",
    ) -> Any:
        return pool2d(x, pool_size, strides, padding, data_format, pool_mode)

    found = named(conv1d, conv2d_transpose, depthwise_conv2d, separable_conv2d, pool2d, pool3d)
    return {**found, "conv2d": conv, "conv3d": conv}


def _images(ops: Any) -> Functions:
    def padded(x: Any, padding: Sequence[Any], data_format: str | None) -> Any:
        borders = [[0, 0], *[list(pair) for pair in padding]]
        borders.insert(1 if data_format == "channels_first" else len(borders), [0, 0])
        return ops.pad(x, borders)

    def temporal_padding(x: Any, padding: Any = (1, 1)) -> Any:
        return padded(x, [padding], None)

    def spatial_2d_padding(
        x: Any, padding: Any = ((1, 1), (1, 1)), data_format: str | None = None
    ) -> Any:
        return padded(x, padding, data_format)

    def spatial_3d_padding(
        x: Any, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None
    ) -> Any:
        return padded(x, padding, data_format)

    def resize_images(
        x: Any,
        height_factor: int,
        width_factor: int,
        data_format: str,
        interpolation: str = "nearest",
    ) -> Any:
        first = 2 if data_format == "channels_first" else 1
        size = (x.shape[first] * height_factor, x.shape[first + 1] * width_factor)
        return ops.image.resize(x, size, interpolation, data_format=data_format)

    return named(temporal_padding, spatial_2d_padding, spatial_3d_padding, resize_images)


def _loops(ops: Any) -> Functions:
    def map_fn(fn: Callable[[Any], Any], elems: Any, name: Any = None, dtype: Any = None) -> Any:
        return ops.stack([fn(elems[i]) for i in range(elems.shape[0])])

    def foldl(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None) -> Any:
        rows = [elems[i] for i in range(elems.shape[0])]
        made = rows.pop(0) if initializer is None else initializer
        for row in rows:
            made = fn(made, row)
        return made

    def foldr(fn: Callable[[Any, Any], Any], elems: Any, initializer: Any = None) -> Any:
        return foldl(fn, ops.flip(elems, axis=0), initializer)

    def rnn(
        step_function: Callable[[Any, Any], tuple[Any, Any]],
        inputs: Any,
        initial_states: Any,
        go_backwards: bool = False,
        mask: Any = None,
        constants: Any = None,
        unroll: bool = False,
        input_length: Any = None,
        time_major: bool = False,
        zero_output_for_mask: bool = False,
    ) -> tuple[Any, Any, list[Any]]:
        inputs = ops.swapaxes(inputs, 0, 1) if time_major else inputs
        states: list[Any] = list(initial_states)
        outputs: list[Any] = []
        times = range(inputs.shape[1])
        for time in reversed(times) if go_backwards else times:
            output, new = step_function(inputs[:, time], [*states, *(constants or [])])
            if mask is not None:
                before = outputs[-1] if outputs else ops.zeros_like(output)
                output = _chosen(ops, mask[:, time], output, before)
                new = [_chosen(ops, mask[:, time], *p) for p in zip(new, states, strict=False)]
            states = list(new)
            outputs.append(output)
        last, made = outputs[-1], ops.stack(outputs, axis=1)
        if zero_output_for_mask and mask is not None:
            seen = ops.flip(mask, axis=1) if go_backwards else mask
            made = _chosen(ops, seen, made, ops.zeros_like(made))
        return last, ops.swapaxes(made, 0, 1) if time_major else made, states

    return named(map_fn, foldl, foldr, rnn)


def _chosen(ops: Any, mask: Any, yes: Any, no: Any) -> Any:
    """Choose rows by a mask that has fewer axes."""
    for _ in range(len(yes.shape) - len(mask.shape)):
        mask = ops.expand_dims(mask, -1)
    return ops.where(mask, yes, no)


def _norms(ops: Any) -> Functions:
    def batch_normalization(
        x: Any,
        mean: Any,
        var: Any,
        beta: Any = None,
        gamma: Any = None,
        axis: int = -1,
        epsilon: float = 1e-3,
    ) -> Any:
        return ops.batch_normalization(x, mean, var, axis, beta, gamma, epsilon)

    def normalize_batch_in_training(
        x: Any, gamma: Any, beta: Any, reduction_axes: Any, epsilon: float = 1e-3
    ) -> tuple[Any, Any, Any]:
        mean, variance = ops.moments(x, list(reduction_axes), keepdims=True)
        shape = [1 if i in reduction_axes else x.shape[i] for i in range(len(x.shape))]
        scale, shift = (v if v is None else ops.reshape(v, shape) for v in (gamma, beta))
        made = (x - mean) / ops.sqrt(variance + epsilon)
        made = made if scale is None else made * scale
        made = made if shift is None else made + shift
        flat = (ops.reshape(value, (-1,)) for value in (mean, variance))
        return made, *flat

    def ctc_batch_cost(y_true: Any, y_pred: Any, input_length: Any, label_length: Any) -> Any:
        lengths = [ops.reshape(length, (-1,)) for length in (label_length, input_length)]
        logits = ops.log(ops.maximum(y_pred, 1e-7))  # the last class is the blank
        logits = ops.roll(logits, 1, axis=-1)
        return ops.expand_dims(ops.ctc_loss(y_true + 1, logits, *lengths, mask_index=0), 1)

    def identity(x: Any, name: Any = None) -> Any:
        return ops.copy(x) if hasattr(ops, "copy") else x

    return named(batch_normalization, normalize_batch_in_training, ctc_batch_cost, identity)
