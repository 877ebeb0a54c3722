"""Losses of torch give torch's numbers; weights and masks count as in Keras."""

import functools
import warnings
from typing import Any

import keras
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from torchkeras import Input, Model, Sequential, layers, losses
from torchkeras._state.masked import with_mask
from torchkeras.losses import TorchLoss
from torchkeras.losses.torch_loss import takes_predictions_first

RNG = np.random.default_rng(4)
LOGITS = torch.tensor(RNG.normal(size=(6, 3)), dtype=torch.float32)
CLASSES = torch.tensor([0, 1, 2, 2, 1, 0])
SHARES = torch.softmax(torch.tensor(RNG.normal(size=(6, 3)), dtype=torch.float32), -1)
SIGNS = torch.sign(LOGITS.roll(1, 0))
WEIGHTS = torch.tensor([1.0, 2.0, 0.0, 0.5, 3.0, 1.0])
CLASS_WEIGHT = torch.tensor([1.0, 5.0, 0.25])

ALL = {
    "CrossEntropyLoss": (nn.CrossEntropyLoss(), LOGITS, CLASSES),
    "smoothed": (nn.CrossEntropyLoss(label_smoothing=0.2), LOGITS, CLASSES),
    "class weights": (nn.CrossEntropyLoss(CLASS_WEIGHT), LOGITS, CLASSES),
    "ignored": (nn.CrossEntropyLoss(CLASS_WEIGHT, ignore_index=1), LOGITS, CLASSES),
    "probabilities": (nn.CrossEntropyLoss(CLASS_WEIGHT), LOGITS, SHARES),
    "NLLLoss": (nn.NLLLoss(), LOGITS.log_softmax(-1), CLASSES),
    "MultiMarginLoss": (nn.MultiMarginLoss(), LOGITS, CLASSES),
    "MultiLabelMarginLoss": (nn.MultiLabelMarginLoss(), LOGITS, CLASSES[:, None].expand(6, 3)),
    "BCELoss": (nn.BCELoss(), LOGITS.sigmoid(), SHARES),
    "BCEWithLogitsLoss": (nn.BCEWithLogitsLoss(pos_weight=CLASS_WEIGHT), LOGITS, SHARES),
    "KLDivLoss": (nn.KLDivLoss(reduction="batchmean"), LOGITS.log_softmax(-1), SHARES),
    "PoissonNLLLoss": (nn.PoissonNLLLoss(), LOGITS, SHARES),
    "MSELoss": (nn.MSELoss(), LOGITS, SHARES),
    "sum": (nn.MSELoss(reduction="sum"), LOGITS, SHARES),
    "L1Loss": (nn.L1Loss(), LOGITS, SHARES),
    "SmoothL1Loss": (nn.SmoothL1Loss(beta=0.3), LOGITS, SHARES),
    "HuberLoss": (nn.HuberLoss(delta=0.3), LOGITS, SHARES),
    "SoftMarginLoss": (nn.SoftMarginLoss(), LOGITS, SIGNS),
    "MultiLabelSoftMarginLoss": (nn.MultiLabelSoftMarginLoss(), LOGITS, (SIGNS > 0).float()),
    "HingeEmbeddingLoss": (nn.HingeEmbeddingLoss(), LOGITS, SIGNS),
    "cross_entropy": (F.cross_entropy, LOGITS, CLASSES),
    "partial": (functools.partial(F.cross_entropy, weight=CLASS_WEIGHT), LOGITS, CLASSES),
    "kl_div": (functools.partial(F.kl_div, reduction="batchmean"), LOGITS, SHARES),
}


@pytest.mark.parametrize("case", ALL)
def test_without_weights_it_is_what_torch_computes(case: str) -> None:
    loss, output, target = ALL[case]
    assert torch.equal(TorchLoss(loss)(target, output), loss(output, target))


@pytest.mark.parametrize("case", ALL)
def test_weights_of_one_change_nothing(case: str) -> None:
    loss, output, target = ALL[case]
    found = TorchLoss(loss)(target, output, torch.ones(6))
    assert found.item() == pytest.approx(loss(output, target).item(), rel=1e-5)


@pytest.mark.parametrize("case", ALL)
def test_a_weight_of_zero_leaves_a_sample_out_of_the_sum(case: str) -> None:
    loss, output, target = ALL[case]
    ours = TorchLoss(loss)
    parts = [ours(target, output, w) for w in (WEIGHTS * (WEIGHTS > 1), WEIGHTS * (WEIGHTS <= 1))]
    assert sum(parts).item() == pytest.approx(ours(target, output, WEIGHTS).item(), rel=1e-5)


