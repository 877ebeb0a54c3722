"""What became of each tensor when weights went from one model into another."""

from collections.abc import Iterator
from dataclasses import dataclass, field

_LISTED = 40
_HEAD = ("model", "source", "shape", "")


@dataclass(frozen=True)
class WeightsRow:
    """One tensor of the model, one of the source, or both.

    Args:
        status: `"matched"`, `"missing"` in the source, `"unexpected"` in the source, or
            `"mismatched"`.
        target: Its name in the model, or `None`.
        source: Its name in the source, or `None`.
        shape: The shape in the model; that in the source where the model has none.
        note: How the two were found to belong together, or why they do not.
    """

    status: str
    target: str | None
    source: str | None
    shape: tuple[int, ...]
    note: str = ""


@dataclass
class WeightsReport:
    """What became of each tensor, which prints as a table with the problems first.

    Args:
        rows: One row for each tensor.

    Example:
        >>> from torchkeras.saving import WeightsReport
        >>> WeightsReport().complete
        True
    """

    rows: list[WeightsRow] = field(default_factory=list)

    @property
    def matched(self) -> dict[str, str]:
        """The names in the source of the model's tensors that were matched."""
        return {str(row.target): str(row.source) for row in self._with("matched")}

    @property
    def missing(self) -> list[str]:
        """The model's tensors for which the source has none."""
        return [str(row.target) for row in self._with("missing")]

    @property
    def unexpected(self) -> list[str]:
        """The source's tensors for which the model has no place."""
        return [str(row.source) for row in self._with("unexpected")]

    @property
    def mismatched(self) -> dict[str, str]:
        """Why tensors that belong together do not fit, by name in the model."""
        return {str(row.target): row.note for row in self._with("mismatched")}

    @property
    def complete(self) -> bool:
        """Whether every tensor of both sides was matched."""
        return all(row.status == "matched" for row in self.rows)

    def _with(self, status: str) -> Iterator[WeightsRow]:
        return (row for row in self.rows if row.status == status)

    def __repr__(self) -> str:
        counts = {
            status: sum(1 for _ in self._with(status))
            for status in ("matched", "missing", "unexpected", "mismatched")
        }
        title = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
        ordered = sorted(self.rows, key=lambda row: row.status == "matched")
        lines = [_cells(row) for row in ordered[:_LISTED]]
        widths = [max(len(line[i]) for line in (_HEAD, *lines)) for i in range(len(_HEAD))]
        table = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in (_HEAD, *lines)
        ]
        more = [f"... and {len(ordered) - _LISTED} more"] if len(ordered) > _LISTED else []
        return "\n".join([f"Weights: {title or 'none'}", *(table if lines else []), *more])


def _cells(row: WeightsRow) -> tuple[str, str, str, str]:
    what = row.note if row.status == "matched" else f"{row.status}: {row.note}".rstrip(": ")
    return row.target or "-", row.source or "-", str(row.shape), what
