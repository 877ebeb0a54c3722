"""With torch's own compiler, and without a compiler for C++: in processes of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import json, sys, warnings
import numpy as np, torch, torchkeras
from torchkeras import layers

def run(jit):
    torchkeras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")
    model = torchkeras.Sequential([
        torchkeras.Input((6,)), layers.Dense(4, "relu"), layers.BatchNormalization(),
        layers.Dense(3, "softmax"),
    ])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit)
    settings = dict(batch_size=8, shuffle=False, verbose=0)
    history = model.fit(x, np.arange(40) % 3, epochs=2, **settings).history
    outputs = model.predict(x, batch_size=8, verbose=0)
    return history, outputs.tolist(), int(model.optimizer.iterations), model.compile_report()

with torchkeras.device("cpu"), warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    runs = [run(False), run(True)]
warned = [str(w.message) for w in caught]
print(json.dumps([*runs, [text for text in warned if "jit_compile" in text]]))
"""


def run(cache: Path, **environment: str) -> list:
    """Return what the program prints: the eager run, the compiled run, the warnings."""
    kept = {**os.environ, "TORCHINDUCTOR_CACHE_DIR": str(cache), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def assert_same_numbers(eager: list, compiled: list) -> None:
    for name, values in eager[0].items():
        assert compiled[0][name] == pytest.approx(values, rel=1e-5)
    for mine, expected in zip(compiled[1], eager[1], strict=True):
        assert mine == pytest.approx(expected, rel=1e-5)
    assert compiled[2] == eager[2] == 10


def test_without_a_compiler_steps_run_eagerly_and_say_what_to_do(tmp_path: Path) -> None:
    eager, compiled, warned = run(tmp_path, CXX="/nonexistent")
    assert len(warned) == 1
    assert "install g++ or clang++ (or name one in the environment variable CXX)" in warned[0]
    assert "jit_compile=False" in warned[0]
    assert compiled[3]["train"].startswith("eager: torch.compile failed")
    assert compiled[3]["predict"].startswith("eager: torch.compile failed")
    assert_same_numbers(eager, compiled)


@pytest.mark.skipif(
    not any(os.access(f"{p}/g++", os.X_OK) for p in os.environ.get("PATH", "").split(os.pathsep)),
    reason="no g++ on this machine",
)
def test_with_torchs_own_compiler_numbers_are_the_same(tmp_path: Path) -> None:
    eager, compiled, warned = run(tmp_path)
    assert not warned
    reports = [compiled[3][kind] for kind in ("train", "predict")]
    assert [report.partition(",")[0] for report in reports] == ["compiled", "compiled"]
    assert_same_numbers(eager, compiled)
