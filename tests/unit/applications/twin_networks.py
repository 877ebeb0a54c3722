"""Networks of both packages: whole ones that are small, and large ones with few blocks."""

import warnings
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any
from unittest.mock import patch

import h5py
import keras
import numpy as np
from keras.src.applications import (
    convnext,
    densenet,
    efficientnet,
    efficientnet_v2,
    inception_resnet_v2,
    nasnet,
    resnet,
)
from keras.src.legacy.saving import legacy_h5_format

import torchkeras
from torchkeras import applications as ours
from torchkeras.applications import _resnet
from torchkeras.applications._network import network


@dataclass(frozen=True)
class Row:
    """A network in both packages: functions of the arguments that all of them have."""

    id: str
    theirs: Callable[..., Any]
    ours: Callable[..., Any]
    size: int = 32
    channels_first: bool = False

    def arguments(self) -> dict[str, Any]:
        shape = (3, *[self.size] * 2) if self.channels_first else (*[self.size] * 2, 3)
        return {"include_top": False, "input_shape": shape}


def whole(name: str, size: int = 32, **options: Any) -> Row:
    """A network as users get it."""

    def make(package: Any) -> Callable[..., Any]:
        return lambda **kwargs: getattr(package.applications, name)(**options, **kwargs)

    told = "".join(f"-{key}" for key in options)
    return Row(f"{name}{told}", make(keras), make(torchkeras), size)


def _resnet_v1(**kwargs: Any) -> Any:
    def stages(x: Any) -> Any:
        x = resnet.stack_residual_blocks_v1(x, 64, 2, stride1=1, name="conv2")
        x = resnet.stack_residual_blocks_v1(x, 128, 1, name="conv3")
        x = resnet.stack_residual_blocks_v1(x, 256, 1, name="conv4")
        return resnet.stack_residual_blocks_v1(x, 512, 1, name="conv5")

    return resnet.ResNet(stages, False, True, name="small", **kwargs)


def _resnet_v2(**kwargs: Any) -> Any:
    def stages(x: Any) -> Any:
        x = resnet.stack_residual_blocks_v2(x, 64, 3, name="conv2")
        x = resnet.stack_residual_blocks_v2(x, 128, 2, name="conv3")
        x = resnet.stack_residual_blocks_v2(x, 256, 2, name="conv4")
        return resnet.stack_residual_blocks_v2(x, 512, 2, stride1=1, name="conv5")

    return resnet.ResNet(stages, True, True, name="small", **kwargs)


def standard(build: Callable[[Any], Any]) -> Callable[..., Any]:
    """One of our builders, with the arguments that users give."""

    def small(request: Any) -> Any:
        """Build it.

        Source:
            Here.
        """
        return build(replace(request, name="small"))

    return network("small")(small)


_FILES: Any = None  # only asked for with `weights="imagenet"`
_MBCONV = ((3, 1, 32, 16, 1, 1), (3, 2, 16, 24, 6, 2), (5, 1, 24, 40, 6, 2))
_KEYS = ("kernel_size", "repeats", "filters_in", "filters_out", "expand_ratio", "strides")
_V2 = ((True, 2, 1, 32, 16, 1), (True, 2, 4, 16, 32, 2), (False, 2, 6, 32, 48, 2))
_V2_KEYS = ("conv_type", "num_repeat", "expand_ratio", "input_filters", "output_filters", "strides")


def _their_efficientnet(**kwargs: Any) -> Any:
    blocks = [
        {**dict(zip(_KEYS, stage, strict=True)), "id_skip": True, "se_ratio": 0.25}
        for stage in _MBCONV
    ]
    made = efficientnet.EfficientNet
    return made(1.1, 1.2, 260, 0.3, blocks_args=blocks, name="small", **kwargs)


def _our_efficientnet(request: Any) -> Any:
    with patch.object(ours.efficientnet, "_STAGES", _MBCONV):
        return ours.efficientnet._build(request, "efficientnetb2")


def _their_efficientnet_v2(**kwargs: Any) -> Any:
    blocks = [
        {
            **dict(zip(_V2_KEYS, stage, strict=True)),
            "kernel_size": 3,
            "conv_type": int(stage[0]),
            "se_ratio": 0.0 if stage[0] else 0.25,
        }
        for stage in _V2
    ]
    made = efficientnet_v2.EfficientNetV2
    return made(1.1, 1.2, 260, blocks_args=blocks, name="small-b", **kwargs)


