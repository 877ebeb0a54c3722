"""Which tensors of two models belong together: by name, else by order among equal shapes."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from .units import FOLDED, Piece, Unit
from .weights_report import WeightsReport, WeightsRow


@dataclass(frozen=True)
class Pair:
    """A piece of the model, and what fills it.

    Args:
        unit: The name of the model's unit.
        role: What the piece is there.
        target: The piece.
        source: The piece that fills it.
        added: A second one that is added to it, or `None`.
    """

    unit: str
    role: str
    target: Piece
    source: Piece
    added: Piece | None = None


@dataclass
class Match:
    """What belongs together, and the report of it."""

    pairs: list[Pair] = field(default_factory=list)
    report: WeightsReport = field(default_factory=WeightsReport)

    def add(self, status: str, target: Piece | None, source: Piece | None, note: str) -> None:
        """Take note of a tensor."""
        given = target or source
        assert given is not None
        self.report.rows.append(
            WeightsRow(
                status,
                None if target is None else target.label,
                None if source is None else source.label,
                given.shape,
                note,
            )
        )


def match(targets: list[Unit], sources: list[Unit]) -> Match:
    """Return which tensors of two models belong together.

    Args:
        targets: The units of the model that is filled.
        sources: The units that fill it.
    """
    found = Match()
    targets, sources = _match_names(found, targets, sources)
    targets, sources = _match_shapes(found, targets, sources)
    _match_the_rest(found, targets, sources)
    return found


def _match_names(
    found: Match, targets: list[Unit], sources: list[Unit]
) -> tuple[list[Unit], list[Unit]]:
    by_name = {unit.plain_name: unit for unit in sources}
    left = []
    for target in targets:
        source = by_name.get(target.plain_name)
        if source is None or not set(target.pieces) & set(source.pieces):
            left.append(target)
        else:
            del by_name[target.plain_name]
            _pair(found, target, source, "by name")
    kept = {id(unit) for unit in by_name.values()}
    return left, [unit for unit in sources if id(unit) in kept]


def _match_shapes(
    found: Match, targets: list[Unit], sources: list[Unit]
) -> tuple[list[Unit], list[Unit]]:
    groups: dict[Any, tuple[list[Unit], list[Unit]]] = defaultdict(lambda: ([], []))
    for side, units in enumerate((targets, sources)):
        for unit in units:
            groups[unit.signature][side].append(unit)
    done: set[int] = set()
    for wanted, given in groups.values():
        if len(wanted) == len(given):
            for target, source in zip(wanted, given, strict=True):
                _pair(found, target, source, "by order and shape")
                done |= {id(target), id(source)}
    return [u for u in targets if id(u) not in done], [u for u in sources if id(u) not in done]


def _match_the_rest(found: Match, targets: list[Unit], sources: list[Unit]) -> None:
    """Pair what is left by order if it is equally many, to show how shapes differ."""
    if len(targets) == len(sources):
        for target, source in zip(targets, sources, strict=True):
            _pair(found, target, source, "by order", only_misfits=True)
        return
    for unit in targets:
        alike = sum(unit.signature == other.signature for other in sources)
        mine = sum(unit.signature == other.signature for other in targets)
        note = f"{mine} of this kind in the model, and {alike} in the source" if alike else ""
        for piece in unit.pieces.values():
            found.add("missing", piece, None, note)
    for unit in sources:
        for piece in unit.pieces.values():
            found.add("unexpected", None, piece, "")


def _pair(found: Match, target: Unit, source: Unit, how: str, only_misfits: bool = False) -> None:
    given = dict(source.pieces)
    misfit = only_misfits and target.signature != source.signature
    for role, piece in target.pieces.items():
        other = given.pop(role, None)
        if other is None:
            found.add("missing", piece, None, f"{source.name!r} has no {role!r}")
        elif other.shape != piece.shape:
            found.add("mismatched", piece, other, f"the source has {other.shape}")
        elif other.tensor.is_floating_point() != piece.tensor.is_floating_point():
            found.add("mismatched", piece, other, f"the source has {other.tensor.dtype}")
        elif misfit and piece.tensor.ndim < 2:
            found.add("mismatched", piece, other, "the module that holds it does not fit")
        else:
            added = _folded(role, target, given)
            note = f"{how}, {added.label} added" if added else how
            found.add("matched", piece, other, note)
            found.pairs.append(Pair(target.name, role, piece, other, added))
    for role, other in given.items():
        if role != FOLDED or "bias_ih" not in target.pieces:
            found.add("unexpected", None, other, f"{target.name!r} has no {role!r}")


def _folded(role: str, target: Unit, given: dict[str, Piece]) -> Piece | None:
    if role == "bias_ih" and FOLDED not in target.pieces:
        return given.get(FOLDED)
    return None
