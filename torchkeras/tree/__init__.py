"""Nested structures: lists, tuples, dictionaries (in the order of their keys) and their leaves."""

from .api import MAP_TO_NONE as MAP_TO_NONE
from .api import assert_same_paths as assert_same_paths
from .api import assert_same_structure as assert_same_structure
from .api import flatten as flatten
from .api import flatten_with_path as flatten_with_path
from .api import is_nested as is_nested
from .api import lists_to_tuples as lists_to_tuples
from .api import map_shape_structure as map_shape_structure
from .api import map_structure as map_structure
from .api import map_structure_up_to as map_structure_up_to
from .api import pack_sequence_as as pack_sequence_as
from .api import traverse as traverse
