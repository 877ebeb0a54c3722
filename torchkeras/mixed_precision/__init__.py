"""The names that older programs use for dtype policies: `keras.mixed_precision`."""

from torchkeras.dtype_policies import DTypePolicy as DTypePolicy
from torchkeras.dtype_policies import dtype_policy as dtype_policy
from torchkeras.dtype_policies import set_dtype_policy as set_dtype_policy
from torchkeras.optimizers import LossScaleOptimizer as LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy
