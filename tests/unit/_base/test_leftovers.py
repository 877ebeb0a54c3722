"""What a killed process has left is removed by the next one, and nothing else."""

import os
import sys

import pytest

from torchkeras._base import leftovers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells for sure")

DEAD = 1 << 22  # no process has a number beyond the largest


@pytest.fixture
def target(tmp_path):
    return tmp_path / "m.keras"


def changed(path, number, value):
    """Return a name with another part of its mark: place, names of processes, process, start."""
    start, mark, random, end = path.name.rsplit(".", 3)
    parts = mark.split("-")
    parts[number] = value
    return path.with_name(".".join([start, "-".join(parts), random, end]))


def is_removed(path, target):
    path.write_text("half")
    leftovers.remove(target)
    return not path.exists()


def test_names_are_new_and_hidden(target):
    names = {leftovers.beside(target).name for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith(".m.keras.") and name.endswith(".tmp") for name in names)


def test_those_of_the_dead_go(target):
    mine = leftovers.beside(target)
    assert is_removed(changed(mine, 2, str(DEAD + 5)), target)
    assert is_removed(changed(mine, 3, "7"), target)  # the number was given to another process


def test_those_of_the_living_stay(target):
    mine = leftovers.beside(target)
    assert not is_removed(mine, target)
    parent = changed(mine, 2, str(os.getppid()))
    parent = changed(parent, 3, str(leftovers._started(os.getppid())))
    assert not is_removed(parent, target)


@pytest.mark.parametrize("number", [0, 1])
def test_those_of_other_machines_stay(target, number):
    dead = changed(leftovers.beside(target), 2, str(DEAD + 5))
    assert not is_removed(changed(dead, number, "12"), target)


@pytest.mark.parametrize(
    "name",
    [".m.keras.0123456789abcdef.tmp", ".m.keras.tmp", ".m.keras.a-1-4999999-1.tmp", ".m.keras"],
)
def test_other_files_stay(target, name):
    assert not is_removed(target.with_name(name), target)


def test_another_file_of_the_same_process_stays(target):
    dead = changed(leftovers.beside(target), 2, str(DEAD + 5))
    dead.write_text("half")
    leftovers.remove(target.with_name("m.h5"))
    leftovers.remove(target.with_name("m.keras.h5"))
    leftovers.remove(target.with_name("m.k"))
    assert dead.exists()
