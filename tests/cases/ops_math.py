"""Linear algebra, Fourier transforms, segments, loops and rearrangements of ops, one call a row."""

import numpy as np

from .ops import OpRow, array, row
from .row import floats, ints

RNG = np.random.default_rng(5)
POSITIVE = (lambda a: (a @ a.mT + np.eye(3)).astype("float32"))(RNG.normal(size=(2, 3, 3)))
LOWER = np.linalg.cholesky(POSITIVE).astype("float32")
SQUARE, TALL = floats(2, 3, 3), floats(2, 4, 3)
CHECKED = "torch reads whether it succeeded."
SIGNS = "The signs of the vectors are free, and so are their gradients."

UNSAID = {"compile": "torch cannot say the shape."}

LINALG: list[OpRow] = [
    row("cholesky", POSITIVE, skip={"compile": CHECKED}),
    row("cholesky", POSITIVE, True, id="upper", skip={"compile": CHECKED}),
    row("cholesky_inverse", LOWER[0], tolerance=1e-3, batch=0),
    row("cholesky_inverse", LOWER[0].T, True, id="upper", tolerance=1e-3, batch=0),
    row("det", SQUARE),
    row("logdet", POSITIVE),
    row("eig", SQUARE, skip={"gradients": SIGNS}),
    row("eigh", POSITIVE, skip={"gradients": SIGNS}),
    row("inv", POSITIVE),
    row("lu_factor", TALL),
    row("qr", TALL),
    row("qr", TALL, "complete", id="complete", skip={"gradients": "torch has none."}),
    row("solve", POSITIVE, floats(2, 3, 2), batch=2, tolerance=1e-4),
    row("solve", POSITIVE[0], floats(3), id="vector", batch=0, tolerance=1e-4),
    row("solve_triangular", LOWER, floats(2, 3, 2), True, batch=2, tolerance=1e-4),
    row("solve_triangular", LOWER[0].T, floats(3), id="vector", batch=0, tolerance=1e-4),
    row("svd", TALL, skip={"gradients": SIGNS}),
    row("svd", TALL, False, id="reduced", skip={"gradients": SIGNS}),
    row("svd", TALL, compute_uv=False, id="values"),
    row("lstsq", floats(5, 3), floats(5, 2), batch=0, tolerance=1e-4, skip=UNSAID),
    row(
        "lstsq", floats(5, 3), floats(5, 2), 1e-3, id="rcond", batch=0, tolerance=1e-4, skip=UNSAID
    ),
    row("matrix_rank", np.ones((2, 3, 3), "float32")),
    row("pinv", TALL, tolerance=1e-4),
    row("pinv", TALL, 0.5, id="rcond", skip={"gradients": "It jumps."}),
    row("norm", floats(2, 3, 3), "fro", (1, 2), True, id="matrices"),
    row("norm", floats(2, 3), 1, -1, id="sums"),
    row("jvp", lambda x: x * x, (floats(2, 3),), (floats(2, 3),)),
    row("cdist", floats(2, 3, 4), floats(2, 5, 4)),
    row("erfc", floats(2, 3)),
]

IDS = array(0, 2, 2, 0, -1, 7, dtype="int32")
READS = {"symbolic": "The shape depends on the values.", "compile": "So it does here."}
SEGMENTS: list[OpRow] = [
    *(
        call
        for name in ("segment_sum", "segment_max", "segment_min", "segment_prod")
        for call in (
            row(name, floats(6, 2), IDS, 3, batch=2),
            row(name, ints(6, below=9), np.abs(IDS) % 3, id="counted", skip=READS),
        )
    ),
    row("segment_sum", floats(6), IDS, 3, True, id="sorted"),
]

PAIR = (floats(2, 8), floats(2, 8))
SIGNAL = floats(2, 3, 64)
SPECTRUM = (floats(2, 9, 9), floats(2, 9, 9))
FFT: list[OpRow] = [
    row("fft", PAIR),
    row("fft2", PAIR),
    row("ifft2", PAIR),
    row("rfft", floats(2, 8)),
    row("rfft", floats(2, 8), 12, id="longer"),
    row("irfft", PAIR),
    row("irfft", PAIR, 5, id="shorter"),
    row("stft", SIGNAL, 16, 8, 16),
    row("stft", SIGNAL, 16, 4, 20, "hamming", False, id="hamming"),
    row("stft", floats(64), 16, 8, 16, None, id="no-window"),
    row("stft", SIGNAL, 4, 2, 8, array(0.5, 1.0, 1.0, 0.5), id="own-window"),
    row("istft", SPECTRUM, 16, 4, 16, skip={"compile": "torch reads the window."}),
    row("istft", SPECTRUM, 12, 4, 16, None, "hamming", id="short-window", tolerance=1e-4),
    row("istft", SPECTRUM, 16, 8, 16, 40, None, False, id="no-window"),
    row("extract_sequences", floats(2, 9), 4, 2),
    row("extract_sequences", floats(9), 5, 1, id="one"),
]

IMAGE = floats(2, 4, 6, 3)
REARRANGE: list[OpRow] = [
    row("rearrange", IMAGE, "b h w c -> b c h w"),
    row("rearrange", IMAGE, "b h w c -> (b h) w c", id="merged"),
    row("rearrange", IMAGE, "b h w c->b (c h w)", id="flat"),
    row("rearrange", IMAGE, "b (h r) (w s) c -> (b r s) h w c", r=2, s=3, id="split"),
    row("rearrange", IMAGE, "b (h r) (w s) c -> b h w (c r s)", r=2, s=3, id="to-channels"),
]

ROUNDS = {"compile": "How many rounds there are depends on values."}
CONTROL: list[OpRow] = [
    row("scan", lambda carry, x: (carry + x, carry * x), floats(3), floats(4, 3), batch=0),
    row("scan", lambda carry, x: (carry + x["a"], None), floats(2), {"a": floats(4, 2)}, None, True,
        id="reverse", batch=0),
    row("associative_scan", lambda a, b: a + b, floats(7, 2)),
    row("associative_scan", lambda a, b: a @ b, floats(5, 2, 2), True, id="reverse"),
    row("associative_scan", lambda a, b: (a[0] * b[0], b[0] * a[1] + b[1]),
        (floats(2, 6), floats(2, 6)), axis=1, id="pair"),
    row("map", lambda x: x * 2, floats(3, 2)),
    row("map", lambda x: x["a"].sum(), {"a": floats(3, 2)}, id="structure"),
    row("vectorized_map", lambda x: x.sum(), floats(3, 2)),
    row("fori_loop", 0, 4, lambda i, x: x * 2 + i, floats(2, 2)),
    row("while_loop", lambda i, x: i < 4, lambda i, x: (i + 1, x * 2), (0, floats(2, 2)),
        skip=ROUNDS),
    row("while_loop", lambda x: x.sum() > -100, lambda x: x - 1, floats(2, 2), 3, id="at-most",
        skip=ROUNDS),
    row("switch", 1, [lambda x: x + 1, lambda x: x * 3], floats(2, 2)),
    row("switch", array(7, dtype="int32")[0], [lambda x: x + 1, lambda x: x * 3], floats(2, 2),
        id="beyond"),
]  # fmt: skip

ROWS: list[OpRow] = [*LINALG, *SEGMENTS, *FFT, *REARRANGE, *CONTROL]
