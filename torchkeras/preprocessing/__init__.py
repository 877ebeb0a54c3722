"""Reading and preparing data, by the names of Keras 1 to 3; the old ones work, too."""

from torchkeras.utils import image_dataset_from_directory as image_dataset_from_directory
from torchkeras.utils import text_dataset_from_directory as text_dataset_from_directory
from torchkeras.utils import timeseries_dataset_from_array as timeseries_dataset_from_array

from . import image as image
from . import sequence as sequence
from . import text as text
