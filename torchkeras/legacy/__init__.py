"""Programs written for older Keras, or for `keras` and `tensorflow.keras` by name."""

from . import saving as saving
from .program import install as install
from .program import uninstall as uninstall
