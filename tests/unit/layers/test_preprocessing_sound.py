"""`MelSpectrogram` and `STFTSpectrogram` where the rows of tests/cases do not go."""

import pickle
import warnings

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras.layers import MelSpectrogram, STFTSpectrogram

SOUND = np.random.default_rng(0).normal(size=(2, 700)).astype("float32")


def test_weights_may_be_a_window():
    weights = np.linspace(0.1, 1, 16, dtype="float32")
    kwargs = {"fft_length": 16, "sequence_stride": 8, "num_mel_bins": 4, "window": weights}
    ours, theirs = (k.layers.MelSpectrogram(**kwargs) for k in (torchkeras, keras))
    np.testing.assert_allclose(ours(SOUND), theirs(SOUND), rtol=1e-4, atol=1e-4)
    again = MelSpectrogram.from_config(ours.get_config())
    assert torch.equal(again(SOUND), ours(SOUND))


def test_the_mel_matrix_equals_keras():
    ours, theirs = (k.layers.MelSpectrogram() for k in (torchkeras, keras))
    for arguments in ((), (7, 33, 4000, 10.0, 1900.0)):
        found, wanted = (x.linear_to_mel_weight_matrix(*arguments) for x in (ours, theirs))
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_one_sound_without_a_batch():
    layer = MelSpectrogram(32, 16, num_mel_bins=4, sampling_rate=800)
    batch = MelSpectrogram(32, 16, num_mel_bins=4, sampling_rate=800)(SOUND[:1])
    torch.testing.assert_close(layer(SOUND[0]), batch[0])


@pytest.mark.parametrize("samples", [63, 64, 65])
def test_symbols_have_the_shape_of_tensors(samples):
    layer = MelSpectrogram(32, 16, num_mel_bins=4)
    wanted = tuple(layer(SOUND[:, :samples]).shape)
    assert layer.compute_output_shape((2, samples)) == wanted
    assert layer(torchkeras.Input((samples,))).shape[1:] == wanted[1:]
    assert layer(torchkeras.Input((None,))).shape == (None, 4, None)


@pytest.mark.parametrize("mag_exp", [1.0, 2.0])
def test_silence_has_finite_gradients(mag_exp):
    sound = torch.zeros(1, 64, requires_grad=True)
    MelSpectrogram(32, 16, num_mel_bins=4, mag_exp=mag_exp)(sound).sum().backward()
    assert torch.isfinite(sound.grad).all()


def test_half_precision_is_computed_in_float32():
    full = MelSpectrogram(32, 16, num_mel_bins=4)(SOUND)
    half = MelSpectrogram(32, 16, num_mel_bins=4, dtype="bfloat16")(SOUND)
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), full, rtol=0.02, atol=0.2)


def test_stft_takes_bfloat16():
    signal = SOUND[..., None]
    full = STFTSpectrogram("magnitude", 16)
    mixed = STFTSpectrogram("magnitude", 16, dtype="mixed_bfloat16")
    assert mixed(signal).dtype == torch.bfloat16
    torch.testing.assert_close(mixed(signal).float(), full(signal), rtol=0.05, atol=0.05)


def test_lengths_that_are_no_powers_of_two_are_warned_of():
    with pytest.warns(UserWarning, match="power of two"):
        STFTSpectrogram(frame_length=8, fft_length=12)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        STFTSpectrogram(frame_length=8, fft_length=16)


def test_stft_agrees_with_the_fourier_transform():
    layer = STFTSpectrogram("stft", 16, 8, window=None, scaling=None)
    found = layer(SOUND[:1, :, None])[0]
    frames = torch.from_numpy(SOUND[0]).unfold(0, 16, 8)
    wanted = torch.fft.rfft(frames)
    torch.testing.assert_close(found, torch.cat([wanted.real, wanted.imag], 1), atol=1e-4, rtol=0)


def test_kernels_are_trained():
    model = torchkeras.Sequential(
        [
            torchkeras.Input((64, 1)),
            STFTSpectrogram("magnitude", 16),
            torchkeras.layers.GlobalAveragePooling1D(),
            torchkeras.layers.Dense(1),
        ]
    )
    before = model.layers[0].get_weights()
    model.compile("adam", "mse")
    model.fit(SOUND[:, :64, None], np.zeros((2, 1)), verbose=0)
    after = model.layers[0].get_weights()
    assert all(np.any(a != b) for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize(
    "layer",
    [MelSpectrogram(32, 16, num_mel_bins=4), STFTSpectrogram(frame_length=16)],
    ids=["mel", "stft"],
)
def test_travels_to_workers(layer):
    sound = SOUND if isinstance(layer, MelSpectrogram) else SOUND[..., None]
    wanted = layer(sound)
    assert torch.equal(pickle.loads(pickle.dumps(layer))(sound), wanted)
