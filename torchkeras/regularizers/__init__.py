"""Penalties on weights and outputs: `keras.regularizers`."""

from .lookup import deserialize as deserialize
from .lookup import get as get
from .lookup import serialize as serialize
from .orthogonality import OrthogonalRegularizer as OrthogonalRegularizer
from .penalty import L1 as L1
from .penalty import L1L2 as L1L2
from .penalty import L2 as L2
from .regularizer import Regularizer as Regularizer

l1 = L1
l1_l2 = L1L2
l2 = L2
orthogonal_regularizer = OrthogonalRegularizer
