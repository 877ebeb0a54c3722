"""Training keeps freed memory for the next batch, unless somebody has chosen otherwise."""

import os
import platform
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc's malloc has these thresholds"
)

# Four blocks of 16 MiB at once: as glibc comes, they go back to the system each time.
PROGRAM = """
import resource
import torchkeras

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        blocks = [bytearray(2**24) for _ in range(4)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

model = torchkeras.Sequential([torchkeras.Input((1,)), torchkeras.layers.Dense(1)])
faults()
imported = faults()
model.predict([[1.0]], verbose=0)
faults()
print(imported, faults())
"""
ALL_PAGES = 5 * 4 * 2**24 // os.sysconf("SC_PAGE_SIZE")


def page_faults(**environment):
    """Return the faults in a process that has only imported the package, and after a run."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("MALLOC_")}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return tuple(int(count) / ALL_PAGES for count in run.stdout.split()[-2:])


def test_a_run_keeps_freed_memory_and_an_import_does_not():
    imported, ran = page_faults()
    assert imported > 0.5
    assert ran < 0.1


def test_choice_of_the_environment_wins():
    assert min(page_faults(TORCHKERAS_LEAVE_ALLOCATOR="1")) > 0.5