@pytest.mark.parametrize(
    ("torch_loss", "theirs", "output", "target"),
    [
        (nn.MSELoss(), keras.losses.MeanSquaredError(), LOGITS, SHARES),
        (nn.L1Loss(), keras.losses.MeanAbsoluteError(), LOGITS, SHARES),
        (nn.HuberLoss(), keras.losses.Huber(), LOGITS, SHARES),
        (
            nn.CrossEntropyLoss(),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            LOGITS,
            CLASSES,
        ),
        (
            nn.BCEWithLogitsLoss(),
            keras.losses.BinaryCrossentropy(from_logits=True),
            LOGITS,
            (SHARES > 0.3).float(),
        ),
    ],
    ids=["mse", "mae", "huber", "sparse", "binary"],
)
def test_sample_weights_count_as_in_keras(
    torch_loss: Any, theirs: Any, output: Tensor, target: Tensor
) -> None:
    found = TorchLoss(torch_loss)(target, output, WEIGHTS)
    expected = theirs(target, output, WEIGHTS)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


def test_no_reduction_means_the_mean() -> None:
    loss = TorchLoss(nn.MSELoss(reduction="none"))
    assert loss(SHARES, LOGITS).item() == pytest.approx(F.mse_loss(LOGITS, SHARES).item())


def test_a_mask_leaves_steps_out() -> None:
    output, target = torch.randn(2, 4, 3), torch.randint(0, 3, (2, 4))
    mask = torch.tensor([[True, True, False, False], [True, False, False, False]])
    found = TorchLoss(nn.CrossEntropyLoss(CLASS_WEIGHT))(target, with_mask(output, mask))
    expected = F.cross_entropy(output[mask], target[mask], CLASS_WEIGHT)
    assert found.item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("shape", [(2, 4, 3), (2, 4, 5, 3)])
@pytest.mark.parametrize("column", [False, True])
def test_classes_are_on_the_last_axis(shape: tuple[int, ...], column: bool) -> None:
    output, target = torch.randn(shape), torch.randint(0, 3, shape[:-1])
    found = TorchLoss(nn.CrossEntropyLoss())(target[..., None] if column else target, output)
    assert torch.equal(found, F.cross_entropy(output.movedim(-1, 1), target))


def test_probabilities_of_classes_are_on_the_last_axis() -> None:
    output, target = torch.randn(2, 4, 3), torch.rand(2, 4, 3)
    found = TorchLoss(nn.CrossEntropyLoss())(target, output)
    assert torch.equal(found, F.cross_entropy(output.movedim(-1, 1), target.movedim(-1, 1)))


def test_shapes_may_say_that_the_classes_are_on_axis_1() -> None:
    output, target = torch.randn(2, 3, 4, 5), torch.randint(0, 3, (2, 4, 5))
    found = TorchLoss(nn.CrossEntropyLoss())(target, output)
    assert torch.equal(found, F.cross_entropy(output, target))


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32, torch.int64, torch.float32])
def test_class_numbers_have_any_dtype(dtype: torch.dtype) -> None:
    found = TorchLoss(nn.CrossEntropyLoss())(CLASSES.to(dtype), LOGITS)
    assert torch.equal(found, F.cross_entropy(LOGITS, CLASSES))


def test_a_column_meets_a_row() -> None:
    output, target = torch.randn(6, 1), torch.randn(6)
    assert torch.equal(TorchLoss(nn.MSELoss())(target, output), F.mse_loss(output[:, 0], target))


def test_a_class_is_made() -> None:
    assert TorchLoss(nn.MSELoss)(SHARES, LOGITS) == F.mse_loss(LOGITS, SHARES)


class Own(nn.Module):
    def forward(self, predictions: Tensor, targets: Tensor) -> Tensor:
        return (predictions - 2 * targets).abs().mean()


class OwnEach(Own):
    def forward(self, predictions: Tensor, targets: Tensor) -> Tensor:
        return (predictions - 2 * targets).abs().mean(-1)


class KerasLike(nn.Module):
    def forward(self, y_true: Tensor, y_pred: Tensor) -> Tensor:
        return (y_pred - 2 * y_true).abs().mean()


def by_name(input: Tensor, target: Tensor) -> Tensor:
    return (input - 2 * target).abs().mean(-1)


def as_keras(y_true: Tensor, y_pred: Tensor) -> Tensor:
    return (y_pred - 2 * y_true).abs().mean(-1)


@pytest.mark.parametrize("loss", [Own(), OwnEach(), KerasLike(), Own, by_name, as_keras])
def test_own_losses_get_their_arguments_in_their_order(loss: Any) -> None:
    x, y = RNG.normal(size=(8, 3)).astype("float32"), RNG.normal(size=(8, 2)).astype("float32")
    model = Sequential([Input((3,)), layers.Dense(2)])
    model.compile("sgd", loss)
    expected = np.abs(model.predict(x, verbose=0) - 2 * y).mean()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(expected, rel=1e-5)


