"""Images lie channels-last from layer to layer, in half precision too: nothing is copied."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

import torchkeras
from torchkeras import layers

_ATEN = torch.ops.aten
_COPIES = (_ATEN.clone.default, _ATEN.contiguous.default, _ATEN.copy_.default)
_CAST, _CONVOLUTION = _ATEN._to_copy.default, _ATEN.convolution.default


class Watch(TorchDispatchMode):
    """Notes copies of images or kernels, and how the inputs of convolutions lie."""

    def __init__(self) -> None:
        super().__init__()
        self.copies: list[str] = []
        self.inputs: list[Tensor] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        if func in _COPIES and made.dim() == 4:
            self.copies.append(f"{func} of {tuple(made.shape)}")
        if func is _CAST and made.stride() != args[0].stride():
            self.copies.append(f"{func} from {args[0].stride()} to {made.stride()}")
        if func is _CONVOLUTION:
            self.inputs += args[:2]
        return made


def net(policy: str) -> Any:
    found = [
        layers.Conv2D(4, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("relu"),
        layers.MaxPooling2D(),
        layers.ZeroPadding2D(),
        layers.Conv2D(6, 3, strides=2, activation="relu"),
        layers.DepthwiseConv2D(2),
    ]
    torchkeras.config.set_dtype_policy(policy)
    try:
        return torchkeras.Sequential([layers.Input((8, 8, 3)), *map(_anew, found)])
    finally:
        torchkeras.config.set_dtype_policy("float32")


def _anew(layer: Any) -> Any:
    """Make the layer again, under the policy in force."""
    config = layer.get_config()
    del config["dtype"]
    return type(layer)(**config)


def watched(policy: str, device: str) -> tuple[Any, Tensor, Watch]:
    torch.manual_seed(0)
    model = net(policy).to(device)
    with Watch() as watch:
        outputs = model(torch.randn(2, 8, 8, 3, device=device), training=True)
        outputs.float().square().sum().backward()
    return model, outputs, watch


def check(policy: str, device: str) -> None:
    model, outputs, watch = watched(policy, device)
    assert watch.copies == []
    for images in watch.inputs:
        assert images.is_contiguous(memory_format=torch.channels_last)
        assert images.dtype is (torch.float32 if policy == "float32" else torch.bfloat16)
    assert outputs.is_contiguous()
    kernels = [weight for weight in model.parameters() if weight.dim() == 4]
    assert all(kernel.grad.stride() == kernel.stride() for kernel in kernels)
    assert all(kernel.dtype is torch.float32 for kernel in kernels)


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_nothing_is_copied_for_the_order_of_axes(policy: str) -> None:
    check(policy, "cpu")


@pytest.mark.gpu
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_nothing_is_copied_on_a_gpu(policy: str, gpu: torch.device) -> None:
    """Not run yet: written without a GPU at hand."""
    check(policy, gpu.type)


@pytest.mark.gpu
def test_cudnn_turns_no_axes(gpu: torch.device) -> None:
    """Not run yet: written without a GPU at hand."""
    if gpu.type != "cuda":
        pytest.skip("the names of the kernels are those of cuDNN")
    watched("mixed_bfloat16", "cuda")
    activities = [torch.profiler.ProfilerActivity.CUDA]
    with torch.profiler.profile(activities=activities) as profile:
        watched("mixed_bfloat16", "cuda")
    names = [event.key for event in profile.key_averages()]
    assert not [name for name in names if "nchwToNhwc" in name or "nhwcToNchw" in name]
