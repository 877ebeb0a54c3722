"""`Loss` and the wrapper of functions: names, configs, subclasses, structures, errors."""

import copy
import pickle

import keras
import numpy as np
import pytest
import torch

from tests.unit.losses.cases import CASES
from torchkeras import losses
from torchkeras.losses.wrapper import LossFunctionWrapper

CLASSES = sorted({case.cls for case in CASES.values()} | {"CTC"})
# Keras forgets these arguments when it writes a config.
REMEMBERED = {
    "Huber": {"delta"},
    "CosineSimilarity": {"axis"},
    "SparseCategoricalCrossentropy": {"axis"},
}


class Largest(losses.Loss):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, y_true, y_pred):
        return self.scale * (y_true - y_pred).abs().amax(-1)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@pytest.mark.parametrize("cls", CLASSES)
def test_name_reduction_and_dtype_are_keras_defaults(cls):
    ours, theirs = getattr(losses, cls)(), getattr(keras.losses, cls)()
    assert (ours.name, ours.reduction, ours.dtype) == (theirs.name, theirs.reduction, theirs.dtype)


@pytest.mark.parametrize("cls", CLASSES)
def test_config_is_keras_config(cls):
    arguments = {"name": "mine", "reduction": "sum"}
    ours = getattr(losses, cls)(**arguments).get_config()
    theirs = getattr(keras.losses, cls)(**arguments).get_config()
    assert {key: ours[key] for key in theirs} == theirs
    assert set(ours) - set(theirs) == REMEMBERED.get(cls, set())


@pytest.mark.parametrize("name", CASES)
def test_config_makes_an_equal_loss(name):
    case = CASES[name]
    loss = getattr(losses, case.cls)(**case.arguments, reduction="sum")
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    torch.testing.assert_close(again(case.y_true, case.y_pred), loss(case.y_true, case.y_pred))


@pytest.mark.parametrize("name", [name for name in CASES if name != "gce"])  # Keras cannot
def test_keras_reads_our_config_and_we_read_keras(name):
    case = CASES[name]
    ours = getattr(losses, case.cls)(**case.arguments)
    theirs = getattr(keras.losses, case.cls)(**case.arguments)
    read_there = keras.losses.deserialize(losses.serialize(ours))
    assert type(read_there) is type(theirs)
    read_here = losses.deserialize(keras.losses.serialize(theirs))
    assert type(read_here) is type(ours)


@pytest.mark.parametrize("name", CASES)
def test_arguments_are_attributes(name):
    case = CASES[name]
    loss = getattr(losses, case.cls)(**case.arguments)
    assert {key: getattr(loss, key) for key in case.arguments} == case.arguments


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_losses_can_be_copied_and_pickled(duplicate):
    case = CASES["scce logits"]
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    y = torch.tensor(case.y_true), torch.tensor(case.y_pred)
    assert torch.equal(duplicate(loss)(*y), loss(*y))


def test_custom_loss_is_reduced_and_weighted():
    loss = Largest(scale=2.0)
    y_true, y_pred = [[0.0, 1.0], [0.0, 4.0]], [[0.0, 0.0], [1.0, 1.0]]
    assert loss(y_true, y_pred).item() == 4.0
    assert loss(y_true, y_pred, sample_weight=[1.0, 0.0]).item() == 1.0
    assert Largest(reduction="sum")(y_true, y_pred).item() == 4.0


def test_custom_loss_has_an_automatic_name_and_its_config():
    loss = Largest(scale=3.0)
    assert loss.name.startswith("largest")
    assert Largest.from_config(loss.get_config()).get_config() == loss.get_config()


def test_subclass_of_a_loss_may_change_call():
    class Doubled(losses.MeanSquaredError):
        def call(self, y_true, y_pred):
            return 2.0 * super().call(y_true, y_pred)

    assert Doubled()(torch.zeros(2, 2), torch.ones(2, 2)).item() == 2.0