def test_who_takes_predictions_first() -> None:
    assert takes_predictions_first(F.mse_loss)
    assert takes_predictions_first(nn.MSELoss)
    assert not takes_predictions_first(KerasLike())
    assert not takes_predictions_first(as_keras)
    assert not takes_predictions_first(losses.mean_squared_error)


@pytest.mark.parametrize("case", [c for c in ALL if c != "partial"])
def test_a_config_makes_an_equal_loss(case: str) -> None:
    loss, output, target = ALL[case]
    ours = TorchLoss(loss)
    again = losses.deserialize(losses.serialize(ours))
    assert again.name == ours.name
    assert torch.equal(again(target, output), ours(target, output))


def test_losses_of_several_outputs() -> None:
    inputs = Input((3,))
    outputs = {"a": layers.Dense(3)(inputs), "b": layers.Dense(1)(inputs)}
    model = Model(inputs, outputs)
    model.compile(
        "sgd", {"a": nn.CrossEntropyLoss(), "b": F.mse_loss}, loss_weights={"a": 2, "b": 1}
    )
    x, y = LOGITS.numpy(), {"a": CLASSES.numpy(), "b": SHARES.numpy()[:, :1]}
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(2 * found["a_loss"] + found["b_loss"], rel=1e-5)
    expected = F.cross_entropy(model(LOGITS)["a"], CLASSES)
    assert found["a_loss"] == pytest.approx(expected.item(), rel=1e-5)
    twin = Model(inputs, outputs)
    twin.compile_from_config(model.get_compile_config())
    assert twin.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(found)


def test_class_weights_of_fit_count_as_in_keras() -> None:
    histories = []
    for loss in (nn.CrossEntropyLoss(), losses.SparseCategoricalCrossentropy(from_logits=True)):
        model = Sequential([Input((3,)), layers.Dense(3, kernel_initializer="ones")])
        model.compile("sgd", loss)
        weights = {0: 1.0, 1: 5.0, 2: 0.5}
        options = {"class_weight": weights, "shuffle": False, "epochs": 2, "verbose": 0}
        histories.append(model.fit(LOGITS.numpy(), CLASSES.numpy(), **options).history["loss"])
    assert histories[0] == pytest.approx(histories[1], rel=1e-5)


def test_a_loss_of_ones_own_has_no_config() -> None:
    with pytest.raises(ValueError, match="none of torch's own"):
        TorchLoss(Own()).get_config()


@pytest.mark.parametrize("name", ["Linear", "os.system", "__import__", "crossentropyloss"])
def test_a_config_names_nothing_but_losses(name: str) -> None:
    with pytest.raises(ValueError, match="Unknown loss of torch"):
        TorchLoss.from_config({"loss": name, "arguments": {}})


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (nn.GaussianNLLLoss(), r"GaussianNLLLoss takes \['input', 'target', 'var'\]"),
        (nn.TripletMarginLoss(), r"takes \['anchor', 'positive', 'negative'\]"),
        (nn.CTCLoss(), "override `compute_loss`"),
    ],
)
def test_losses_that_need_more_are_refused(loss: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        TorchLoss(loss)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: TorchLoss(nn.CrossEntropyLoss())(SHARES[:, :2], LOGITS), "one class number for"),
        (lambda: TorchLoss(nn.MSELoss())(SHARES[:, :2], LOGITS), "same shape for a loss of torch"),
        (lambda: TorchLoss(nn.MSELoss())(SHARES, LOGITS, torch.ones(4)), "`sample_weight` must"),
        (lambda: TorchLoss(Own())(SHARES, LOGITS, WEIGHTS), "need the loss of each sample"),
    ],
)
def test_what_does_not_fit_is_named(call: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.parametrize(
    ("activation", "units", "loss"),
    [("softmax", 3, nn.CrossEntropyLoss()), ("sigmoid", 1, nn.BCEWithLogitsLoss())],
)
def test_probabilities_given_for_logits_are_told(activation: str, units: int, loss: Any) -> None:
    model = Sequential([Input((3,)), layers.Dense(units, activation=activation)])
    model.compile("sgd", loss)
    y = CLASSES.numpy() if units == 3 else SHARES.numpy()[:, :1]
    with pytest.warns(UserWarning, match=f"takes logits, and the output comes from a {activation}"):
        model.fit(LOGITS.numpy(), y, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(LOGITS.numpy(), y, verbose=0)
