"""Two processes under torchrun do what one does with the joined batches."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch.distributed as dist

import torchkeras

PROGRAM = Path(__file__).with_name("program.py")
ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(
    not (dist.is_available() and dist.is_gloo_available()), reason="torch without Gloo"
)


def load():
    spec = importlib.util.spec_from_file_location("distribution_program", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = ("arrays", "loader", "own_step", "single_batches", "torch_optimizer", "parts_of_ones_own")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """What each of two processes found."""
    folder = tmp_path_factory.mktemp("together")
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node=2",
               f"--master-port={free_port()}", str(PROGRAM), str(folder)]  # fmt: skip
    env = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "",
           "PYTHONPATH": str(ROOT), "MEETING": f"127.0.0.1:{free_port()}"}  # fmt: skip
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=580)
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.fixture(scope="module")
def alone():
    """What this process finds by itself."""
    with torchkeras.device("cpu"):
        return load().run_cases(0)


@pytest.mark.parametrize("case", CASES)
def test_they_find_what_one_process_finds(together, alone, case):
    expected = alone[case]
    for found in together:
        assert found[case].keys() == expected.keys()
        for name, values in expected["logs"].items():
            np.testing.assert_allclose(found[case]["logs"][name], values, rtol=2e-4, atol=1e-5)
        for name in expected.keys() - {"logs", "weights"}:
            np.testing.assert_allclose(found[case][name], expected[name], rtol=2e-4, atol=1e-5)
        for ours, theirs in zip(
            found[case].get("weights", []), expected.get("weights", []), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=2e-5)


def test_they_agree_to_the_bit(together):
    for case in CASES:
        assert together[0][case] == together[1][case]


def test_statistics_are_averaged(together):
    program = load()
    expected = program.X[:8].reshape(2, 4, 4).mean(1).mean(0)
    for found in together:
        np.testing.assert_allclose(found["statistics"], expected, rtol=1e-5, atol=1e-6)


def test_an_overflow_of_one_is_one_of_all(together):
    assert [found["overflow"] for found in together] == [1.0, 1.0]


def test_a_tensor_is_cut_and_put_together(together):
    whole = np.arange(8.0).reshape(4, 2).tolist()
    assert [found["cut_tensor"][0] for found in together] == [whole[:2], whole[2:]]
    assert all(found["cut_tensor"][1] == whole for found in together)


def test_variables_that_are_cut_are_refused_with_the_way_out(together):
    for found in together:
        assert "fully_shard" in found["refusal"]
        assert ".*kernel" in found["refusal"]
        assert found["whole_model_parallel"] == 2


def test_devices_are_those_of_the_job(together):
    for found in together:
        assert found["devices"] == ["cpu:0", "cpu:1"]
        assert found["again"] == 2
