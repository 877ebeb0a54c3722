"""What weights must be after each step of an optimizer: `keras.constraints`."""

from .constraint import Constraint as Constraint
from .lookup import deserialize as deserialize
from .lookup import get as get
from .lookup import serialize as serialize
from .norm import MaxNorm as MaxNorm
from .norm import MinMaxNorm as MinMaxNorm
from .norm import NonNeg as NonNeg
from .norm import UnitNorm as UnitNorm

max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm
