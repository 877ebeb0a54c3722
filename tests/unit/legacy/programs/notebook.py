"""`install` and `uninstall`, as a notebook calls them."""

import sys

import torchkeras

torchkeras.install()
torchkeras.install()
import keras  # noqa: E402

assert keras is torchkeras
torchkeras.uninstall()
torchkeras.uninstall()
assert "keras" not in sys.modules
sys.modules["keras"] = sys  # stands for a Keras that was imported before
try:
    torchkeras.install()
except RuntimeError as error:
    print(error)
