"""Functions of `ops` in Keras's configs: there each is an object, made with settings, then called.

`ops.mean(x, axis=1)` is written as a `Mean` whose config has `axis`, called on `x`. The arguments
that Keras hands to the call are known by their names; all others are settings.
"""

import inspect
import sys
from collections.abc import Callable, Mapping
from typing import Any

from torchkeras._base.naming import to_snake_case
from torchkeras._base.settings import floatx

_PREFIX = "keras.src.ops."
_OPS = f"{__name__.partition('.')[0]}.ops"
# The file that Keras defines an operation in, where that is not `numpy`.
_FAMILIES = {
    "nn": """adaptive_average_pool adaptive_max_pool average_pool batch_normalization
        binary_crossentropy categorical_crossentropy celu conv conv_transpose ctc_decode ctc_loss
        depth_to_space depthwise_conv dot_product_attention elu fold gelu glu hard_shrink
        hard_sigmoid hard_silu hard_tanh layer_normalization leaky_relu log_sigmoid log_softmax
        max_pool moments multi_hot normalize one_hot polar psnr relu relu6 rms_normalization selu
        separable_conv sigmoid silu soft_shrink softmax softplus softsign space_to_depth
        sparse_categorical_crossentropy sparse_plus sparse_sigmoid sparsemax squareplus tanh_shrink
        threshold unfold""",
    "core": """cast convert_to_tensor saturate_cast scatter scatter_update slice slice_update
        stop_gradient unstack""",
    "math": """cdist erf erfc erfinv extract_sequences fft fft2 ifft2 in_top_k irfft istft logdet
        logsumexp rfft rsqrt stft top_k view_as_complex view_as_real""",
    "linalg": """cholesky cholesky_inverse det eig eigh inv lstsq lu_factor matrix_rank norm pinv qr
        solve solve_triangular svd""",
    "image": """affine_transform crop_images elastic_transform extract_patches gaussian_blur
        hsv_to_rgb map_coordinates pad_images perspective_transform resize rgb_to_grayscale
        rgb_to_hsv scale_and_translate sobel_edges ssim""",
}
_FAMILY = {name: family for family, names in _FAMILIES.items() for name in names.split()}
# Where the name of Keras's class is not the function's in capitals.
_CLASSES = {
    "allclose": "AllClose",
    "batch_normalization": "BatchNorm",
    "cdist": "CDist",
    "ctc_decode": "CTCDecode",
    "ctc_loss": "CTCLoss",
    "fft": "FFT",
    "fft2": "FFT2",
    "hsv_to_rgb": "HSVToRGB",
    "ifft2": "IFFT2",
    "irfft": "IRFFT",
    "isin": "IsIn",
    "istft": "ISTFT",
    "layer_normalization": "LayerNorm",
    "psnr": "PSNR",
    "rfft": "RFFT",
    "rgb_to_grayscale": "RGBToGrayscale",
    "rgb_to_hsv": "RGBToHSV",
    "rms_normalization": "RMSNorm",
    "searchsorted": "SearchSorted",
    "ssim": "SSIM",
    "stft": "STFT",
    "svd": "SVD",
}
_NAME_BY_CLASS = {found: name for name, found in _CLASSES.items()}
# What Keras hands to the call.
_CALLED = frozenset(
    """x x1 x2 xs y a b q f inputs images indices start stop step target output data segment_ids
    kernel operands fill_value key scale updates start_indices array weights bins
    constant_values condition condlist choicelist default depthwise_kernel pointwise_kernel
    target_length output_length sequence_lengths query value bias mask abs_ angle values index
    variable elements targets predictions transform coordinates start_points end_points
    output_shape translation image1 image2 mean variance offset gamma beta sorted_sequence rtol atol
    """.split()
)
# Settings that are called like something else's input.
_SETTINGS = {
    "affine_transform": ("fill_value",),
    "allclose": ("rtol", "atol"),
    "bincount": ("weights",),
    "diagonal": ("offset",),
    "elastic_transform": ("fill_value",),
    "histogram": ("bins",),
    "map_coordinates": ("fill_value",),
    "perspective_transform": ("fill_value",),
    "resize": ("fill_value",),
    "squareplus": ("b",),
    "trace": ("offset",),
    "trapezoid": ("x",),
    "unique": ("fill_value",),
}
# Functions of functions have objects of their own in Keras, which no file can hold.
_WITHOUT = frozenset(
    """associative_scan cond fori_loop jvp map scan switch vectorized_map while_loop""".split()
)


