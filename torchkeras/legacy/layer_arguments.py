"""The arguments of layers in older Keras."""

from collections.abc import MutableMapping
from types import ModuleType
from typing import Any

from .patches import Patches
from .renaming import Rule, drop, renaming

_Arguments = MutableMapping[str, Any]


def _data_format(arguments: _Arguments, value: Any) -> str:
    formats = {"tf": "channels_last", "th": "channels_first", "default": None}
    if value not in formats:
        raise ValueError(f"`dim_ordering` must be 'tf' or 'th'. Received: dim_ordering={value!r}.")
    arguments["data_format"] = formats[value]
    return f"write `data_format={formats[value]!r}`"


def _kernel_size(arguments: _Arguments, first: Any) -> str:
    sizes = [first, *(arguments.pop(name) for name in _KERNEL_NAMES if name in arguments)]
    arguments["kernel_size"] = tuple(sizes)
    return f"write `kernel_size={tuple(sizes)}`"


def _input_shape(arguments: _Arguments, length: Any) -> str:
    if "input_dim" not in arguments:
        return "leave it out"
    arguments["input_shape"] = (length, arguments.pop("input_dim"))
    return f"begin the model with `Input({arguments['input_shape']})`"


_KERNEL_NAMES = ("kernel_dim1", "nb_row", "kernel_dim2", "nb_col", "kernel_dim3")
_KERNEL: dict[str, Rule] = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "W_constraint": "kernel_constraint",
}
_BIAS: dict[str, Rule] = {
    "b_regularizer": "bias_regularizer",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_DENSE: dict[str, Rule] = {**_KERNEL, **_BIAS, "output_dim": "units"}
_IMAGES: dict[str, Rule] = {
    "border_mode": "padding",
    "dim_ordering": _data_format,
}
_CONV: dict[str, Rule] = {
    **_KERNEL,
    **_BIAS,
    **_IMAGES,
    "nb_filter": "filters",
    "subsample": "strides",
    "atrous_rate": "dilation_rate",
    "nb_row": _kernel_size,
    "kernel_dim1": _kernel_size,
}
_CONV_1D: dict[str, Rule] = {
    **_CONV,
    "filter_length": "kernel_size",
    "subsample_length": "strides",
    "input_length": _input_shape,
}
_POOL_1D: dict[str, Rule] = {**_IMAGES, "pool_length": "pool_size", "stride": "strides"}
_RECURRENT: dict[str, Rule] = {
    **_DENSE,
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "U_regularizer": "recurrent_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "forget_bias_init": drop("the bias of the forget gate begins with ones by itself"),
    "consume_less": drop("leave it out"),
    "implementation": drop("leave it out"),
    "time_major": drop("leave it out, and put the batch axis first"),
    "input_length": _input_shape,
}
_EMBEDDING: dict[str, Rule] = {
    "init": "embeddings_initializer",
    "W_regularizer": "embeddings_regularizer",
    "W_constraint": "embeddings_constraint",
    "input_length": drop("leave it out"),
}
_NORM: dict[str, Rule] = {
    "beta_init": "beta_initializer",
    "gamma_init": "gamma_initializer",
    "mode": drop("leave it out"),
    "fused": drop("leave it out"),
    "virtual_batch_size": drop("leave it out"),
}
RULES_BY_LAYER: dict[str, dict[str, Rule]] = {
    "AveragePooling1D": _POOL_1D,
    "AveragePooling2D": _IMAGES,
    "AveragePooling3D": _IMAGES,
    "BatchNormalization": _NORM,
    "Conv1D": _CONV_1D,
    "Conv2D": _CONV,
    "Conv2DTranspose": _CONV,
    "Conv3D": _CONV,
    "Cropping2D": _IMAGES,
    "Cropping3D": _IMAGES,
    "Dense": _DENSE,
    "DepthwiseConv2D": {**_BIAS, **_IMAGES, "subsample": "strides"},
    "Dropout": {"p": "rate"},
    "Embedding": _EMBEDDING,
    "GRU": _RECURRENT,
    "GaussianDropout": {"p": "rate"},
    "GaussianNoise": {"sigma": "stddev"},
    "GlobalAveragePooling2D": _IMAGES,
    "GlobalAveragePooling3D": _IMAGES,
    "GlobalMaxPooling2D": _IMAGES,
    "GlobalMaxPooling3D": _IMAGES,
    "LSTM": _RECURRENT,
    "LeakyReLU": {"alpha": "negative_slope"},
    "MaxPooling1D": _POOL_1D,
    "MaxPooling2D": _IMAGES,
    "MaxPooling3D": _IMAGES,
    "PReLU": {"init": "alpha_initializer"},
    "Reshape": {"dims": "target_shape"},
    "SeparableConv2D": {**_BIAS, **_IMAGES, "nb_filter": "filters", "subsample": "strides"},
    "SimpleRNN": _RECURRENT,
    "SpatialDropout1D": {"p": "rate"},
    "SpatialDropout2D": {**_IMAGES, "p": "rate"},
    "SpatialDropout3D": {**_IMAGES, "p": "rate"},
    "UpSampling1D": {"length": "size"},
    "UpSampling2D": _IMAGES,
    "UpSampling3D": _IMAGES,
    "ZeroPadding2D": _IMAGES,
    "ZeroPadding3D": _IMAGES,
}
_ROWS_AND_COLUMNS = {"Conv2D": 2, "Conv2DTranspose": 2, "Conv3D": 3, "SeparableConv2D": 2}


def apply(package: ModuleType, patches: Patches) -> None:
    """Let layers take their old arguments.

    Args:
        package: The module that `keras` is.
        patches: Where the changes are noted.
    """
    for name, rules in RULES_BY_LAYER.items():
        layer = getattr(package.layers, name)
        reader = _Positional(_ROWS_AND_COLUMNS[name]) if name in _ROWS_AND_COLUMNS else None
        patches.set(layer, "__init__", renaming(layer.__init__, rules, reader))


class _Positional:
    """Reads `Convolution2D(32, 3, 3)` of Keras 1: filters, and the kernel's rows and columns.

    Args:
        rank: How many sizes a kernel has.
    """

    def __init__(self, rank: int) -> None:
        self._rank = rank

    def __call__(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        layer, *given = args
        sizes = given[1 : 1 + self._rank]
        if len(sizes) < self._rank or not all(isinstance(size, int) for size in sizes):
            return args
        return layer, given[0], tuple(sizes), *given[1 + self._rank :]
