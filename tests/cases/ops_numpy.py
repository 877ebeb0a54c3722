"""The numpy family of ops, one call a row."""

import numpy as np

from .ops import PROPERTIES, OpRow, array, row, whole
from .row import bools, floats, ints

NAN, INF = float("nan"), float("inf")
HOLES = array([1.0, NAN, -2.0], [NAN, NAN, 0.5], [3.0, 4.0, NAN])
EMPTY_ROW = array([NAN, 1.0], [NAN, 2.0])
EDGES = array(-INF, -1.5, -0.5, -0.0, 0.0, 0.5, 2.5, INF, NAN)
RISING = array(-1.0, 0.0, 0.5, 2.0)
VALUES = "The shape depends on the values."
DATA = {"symbolic": VALUES, "compile": VALUES}
FLAT = {"gradients": "It has none, or is flat."}
NO_GRADIENT = {"gradients": "Keras on torch has none."}
COMBINED = {**NO_GRADIENT, "batch": "There must be as many indices as values."}
SUMMED = {"batch": "The first axis is summed over, and must fit."}

ELEMENTWISE = (
    "abs absolute fabs negative sign signbit square exp exp2 expm1 sin cos tan arctan sinh cosh "
    "tanh arcsinh sinc deg2rad rad2deg floor ceil trunc round nan_to_num erf i0 isnan isinf "
    "isneginf isposinf isfinite isreal logical_not real conj conjugate angle cbrt"
).split()
POSITIVE = "sqrt rsqrt reciprocal log log2 log10 log1p".split()
INSIDE = "arcsin arccos arctanh erfinv".split()
NO_WHOLE = {"real", "conj", "conjugate", "erfinv", "angle", "i0"}

UNARY: list[OpRow] = [
    *(row(name, floats(2, 3)) for name in ELEMENTWISE),
    *(row(name, whole(2, 3), id="whole") for name in ELEMENTWISE if name not in NO_WHOLE),
    *(row(name, floats(2, 3, low=0.1)) for name in POSITIVE),
    *(row(name, ints(2, 3, below=9), id="whole", tolerance=1e-4) for name in POSITIVE[3:]),
    *(row(name, floats(2, 3, low=-0.9, high=0.9)) for name in INSIDE),
    row("arccosh", floats(2, 3, low=1.1, high=3.0)),
    *(row(name, EDGES, id="edges") for name in "abs sign signbit floor ceil trunc round".split()),
    *(row(name, EDGES, id="edges") for name in "isnan isinf isneginf isposinf isfinite".split()),
    row("imag", array(1 + 2j, -3j, dtype="complex64"), skip=FLAT),
    row("real", array(1 + 2j, -3j, dtype="complex64"), id="complex", skip=FLAT),
    row("conj", array(1 + 2j, -3j, dtype="complex64"), id="complex", skip=FLAT),
    row("angle", array(1 + 2j, -3j, dtype="complex64"), id="complex", skip=FLAT),
    row("abs", array(1 + 2j, -3j, dtype="complex64"), id="complex", skip=FLAT),
    row("imag", floats(3), id="of-floats", oracle=np.imag),
    row("round", floats(2, 3), 1, id="decimals"),
    row("round", array(15, 24, 25, dtype="int32"), -1, id="tens"),
    row("clip", floats(2, 3), -0.5, 1.0),
    row("clip", whole(2, 3), -1, 2, id="whole"),
    row("clip", whole(2, 3), 0.5, 1.5, id="whole-between-floats"),
    row("clip", floats(2, 3), floats(3, low=-1, high=0), floats(3, low=0, high=1), id="tensors"),
    row("clip", bools(4), 0, 1, id="booleans"),
    row("nan_to_num", EDGES, nan=1.0, posinf=2.0, neginf=-2.0, id="all"),
    row("saturate_cast", array(-300.0, -1.5, 3.7, 900.0), "uint8"),
    row(
        "saturate_cast",
        array(-3e9, 2.0, 3e9),
        "int32",
        id="inexact-limit",
        oracle=lambda x, dtype: np.array([-(2**31), 2, 2**31 - 128]),
    ),
    row("saturate_cast", array(-300, 5, 300, dtype="int32"), "int8", id="whole"),
    row("saturate_cast", array(-1e6, 5, 1e6), "float16", id="halves"),
    row("saturate_cast", array(-1.0, 0.0, 0.3, 7.0), "bool", id="booleans"),
    row("view", array(1.0, -2.0), "int32"),
    row("view", whole(2, 4), "int16", id="smaller"),
    row(
        "ndim",
        floats(2, 3),
        skip=dict.fromkeys(("dtype", "symbolic", "compile"), "It is a number."),
    ),
    row("size", floats(2, 3), skip={"symbolic": "Keras's has the size as its value."}),
]

