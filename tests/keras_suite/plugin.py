"""The pytest plugin that runs Keras's tests against torchkeras."""

import os
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"
HERE = Path(__file__).parent


def pytest_configure(config: Any) -> None:
    """Put torchkeras in Keras's place before any test is imported."""

    import torch._dynamo  # noqa: F401 - before TensorFlow, as Triton cannot be loaded after it

    from . import internals, modules

    modules.install(Path(os.environ["KERAS_SUITE_SOURCE"]))
    internals.add_to_layers()
    internals.take_any_wording()
    internals.know_classes_of_tests(sys.modules)
    sys.modules["conftest"] = _conftest()
    for marker in ("requires_trainable_backend", "multi_device"):
        config.addinivalue_line("markers", marker)


def _conftest() -> ModuleType:
    """Return what Keras's tests import from the `conftest` of its repository."""
    import pytest

    module: Any = ModuleType("conftest")
    module.skip_if_backend = lambda backend, reason="": pytest.mark.skipif(
        backend == "torch", reason=reason or "not on torch"
    )
    return module


def known() -> list[tuple[str, str]]:
    """Return the patterns of tests that fail, and why."""
    reason, found = "", []
    for line in (HERE / "known.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            reason = line[2:]
        elif line.strip():
            found.append((line.strip(), reason))
    return found


def pytest_collection_modifyitems(items: list[Any]) -> None:
    """Expect the failures that are known."""
    import pytest

    patterns = known()
    for item in items:
        if item.get_closest_marker("multi_device"):
            item.add_marker(pytest.mark.skip(reason="several devices"))
        name = item.nodeid.rpartition("/")[2]
        reason = next((why for pattern, why in patterns if fnmatch(name, pattern)), None)
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=False))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Count by room, and say why tests are expected to fail."""
    rooms: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "error", "skipped", "xfailed", "xpassed"):
        for report in terminalreporter.stats.get(outcome, ()):
            room = report.nodeid.rpartition("/")[2].partition("::")[0].partition("__")[0]
            rooms.setdefault(room.removesuffix("_test.py"), Counter())[outcome] += 1
    for room, counts in sorted(rooms.items()):
        line = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        terminalreporter.write_line(f"{room}: {line}")
