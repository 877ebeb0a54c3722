"""`torchkeras.applications` has Keras's names, signatures and variants."""

import inspect
from types import ModuleType
from typing import Any
from unittest.mock import patch

import keras
import pytest
from keras.src.applications import (
    convnext,
    densenet,
    efficientnet,
    efficientnet_v2,
    nasnet,
    resnet,
)

from torchkeras import applications
from torchkeras.applications import _resnet

THEIRS = keras.applications
NAMES = sorted(name for name in dir(THEIRS) if not name.startswith("_"))
MODULES = [name for name in NAMES if isinstance(getattr(THEIRS, name), ModuleType)]
NETWORKS = sorted(set(NAMES) - set(MODULES))


def public(module: Any) -> list[str]:
    return sorted(name for name in dir(module) if not name.startswith("_"))


def test_namespace_has_keras_names() -> None:
    assert public(applications) == NAMES


@pytest.mark.parametrize("name", MODULES)
def test_module_has_keras_functions(name: str) -> None:
    ours, theirs = getattr(applications, name), getattr(THEIRS, name)
    for member in public(theirs):
        function = getattr(ours, member)
        assert list(inspect.signature(function).parameters.items()) == unannotated(function, theirs)
        assert function is getattr(applications, member, function)


def unannotated(function: Any, module: Any) -> list[tuple[str, inspect.Parameter]]:
    """Keras's parameters, with our annotations."""
    ours = inspect.signature(function).parameters
    theirs = inspect.signature(getattr(module, function.__name__)).parameters
    return [
        (name, value.replace(annotation=ours[name].annotation if name in ours else None))
        for name, value in theirs.items()
    ]


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_are_documented_functions_with_keras_signatures(name: str) -> None:
    function = getattr(applications, name)
    parameters = inspect.signature(function).parameters
    assert list(parameters.items()) == unannotated(function, THEIRS)
    assert (function.__name__, function.__qualname__) == (name, name)
    assert all(f"    {parameter}: " in function.__doc__ for parameter in parameters)
    assert all(f"{section}:\n" in function.__doc__ for section in ("Args", "Returns", "Source"))


# The tables of variants, against what Keras's functions hand to their builders.


def handed(module: Any, builder: str, name: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments with which a function of a module calls the module's builder."""
    with patch.object(module, builder) as mock:
        getattr(module, name)(weights=None)
    return mock.call_args.args, mock.call_args.kwargs


@pytest.mark.parametrize("name", ["Tiny", "Small", "Base", "Large", "XLarge"])
def test_convnext_variants(name: str) -> None:
    (_, _, depths, width), _ = handed(applications.convnext, "_build", f"ConvNeXt{name}")
    theirs = handed(convnext, "ConvNeXt", f"ConvNeXt{name}")[1]
    assert list(depths) == theirs["depths"]
    assert [width * 2**stage for stage in range(4)] == theirs["projection_dims"]
    assert theirs["drop_path_rate"] == 0  # or `StochasticDepth` would have a place in ours


@pytest.mark.parametrize("name", ["DenseNet121", "DenseNet169", "DenseNet201"])
def test_densenet_variants(name: str) -> None:
    (_, _, depths), _ = handed(applications.densenet, "_build", name)
    assert list(depths) == handed(densenet, "DenseNet", name)[0][0]


@pytest.mark.parametrize("version", ["", "V2"])
@pytest.mark.parametrize("size", [50, 101, 152])
def test_resnet_variants(size: int, version: str) -> None:
    name, module = f"ResNet{size}{version}", "resnet_v2" if version else "resnet"
    (_, _, depths), _ = handed(getattr(applications, module), "_build", name)
    with patch.object(resnet, "ResNet") as builder:
        getattr(THEIRS, name)(weights=None)
    stages = (*builder.call_args.args, *builder.call_args.kwargs.values())[0]
    block = f"stack_residual_blocks_{version.lower() or 'v1'}"
    with patch.object(resnet, block) as stack:
        stages(None)
    calls = [call.args[1:3] for call in stack.call_args_list]
    assert calls == list(zip(_resnet._FILTERS, depths, strict=True))


@pytest.mark.parametrize("variant", range(8))
def test_efficientnet_variants(variant: int) -> None:
    scale = applications.efficientnet._SCALES[f"efficientnetb{variant}"]
    theirs = handed(efficientnet, "EfficientNet", f"EfficientNetB{variant}")[0]
    assert (scale.width, scale.depth, scale.size, scale.dropout) == theirs
    blocks = [
        (b["kernel_size"], b["repeats"], b["filters_in"], b["filters_out"], b["expand_ratio"],
         b["strides"])
        for b in efficientnet.DEFAULT_BLOCKS_ARGS
    ]  # fmt: skip
    assert list(applications.efficientnet._STAGES) == blocks


@pytest.mark.parametrize("variant", ["B0", "B1", "B2", "B3", "S", "M", "L"])
def test_efficientnet_v2_variants(variant: str) -> None:
    name = f"efficientnetv2-{variant.lower()}"
    ours = applications.efficientnet_v2._VARIANTS[name]
    theirs = handed(efficientnet_v2, "EfficientNetV2", f"EfficientNetV2{variant}")[1]
    keys = ("width_coefficient", "depth_coefficient", "default_size")
    assert (ours.width, ours.depth, ours.size) == tuple(theirs[key] for key in keys)
    assert ours.has_standardized_input == variant.startswith("B")
    stages = [
        (bool(b["conv_type"]), b["num_repeat"], b["expand_ratio"], b["input_filters"],
         b["output_filters"], b["strides"])
        for b in efficientnet_v2.DEFAULT_BLOCKS_ARGS[name]
    ]  # fmt: skip
    assert list(ours.stages) == stages


@pytest.mark.parametrize("name", ["NASNetMobile", "NASNetLarge"])
def test_nasnet_variants(name: str) -> None:
    (_, size, filters, cells, stem, skips, _), _ = handed(applications.nasnet, "_build", name)
    with patch.object(nasnet.backend, "backend", lambda: "jax"):  # refused on torch alone
        theirs = handed(nasnet, "NASNet", name)[1]
    assert (size, cells, stem, skips) == (
        theirs["default_size"], theirs["num_blocks"], theirs["stem_block_filters"],
        theirs["skip_reduction"],
    )  # fmt: skip
    assert (24 * filters, theirs["filter_multiplier"]) == (theirs["penultimate_filters"], 2)