def find(class_name: str) -> Callable[..., Any] | None:
    """Return the function that Keras's operation of a name stands for, or `None`.

    Args:
        class_name: The name of Keras's class, or of the function itself.
    """
    names = (_NAME_BY_CLASS.get(class_name), to_snake_case(class_name), class_name)
    return next((found for name in names if name and (found := _public(name))), None)


def _public(name: str) -> Callable[..., Any] | None:
    ops = sys.modules.get(_OPS)
    for place in (ops, getattr(ops, "image", None), getattr(ops, "linalg", None)):
        found = getattr(place, name, None)
        if inspect.isfunction(found) and not name.startswith("_"):
            return found
    return None


def identity(function: Any) -> tuple[str, str] | None:
    """Return module and name of Keras's class for a function of `ops`, or `None`.

    Args:
        function: The function.
    """
    name = str(getattr(function, "__name__", ""))
    if name in _WITHOUT or not inspect.isfunction(function) or _public(name) is not function:
        return None
    words = "".join(word[:1].upper() + word[1:] for word in name.split("_"))
    return _PREFIX + _FAMILY.get(name, "numpy"), _CLASSES.get(name, words)


def split(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Any], dict[str, Any]]:
    """Return settings, arguments and named arguments of a call, as Keras divides them.

    Args:
        function: A function of `ops`.
        args: Its arguments.
        kwargs: Its named arguments.
    """
    bound = inspect.signature(function).bind(*args, **kwargs)
    given = set(bound.arguments)
    bound.apply_defaults()  # Keras's shapes are asked for with all arguments of the call
    settings: dict[str, Any] = {}
    called: list[Any] = []
    named: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        if _kind(function, name) is inspect.Parameter.VAR_KEYWORD:
            settings.update(value)
        elif not _is_called(function, name):
            settings.update({name: value} if name in given else {})
        elif _kind(function, name) is inspect.Parameter.VAR_POSITIONAL:
            called += value
        elif len(called) == _place(function, name):
            called.append(value)
        else:
            named[name] = value
    if function.__name__ in ("one_hot", "multi_hot") and settings.get("dtype") is None:
        settings["dtype"] = floatx()  # in Keras the function looks it up, not the object
    return settings, called, named


def joined(
    function: Callable[..., Any],
    settings: Mapping[str, Any],
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a function for settings and arguments as Keras divides them.

    Args:
        function: A function of `ops`.
        settings: The config of Keras's object.
        args: What the object is called on.
        kwargs: Named arguments of that call.
    """
    given = {key: value for key, value in settings.items() if key != "name"}
    if not given:
        return args, dict(kwargs)
    names = [n for n in inspect.signature(function).parameters if _is_called(function, n)]
    if names and _kind(function, names[0]) is inspect.Parameter.VAR_POSITIONAL:
        return (*given.values(), *args), dict(kwargs)  # `einsum` alone, of one setting
    return (), {**dict(zip(names, args, strict=False)), **given, **kwargs}


def _is_called(function: Callable[..., Any], name: str) -> bool:
    return name in _CALLED and name not in _SETTINGS.get(function.__name__, ())


def _kind(function: Callable[..., Any], name: str) -> Any:
    return inspect.signature(function).parameters[name].kind


def _place(function: Callable[..., Any], name: str) -> int:
    names = [n for n in inspect.signature(function).parameters if _is_called(function, n)]
    return names.index(name)
