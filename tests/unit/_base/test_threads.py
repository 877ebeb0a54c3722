"""fit runs on as many threads as there are free cores, and leaves torch's number as it was."""

import pytest
import torch

from torchkeras import Sequential, layers
from torchkeras._base import threads
from torchkeras._base.threads import Crew

pytestmark = pytest.mark.skipif(
    not threads.switches_threads(), reason="this build of torch cannot change its threads"
)


@pytest.fixture(autouse=True)
def four_threads(monkeypatch):
    monkeypatch.delenv("TORCHKERAS_LEAVE_THREADS")
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is moved."""

    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(threads, "perf_counter", clock)
    return clock


class Machine:
    """A machine with some cores free; it remembers with how many threads it was tried."""

    def __init__(self, free):
        self.free, self.tried = free, []

    def stalls(self, count):
        assert torch.get_num_threads() == count
        self.tried.append(count)
        return count > self.free


def counts(crew, steps=1):
    """With how many threads each of some steps runs."""
    with crew.at_work(lambda batch: torch.get_num_threads()) as step:
        return [step(None) for _ in range(steps)]


@pytest.mark.parametrize("free", [1, 2, 3, 4])
def test_as_many_threads_as_run_without_waiting(free, clock):
    assert counts(Crew(Machine(free).stalls)) == [free]
    assert torch.get_num_threads() == 4


@pytest.mark.parametrize(
    ("full", "tried"), [(2, [2]), (3, [3, 2]), (4, [4, 3, 2]), (16, [16, 15, 8, 4, 2])]
)
def test_numbers_that_are_tried(full, tried):
    assert threads._counts(full) == tried


def test_a_quiet_machine_is_asked_now_and_then(clock):
    machine = Machine(4)
    crew = Crew(machine.stalls)
    counts(crew, 100)
    assert machine.tried == [4]
    clock.now += 0.1
    counts(crew, 100)
    assert machine.tried == [4, 4]


def test_a_machine_that_becomes_busy(clock):
    machine = Machine(4)
    crew = Crew(machine.stalls)
    with crew.at_work(lambda batch: torch.get_num_threads()) as step:
        assert step(None) == 4
        machine.free = 1
        clock.now += 0.1
        assert step(None) == 1


def test_rests_between_trials_on_a_busy_machine_double(clock):
    machine = Machine(1)
    crew = Crew(machine.stalls)
    counts(crew)
    rests = []
    for _ in range(6):
        before, rest = len(machine.tried), 0.0
        while len(machine.tried) == before:
            clock.now += 0.5
            rest += 0.5
            counts(crew)
        rests.append(rest)
    assert rests == [1, 2, 4, 8, 16, 16]


def test_threads_come_back_when_the_machine_is_quiet_again(clock):
    machine = Machine(1)
    crew = Crew(machine.stalls)
    assert counts(crew) == [1]
    machine.free = 4
    clock.now += 1
    assert counts(crew) == [4]


def test_the_next_run_begins_with_what_the_last_one_found(clock):
    machine = Machine(2)
    crew = Crew(machine.stalls)
    counts(crew)
    tried = len(machine.tried)
    assert counts(crew) == [2]
    assert len(machine.tried) == tried


def test_runs_inside_of_runs(clock):
    crew = Crew(Machine(2).stalls)
    with crew.at_work(lambda batch: counts(crew)) as step:
        assert step(None) == [2]
        assert torch.get_num_threads() == 2


def test_threads_are_back_after_an_error(clock):
    crew = Crew(Machine(1).stalls)
    with pytest.raises(KeyError), crew.at_work({}.__getitem__) as step:
        step("missing")
    assert torch.get_num_threads() == 4


def test_one_thread_stays_one(clock):
    torch.set_num_threads(1)
    machine = Machine(1)
    assert counts(Crew(machine.stalls)) == [1]
    assert machine.tried == []


@pytest.mark.parametrize("way", ["environment", "determinism", "torch"])
def test_numbers_that_must_not_change_keep_all_threads(way, clock, monkeypatch):
    machine = Machine(1)
    if way == "environment":
        monkeypatch.setenv("TORCHKERAS_LEAVE_THREADS", "1")
    elif way == "determinism":
        monkeypatch.setattr(threads, "is_determinism_enabled", lambda: True)
    else:
        monkeypatch.setattr(torch, "are_deterministic_algorithms_enabled", lambda: True)
    assert counts(Crew(machine.stalls)) == [4]
    assert machine.tried == []


def test_the_real_question_is_answered(monkeypatch):
    count = torch.get_num_threads()
    monkeypatch.setattr(threads, "_STALL_S", 1e9)
    assert not threads._stalls(count)
    monkeypatch.setattr(threads, "_STALL_S", 0.0)
    assert threads._stalls(count)


def test_fit_minds_the_crew(monkeypatch):
    machine = Machine(3)
    monkeypatch.setattr(threads.CREW, "_stalls", machine.stalls)
    monkeypatch.setattr(threads.CREW, "_full", 0)
    seen = []

    class Seeing(layers.Layer):
        def call(self, x):
            seen.append(torch.get_num_threads())
            return x

    model = Sequential([Seeing(), layers.Dense(1)])
    model.compile(loss="mse")
    model.fit(torch.ones(8, 2), torch.ones(8, 1), batch_size=2, verbose=0)
    assert seen[-1] == 3
    assert torch.get_num_threads() == 4