ARITHMETIC = "add subtract multiply divide true_divide maximum minimum fmax fmin".split()
ANY_SIGN = "arctan2 hypot logaddexp logaddexp2 divide_no_nan".split()
COMPARE = "equal not_equal greater greater_equal less less_equal".split()
LOGICAL = "logical_and logical_or logical_xor".split()
BITS = "bitwise_and bitwise_or bitwise_xor".split()
SHIFTS = "bitwise_left_shift left_shift bitwise_right_shift right_shift".split()

BINARY: list[OpRow] = [
    *(row(name, floats(2, 3), floats(3)) for name in [*ARITHMETIC, *ANY_SIGN, *COMPARE]),
    *(row(name, whole(2, 3), whole(3), id="whole") for name in [*ARITHMETIC[:3], *ANY_SIGN]),
    *(row(name, whole(2, 3), whole(3, low=1), id="whole") for name in ARITHMETIC[3:]),
    *(row(name, floats(2, 3), 2, id="number") for name in [*ARITHMETIC, *COMPARE]),
    *(row(name, 2.5, whole(2, 3, low=1), id="float-and-whole") for name in ARITHMETIC),
    *(row(name, whole(2, 3), whole(3), id="whole") for name in COMPARE),
    *(row(name, bools(2, 3), bools(3)) for name in LOGICAL),
    *(row(name, floats(2, 3), whole(3), id="numbers") for name in LOGICAL),
    *(row(name, bools(3), 2, id="bool-and-number") for name in ("add", "multiply", "subtract")),
    *(row(name, [1, 2], [0.5, 3.0], id="lists") for name in ("add", "subtract", "power")),
    *(row(name, array(1.0, NAN), array(NAN, 2.0), id="nan") for name in ARITHMETIC[5:]),
    *(
        row(name, floats(2, 3), floats(3, low=0.5), skip=FLAT if name == "floor_divide" else {})
        for name in ("floor_divide", "mod", "fmod")
    ),
    *(row(name, whole(9), 3, id="whole") for name in ("floor_divide", "mod", "fmod")),
    *(row(name, whole(9), -3, id="whole-negative") for name in ("floor_divide", "mod", "fmod")),
    *(
        row(name, bools(3), array(True, True, True, dtype="bool"), id="bool")
        for name in ("mod", "fmod")
    ),
    row("divide_no_nan", array(1.0, 2.0, 0.0), array(0.0, 4.0, 0.0), id="zeros"),
    row("power", floats(2, 3, low=0.1), floats(3)),
    row("power", floats(2, 3), 3, id="number"),
    row("power", whole(3, low=0), 2, id="whole"),
    row("power", 2, floats(3), id="of-a-number"),
    row("ldexp", floats(2, 3), whole(3)),
    row("ldexp", whole(2, 3), whole(3), id="whole"),
    row("nextafter", floats(3), floats(3), skip=FLAT, oracle=np.nextafter),
    row("heaviside", floats(2, 3), floats(3), skip=FLAT),
    row("heaviside", whole(2, 3), whole(3), id="whole", skip=FLAT),
    row("heaviside", array(-1.0, 0.0, 2.0), 0.5, id="at-zero", skip=FLAT),
    row("gcd", whole(2, 3, high=30), whole(3, low=1, high=30)),
    row("lcm", whole(2, 3, high=30), whole(3, low=1, high=30)),
    row("isclose", array(1.0, 1.0, NAN), array(1.000001, 1.1, NAN)),
    row("isclose", array(1.0, NAN), array(1.1, NAN), 0.2, equal_nan=True, id="wide"),
    row("isclose", whole(4), whole(4), id="whole"),
    row("allclose", floats(2, 3), floats(2, 3)),
    row("allclose", array(1.0, NAN), array(1.0, NAN), equal_nan=True, id="nan"),
    *(row(name, whole(2, 3), whole(3)) for name in BITS),
    *(row(name, bools(2, 3), bools(3), id="booleans") for name in BITS),
    *(row(name, whole(2, 3), ints(3, below=4)) for name in SHIFTS),
    *(row(name, whole(2, 3), 2, id="number") for name in SHIFTS),
    *(row(name, whole(2, 3)) for name in ("bitwise_invert", "bitwise_not")),
    row("bitwise_not", bools(3), id="booleans"),
]

