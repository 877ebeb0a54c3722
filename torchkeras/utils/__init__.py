"""Small things that programs need around models."""

from torchkeras._base.dtypes import standardize_dtype as standardize_dtype
from torchkeras._base.registry import custom_object_scope as custom_object_scope
from torchkeras._base.registry import get_custom_objects as get_custom_objects
from torchkeras._base.registry import get_registered_name as get_registered_name
from torchkeras._base.registry import get_registered_object as get_registered_object
from torchkeras._base.registry import (
    register_keras_serializable as register_keras_serializable,
)
from torchkeras._base.serialization import deserialize_keras_object as deserialize_keras_object
from torchkeras._base.serialization import serialize_keras_object as serialize_keras_object
from torchkeras._base.switches import (
    disable_interactive_logging as disable_interactive_logging,
)
from torchkeras._base.switches import enable_interactive_logging as enable_interactive_logging
from torchkeras._base.switches import (
    is_interactive_logging_enabled as is_interactive_logging_enabled,
)
from torchkeras._data.batch import pack_x_y_sample_weight as pack_x_y_sample_weight
from torchkeras._data.batch import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from torchkeras._data.py_dataset import PyDataset as PyDataset
from torchkeras._symbolic.tensor import is_keras_tensor as is_keras_tensor
from torchkeras.random.seeding import set_random_seed as set_random_seed

from . import bounding_boxes as bounding_boxes
from . import legacy as legacy
from .audio_folder import audio_dataset_from_directory as audio_dataset_from_directory
from .comparison import ComparedLayer as ComparedLayer
from .comparison import Comparison as Comparison
from .comparison import compare as compare
from .config import Config as Config
from .downloading import get_file as get_file
from .feature_space import FeatureSpace as FeatureSpace
from .image_folder import image_dataset_from_directory as image_dataset_from_directory
from .images import array_to_img as array_to_img
from .images import img_to_array as img_to_array
from .images import load_img as load_img
from .images import save_img as save_img
from .model_plot import model_to_dot as model_to_dot
from .model_plot import plot_model as plot_model
from .numerical import normalize as normalize
from .numerical import to_categorical as to_categorical
from .progbar import Progbar as Progbar
from .sequences import pad_sequences as pad_sequences
from .session import clear_session as clear_session
from .source_inputs import get_source_inputs as get_source_inputs
from .splitting import split_dataset as split_dataset
from .text_folder import text_dataset_from_directory as text_dataset_from_directory
from .timeseries import timeseries_dataset_from_array as timeseries_dataset_from_array

CustomObjectScope = custom_object_scope
Sequence = PyDataset
