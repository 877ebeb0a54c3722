"""What attention layers cost beside torch code written by hand and beside Keras on torch.

Run it with `KERAS_BACKEND=torch python -m tests.speed.bench_attention`. The contenders run turn
about in one process, in inference and with gradients; read the figures as ratios.
"""

import time
from collections.abc import Callable
from typing import Any

import keras
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import torchkeras

Call = Callable[[Tensor], Tensor]
SIZES = ((2, 16, 32), (8, 128, 128))  # batch, steps, features
HEADS, ROUNDS = 8, 9


class ByHand(nn.Module):
    """Attention with heads as one writes it with torch, a few heads of keys for many of queries."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        few = features * heads // HEADS
        self.query, self.key = nn.Linear(features, features), nn.Linear(features, few)
        self.value, self.output = nn.Linear(features, few), nn.Linear(features, features)
        self.size = features // HEADS

    def forward(self, x: Tensor, **options: Any) -> Tensor:
        q, k, v = (
            layer(x).unflatten(-1, (-1, self.size)).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        seen = F.scaled_dot_product_attention(q, k, v, enable_gqa=True, **options)
        return self.output(seen.transpose(1, 2).flatten(2))


def of_package(package: Any, features: int, mask: Tensor) -> dict[str, Call]:
    """Return the layers of torchkeras or Keras."""
    layers = package.layers
    many = layers.MultiHeadAttention(HEADS, features // HEADS)
    few = layers.GroupQueryAttention(features // HEADS, HEADS, 2)
    luong, bahdanau = layers.Attention(), layers.AdditiveAttention()
    return {
        "MultiHeadAttention": lambda x: many(x, x),
        "... causal": lambda x: many(x, x, use_causal_mask=True),
        "... masked": lambda x: many(x, x, value_mask=mask),
        "... with scores": lambda x: many(x, x, return_attention_scores=True)[0],
        "GroupQueryAttention": lambda x: few(x, x),
        "Attention": lambda x: luong([x, x]),
        "... masked ": lambda x: luong([x, x], mask=[mask, mask]),
        "AdditiveAttention": lambda x: bahdanau([x, x]),
    }


def by_hand(features: int, mask: Tensor) -> dict[str, Call]:
    """Return what one writes with torch for the same."""
    many, few = ByHand(features, HEADS), ByHand(features, 2)
    torchs_own = nn.MultiheadAttention(features, HEADS, batch_first=True)
    weight = torch.randn(features, requires_grad=True)
    allowed = mask[:, None, None]

    def masked(x: Tensor) -> Tensor:
        scores = (x @ x.mT).masked_fill(~mask[:, None], -1e9)
        return torch.where(mask[..., None], torch.softmax(scores, -1) @ x, 0)

    def additive(x: Tensor) -> Tensor:
        sums = torch.tanh(x[:, :, None] + x[:, None])
        return torch.softmax((weight * sums).sum(-1), -1) @ x

    return {
        "MultiHeadAttention": many,
        "... causal": lambda x: many(x, is_causal=True),
        "... masked": lambda x: many(x, attn_mask=allowed),
        "... with scores": lambda x: torchs_own(x, x, x, average_attn_weights=False)[0],
        "GroupQueryAttention": few,
        "Attention": lambda x: torch.softmax(x @ x.mT, -1) @ x,
        "... masked ": masked,
        "AdditiveAttention": additive,
    }


def fastest(calls: list[Callable[[], object]]) -> list[float]:
    """Return the shortest time of each call, run turn about."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for found, call in zip(times, calls, strict=True):
            start = time.perf_counter()
            for _ in range(3):
                call()
            found.append(time.perf_counter() - start)
    return [min(found) for found in times]


def compare(contenders: list[Call], x: Tensor, gradients: bool) -> str:
    """Return the time of the first contender over those of the others."""

    def call(contender: Call) -> object:
        if gradients:
            return contender(x.detach().requires_grad_()).square().mean().backward()
        with torch.no_grad():
            return contender(x)

    ours, *others = fastest([lambda c=c: call(c) for c in contenders])
    return " | ".join(f"{ours / other:.2f}" for other in others)


def main() -> None:
    """Print a table: time / by hand, time / Keras, without gradients and with them."""
    torch.manual_seed(0)
    for batch, steps, features in SIZES:
        x = torch.randn(batch, steps, features) / features**0.25
        mask = torch.arange(steps) < torch.randint(steps // 2, steps, (batch, 1))
        ours, theirs = (of_package(p, features, mask) for p in (torchkeras, keras))
        hand = by_hand(features, mask)
        for name, layer in ours.items():
            contenders = [layer, hand[name], theirs[name]]
            found = [compare(contenders, x, gradients) for gradients in (False, True)]
            print(f"| {(batch, steps, features)} {name} | {' | '.join(found)} |", flush=True)


if __name__ == "__main__":
    main()