SUMS = "sum mean var std prod max min amax amin ptp any all".split()
NANS = "nansum nanmean nanvar nanstd nanprod nanmax nanmin nanmedian".split()
ARGS = "argmax argmin nanargmax nanargmin".split()

REDUCTIONS: list[OpRow] = [
    *(row(name, floats(2, 3, 4)) for name in [*SUMS, "median", *NANS, "average"]),
    *(row(name, floats(2, 3, 4), 1, id="axis") for name in [*SUMS, "median", *NANS, *ARGS]),
    *(row(name, floats(2, 3, 4), (0, -1), id="axes") for name in [*SUMS, "median", *NANS[:-1]]),
    *(row(name, floats(2, 3, 4), -1, True, id="keepdims") for name in [*SUMS, "median", *NANS]),
    *(row(name, whole(2, 3), 1, id="whole") for name in [*SUMS, "median", *NANS, *ARGS]),
    *(row(name, bools(2, 3), 1, id="booleans") for name in "sum mean var std prod max any".split()),
    *(row(name, bools(2, 3), 1, id="booleans") for name in ("all", "argmax", "argmin")),
    *(row(name, floats(2, 3), (), id="no-axes") for name in [*SUMS[:3], "amax", "amin"]),
    *(row(name, HOLES, 1, id="holes") for name in [*NANS, *ARGS[2:]]),
    *(row(name, EMPTY_ROW, 0, id="only-holes") for name in ["nanmax", "nanmin", *ARGS[2:]]),
    *(row(name, floats(2, 3)) for name in ARGS),
    *(row(name, floats(2, 3), 1, True, id="keepdims") for name in ARGS),
    row("max", floats(2, 3), 1, initial=0.5, id="initial"),
    row("min", whole(2, 3), 1, initial=-1, id="initial"),
    row("max", np.zeros((0, 2), "float32"), initial=1.5, id="empty", skip=FLAT),
    row(
        "prod",
        floats(2, 3),
        1,
        dtype="float16",
        id="dtype",
        tolerance=1e-3,
        skip={"gradients": "Halves on the way give fewer digits."},
    ),
    row("count_nonzero", whole(2, 3), oracle=np.count_nonzero),
    row("count_nonzero", whole(2, 3, 2, 2), 1, id="axis", oracle=np.count_nonzero),
    row("count_nonzero", floats(2, 3), (0, 1), id="axes", oracle=np.count_nonzero),
    row("logsumexp", floats(2, 3), 1),
    row("norm", floats(2, 3), axis=1),
    row("average", floats(2, 3), 1, floats(3, low=0.1), id="vector"),
    row(
        "average",
        floats(2, 3),
        0,
        floats(2, low=0.1),
        id="vector-along-first",
        oracle=np.average,
        skip=SUMMED,
    ),
    row("average", floats(3, 2), 0, floats(3, 2, low=0.1), id="weights", oracle=np.average),
    row("average", whole(2, 3), 1, ints(3, below=5), id="whole"),
]

