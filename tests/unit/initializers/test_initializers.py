"""First values of weights equal Keras's under the same seed, and so do their configs."""

import inspect

import keras
import numpy as np
import pytest
import torch

from torchkeras import initializers, random
from torchkeras._base import settings
from torchkeras.random.seeding import set_random_seed

CASES = {
    "zeros": ("Zeros", {}),
    "ones": ("Ones", {}),
    "constant": ("Constant", {"value": 0.3}),
    "constant row": ("Constant", {"value": np.arange(4.0, dtype="float32")}),
    "random_normal": ("RandomNormal", {"mean": 1.0, "stddev": 0.3, "seed": 3}),
    "random_uniform": ("RandomUniform", {"minval": 1, "maxval": 3, "seed": 3}),
    "truncated_normal": ("TruncatedNormal", {"mean": 1.0, "stddev": 0.3, "seed": 3}),
    "glorot_uniform": ("GlorotUniform", {"seed": 3}),
    "glorot_normal": ("GlorotNormal", {"seed": 3}),
    "he_uniform": ("HeUniform", {"seed": 3}),
    "he_normal": ("HeNormal", {"seed": 3}),
    "lecun_uniform": ("LecunUniform", {"seed": 3}),
    "lecun_normal": ("LecunNormal", {"seed": 3}),
    "glorot axes": ("GlorotNormal", {"seed": 3, "input_axes": [0], "output_axes": [1, 3]}),
    "scaling": ("VarianceScaling", {"seed": 3}),
    "scaling out": (
        "VarianceScaling",
        {"scale": 0.7, "mode": "fan_out", "distribution": "untruncated_normal", "seed": 3},
    ),
    "scaling avg": (
        "VarianceScaling",
        {"scale": 0.7, "mode": "fan_avg", "distribution": "Normal", "seed": 3},
    ),
    "scaling uniform": ("VarianceScaling", {"distribution": "uniform", "seed": 3}),
    "orthogonal": ("Orthogonal", {"gain": 1.5, "seed": 3}),
}
ONLY_MATRICES = {"identity": ("Identity", {})}
UNSEEDED = [name for name, (_, kwargs) in CASES.items() if "seed" in kwargs]
STFTS = {
    "default": {},
    "imaginary": {"side": "imag", "window": "hamming", "scaling": "spectrum"},
    "periodic": {"window": "blackman", "periodic": True, "scaling": None},
    "no window": {"window": None},
    "weights": {"window": np.linspace(0, 1, 16), "scaling": "spectrum"},
}


def pair(case, **changed):
    name, kwargs = {**CASES, **ONLY_MATRICES}[case]
    kwargs = {**kwargs, **changed}
    return getattr(initializers, name)(**kwargs), getattr(keras.initializers, name)(**kwargs)


@pytest.mark.parametrize("shape", [(3, 4), (4, 3), (2, 3, 4, 4), (7, 2, 4)])
@pytest.mark.parametrize("case", CASES)
def test_values_equal_keras(case, shape):
    if case == "glorot axes" and len(shape) != 4:
        shape = (2, 3, 5, 4)
    if case == "constant row" and shape[-1] != 4:
        shape = (3, 4)
    ours, theirs = pair(case)
    assert torch.equal(ours(shape), theirs(shape))


@pytest.mark.parametrize("case", [case for case in CASES if case != "orthogonal"])
@pytest.mark.parametrize("shape", [(), (4,)])
def test_scalars_and_vectors_equal_keras(case, shape):
    if case in ("glorot axes", "constant row"):
        shape = (2, 3, 5, 4)
    ours, theirs = pair(case)
    assert torch.equal(ours(shape), theirs(shape))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "float32"])
@pytest.mark.parametrize("case", [case for case in CASES if case != "orthogonal"])
def test_dtypes_equal_keras(case, dtype):
    shape = (2, 3, 4, 4)
    ours, theirs = pair(case)
    made = ours(shape, dtype=dtype)
    assert made.dtype == getattr(torch, dtype)
    assert torch.equal(made, theirs(shape, dtype=dtype))


