"""Sizes that unknown ones must have to meet known ones: `(None, 3) + (2, None)` is `(2, 3)`."""

import itertools
from collections.abc import Iterator
from typing import Any

from torchkeras._base.nested import leaves_of

from .spec import Spec

Place = tuple[int, int]
Sizes = dict[Place, int]
_MOST = 2**24  # larger numbers are seeds and the like


def place(spec: Spec, axis: int) -> Place:
    """Return the key of one axis of a symbol, which may be used several times."""
    return id(spec), axis


def fits(structure: Any, most: int) -> Iterator[list[Sizes]]:
    """Yield what to try: for one unknown size, then for two, ... the known sizes that it may have.

    Args:
        structure: Arguments; their specs, tensors and numbers hold the known sizes.
        most: How many trials there may be in all.
    """
    leaves = leaves_of(structure)
    specs = {id(leaf): leaf for leaf in leaves if isinstance(leaf, Spec)}.values()
    unknown = [place(spec, i) for spec in specs for i, n in enumerate(spec.shape) if n is None]
    known = _known(leaves)
    for count in range(1, len(unknown) + 1):
        chosen = itertools.product(
            itertools.combinations(unknown, count), itertools.product(known, repeat=count)
        )
        trials = [dict(zip(*pair, strict=True)) for pair in itertools.islice(chosen, most)]
        most -= len(trials)
        yield trials


def _known(leaves: list[Any]) -> list[int]:
    """Return the sizes above 1 that stand somewhere in the arguments, each once."""
    found: list[int] = []
    for leaf in leaves:
        if type(leaf) is int:
            found.append(leaf)
        found.extend(size for size in getattr(leaf, "shape", ()) if size is not None)
    return [size for size in dict.fromkeys(found) if 1 < size < _MOST]
