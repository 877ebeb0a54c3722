"""Models: layers that can be trained."""

from torchkeras.saving import load_model as load_model
from torchkeras.saving import save_model as save_model

from .cloning import clone_model as clone_model
from .io import model_from_json as model_from_json
from .io import model_from_yaml as model_from_yaml
from .model import Model as Model
from .sequential import Sequential as Sequential
