"""Models: layers that can be trained."""

from .model import Model as Model
from .sequential import Sequential as Sequential
