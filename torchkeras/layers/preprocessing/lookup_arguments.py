"""What lookup layers refuse."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from torchkeras._base.budget import charge
from torchkeras._base.messages import one_of, show

from .vocabulary import Token, repeated

_NUMBER_BYTES = 8
_MODES = ("int", "one_hot", "multi_hot", "count", "tf_idf")
_OLD_MODES = {"binary": "multi_hot", "tf-idf": "tf_idf"}


def checked_mode(output_mode: Any) -> str:
    """Return the name of an output mode; older names are taken too."""
    mode = _OLD_MODES.get(output_mode, output_mode) if isinstance(output_mode, str) else output_mode
    return str(one_of("output_mode", mode, _MODES))


def check_arguments(layer: Any, vocabulary: Any, idf_weights: Any) -> str:
    """Refuse arguments that do not fit together; return the output mode.

    Args:
        layer: The layer, with its arguments as attributes.
        vocabulary: The vocabulary that it was given.
        idf_weights: The weights that it was given.
    """
    mode = checked_mode(layer.output_mode)
    _check_sizes(layer.max_tokens, layer.num_oov_indices, layer.pad_to_max_tokens)
    one_of("oov_method", layer.oov_method, ("floormod", "farmhash"))
    refuse_sparse(layer.sparse)
    if layer.invert and mode != "int":
        raise ValueError(
            f"`output_mode` must be 'int' if `invert` is true. Received: output_mode={mode!r}."
        )
    if idf_weights is not None and mode != "tf_idf":
        raise ValueError(
            "`idf_weights` may only be given if `output_mode` is 'tf_idf'. Received: "
            f"idf_weights={show(idf_weights)} and output_mode={mode!r}."
        )
    if mode == "tf_idf" and vocabulary is not None and idf_weights is None:
        raise ValueError(
            "`idf_weights` must be given with `vocabulary` if `output_mode` is 'tf_idf'. "
            "Received: idf_weights=None."
        )
    return mode


def _check_sizes(max_tokens: Any, num_oov_indices: Any, pads: bool) -> None:
    if max_tokens is not None and max_tokens <= 1:
        raise ValueError(
            f"`max_tokens` must be greater than 1, or `None`. Received: max_tokens={max_tokens}."
        )
    if pads and max_tokens is None:
        raise ValueError(
            "`max_tokens` must be given if `pad_to_max_tokens` is true. Received: max_tokens=None."
        )
    if num_oov_indices < 0:
        raise ValueError(
            f"`num_oov_indices` must be 0 or more. Received: num_oov_indices={num_oov_indices}."
        )
    charge((num_oov_indices,), _NUMBER_BYTES)
    charge((max_tokens if pads else 0,), _NUMBER_BYTES)


def refuse_sparse(sparse: bool) -> None:
    """Refuse what torch does not have."""
    if sparse:
        raise ValueError(
            "`sparse=True` is not possible on torch, as layers take dense tensors. "
            "Received: sparse=True."
        )


def checked_salt(layer: Any, salt: Any) -> list[int] | None:
    """Return a salt as two integers."""
    if salt is None:
        return None
    if layer.vocabulary_dtype != "string" and layer.oov_method != "farmhash":
        raise ValueError(
            "`salt` can only be used with `oov_method='farmhash'`. "
            f"Received: salt={salt!r} and oov_method={layer.oov_method!r}."
        )
    return as_salt(salt)


def as_salt(salt: Any) -> list[int]:
    """Return one integer twice, or two integers, as a list."""
    if isinstance(salt, (tuple, list)) and len(salt) == 2:
        return [int(number) for number in salt]
    if isinstance(salt, int):
        return [salt, salt]
    raise ValueError(f"`salt` must be an integer or two integers. Received: salt={salt!r}.")


def plain_list(values: Any) -> list[Any]:
    """Return an array, tensor, list or tuple of one axis, or torchtext's `Vocab`, as a list.

    Raises:
        ValueError: If it is empty or has more axes.
    """
    if hasattr(values, "get_itos"):
        values = _known_tokens(values)
    if isinstance(values, Tensor):
        values = values.detach().cpu().numpy()
    found = np.asarray(values).tolist() if hasattr(values, "__array__") else list(values)
    if not found or any(isinstance(value, (list, tuple)) for value in found):
        raise ValueError(
            f"`vocabulary` and `idf_weights` must be lists of at least one item. Received: {found}."
        )
    return found


def _known_tokens(vocab: Any) -> list[str]:
    """Return the tokens of torchtext's `Vocab` without its unknown one, for which we have ours."""
    unknown = vocab.get_default_index()
    return [token for index, token in enumerate(vocab.get_itos()) if index != unknown]


def check_vocabulary(layer: Any, tokens: Sequence[Token]) -> None:
    """Refuse tokens that repeat, are too many, or stand for something else.

    Args:
        layer: The layer.
        tokens: The tokens without the special ones at their beginning.
    """
    twice = repeated(tokens)
    if twice:
        raise ValueError(
            "`vocabulary` must hold each token once. Received more than once: "
            f"{[layer.from_token(token) for token in twice]}."
        )
    reserved = {"mask": layer.mask_token, "OOV": layer.oov_token if layer.invert else None}
    for name, token in reserved.items():
        if token is not None and layer.to_token(token) in tokens:
            raise ValueError(
                f"Found the reserved {name} token {token!r} in `vocabulary`. Leave the special "
                "tokens out, or give all of them at the beginning, in this order: "
                f"{layer.special_tokens()}."
            )
    size = layer.token_start + len(tokens)
    if layer.max_tokens is not None and size > layer.max_tokens:
        raise ValueError(
            f"`vocabulary` must have at most `max_tokens`={layer.max_tokens} tokens, places of "
            f"masked and unknown ones included. Received: {size}."
        )