QUANTILES = "quantile percentile nanquantile nanpercentile".split()
STATISTICS: list[OpRow] = [
    *(row(name, floats(3, 4), 0.3) for name in QUANTILES),
    *(row(name, floats(3, 4), [0.1, 0.5, 0.9], 1, id="several") for name in QUANTILES),
    *(
        row(name, floats(2, 3, 4), [0.2, 0.4], (0, 2), keepdims=True, id="axes")
        for name in QUANTILES
    ),
    *(
        row("quantile", floats(5), 0.3, method=how, id=how)
        for how in ("lower", "higher", "midpoint", "nearest")
    ),
    row("quantile", whole(2, 5), 0.5, 1, id="whole"),
    row("nanquantile", HOLES, 0.5, 1, id="holes"),
    row("bincount", ints(9, below=5), skip=DATA),
    row("bincount", ints(9, below=5), minlength=7, id="minlength", skip=DATA),
    row("bincount", ints(4, below=5), floats(4), 6, id="weights", skip={**DATA, **FLAT}),
    row("bincount", array([1, 0, 2], [2, 2, 0], dtype="int32"), id="rows", skip=DATA),
    row(
        "bincount",
        array([1, 2], [2, 0], dtype="int32"),
        array([1.0, 2], [3, 4]),
        id="weighted-rows",
        skip={**DATA, **FLAT},
    ),
    row("digitize", floats(2, 3), RISING),
    row("digitize", whole(2, 3), array(-1, 0, 2, dtype="int32"), id="whole"),
    row("histogram", floats(20), skip=FLAT),
    row("histogram", floats(20), 4, (-1.0, 1.5), id="range", skip=FLAT),
    row("histogram", array(2.0, 2.0), 3, id="one-value", skip=FLAT),
    row("corrcoef", floats(3, 5)),
    row("correlate", floats(5), floats(3)),
    row("correlate", floats(5), floats(3), "same", id="same"),
    row("correlate", floats(5), floats(4), "same", id="same-even", oracle=np.correlate),
    row("correlate", floats(3), floats(5), "same", id="same-longer-second", oracle=np.correlate),
    row("correlate", floats(3), floats(5), "valid", id="longer-second"),
    row("correlate", whole(5), whole(3), "full", id="full"),
]