@pytest.mark.parametrize("case", ["zeros", "ones", "constant"])
@pytest.mark.parametrize("dtype", ["int32", "bool", torch.int64])
def test_constants_take_any_dtype(case, dtype):
    ours, theirs = pair(case)
    assert torch.equal(ours((2, 3), dtype), theirs((2, 3), dtype))


@pytest.mark.parametrize("case", UNSEEDED)
def test_unseeded_values_follow_set_random_seed_as_in_keras(case):
    def program(library, seed_everything):
        seed_everything(7)
        name, kwargs = CASES[case]
        return [getattr(library, name)(**{**kwargs, "seed": None})((2, 3, 5, 4)) for _ in range(2)]

    ours = program(initializers, set_random_seed)
    theirs = program(keras.initializers, keras.utils.set_random_seed)
    assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))
    assert not torch.equal(*ours)


@pytest.mark.parametrize("case", UNSEEDED)
def test_integer_seed_repeats_and_generator_does_not(case):
    shape = (2, 3, 5, 4)
    fixed, _ = pair(case)
    assert torch.equal(fixed(shape), fixed(shape))
    name, kwargs = CASES[case]
    made = getattr(initializers, name)(**{**kwargs, "seed": random.SeedGenerator(3)})
    theirs = getattr(keras.initializers, name)(**{**kwargs, "seed": keras.random.SeedGenerator(3)})
    first, second = made(shape), made(shape)
    assert not torch.equal(first, second)
    assert torch.equal(first, theirs(shape))
    assert torch.equal(second, theirs(shape))


@pytest.mark.parametrize("case", UNSEEDED)
def test_global_generators_of_torch_are_left_alone(case):
    before = torch.random.get_rng_state()
    pair(case)[0]((2, 3, 5, 4))
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("case", {**CASES, **ONLY_MATRICES})
def test_config_equals_keras_and_makes_an_equal_initializer(case):
    ours, theirs = pair(case)
    config = initializers.serialize(ours)
    assert config == keras.initializers.serialize(theirs)
    again = initializers.deserialize(config)
    assert type(again) is type(ours)
    shape = (4, 4) if case in ONLY_MATRICES else (2, 3, 5, 4)
    assert torch.equal(again(shape), ours(shape))
    assert torch.equal(ours.clone()(shape), ours(shape))


def test_config_of_an_unseeded_initializer_has_no_seed():
    assert initializers.GlorotUniform().get_config()["seed"] is None


def test_config_with_a_seed_generator_equals_keras():
    ours = initializers.HeNormal(seed=random.SeedGenerator(3, name="s"))
    theirs = keras.initializers.HeNormal(seed=keras.random.SeedGenerator(3, name="s"))
    config = keras.initializers.serialize(theirs)
    assert initializers.serialize(ours) == config
    assert torch.equal(initializers.deserialize(config)((3, 4)), ours((3, 4)))


def test_base_class_has_keras_module_and_custom_ones_their_own():
    class Mine(initializers.Initializer):
        pass

    assert initializers.serialize(initializers.Initializer())["module"] == "keras"
    assert initializers.serialize(Mine())["module"] == __name__


def test_identity_keeps_its_gain():
    assert torch.equal(initializers.Identity(2.0)((2, 3)), 2 * torch.eye(2, 3))
    assert initializers.Identity(2.0).clone().gain == 2.0


@pytest.mark.parametrize("case", STFTS)
@pytest.mark.parametrize("shape", [(16, 1, 9), (16, 1, 17)])
def test_stft_equals_keras(case, shape):
    ours, theirs = (lib.STFT(**STFTS[case]) for lib in (initializers, keras.initializers))
    torch.testing.assert_close(ours(shape), theirs(shape), atol=1e-6, rtol=1e-5)
    if case != "weights":
        assert initializers.serialize(ours) == keras.initializers.serialize(theirs)


