"""Layers: the pieces that models are made of."""

from .base.input_spec import InputSpec as InputSpec
from .core.dense import Dense as Dense
from .core.input_layer import Input as Input
from .core.input_layer import InputLayer as InputLayer
from .core.torch_module_wrapper import TorchModuleWrapper as TorchModuleWrapper
from .layer import Layer as Layer
