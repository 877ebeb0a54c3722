"""Numbers of 8 and 4 bits in place of floats: `keras.quantizers`."""

from .abs_max import AbsMaxQuantizer as AbsMaxQuantizer
from .abs_max import Quantizer as Quantizer
from .abs_max import abs_max_quantize as abs_max_quantize
from .calibrated import AWQConfig as AWQConfig
from .calibrated import GPTQConfig as GPTQConfig
from .configs import Float8QuantizationConfig as Float8QuantizationConfig
from .configs import Int4QuantizationConfig as Int4QuantizationConfig
from .configs import Int8QuantizationConfig as Int8QuantizationConfig
from .configs import QuantizationConfig as QuantizationConfig
from .fake import fake_quant_with_min_max_vars as fake_quant_with_min_max_vars
from .float8 import compute_float8_amax_history as compute_float8_amax_history
from .float8 import compute_float8_scale as compute_float8_scale
from .float8 import quantize_and_dequantize as quantize_and_dequantize
from .grouped import (
    abs_max_quantize_grouped_with_zero_point as abs_max_quantize_grouped_with_zero_point,
)
from .int4 import pack_int4 as pack_int4
from .int4 import unpack_int4 as unpack_int4
from .lookup import deserialize as deserialize
from .lookup import get as get
from .lookup import serialize as serialize
