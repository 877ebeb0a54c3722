"""Functions between layers: `keras.activations`, on torch's own kernels."""

from torchkeras.ops.nn.bounded import hard_shrink as hard_shrink
from torchkeras.ops.nn.bounded import hard_sigmoid as hard_sigmoid
from torchkeras.ops.nn.bounded import hard_tanh as hard_tanh
from torchkeras.ops.nn.bounded import log_sigmoid as log_sigmoid
from torchkeras.ops.nn.bounded import sigmoid as sigmoid
from torchkeras.ops.nn.bounded import soft_shrink as soft_shrink
from torchkeras.ops.nn.bounded import softsign as softsign
from torchkeras.ops.nn.bounded import sparse_sigmoid as sparse_sigmoid
from torchkeras.ops.nn.bounded import tanh as tanh
from torchkeras.ops.nn.bounded import tanh_shrink as tanh_shrink
from torchkeras.ops.nn.rectified import celu as celu
from torchkeras.ops.nn.rectified import elu as elu
from torchkeras.ops.nn.rectified import leaky_relu as leaky_relu
from torchkeras.ops.nn.rectified import relu6 as relu6
from torchkeras.ops.nn.rectified import selu as selu
from torchkeras.ops.nn.rectified import sparse_plus as sparse_plus
from torchkeras.ops.nn.rectified import threshold as threshold
from torchkeras.ops.nn.simplex import log_softmax as log_softmax
from torchkeras.ops.nn.simplex import softmax as softmax
from torchkeras.ops.nn.simplex import sparsemax as sparsemax
from torchkeras.ops.nn.smooth import glu as glu
from torchkeras.ops.nn.smooth import hard_silu as hard_silu
from torchkeras.ops.nn.smooth import silu as silu
from torchkeras.ops.nn.smooth import softplus as softplus
from torchkeras.ops.nn.smooth import squareplus as squareplus

from .bent import relu as relu
from .lookup import deserialize as deserialize
from .lookup import get as get
from .lookup import serialize as serialize
from .smooth import exponential as exponential
from .smooth import gelu as gelu
from .smooth import linear as linear
from .smooth import mish as mish

hard_swish = hard_silu
swish = silu