def _our_efficientnet_v2(request: Any) -> Any:
    variants = ours.efficientnet_v2._VARIANTS
    fewer = {"efficientnetv2-b2": replace(variants["efficientnetv2-b2"], stages=_V2)}
    with patch.object(ours.efficientnet_v2, "_VARIANTS", fewer):
        return ours.efficientnet_v2._build(replace(request, name="small-b"), "efficientnetv2-b2")


def _their_convnext(**kwargs: Any) -> Any:
    return convnext.ConvNeXt([1, 1, 2, 1], [8, 16, 32, 64], name="small", **kwargs)


def _our_convnext(request: Any) -> Any:
    return ours.convnext._build(request, "convnext_tiny", (1, 1, 2, 1), 8)


def _their_nasnet(**kwargs: Any) -> Any:
    return nasnet.NASNet(
        penultimate_filters=192,
        num_blocks=1,
        stem_block_filters=8,
        skip_reduction=False,
        name="small",
        **kwargs,
    )


def our_nasnet(cells: int, skips: bool) -> Callable[[Any], Any]:
    """A builder of a small network of a number of cells."""
    return lambda request: ours.nasnet._build(request, 224, 8, cells, 8, skips, _FILES)


def _their_inception_resnet(**kwargs: Any) -> Any:
    whole = inception_resnet_v2.inception_resnet_block

    def some(x: Any, scale: float, block_type: str, block_idx: int, **options: Any) -> Any:
        return whole(x, scale, block_type, block_idx, **options) if block_idx in (1, 10) else x

    with patch.object(inception_resnet_v2, "inception_resnet_block", some):
        return keras.applications.InceptionResNetV2(**kwargs)


def _our_inception_resnet(**kwargs: Any) -> Any:
    module = ours.inception_resnet_v2
    whole = module._block

    def some(x: Any, kind: str, index: int, scale: float, is_last: bool = False) -> Any:
        return whole(x, kind, index, scale, is_last) if index in (1, 10) else x

    with patch.object(module, "_block", some):
        return ours.InceptionResNetV2(**kwargs)


def _densenet(**kwargs: Any) -> Any:
    return densenet.DenseNet([2, 1, 2, 1], name="small", **kwargs)


CONVNEXT = Row("ConvNeXt", _their_convnext, standard(_our_convnext))
EFFICIENTNET = Row("EfficientNet", _their_efficientnet, standard(_our_efficientnet), 33)
INCEPTION_RESNET = Row("InceptionResNet", _their_inception_resnet, _our_inception_resnet, 75)
ROWS = [
    whole("MobileNet", alpha=0.25),
    whole("MobileNetV2", 47, alpha=0.35),
    whole("MobileNetV3Small", alpha=0.75),
    whole("VGG16"),
    whole("InceptionV3", 75),
    whole("Xception", 71),
    Row("ResNet", _resnet_v1, standard(lambda r: _resnet.resnet(r, (2, 1, 1, 1), _FILES))),
    Row("ResNetV2", _resnet_v2, standard(lambda r: _resnet.resnet_v2(r, (3, 2, 2, 2), _FILES))),
    Row(
        "DenseNet",
        _densenet,
        standard(lambda r: ours.densenet._build(r, "densenet121", (2, 1, 2, 1))),
    ),
    CONVNEXT,
    EFFICIENTNET,
    replace(EFFICIENTNET, id="EfficientNet-channels_first", size=32, channels_first=True),
    Row("EfficientNetV2", _their_efficientnet_v2, standard(_our_efficientnet_v2), 33),
    INCEPTION_RESNET,
    Row("NASNet", _their_nasnet, standard(our_nasnet(1, False))),
]


def shuffled(model: Any, rng: np.random.Generator) -> None:
    """Draw all vectors of a Keras network anew: fresh ones are all zeros and ones."""
    for weight in model.weights:
        if len(weight.shape) == 1:
            weight.assign(rng.uniform(0.5, 1.5, weight.shape).astype("float32"))


def written(model: Any, path: Any) -> None:
    """Write the weights of a Keras network as Keras 2 published them."""
    with warnings.catch_warnings(), h5py.File(path, "w") as file:
        warnings.simplefilter("ignore")  # Keras's arrays are made in a way that NumPy gave up
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


def data_format(name: str) -> ExitStack:
    """Set where both packages have the channels of images."""
    stack = ExitStack()
    for package in (keras, torchkeras):
        before = package.config.image_data_format()
        package.config.set_image_data_format(name)
        stack.callback(package.config.set_image_data_format, before)
    return stack
