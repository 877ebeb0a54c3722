"""Functions of neural networks: `keras.ops.nn`."""

from torchkeras.ops.complex import polar as polar

from .attention import dot_product_attention as dot_product_attention
from .blocks import depth_to_space as depth_to_space
from .blocks import fold as fold
from .blocks import space_to_depth as space_to_depth
from .blocks import unfold as unfold
from .bounded import hard_shrink as hard_shrink
from .bounded import hard_sigmoid as hard_sigmoid
from .bounded import hard_tanh as hard_tanh
from .bounded import log_sigmoid as log_sigmoid
from .bounded import sigmoid as sigmoid
from .bounded import soft_shrink as soft_shrink
from .bounded import softsign as softsign
from .bounded import sparse_sigmoid as sparse_sigmoid
from .bounded import tanh_shrink as tanh_shrink
from .convolution import conv as conv
from .convolution import conv_transpose as conv_transpose
from .convolution import depthwise_conv as depthwise_conv
from .convolution import separable_conv as separable_conv
from .crossentropy import binary_crossentropy as binary_crossentropy
from .crossentropy import categorical_crossentropy as categorical_crossentropy
from .crossentropy import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from .ctc import ctc_decode as ctc_decode
from .ctc import ctc_loss as ctc_loss
from .encoding import multi_hot as multi_hot
from .encoding import one_hot as one_hot
from .normalization import batch_normalization as batch_normalization
from .normalization import layer_normalization as layer_normalization
from .normalization import moments as moments
from .normalization import normalize as normalize
from .normalization import psnr as psnr
from .normalization import rms_normalization as rms_normalization
from .pooling import adaptive_average_pool as adaptive_average_pool
from .pooling import adaptive_max_pool as adaptive_max_pool
from .pooling import average_pool as average_pool
from .pooling import max_pool as max_pool
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