ALONG: list[OpRow] = [
    *(row(name, floats(2, 3)) for name in ("cumsum", "cumprod", "nancumsum", "nancumprod", "diff")),
    *(
        row(name, floats(2, 3), 1, id="axis")
        for name in ("cumsum", "cumprod", "nancumsum", "nancumprod", "diff")
    ),
    *(row(name, HOLES, 1, id="holes") for name in ("nancumsum", "nancumprod")),
    *(row(name, whole(3, dtype="int8"), id="small") for name in ("cumsum", "cumprod", "diff")),
    *(row(name, bools(4), id="booleans") for name in ("cumsum", "cumprod", "diff")),
    row("cumsum", whole(3), 0, "float32", id="dtype"),
    row("diff", floats(2, 5), 2, 1, id="twice"),
    row("trapezoid", floats(2, 4)),
    row("trapezoid", floats(2, 4), dx=0.5, axis=0, id="dx"),
    row("trapezoid", floats(2, 4), array(0.0, 1.0, 3.0, 4.5), id="x"),
    row("trapezoid", whole(4), id="whole"),
    row("trapezoid", bools(4), id="booleans"),
    row("sort", floats(3, 4)),
    row("sort", floats(3, 4), 0, id="axis"),
    row("sort", floats(3, 4), None, id="flat"),
    row("sort", bools(4), id="booleans"),
    row("argsort", ints(3, 4, below=3)),
    row("argsort", floats(3, 4), None, id="flat"),
    row("argsort", bools(4), id="booleans"),
    row(
        "argpartition", ints(2, 7, below=30), 2, oracle=lambda x, kth: np.argsort(x, kind="stable")
    ),
    row("argpartition", floats(7), 2, id="floats", oracle=lambda x, kth: np.argsort(x)),
    row(
        "top_k", floats(2, 5), 2, skip={"dtype": "Keras promises int32, and gives int64 on torch."}
    ),
    row("in_top_k", ints(4, below=3), floats(4, 3), 2, skip=SUMMED),
    row("searchsorted", RISING, floats(2, 3)),
    row("searchsorted", array(0, 1, 1, 3, dtype="int32"), whole(4), "right", id="right"),
    row("isin", whole(2, 3), array(1, 2, dtype="int32")),
    row("isin", whole(2, 3), array(1, 2, dtype="int32"), invert=True, id="invert"),
    row("isin", bools(3), array(True, dtype="bool"), id="booleans"),
    row("unique", ints(6, below=4), skip=DATA),
    row(
        "unique",
        ints(6, below=4),
        return_index=True,
        return_inverse=True,
        return_counts=True,
        id="all",
        skip=DATA,
    ),
    row("unique", ints(2, 3, below=4), return_inverse=True, id="matrix", skip=DATA),
    row(
        "unique",
        array([1, 2], [1, 2], [0, 3], dtype="int32"),
        axis=0,
        return_counts=True,
        id="rows",
        skip=DATA,
    ),
    row(
        "unique",
        array(3, 1, 1, dtype="int32"),
        return_index=True,
        return_counts=True,
        size=4,
        id="filled",
        skip=DATA,
    ),
    row("unique", array(3, 1, 2, dtype="int32"), size=2, id="cut", skip=DATA),
    row("unique", array(3, 1, 1, dtype="int32"), size=4, fill_value=-1, id="fill-value", skip=DATA),
]

