"""Distillation losses: numbers, gradients, configs and errors of Keras."""

import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
TEACHER = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
STUDENT = np.random.default_rng(1).normal(size=(4, 3)).astype("float32")
LOSSES = {
    "logits": lambda k: k.distillation.LogitsDistillation(),
    "softened": lambda k: k.distillation.LogitsDistillation(4.0, k.losses.KLDivergence()),
    "class": lambda k: k.distillation.LogitsDistillation(2, "KLDivergence"),
    "logits-mse": lambda k: k.distillation.LogitsDistillation(2.0, "mse"),
    "crossentropy": lambda k: k.distillation.LogitsDistillation(
        2.0, k.losses.CategoricalCrossentropy(from_logits=True)
    ),
    "features": lambda k: k.distillation.FeatureDistillation(),
    "cosine": lambda k: k.distillation.FeatureDistillation("cosine_similarity", "a", "b"),
    "mae": lambda k: k.distillation.FeatureDistillation(k.losses.MeanAbsoluteError()),
}
SEVERAL = {
    "list": (lambda k: k.distillation.LogitsDistillation(3.0, ["mse", None]), list),
    "tuple": (lambda k: k.distillation.FeatureDistillation(("mse", "mae")), tuple),
    "dict": (
        lambda k: k.distillation.LogitsDistillation(3.0, {"a": "mae", "b": None}),
        lambda pair: {"a": pair[0], "b": pair[1]},
    ),
}


def value_and_gradient(loss, pack=lambda pair: pair[0]):
    student = [torch.tensor(STUDENT, requires_grad=True) for _ in range(2)]
    teacher = pack([torch.tensor(TEACHER)] * 2)
    value = loss.compute_loss(teacher, pack(student))
    value.backward()
    return value.item(), student[0].grad.numpy()


@pytest.mark.parametrize("name", LOSSES)
def test_numbers_and_gradients(name):
    ours, theirs = (value_and_gradient(LOSSES[name](k)) for k in oracle.PACKAGES)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", SEVERAL)
def test_several_outputs(name):
    make, pack = SEVERAL[name]
    ours, theirs = (value_and_gradient(make(k), pack) for k in oracle.PACKAGES)
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-6)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", [*LOSSES, *SEVERAL])
def test_config_is_keras_s_and_makes_an_equal_loss(name):
    make, pack = SEVERAL.get(name) or (LOSSES[name], lambda pair: pair[0])
    ours, theirs = make(torchkeras), make(keras)
    written = torchkeras.saving.serialize_keras_object(ours)
    assert written == keras.saving.serialize_keras_object(theirs)
    again = torchkeras.saving.deserialize_keras_object(written)
    expected = value_and_gradient(ours, pack)[0]
    as_json = list if pack is tuple else pack
    assert value_and_gradient(again, as_json)[0] == expected


def test_softened_probabilities_take_the_object_not_the_name():
    named, given = LOSSES["logits"](torchkeras), torchkeras.losses.KLDivergence()
    softened = torchkeras.distillation.LogitsDistillation(3.0, given)
    assert named.loss is torchkeras.losses.kl_divergence
    assert value_and_gradient(named)[0] != pytest.approx(value_and_gradient(softened)[0], 1e-2)


WRONG = {
    "no loss": (lambda d: d.LogitsDistillation(loss=None), "`loss` must contain at least one"),
    "all none": (lambda d: d.FeatureDistillation(loss=[None, None]), "at least one non-`None`"),
    "name": (lambda d: d.LogitsDistillation(loss="kl_divergense"), "Did you mean 'kl_divergence'"),
    "zero": (lambda d: d.LogitsDistillation(temperature=0.0), "`temperature` must be a positive"),
    "text": (lambda d: d.LogitsDistillation(temperature="3"), "temperature='3'"),
    "nan": (lambda d: d.LogitsDistillation(temperature=float("nan")), "temperature=nan"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments(case):
    make, message = WRONG[case]
    with pytest.raises(ValueError, match=message):
        make(torchkeras.distillation)


def test_structures_must_be_alike():
    loss = torchkeras.distillation.FeatureDistillation(["mse", "mae"])
    x = torch.tensor(TEACHER)
    with pytest.raises(ValueError, match="structure"):
        loss.validate_outputs([x, x], x)
    with pytest.raises(ValueError, match="Loss structure mismatch"):
        loss.validate_outputs([x, x, x], [x, x, x])


def test_the_base_asks_for_a_loss():
    with pytest.raises(NotImplementedError, match="Define `compute_loss"):
        torchkeras.distillation.DistillationLoss().compute_loss(None, None)
