"""Several processes for one model, over `torch.distributed`: `keras.distribution`."""

from .data_parallel import DataParallel as DataParallel
from .device_mesh import DeviceMesh as DeviceMesh
from .devices import get_device_count as get_device_count
from .devices import initialize as initialize
from .devices import list_devices as list_devices
from .layout_map import LayoutMap as LayoutMap
from .model_parallel import ModelParallel as ModelParallel
from .strategy import distribution as distribution
from .strategy import set_distribution as set_distribution
from .tensor_layout import TensorLayout as TensorLayout
from .tensors import distribute_tensor as distribute_tensor
