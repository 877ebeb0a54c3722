"""Attention over torch's kernel for scaled dot products.

B batch, T queries, S keys, N heads of queries, K heads of keys, H size of a head.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch.nn.functional as F
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from torchkeras._base.messages import show
from torchkeras._base.switches import is_flash_attention_enabled
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras.ops.operands import alike

from .masks import as_bias, both, causal_mask

_OTHERS = (SDPBackend.EFFICIENT_ATTENTION, SDPBackend.CUDNN_ATTENTION, SDPBackend.MATH)


@op
def dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    bias: Any = None,
    mask: Any = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> Tensor:
    """Return `softmax(query · keyᵀ · scale + bias) · value`, head by head.

    Args:
        query: `(B, T, N, H)`.
        key: `(B, S, K, H)`, where K is N or divides it: heads of queries may share one of keys.
        value: `(B, S, K, H)`.
        bias: What is added to the scores; broadcasts to `(B, N, T, S)`.
        mask: `True` where a query may look at a key; broadcasts to `(B, N, T, S)`. A query that
            may look at nothing looks at all keys alike.
        scale: What the scores are multiplied by; `1 / √H` if not given.
        is_causal: Whether a query only looks at keys up to its own place.
        flash_attention: `True` for torch's flash kernel or an error, `False` for any other one. If
            not given, torch chooses, unless `config.disable_flash_attention` keeps it from it.
        attn_logits_soft_cap: Only possible on a TPU.

    Returns:
        `(B, T, N, H)`.

    Raises:
        ValueError: If the shapes do not go together, or both `bias` and `mask` are given.

    Source:
        Vaswani et al. 2017, https://arxiv.org/abs/1706.03762

    Example:
        >>> import torchkeras
        >>> x = torchkeras.ops.ones((1, 2, 1, 4))
        >>> torchkeras.ops.dot_product_attention(x, x, x).flatten()
        tensor([1., 1., 1., 1., 1., 1., 1., 1.])
    """
    if attn_logits_soft_cap is not None:
        raise ValueError(
            "`attn_logits_soft_cap` exists on TPUs alone. Received: "
            f"attn_logits_soft_cap={attn_logits_soft_cap}. Leave it out."
        )
    if bias is not None and mask is not None:
        raise ValueError("Only one of `bias` and `mask` may be given. Received both.")
    q_BTNH, k_BSKH, v_BSKH = _checked(alike(query, key, value))
    added = _added(q_BTNH, k_BSKH, bias, mask, is_causal)
    with kernel(flash_attention):
        seen_BNTH = F.scaled_dot_product_attention(
            q_BTNH.transpose(1, 2),
            k_BSKH.transpose(1, 2),
            v_BSKH.transpose(1, 2),
            attn_mask=added,
            is_causal=is_causal and added is None,
            scale=scale,
            enable_gqa=q_BTNH.shape[2] != k_BSKH.shape[2],
        )
    return seen_BNTH.transpose(1, 2)


def kernel(flash_attention: bool | None) -> AbstractContextManager[Any]:
    """Return the scope in which torch has the flash kernel only, all others, or the choice.

    Args:
        flash_attention: As in `dot_product_attention`.
    """
    if flash_attention:
        return sdpa_kernel(SDPBackend.FLASH_ATTENTION)
    if flash_attention is None and is_flash_attention_enabled() is None:
        return nullcontext()
    return sdpa_kernel(list(_OTHERS))


def _checked(given: list[Tensor]) -> list[Tensor]:
    if any(x.dim() != 4 for x in given):
        names = zip(("query", "key", "value"), given, strict=True)
        raise ValueError(
            "`query`, `key` and `value` must have 4 axes: batch, length, heads and size of a head. "
            f"Received: {', '.join(f'{name}={show(x)}' for name, x in names)}."
        )
    return given


def _added(query: Tensor, key: Tensor, bias: Any, mask: Any, is_causal: bool) -> Tensor | None:
    """Return what is added to the scores, the causal mask too where torch cannot have both."""
    if bias is None and mask is None:
        return None
    causal = causal_mask(query.shape[1], key.shape[1], query.device) if is_causal else None
    if bias is None:
        allowed = both(tensor(mask).bool(), causal)
        return None if allowed is None else as_bias(allowed, query.dtype)
    added = tensor(bias).to(query.dtype)
    return added if causal is None else added + as_bias(causal, query.dtype)
