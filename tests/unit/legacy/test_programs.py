"""Programs for Keras and for TensorFlow's Keras run as they are."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).with_name("programs")


def run(*words):
    """Run Python in a process of its own."""
    command = [sys.executable, "-W", "error", *map(str, words)]
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def torchkeras_run(program, *arguments):
    return run("-m", "torchkeras", "run", program, *arguments)


def test_a_program_for_keras():
    done = torchkeras_run(PROGRAMS / "sequential.py", "--epochs", "2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "torchkeras.models.sequential\n", "")


def test_a_program_for_tensorflow_and_its_exit_code():
    done = torchkeras_run(PROGRAMS / "tensorflow_keras.py")
    assert (done.returncode, done.stderr) == (7, "")


def test_a_program_of_2017():
    done = torchkeras_run(PROGRAMS / "tutorial_2017.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "(16,) keras.utils.np_utils\n", "")


def test_install_and_uninstall():
    done = run(PROGRAMS / "notebook.py")
    assert (done.returncode, done.stderr) == (0, "")
    assert "`torchkeras.install()` first" in done.stdout


@pytest.fixture(scope="module")
def answers():
    done = torchkeras_run(PROGRAMS / "refused.py")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


REFUSED = {
    "tf.constant(1)": "AttributeError: `tensorflow.constant` is TensorFlow.*`torch.tensor`",
    "tf.reduce_mean([1.0])": "AttributeError: .*`keras.ops.mean`",
    "tf.math.log(1.0)": "AttributeError: .*the functions of `keras.ops`",
    "tf.data.Dataset": "AttributeError: .*DataLoader",
    "tf.compat.v1.Session()": "AttributeError: .*`tensorflow.compat.v1.Session`.*leave it out",
    "from tensorflow import GradientTape": "ImportError: .*backward",
    "import tensorflow.python.ops": "ImportError: `tensorflow.python.ops` is TensorFlow",
    "import tensorflow_datasets": "ModuleNotFoundError: No module named 'tensorflow_datasets'",
    "import keras.nowhere": "ImportError: There is no `keras.nowhere` here",
    "from keras.layers import Nothing": "ImportError: cannot import name 'Nothing'",
    "import keras._base": "ImportError: There is no `keras._base` here",
}


@pytest.mark.parametrize("spelling", REFUSED)
def test_what_is_not_here_says_so(answers, spelling):
    assert re.match(REFUSED[spelling], answers[spelling]), answers[spelling]


def test_an_error_shows_the_program_alone(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("def f():\n    return 1 / 0\n\n\nf()\n")
    ours, pythons = torchkeras_run(script), run(script)
    assert ours.returncode == pythons.returncode == 1
    assert ours.stderr == pythons.stderr


def test_modules_run_too(tmp_path, monkeypatch):
    (tmp_path / "program.py").write_text("import sys, keras\nprint(keras.__name__, sys.argv[1])\n")
    monkeypatch.chdir(tmp_path)
    done = torchkeras_run("-m", "program", "x")
    assert (done.returncode, done.stdout, done.stderr) == (0, "torchkeras x\n", "")


def test_a_script_that_is_not_there():
    done = torchkeras_run("nowhere.py")
    assert done.returncode == 2
    assert "can't open file 'nowhere.py'" in done.stderr
