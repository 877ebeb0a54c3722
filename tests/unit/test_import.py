"""What `import torchkeras` brings along: little more than torch."""

import subprocess
import sys

# Each would cost as much as torch itself, or is optional.
HEAVY = (
    "torch._dynamo",
    "torch._inductor",
    "torch.distributed.tensor",
    "torch.export",
    "torch.onnx",
    "torch.fx.experimental.symbolic_shapes",
    "torchvision",
    "torchtext",
    "sympy",
    "h5py",
    "keras",
    "matplotlib",
    "onnx",
    "pandas",
    "PIL",
    "pydot",
    "scipy",
    "sklearn",
    "tensorboard",
    "yaml",
)
PROGRAM = """
import sys, torch
before = set(sys.modules)
import torchkeras
print(*sorted(set(sys.modules) - before))
"""


def test_importing_brings_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=120
    )
    brought = done.stdout.split()
    assert "torchkeras.layers" in brought
    heavy = [name for name in brought if any(f"{name}.".startswith(f"{h}.") for h in HEAVY)]
    assert heavy == []
