"""Saving: weights to files and back, and the registry of custom classes."""

from torchkeras._base.registry import custom_object_scope as custom_object_scope
from torchkeras._base.registry import get_custom_objects as get_custom_objects
from torchkeras._base.registry import get_registered_name as get_registered_name
from torchkeras._base.registry import get_registered_object as get_registered_object
from torchkeras._base.registry import register_keras_serializable as register_keras_serializable
from torchkeras._base.serialization import deserialize_keras_object as deserialize_keras_object
from torchkeras._base.serialization import serialize_keras_object as serialize_keras_object

from .exchange import load_keras_weights as load_keras_weights
from .exchange import load_torch_weights as load_torch_weights
from .file_editor import KerasFileEditor as KerasFileEditor
from .model_file import load_model as load_model
from .model_file import save_model as save_model
from .weights import load_weights as load_weights
from .weights import save_weights as save_weights
from .weights_report import WeightsReport as WeightsReport
from .weights_report import WeightsRow as WeightsRow

CustomObjectScope = custom_object_scope
