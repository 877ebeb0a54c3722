"""Configs in the form of Keras 2."""

from torchkeras._base.old_serialization import deserialize_keras_object as deserialize_keras_object
from torchkeras._base.old_serialization import serialize_keras_object as serialize_keras_object