def test_reduction_may_be_changed_later():
    loss = losses.MeanSquaredError()
    loss.reduction = "sum"
    assert loss(torch.zeros(3, 2), torch.ones(3, 2)).item() == 3.0


def test_custom_call_gets_structures_of_tensors():
    class OfDict(losses.Loss):
        def call(self, y_true, y_pred):
            return (y_true["a"] - y_pred["a"]).abs() + (y_true["b"] - y_pred["b"]).abs()

    y_true = {"a": np.zeros(2), "b": [1, 2]}
    y_pred = {"a": torch.ones(2, dtype=torch.bfloat16), "b": np.zeros(2)}
    loss = OfDict()(y_true, y_pred)
    assert loss.item() == 2.5
    assert loss.dtype == torch.float32


def test_custom_loss_may_return_a_python_number_or_an_array():
    class Constant(losses.Loss):
        def call(self, y_true, y_pred):
            return np.array([1.0, 2.0])

    assert Constant()(0.0, 0.0).item() == 1.5


def test_wrapper_passes_arguments_and_brings_ranks_together():
    def scaled(y_true, y_pred, scale):
        assert y_true.shape == y_pred.shape
        return scale * (y_true - y_pred).abs().mean(-1)

    loss = LossFunctionWrapper(scaled, name="scaled", scale=3.0)
    assert loss(np.zeros(4), np.ones((4, 1))).item() == 3.0


def test_wrapper_of_a_library_function_runs_its_kernel_and_survives_its_config():
    case = CASES["scce logits"]
    loss = LossFunctionWrapper(losses.sparse_categorical_crossentropy, from_logits=True)
    y = torch.tensor(case.y_true), torch.tensor(case.y_pred)
    assert torch.equal(loss(*y), losses.SparseCategoricalCrossentropy(from_logits=True)(*y))
    again = losses.deserialize(losses.serialize(loss))
    assert torch.equal(again(*y), loss(*y))
    assert again.get_config() == loss.get_config()


def test_wrapper_of_several_outputs():
    y = [np.zeros((3, 1)), np.zeros(3)], [np.ones(3), np.ones((3, 1))]

    def total(y_true, y_pred):
        return sum((t - p).abs().mean(-1) for t, p in zip(y_true, y_pred, strict=True))

    assert LossFunctionWrapper(total)(*y).item() == 2.0


def test_wrapper_takes_any_callable():
    class Difference:
        __hash__ = None

        def __call__(self, y_true, y_pred):
            return y_pred - y_true

    assert LossFunctionWrapper(Difference())([1.0], [3.0]).item() == 2.0


@pytest.mark.parametrize(
    "name", ["mse", "huber", "bce", "bce logits", "cce", "cce logits", "scce images", "scce logits"]
)
def test_compiles_without_a_break(name):
    case = CASES[name]
    loss = getattr(losses, case.cls)(**case.arguments)
    y = torch.tensor(case.y_true), torch.tensor(case.y_pred)
    torch._dynamo.reset()
    compiled = torch.compile(loss.__call__, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(*y), loss(*y))


def test_vmap_and_func_grad():
    y_true, y_pred = torch.randn(3, 5, 2), torch.randn(3, 5, 2)
    loss = losses.MeanSquaredError()
    each = torch.func.vmap(torch.func.grad(loss, argnums=1))(y_true, y_pred)
    expected = 2 * (y_pred - y_true) / 10
    torch.testing.assert_close(each, expected)


SHAPE_ERRORS = {
    "regression": ("MeanSquaredError", {}, (4, 3), (4, 2)),
    "hinge": ("Hinge", {}, (4, 3), (4, 2)),
    "binary": ("BinaryCrossentropy", {}, (4, 3), (4, 2)),
    "binary logits": ("BinaryCrossentropy", {"from_logits": True}, (4, 3), (4, 1)),
    "categorical": ("CategoricalCrossentropy", {}, (4, 3), (4, 2)),
    "categorical logits": ("CategoricalCrossentropy", {"from_logits": True}, (4,), (4, 2)),
    "sparse": ("SparseCategoricalCrossentropy", {}, (4, 3), (4, 3)),
    "sparse logits": ("SparseCategoricalCrossentropy", {"from_logits": True}, (5,), (4, 3)),
    "dice": ("Dice", {}, (4, 3), (4, 2)),
    "generalized": ("CategoricalGeneralizedCrossEntropy", {}, (3,), (4, 2)),
}


