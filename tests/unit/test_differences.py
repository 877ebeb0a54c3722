"""Each row of docs/differences.md names tests, and they exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    line
    for line in (ROOT / "docs/differences.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and not line.startswith("| Difference")
]


def named_in(row: str) -> list[tuple[str, str]]:
    """The files that a row names, each with a test or nothing; a bare `::test` is of the last."""
    found, file = [], ""
    for named in re.findall(
        r"`((?:tests/|::)[^`]*)`", row.rstrip().rstrip("|").rpartition(" | ")[2]
    ):
        path, _, name = named.partition("::")
        file = path or file
        found.append((file, name.partition("[")[0]))
    return found


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_a_row_is_pinned_by_tests_that_exist(row):
    found = named_in(row)
    assert found, row
    for file, name in found:
        path = ROOT / file
        assert path.exists(), f"{file} in: {row}"
        if name:
            text = path.read_text("utf-8")
            assert re.search(rf"^ *def {name}\(", text, re.MULTILINE), f"{file}::{name} in: {row}"


def test_no_row_is_there_twice():
    begins = [row.split("|")[1] for row in ROWS]
    assert {begin for begin in begins if begins.count(begin) > 1} == set()