@pytest.mark.parametrize("shape", [(60, 20), (20, 60), (3, 3, 8, 16)])
def test_orthogonal_is_orthogonal_along_its_shorter_side(shape):
    flat = initializers.Orthogonal(gain=2.0, seed=3)(shape).reshape(-1, shape[-1])
    flat = flat.T if flat.shape[0] < flat.shape[1] else flat
    torch.testing.assert_close(flat.T @ flat, 4 * torch.eye(flat.shape[1]), atol=1e-5, rtol=0)


def test_orthogonal_exists_in_half_precision():
    made = initializers.Orthogonal(seed=3)((4, 4), dtype="bfloat16")
    assert made.dtype == torch.bfloat16
    torch.testing.assert_close(
        made.float(), initializers.Orthogonal(seed=3)((4, 4)), atol=0.01, rtol=0.01
    )


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("RandomNormal", 0.05),
        ("TruncatedNormal", 0.05 * 0.8796),
        ("RandomUniform", 0.05 / 3**0.5),
        ("GlorotUniform", (2 / 500) ** 0.5),
        ("GlorotNormal", (2 / 500) ** 0.5),
        ("HeUniform", (2 / 300) ** 0.5),
        ("HeNormal", (2 / 300) ** 0.5),
        ("LecunUniform", (1 / 300) ** 0.5),
        ("LecunNormal", (1 / 300) ** 0.5),
    ],
)
def test_spread_is_as_promised(case, expected):
    values = getattr(initializers, case)(seed=3)((300, 200))
    assert abs(float(values.std()) / expected - 1) < 0.01
    assert abs(float(values.mean())) < 0.02 * expected


def test_default_dtype_follows_floatx():
    settings.set_floatx("float64")
    try:
        assert initializers.Zeros()((2,)).dtype == torch.float64
        assert initializers.HeNormal()((2, 2)).dtype == torch.float64
    finally:
        settings.set_floatx("float32")


def test_values_lie_on_the_scoped_device():
    with torch.device("meta"):
        assert initializers.GlorotUniform()((2, 3)).device.type == "meta"
        assert initializers.Ones()((2, 3)).device.type == "meta"
    assert initializers.GlorotUniform()((2, 3)).device.type == "cpu"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: initializers.HeNormal(seed="a"), "`seed` must be an integer.*seed='a'.*str"),
        (lambda: initializers.VarianceScaling(0.0), r"`scale` must be positive.*scale=0\.0"),
        (lambda: initializers.VarianceScaling(mode="fan"), "`mode` must be.*mode='fan'.*fan_in"),
        (lambda: initializers.VarianceScaling(distribution="x"), "`distribution` must be one of"),
        (lambda: initializers.Orthogonal()((3,)), r"`shape` must have two sizes.*\(3,\)"),
        (lambda: initializers.Identity()((3,)), r"`shape` must have two sizes.*\(3,\)"),
        (lambda: initializers.HeNormal()((3, 3), "int32"), "`dtype` must be a float.*int32"),
        (lambda: initializers.STFT(side="left"), "`side` must be one of 'real', 'imag'"),
        (lambda: initializers.STFT(window="han"), "`window` must be one of.*mean 'hann'"),
        (lambda: initializers.STFT(scaling="x"), "`scaling` must be one of None, 'density'"),
        (lambda: initializers.STFT(window=np.ones(3))((4, 1, 3)), "`window` must hold one weight"),
        (lambda: initializers.STFT()((4, 3)), r"`shape` must be \(frame length"),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_signatures_equal_keras():
    for name in dir(keras.initializers):
        theirs = getattr(keras.initializers, name)
        if name.startswith("_") or not callable(theirs):
            continue
        ours = getattr(initializers, name)
        assert list(inspect.signature(ours).parameters) == list(
            inspect.signature(theirs).parameters
        ), name