# The way of a helper's callable arguments: one that both packages take.
SHAPES: list[OpRow] = [
    row("reshape", floats(2, 6), (-1, 3)),
    row("reshape", floats(2, 6), (-1, 2, 3), id="keeps-batch"),
    row("reshape", floats(2, 6), 12, id="number", skip={"symbolic": "It fixes the batch."}),
    row("ravel", floats(2, 3)),
    row("transpose", floats(2, 3, 4), oracle=np.transpose),
    row("transpose", floats(2, 3, 4), (0, 2, 1), id="axes"),
    row("expand_dims", floats(2, 3), 1),
    row("expand_dims", floats(2, 3), (0, -1), id="axes"),
    row("squeeze", floats(2, 1, 3, 1)),
    row("squeeze", floats(2, 1, 3), 1, id="axis"),
    row("swapaxes", floats(2, 3, 4), 1, -1),
    row("moveaxis", floats(2, 3, 4), 1, -1),
    row("moveaxis", floats(2, 3, 4), (0, 1), (1, 0), id="several"),
    row("flip", floats(2, 3)),
    row("flip", floats(2, 3), 1, id="axis"),
    row("fliplr", floats(2, 3)),
    row("flipud", floats(2, 3)),
    row("rot90", floats(2, 3)),
    row("rot90", floats(2, 3, 4), 3, (1, 2), id="axes"),
    row("roll", floats(2, 3), 2),
    row("roll", floats(2, 3), 1, 1, id="axis"),
    row("roll", floats(2, 3), 1, (0, 1), id="axes", oracle=np.roll),
    row("broadcast_to", floats(3), (2, 3), skip={"symbolic": "It fixes the batch."}),
    row("tile", floats(2, 3), (1, 2)),
    row("tile", floats(2, 3), 2, id="number"),
    row("repeat", floats(2, 3), 2),
    row("repeat", floats(2, 3), 2, 1, id="axis"),
    row("repeat", floats(2, 3), [1, 0, 2], 1, id="each", oracle=np.repeat),
    row("pad", floats(2, 3), ((0, 0), (1, 2))),
    row("pad", floats(2, 3), 1, constant_values=2.5, id="number", oracle=np.pad),
    row("pad", whole(2, 3), ((1, 0), (0, 2)), constant_values=7, id="whole"),
    row("pad", floats(2, 4), ((0, 0), (2, 3)), "reflect", id="reflect"),
    row("pad", floats(2, 4), ((1, 1), (1, 1)), "symmetric", id="symmetric"),
    row("pad", floats(3, 4), ((2, 1), (3, 2)), "symmetric", id="symmetric-wide", oracle=np.pad),
    row("pad", floats(3, 4), ((0, 0), (3, 2)), "edge", id="edge", oracle=np.pad),
    row("pad", floats(3, 4), ((1, 0), (3, 2)), "wrap", id="wrap", oracle=np.pad),
    row("pad", whole(2, 3), ((0, 0), (5, 4)), "reflect", id="reflect-far", oracle=np.pad),
    row("diag", floats(3)),
    row("diag", floats(3, 3), 1, id="of-a-matrix"),
    row("diagflat", floats(2, 2), -1),
    row("diagonal", floats(3, 4), skip={"batch": "An unknown size counts as a large one."}),
    row("diagonal", floats(2, 3, 4), 1, 1, 2, id="axes"),
    row("tril", floats(3, 3), 1),
    row("triu", floats(3, 3), -1),
    row("vander", floats(3), skip=NO_GRADIENT),
    row("vander", whole(3), 4, True, id="whole"),
    row("concatenate", [floats(2, 3), floats(2, 1)], 1),
    row("concatenate", [floats(2, 3), whole(2, 3)], id="promoted"),
    row("append", floats(2, 3), floats(2)),
    row("append", floats(2, 3), floats(2, 1), 1, id="axis"),
    row("stack", [floats(2, 3), floats(2, 3)], 1),
    *(row(name, [floats(2, 3), floats(2, 3)]) for name in ("vstack", "hstack", "dstack")),
    *(row(name, [floats(3), floats(3)], id="vectors") for name in ("vstack", "hstack", "dstack")),
    row("split", floats(2, 6), 3, 1),
    row("split", floats(2, 6), [1, 4], -1, id="indices"),
    row("array_split", floats(2, 7), 3, 1),
    row("array_split", floats(2, 7), [2, 3], 1, id="indices", oracle=np.array_split),
    row("hsplit", floats(2, 4), 2),
    row("hsplit", floats(4), [1, 2], id="vector"),
    row(
        "vsplit", floats(4, 3), [1, 3], skip={"symbolic": "Keras leaves the batch unknown in all."}
    ),
    row("dsplit", floats(2, 3, 4), 2),
    row("meshgrid", floats(2), floats(3), skip={"symbolic": "Both batches are unknown."}),
    row(
        "meshgrid",
        floats(2),
        floats(3),
        indexing="ij",
        id="ij",
        skip={"symbolic": "Both batches are unknown."},
    ),
    row("where", bools(2, 3), floats(2, 3), floats(3)),
    row("where", bools(2, 3), floats(2, 3), 0, id="number"),
    row("where", bools(2, 3), whole(2, 3), 0.5, id="whole-and-float"),
    row("where", bools(2, 3), id="places", skip=DATA),
    row("select", [bools(2, 3), bools(2, 3)], [floats(2, 3), floats(2, 3)], 7.0),
    row("select", [bools(3)], [whole(3)], id="default"),
    row("take", floats(4, 3), array(0, -1, 2, dtype="int32"), 0),
    row("take", floats(4, 3), array([0, -1], [2, 1], dtype="int32"), 1, id="axis"),
    row("take", floats(4), 1, id="one", skip={"symbolic": "It fixes the batch."}),
    row("take", floats(4, 3), array(-1, 5, dtype="int32"), id="flat", oracle=np.take),
    row("take_along_axis", floats(2, 3), array([0, -1], [2, 1], dtype="int32"), 1),
    row("get_item", floats(4, 3), 1, skip={"symbolic": "Keras refuses an unknown size."}),
    row("nonzero", whole(2, 3), skip=DATA),
    row("unravel_index", ints(4, below=6), (2, 3)),
]

