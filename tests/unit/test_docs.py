"""The Python blocks of README and of the pages run, in order, as a reader would run them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "docs" / "quickstart.md", *(ROOT / "docs/guides").glob("*.md")]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path) -> list[str]:
    """The page's code, each block moved down to its own line for the sake of tracebacks."""
    text = page.read_text("utf-8")
    return ["\n" * text.count("\n", 0, m.start(1)) + m[1] for m in BLOCK.finditer(text)]


@pytest.mark.parametrize("page", [p for p in sorted(PAGES) if blocks(p)], ids=lambda p: p.stem)
def test_page_runs(page: Path) -> None:
    names = {"__name__": page.stem}
    for block in blocks(page):
        exec(compile(block, str(page), "exec"), names)
