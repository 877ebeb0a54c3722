"""Programs of the Keras guides give Keras's numbers; only their imports are swapped.

They are the scripts of `examples/` that have a function `run`, which returns lists of numbers. Both
packages begin with the same seed and draw alike, weights and noise included.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
# Runs are cut short here, since what differs would show in a few batches.
ARGUMENTS: dict[str, dict[str, int]] = {
    "custom_train_step": {"epochs": 2},
    "distillation": {"epochs": 1, "samples": 160},
    "gan": {"epochs": 2, "samples": 160},
    "gradient_accumulation": {"epochs": 1},
    "training_loop": {"epochs": 1},
    "vae": {"epochs": 2, "samples": 300},
}
pytestmark = [
    # What Keras itself does beside a newer NumPy.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def run(name: str, package: str) -> dict[str, list[float]]:
    """Run an example in a package."""
    source = (EXAMPLES / f"{name}.py").read_text()
    if package == "keras":
        source = re.sub(r"(?m)^import torchkeras as keras$", "import keras", source)
        source = re.sub(r"(?m)^from torchkeras import", "from keras import", source)
    space: dict[str, Any] = {"__name__": f"{name}_in_{package}"}
    exec(compile(source, f"{name}.py in {package}", "exec"), space)
    return space["run"](**ARGUMENTS[name])


@pytest.mark.parametrize("name", ARGUMENTS)
def test_the_program_equals_keras(name: str) -> None:
    ours, theirs = run(name, "torchkeras"), run(name, "keras")
    assert list(ours) == list(theirs)
    for key, expected in theirs.items():
        np.testing.assert_allclose(ours[key], expected, rtol=1e-4, atol=1e-5, err_msg=key)


def test_every_program_with_a_run_is_here() -> None:
    found = {path.stem for path in EXAMPLES.glob("*.py") if "\ndef run(" in path.read_text()}
    assert found == set(ARGUMENTS)
