"""Layers that prepare inputs."""

import numpy as np

from .row import Row, Wrong, floats, ints

STFT_BFLOAT16 = {"mixed_precision": "Keras refuses bfloat16; tests/unit has ours"}
GIVEN = "Keras computes with the statistics of before `set_weights`; tests/unit has ours"

ROWS: list[Row] = [
    Row(
        "CategoryEncoding",
        lambda k: k.layers.CategoryEncoding(5),
        ints(2, 3, below=5),
        wrong=(
            Wrong(lambda k: k.layers.CategoryEncoding(), "num_tokens=None"),
            Wrong(lambda k: k.layers.CategoryEncoding(0), "num_tokens=0"),
            Wrong(lambda k: k.layers.CategoryEncoding(3, "hot"), "output_mode='hot'"),
        ),
    ),
    Row(
        "CategoryEncoding-one", lambda k: k.layers.CategoryEncoding(4, "one_hot"), ints(3, below=4)
    ),
    Row(
        "CategoryEncoding-column",
        lambda k: k.layers.CategoryEncoding(4, "one_hot"),
        ints(3, 1, below=4),
    ),
    Row(
        "CategoryEncoding-count",
        lambda k: k.layers.CategoryEncoding(4, "count"),
        ints(2, 6, below=4),
    ),
    Row(
        "Discretization",
        lambda k: k.layers.Discretization([-1.0, 0.5, 1.0]),
        floats(2, 5),
        wrong=(
            Wrong(lambda k: k.layers.Discretization(), "num_bins=None"),
            Wrong(lambda k: k.layers.Discretization([0.0], 3), "num_bins=3"),
            Wrong(lambda k: k.layers.Discretization(num_bins=-1), "num_bins=-1"),
            Wrong(lambda k: k.layers.Discretization([1.0, 0.0]), "bin_boundaries=[1.0, 0.0]"),
            Wrong(lambda k: k.layers.Discretization([0.0], output_mode="hot"), "output_mode='hot'"),
            Wrong(lambda k: k.layers.Discretization(num_bins=3, epsilon=0), "epsilon=0"),
            Wrong(lambda k: k.layers.Discretization(num_bins=3), "call `adapt`", floats(2, 3)),
        ),
    ),
    Row(
        "Discretization-one",
        lambda k: k.layers.Discretization([-1.0, 0.5], output_mode="one_hot"),
        floats(3, 1),
    ),
    Row(
        "Discretization-multi",
        lambda k: k.layers.Discretization([-1.0, 0.5], output_mode="multi_hot"),
        floats(3, 4, 2),
    ),
    Row(
        "Discretization-count",
        lambda k: k.layers.Discretization([2, 5], output_mode="count"),
        ints(2, 6, below=9),
    ),
    Row(
        "MelSpectrogram",
        lambda k: k.layers.MelSpectrogram(64, 16, num_mel_bins=6, sampling_rate=800),
        floats(2, 100),
        tolerance=1e-4,
        wrong=(
            Wrong(lambda k: k.layers.MelSpectrogram(8, sequence_length=9), "sequence_length=9"),
            Wrong(lambda k: k.layers.MelSpectrogram(0), "fft_length=0"),
            Wrong(lambda k: k.layers.MelSpectrogram(window="flat"), "window='flat'"),
            Wrong(lambda k: k.layers.MelSpectrogram(8), "(1, 2, 30)", floats(1, 2, 30)),
        ),
    ),
    Row(
        "MelSpectrogram-magnitude",
        lambda k: k.layers.MelSpectrogram(
            32, 8, 20, "hamming", 800, 5, 10.0, 300, power_to_db=False, mag_exp=1.0
        ),
        floats(2, 90),
        tolerance=1e-4,
    ),
    Row(
        "MelSpectrogram-reference",
        lambda k: k.layers.MelSpectrogram(
            16, 8, window=None, num_mel_bins=3, sampling_rate=800, top_db=5.0, ref_power=3.0
        ),
        floats(2, 40),
        tolerance=1e-4,
    ),
    Row(
        "Normalization",
        lambda k: k.layers.Normalization(),
        floats(4, 3),
        skip={"numbers": GIVEN},
        wrong=(
            Wrong(lambda k: k.layers.Normalization(mean=1.0), "variance=None"),
            Wrong(lambda k: k.layers.Normalization(mean=[1, 2], variance=1), "of shape (2,)"),
            Wrong(lambda k: k.layers.Normalization(None, [1.0], [2.0]), "axis=()"),
            Wrong(lambda k: k.layers.Normalization(3), "axis=(3,)", floats(2, 3)),
            Wrong(lambda k: k.layers.Normalization("last"), "axis='last'"),
            Wrong(
                lambda k: k.layers.Normalization(-1, [1.0, 2.0], [1.0, 2.0]),
                "mean=[1.0, 2.0]",
                floats(2, 3),
            ),
        ),
    ),
    Row("Normalization-given", lambda k: k.layers.Normalization(None, 2.0, 4.0), floats(4, 3)),
    Row(
        "Normalization-list",
        lambda k: k.layers.Normalization(-1, [1.0, 2.0, 0.0], [4.0, 9.0, 0.0]),
        floats(4, 2, 3),
    ),
    Row(
        "Normalization-axes",
        lambda k: k.layers.Normalization((1, -1), [1.0, 2.0], [4.0, 9.0]),
        floats(2, 3, 4, 2),
    ),
    Row(
        "Normalization-invert",
        lambda k: k.layers.Normalization(1, 2, 4, invert=True),
        ints(2, 3, below=9),
    ),
    Row(
        "Rescaling",
        lambda k: k.layers.Rescaling(0.5, -1.0),
        floats(2, 4),
        wrong=(Wrong(lambda k: k.layers.Rescaling("half"), "scale='half'"),),
    ),
    Row(
        "Rescaling-bytes", lambda k: k.layers.Rescaling(1 / 255), ints(2, 3, below=9, dtype="uint8")
    ),
    Row("Rescaling-lists", lambda k: k.layers.Rescaling([1.0, 2.0], [3.0, 4.0]), floats(3, 2)),
    Row("Rescaling-array", lambda k: k.layers.Rescaling(np.array([1.0, 2.0])), floats(3, 2)),
    Row(
        "Rescaling-masked", lambda k: k.layers.Rescaling(2), floats(2, 2, 3, mask=[[1, 0], [1, 1]])
    ),
    Row(
        "STFTSpectrogram",
        lambda k: k.layers.STFTSpectrogram(frame_length=8),
        floats(2, 20, 1),
        tolerance=1e-4,
        skip=STFT_BFLOAT16,
        wrong=(
            Wrong(lambda k: k.layers.STFTSpectrogram("power"), "mode='power'"),
            Wrong(lambda k: k.layers.STFTSpectrogram("log", 8, 9), "frame_step=9"),
            Wrong(lambda k: k.layers.STFTSpectrogram("log", 8, fft_length=4), "fft_length=4"),
            Wrong(lambda k: k.layers.STFTSpectrogram(window="flat"), "window='flat'"),
            Wrong(lambda k: k.layers.STFTSpectrogram(scaling="none"), "scaling='none'"),
            Wrong(lambda k: k.layers.STFTSpectrogram(padding="full"), "padding='full'"),
            Wrong(lambda k: k.layers.STFTSpectrogram(), "frame_length=(256,)", floats(2, 20, 1)),
            Wrong(
                lambda k: k.layers.STFTSpectrogram(frame_length=4),
                "takes floats",
                ints(2, 20, 1, below=4),
                TypeError,
            ),
        ),
    ),
    *[
        Row(
            f"STFTSpectrogram-{mode}",
            lambda k, mode=mode, options=options: k.layers.STFTSpectrogram(mode, 8, **options),
            floats(2, *shape),
            tolerance=1e-4,
            skip=STFT_BFLOAT16,
        )
        for mode, shape, options in (
            ("magnitude", (19, 2), {"padding": "same", "frame_step": 3}),
            ("psd", (20, 2), {"expand_dims": True, "scaling": "spectrum"}),
            ("real", (2, 20), {"data_format": "channels_first", "window": "hamming"}),
            ("imag", (2, 20), {"data_format": "channels_first", "expand_dims": True}),
            ("angle", (20, 1), {"periodic": True, "trainable": False}),
            ("stft", (20, 2), {"fft_length": 16, "window": None, "scaling": None}),
        )
    ],
]
