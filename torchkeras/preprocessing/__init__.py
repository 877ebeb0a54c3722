"""Reading and preparing data, by the names of Keras 1 to 3; the old ones work, too."""

from . import image as image
from . import sequence as sequence
from . import text as text