PRODUCTS: list[OpRow] = [
    row("matmul", floats(2, 3), floats(3, 4), skip=SUMMED),
    row("matmul", floats(2, 3, 4), floats(4), id="vector"),
    row("matmul", whole(2, 3), whole(3, 4), id="whole", skip=SUMMED),
    row("matmul", whole(2, 3, dtype="int8"), whole(3, 4, dtype="int8"), id="int8", skip=SUMMED),
    row("matmul", whole(2, 3), floats(3, 4), id="promoted", skip=SUMMED),
    row("matmul", bools(2, 3), bools(3, 4), id="booleans", skip=SUMMED),
    row("dot", floats(2, 3), floats(3, 4), skip=SUMMED),
    row("dot", floats(3), floats(3), id="vectors"),
    row("dot", floats(2, 3), 2.0, id="number"),
    row("dot", floats(2, 3), floats(4, 3, 2), id="many-axes", oracle=np.dot),
    row("tensordot", floats(2, 3, 4), floats(3, 4, 2), skip=SUMMED),
    row("tensordot", floats(2, 3), floats(4, 3), (1, 1), id="axes"),
    row("tensordot", whole(2, 3), whole(3, 4), 1, id="whole", skip=SUMMED),
    row("einsum", "bij,jk->bik", floats(2, 3, 4), floats(4, 5)),
    row("einsum", "ij,j->i", whole(2, 3, dtype="int8"), whole(3, dtype="int8"), id="int8"),
    row("outer", floats(2, 3), floats(4)),
    row("inner", floats(2, 3), floats(4, 3)),
    row("inner", whole(3), whole(3), id="whole"),
    row("vdot", floats(3), floats(3)),
    row("kron", floats(2, 2), floats(1, 3)),
    row("cross", floats(4, 3), floats(4, 3), axis=1),
    row("cross", floats(4, 3), floats(3), id="broadcast", oracle=np.cross),
    row("cross", floats(3, 4), floats(4, 3), 0, 1, 0, id="axes", oracle=np.cross, skip=SUMMED),
    row("trace", floats(3, 3)),
    row("trace", whole(2, 3, 4, dtype="int8"), 1, 1, 2, id="small"),
    row("slogdet", floats(2, 3, 3)),
]

