"""VGG: blocks of 3 x 3 convolutions, each followed by a pooling."""

from collections.abc import Sequence

from torchkeras import layers
from torchkeras.models import Model

from ._network import Request, classified, finished, image, located, pooled
from ._weights import Published

_FILTERS = (64, 128, 256, 512, 512)


def vgg(request: Request, depths: Sequence[int], files: Published) -> Model:
    """Build a VGG network.

    Args:
        request: What the caller asked for.
        depths: The number of convolutions of each block.
        files: Its published weights.
    """
    x = start = image(request, 224)
    weights = located(request, files)
    for block, (depth, filters) in enumerate(zip(depths, _FILTERS, strict=True), 1):
        for index in range(1, depth + 1):
            name = f"block{block}_conv{index}"
            x = layers.Conv2D(filters, 3, activation="relu", padding="same", name=name)(x)
        x = layers.MaxPooling2D(2, strides=2, name=f"block{block}_pool")(x)
    if not request.include_top:
        return finished(request, start, pooled(request, x, is_named=False), weights)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(4096, activation="relu", name="fc1")(x)
    x = layers.Dense(4096, activation="relu", name="fc2")(x)
    return finished(request, start, classified(request, x), weights)
