"""Which dtypes layers compute in and keep their weights in: `keras.dtype_policies`."""

from .lookup import deserialize as deserialize
from .lookup import get as get
from .lookup import serialize as serialize
from .lookup import set_dtype_policy as set_dtype_policy
from .policy import DTypePolicy as DTypePolicy
from .policy import FloatDTypePolicy as FloatDTypePolicy
from .policy import dtype_policy as dtype_policy
from .policy_map import DTypePolicyMap as DTypePolicyMap
from .quantized import AWQDTypePolicy as AWQDTypePolicy
from .quantized import GPTQDTypePolicy as GPTQDTypePolicy
from .quantized import Int4DTypePolicy as Int4DTypePolicy
from .quantized import QuantizedDTypePolicy as QuantizedDTypePolicy
from .quantized import QuantizedFloat8DTypePolicy as QuantizedFloat8DTypePolicy