X34 = np.arange(12, dtype="float32").reshape(3, 4)
PLACES = array([0, 1], [2, 0], [0, 1], dtype="int32")
BLOCKS: list[OpRow] = [
    row("convert_to_tensor", floats(2, 3)),
    row("convert_to_tensor", [1, 2.5], id="list"),
    row("convert_to_tensor", [True, 2], "float16", id="dtype"),
    row("cast", floats(2, 3), "int32"),
    row("cast", whole(2, 3), "bool", id="booleans"),
    row("copy", floats(2, 3)),
    row("stop_gradient", floats(2, 3)),
    row("unstack", floats(2, 3), axis=1, id="axis"),
    row("unstack", floats(2, 3), 2, skip={"batch": "The number of slices is the batch."}),
    row("slice", X34, (1, 1), (2, 2)),
    row("slice", floats(2, 3), (0, 1), (-1, 2), id="rest", oracle=lambda x, start, size: x[:, 1:3]),
    row("slice", X34, array(1, 2, dtype="int32"), (2, 1), id="tensor"),
    row("slice_update", X34, (1, 1), array([7, 8], [9, 6])),
    row("slice_update", X34, array(1, 2, dtype="int32"), array([7], [9]), id="tensor"),
    row("slice_update", whole(3), (1,), array(2.5), id="whole"),
    row("scatter", PLACES, array(1.0, 2.0, 3.0), (3, 4)),
    row("scatter", array([0], [2], dtype="int32"), whole(2, 4), (3, 4), id="rows"),
    row("scatter_update", X34, PLACES[:2], array(7.0, 8.0)),
    row("scatter_update", X34, PLACES, array(7.0, 8.0, 9.0), "add", id="add"),
    row("scatter_update", X34, PLACES, array(7.0, 8.0, 0.5), "MAX", id="max", skip=COMBINED),
    row("scatter_update", X34, PLACES, array(7.0, 8.0, 0.5), "min", id="min", skip=COMBINED),
    row("scatter_update", X34, PLACES, array(7.0, 8.0, 0.5), "mul", id="mul", skip=COMBINED),
    row(
        "scatter_update",
        X34,
        array([0], [2], dtype="int32"),
        floats(2, 4),
        "max",
        id="rows",
        skip=NO_GRADIENT,
    ),
]

# What takes no tensor has no symbol and no gradient either.
MADE: list[OpRow] = [
    row("zeros", (2, 3)),
    row("ones", (2, 3), "int32"),
    row("full", (2, 3), 2.5),
    row("full", (2, 3), array(1.0, 2.0, 3.0), id="row", skip=FLAT),
    row("zeros_like", floats(2, 3)),
    row("ones_like", whole(2, 3), "float16"),
    row("full_like", floats(2, 3), 3),
    row("eye", 3),
    row("eye", 2, 4, 1, "int32", id="shifted"),
    row("eye", 3, 2, -1, "bool", id="booleans"),
    row("identity", 3),
    row("tri", 3),
    row("tri", 2, 4, -1, "bool", id="booleans"),
    row("array", [1, 2]),
    row("array", [1, 2], "float32", id="dtype"),
    row("arange", 5),
    row("arange", 1, 4, 0.5, id="floats"),
    row("arange", 5, dtype="float16", id="dtype"),
    row(
        "arange",
        np.int64(1),
        np.int64(4),
        id="numpy",
        skip=dict.fromkeys(PROPERTIES[2:], "It takes no tensor."),
    ),
    row("linspace", 0, 1, 5),
    row("linspace", 0, 10, 4, endpoint=False, id="open"),
    row(
        "linspace",
        0.0,
        1.0,
        5,
        retstep=True,
        id="step",
        skip={"dtype": "Keras's step is a number."},
    ),
    row("linspace", floats(3), floats(3), 4, id="tensors"),
    row("linspace", floats(2, 3), floats(2, 3), 4, axis=-1, id="axis", oracle=np.linspace),
    row("linspace", 0, 10, 5, dtype="int32", id="whole"),
    row("linspace", 2, 2, 1, id="one"),
    row("logspace", 0, 2, 5),
    row("logspace", 0, 4, 4, False, 2, id="open"),
    row("logspace", floats(3), floats(3), 4, id="tensors", tolerance=1e-4),
    row("geomspace", 1, 1000, 4),
    row("geomspace", -1.0, -8.0, 3, False, id="open", oracle=np.geomspace),
    *(row(name, 7) for name in ("bartlett", "blackman", "hamming", "hanning")),
    *(row(name, 1, id="one") for name in ("bartlett", "blackman", "hamming", "hanning")),
    row("kaiser", 7, 3.0),
]

ROWS = [*UNARY, *BINARY, *REDUCTIONS, *STATISTICS, *ALONG, *SHAPES, *PRODUCTS, *BLOCKS, *MADE]
