"""A slice of the fuzz run; `python -m tests.security.fuzz` is the whole of it."""

import warnings

import pytest

from tests.security.fuzz import Fuzz

COUNT, SEED = 120, 1
# Mutations that were findings once, by seed and number, as long as the good files stay as they are.
# The rows in `test_damaged_json.py` and `test_damaged_h5.py` say what they were.
FOUND = [(0, 14288)]  # a group of HDF5 that lists a name and cannot find it


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory):
    return Fuzz(tmp_path_factory.mktemp("fuzz"), SEED)


def test_damaged_files_end_well(fuzz):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcomes = [fuzz.outcome(index) for index in range(COUNT)]
        for seed, index in FOUND:
            fuzz.seed = seed
            outcomes.append(fuzz.outcome(index))
    assert [outcome for outcome in outcomes if outcome.is_finding] == []
    assert {"same", "other", "refused"} == {outcome.kind for outcome in outcomes}
