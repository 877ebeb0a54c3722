"""Contenders of benchmarks in processes of their own: one side asks, the other answers in seconds.

A process of its own keeps one contender's settings (allocator, threads, backend) from helping
another.
"""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

_READY = "ready"


class Contender:
    """A process that answers with seconds.

    Args:
        name: What the contender is called.
        module: A module of this package that calls `serve`.
        *arguments: The arguments that it gets.
        python: The Python that runs it.
    """

    def __init__(
        self, name: str, module: str, *arguments: str, python: str = sys.executable
    ) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [python, "-m", f"tests.speed.{module}", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.is_there = self._read() == _READY

    def seconds(self, *asked: Any) -> float:
        """Return the time of what is asked for."""
        assert self._process.stdin is not None
        self._process.stdin.write(";".join(map(str, asked)) + "\n")
        self._process.stdin.flush()
        word = self._read()
        if not word:
            raise RuntimeError(f"{self.name} stopped at {asked}: see its error above")
        return float(word)

    def stop(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _read(self) -> str:
        """Return the next answer; packages may print other things."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            word = line.strip()
            if word == _READY or word.replace(".", "").replace("e-", "").isdigit():
                return word
        return ""


def serve(seconds: Callable[..., float]) -> None:
    """Answer what the other side asks for, until it is done."""
    print(_READY, flush=True)
    for line in sys.stdin:
        print(seconds(*line.strip().split(";")), flush=True)