@pytest.mark.parametrize("row", SHAPE_ERRORS)
def test_wrong_shapes_name_both_arguments_and_both_shapes(row):
    cls, arguments, true_shape, pred_shape = SHAPE_ERRORS[row]
    with pytest.raises(ValueError, match=r"y_true.*y_pred") as error:
        getattr(losses, cls)(**arguments)(torch.zeros(true_shape), torch.ones(pred_shape))
    assert str(true_shape) in str(error.value)
    assert str(pred_shape) in str(error.value)


def test_weights_of_a_wrong_shape_are_named():
    with pytest.raises(ValueError, match=r"`sample_weight`.*\(4, 3\).*\(4, 1\)"):
        losses.MeanSquaredError()(np.zeros((4, 3, 2)), np.ones((4, 3, 2)), np.ones(4))


def test_unknown_reduction_is_refused():
    with pytest.raises(ValueError, match=r"`reduction` must be one of .*'auto'"):
        losses.MeanSquaredError(reduction="auto")


def test_axis_must_not_be_a_bool():
    with pytest.raises(ValueError, match="`axis` must be an integer"):
        losses.categorical_crossentropy([[1.0, 0.0]], [[1.0, 0.0]], axis=True)


def test_one_class_warns():
    with pytest.warns(SyntaxWarning, match="binary_crossentropy"):
        losses.CategoricalCrossentropy(from_logits=True)(torch.ones(3, 1), torch.ones(3, 1))


def test_predictions_without_classes_are_refused():
    with pytest.raises(ValueError, match="`y_pred` must have an axis of classes"):
        losses.sparse_categorical_crossentropy(0, 1.0)


def test_q_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="`q` must lie between 0 and 1"):
        losses.CategoricalGeneralizedCrossEntropy(q=1.0)


def test_loss_without_call_says_what_to_write():
    with pytest.raises(NotImplementedError, match="must define `call"):
        losses.Loss()(1.0, 1.0)


@pytest.mark.parametrize(("y_true", "y_pred"), [(torch.zeros(2, 3, 4), torch.zeros(2, 5, 3)),
                                                (torch.zeros(2), torch.zeros(2, 3))])  # fmt: skip
def test_ctc_refuses_wrong_shapes(y_true, y_pred):
    with pytest.raises(ValueError, match="`y_true` must have the shape"):
        losses.ctc(y_true, y_pred)


def test_ctc_is_keras(rng):
    labels = np.array([[1, 2, 2, 0], [3, 1, 0, 0]])
    logits = rng.normal(size=(2, 9, 5)).astype("float32")
    ours, theirs = losses.CTC()(labels, logits), keras.losses.CTC()(labels, logits)
    torch.testing.assert_close(ours, theirs)


def test_circle_takes_references(rng):
    embeddings = rng.normal(size=(5, 3)).astype("float32")
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    labels, references = np.array([0, 1, 0]), np.array([0, 1, 1, 0, 2])
    arguments = {"ref_labels": references, "ref_embeddings": embeddings, "remove_diagonal": False}
    ours, theirs = (m.circle(labels, embeddings[:3], **arguments) for m in (losses, keras.losses))
    torch.testing.assert_close(ours.as_subclass(torch.Tensor), theirs)


@pytest.mark.parametrize("from_logits", [True, False])
@pytest.mark.parametrize("label", [3, -1])
def test_class_that_the_outputs_lack(label, from_logits):
    text = rf"`y_true` must hold class numbers from 0 to 2.*Received: numbers from {min(label, 1)} "
    with pytest.raises(ValueError, match=text):
        losses.SparseCategoricalCrossentropy(from_logits)([1, label], torch.full((2, 3), 0.5))
