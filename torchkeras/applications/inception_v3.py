"""InceptionV3: blocks of parallel branches, whose large kernels are split into small ones."""

from torchkeras.models import Model

from ._inception import branched, chained
from ._network import Request, finished, headed, image, located, network
from ._symmetric import preprocess_input as preprocess_input
from ._weights import kernels
from .imagenet_utils import decode_predictions as decode_predictions

_FILES = kernels(
    "inception_v3",
    "inception_v3",
    ("9a0d58056eeedaa3f26cb7ebd46da564", "bcbd6486424b2319ff4ef7d526e38f63"),
)
_STEM = "32 3x3 /2, 32 3x3 valid, 64 3x3, max, 80 1x1 valid, 192 3x3 valid, max"


def _wide(pool: int) -> list[str]:
    return ["64 1x1", "48 1x1, 64 5x5", "64 1x1, 96 3x3, 96 3x3", f"avg, {pool} 1x1"]


def _split(n: int) -> list[str]:
    return [
        "192 1x1",
        f"{n} 1x1, {n} 1x7, 192 7x1",
        f"{n} 1x1, {n} 7x1, {n} 1x7, {n} 7x1, 192 1x7",
        "avg, 192 1x1",
    ]


_FORKED = [
    "320 1x1",
    "384 1x1, 384 1x3 | 384 3x1",
    "448 1x1, 384 3x3, 384 1x3 | 384 3x1",
    "avg, 192 1x1",
]
_BLOCKS = [
    _wide(32),
    _wide(64),
    _wide(64),
    ["384 3x3 /2", "64 1x1, 96 3x3, 96 3x3 /2", "max"],
    _split(128),
    _split(160),
    _split(160),
    _split(192),
    ["192 1x1, 320 3x3 /2", "192 1x1, 192 1x7, 192 7x1, 192 3x3 /2", "max"],
    _FORKED,
    _FORKED,
]


@network("inception_v3")
def InceptionV3(request: Request) -> Model:
    """Build InceptionV3, of 11 blocks of parallel branches, for images of 299 x 299.

    Source:
        C. Szegedy et al.: Rethinking the Inception Architecture for Computer Vision, 2015,
        arXiv:1512.00567.
    """
    start = image(request, 299, 75)
    weights = located(request, _FILES)
    x = chained(start, _STEM)
    for index, branches in enumerate(_BLOCKS):
        forks = [f"mixed9_{index - 9}"] if index >= 9 else []
        x = branched(x, branches, f"mixed{index}", forks)
    return finished(request, start, headed(request, x, "avg_pool", False), weights)
