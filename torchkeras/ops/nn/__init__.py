"""Functions of neural networks: `keras.ops.nn`."""

from .bounded import hard_shrink as hard_shrink
from .bounded import hard_sigmoid as hard_sigmoid
from .bounded import hard_tanh as hard_tanh
from .bounded import log_sigmoid as log_sigmoid
from .bounded import sigmoid as sigmoid
from .bounded import soft_shrink as soft_shrink
from .bounded import softsign as softsign
from .bounded import sparse_sigmoid as sparse_sigmoid
from .bounded import tanh_shrink as tanh_shrink
from .rectified import celu as celu
from .rectified import elu as elu
from .rectified import leaky_relu as leaky_relu
from .rectified import relu as relu
from .rectified import relu6 as relu6
from .rectified import selu as selu
from .rectified import sparse_plus as sparse_plus
from .rectified import threshold as threshold
from .simplex import log_softmax as log_softmax
from .simplex import softmax as softmax
from .simplex import sparsemax as sparsemax
from .smooth import gelu as gelu
from .smooth import glu as glu
from .smooth import hard_silu as hard_silu
from .smooth import silu as silu
from .smooth import softplus as softplus
from .smooth import squareplus as squareplus

hard_swish = hard_silu
swish = silu
