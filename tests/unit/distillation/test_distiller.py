"""`Distiller`: whole runs equal Keras's; files go both ways; the student runs once a batch."""

import copy
import json

import keras
import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 5)).astype("float32")
Y = RNG.integers(0, 3, 24)


def nets(k, dropout=False, norm=False):
    """A teacher and a student, with the same random weights in both packages."""

    def net(width, names):
        extra = [k.layers.BatchNormalization()] if norm else []
        extra += [k.layers.Dropout(0.5)] if dropout else []
        layers = [k.layers.Dense(width, "tanh", name=names[0]), *extra]
        return k.Sequential([k.Input((5,)), *layers, k.layers.Dense(3, name=names[1])])

    rng, found = np.random.default_rng(7), (net(4, "ab"), net(4, "cd"))
    for model in found:
        model.set_weights([rng.uniform(0.1, 1, w.shape) for w in model.get_weights()])
    return found


def distiller(k, losses, compiled=True, made=None, **kwargs):
    oracle.reset()
    model = k.distillation.Distiller(*(made or nets(k)), losses(k.distillation, k), **kwargs)
    if compiled:
        loss = k.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(k.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    return model


def softened(d, k):
    return d.LogitsDistillation(3.0, k.losses.KLDivergence())


def both(d, k):
    return [d.FeatureDistillation("mse", "a", "c"), softened(d, k)]


RUNS = {
    "logits": (softened, {}),
    "features": (lambda d, k: d.FeatureDistillation("mse", "a", "c"), {}),
    "weighted": (both, {"distillation_loss_weights": [0.5, 2.0], "student_loss_weight": 0.3}),
    "teacher-alone": (both, {"student_loss_weight": 0.0}),
    "targets-alone": (softened, {"student_loss_weight": 1.0}),
}


@pytest.mark.parametrize("case", RUNS)
def test_runs_equal_keras(case):
    losses, kwargs = RUNS[case]
    found = []
    for k in oracle.PACKAGES:
        model = distiller(k, losses, **kwargs)
        logs = model.fit(X, Y, epochs=2, batch_size=8, shuffle=False, verbose=0,
                         validation_data=(X[:10], Y[:10])).history  # fmt: skip
        ends = model.evaluate(X, Y, verbose=0)
        found.append((logs, ends, model.predict(X[:3], verbose=0), model.student.get_weights()))
    ours, theirs = found
    assert list(ours[0]) == list(theirs[0])
    for name, expected in theirs[0].items():
        np.testing.assert_allclose(ours[0][name], expected, rtol=2e-5, err_msg=name)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=2e-5)
    np.testing.assert_allclose(ours[2], theirs[2], rtol=1e-4, atol=1e-6)
    for one, other in zip(ours[3], theirs[3], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_config_equals_keras():
    configs = []
    for k in oracle.PACKAGES:
        text = json.dumps(distiller(k, both, compiled=False).get_config())
        configs.append(json.loads(text))
    for config in configs:
        _forget_ids(config)
    assert configs[0] == configs[1]


def _forget_ids(config):
    for value in config.values() if isinstance(config, dict) else config:
        if isinstance(value, (dict, list)):
            _forget_ids(value)
    if isinstance(config, dict):
        config.pop("shared_object_id", None)


def test_a_file_brings_everything_back(tmp_path):
    model = distiller(torchkeras, both, student_loss_weight=0.25)
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "d.keras")
    again = torchkeras.saving.load_model(tmp_path / "d.keras")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))
    assert again.student_loss_weight == 0.25
    assert not again.teacher.trainable
    runs = [m.fit(X, Y, epochs=2, shuffle=False, verbose=0).history for m in (model, again)]
    for name, values in runs[0].items():
        np.testing.assert_allclose(runs[1][name], values, rtol=1e-5, err_msg=name)


@pytest.mark.filterwarnings("ignore:The state of the optimizer")  # it has learnt nothing
def test_a_file_may_hold_a_teacher_that_has_met_no_data(tmp_path):
    student, teacher = (torchkeras.Sequential([torchkeras.layers.Dense(3)]) for _ in range(2))
    loss = torchkeras.distillation.LogitsDistillation()
    model = torchkeras.distillation.Distiller(teacher, student, distillation_losses=loss)
    model.compile(loss="mse")
    expected = model(X).detach()
    model.save(tmp_path / "d.keras")
    again = torchkeras.saving.load_model(tmp_path / "d.keras")
    np.testing.assert_array_equal(again(X).detach().numpy(), expected.numpy())


@pytest.mark.filterwarnings("ignore:`compile")
def test_keras_opens_the_file(tmp_path):
    model = distiller(torchkeras, both)
    model.fit(X, Y, verbose=0)
    model.save(tmp_path / "d.keras")
    theirs = keras.saving.load_model(tmp_path / "d.keras")
    np.testing.assert_allclose(theirs(X).detach(), model(X).detach(), rtol=1e-5)
    np.testing.assert_allclose(theirs.teacher(X).detach(), model.teacher(X).detach(), rtol=1e-5)


def test_opens_what_keras_wrote_and_asks_to_be_compiled(tmp_path):
    theirs = distiller(keras, both)
    theirs.fit(X, Y, verbose=0)
    theirs.save(tmp_path / "d.keras")
    with pytest.warns(UserWarning, match="does not write the student's loss"):
        model = torchkeras.saving.load_model(tmp_path / "d.keras")
    np.testing.assert_allclose(theirs(X).detach(), model(X).detach(), rtol=1e-5)
    np.testing.assert_allclose(theirs.teacher(X).detach(), model.teacher(X).detach(), rtol=1e-5)
    assert not model.compiled


def test_the_student_runs_once_a_batch_and_in_its_mode():
    teacher, student = nets(torchkeras, dropout=True, norm=True)
    model = distiller(torchkeras, both, made=(teacher, student))
    model.build((None, 5))
    modes = []
    student.layers[0].register_forward_hook(lambda layer, *_: modes.append(layer.training))
    model.train_on_batch(X, Y)
    model.test_on_batch(X, Y)
    assert modes == [True, False]
    assert not model._memory._features


def test_a_loss_asked_for_outside_of_a_step_runs_the_student_again():
    model = distiller(torchkeras, both)
    x, y = torch.tensor(X), torch.tensor(Y)
    given = model.compute_loss(x, y, model(x))
    asked = model.compute_loss(x, y)
    torch.testing.assert_close(given, asked)


def test_a_layer_of_the_student_may_meet_the_teacher_s_outputs():
    pairs = [("b", "d"), (None, "d"), ("b", None), (None, None)]
    values = []
    for pair in pairs:
        model = distiller(
            torchkeras, lambda d, k, pair=pair: d.FeatureDistillation("mse", *pair),
            student_loss_weight=0.0,
        )  # fmt: skip
        values.append(model.evaluate(X, Y, verbose=0)[0])
    np.testing.assert_allclose(values, values[0], rtol=1e-6)


def test_one_loss_may_have_a_weight():
    whole, half = (
        distiller(torchkeras, softened, distillation_loss_weights=w, student_loss_weight=0.0)
        for w in (None, [0.5])
    )
    found = [m.evaluate(X, Y, verbose=0)[0] for m in (whole, half)]
    assert found[1] == pytest.approx(found[0] / 2, rel=1e-6)


def test_sample_weights_are_not_counted_which_is_said():
    model = distiller(torchkeras, softened)
    with pytest.warns(UserWarning, match="does not count `sample_weight`"):
        model.train_on_batch(X, Y, np.ones(24))


def test_the_teacher_is_frozen_and_not_in_state_dict_twice():
    model = distiller(torchkeras, both)
    assert {key.partition(".")[0] for key in model.state_dict()} == {"teacher", "student"}
    assert len(model.trainable_weights) == len(model.student.weights)
    assert not any(p.requires_grad for p in model.teacher.parameters())


def test_a_copy_learns_by_itself():
    model = distiller(torchkeras, both)
    twin = copy.deepcopy(model)
    twin.fit(X, Y, verbose=0)
    assert not np.allclose(twin.student.get_weights()[0], model.student.get_weights()[0])
    assert twin._student_feature_extractor.layers[1] is twin.student.layers[0]


def test_models_that_are_built_by_data():
    def net(k):
        return k.Sequential([k.layers.Dense(4), k.layers.Dense(3)])

    model = distiller(torchkeras, softened, made=(net(torchkeras), net(torchkeras)))
    model.fit(X, Y, verbose=0)
    assert model.teacher.built
    assert model.student.built


def test_the_losses_of_several_outputs_are_means():
    def net(k):
        x = k.Input((5,))
        return k.Model(x, [k.layers.Dense(2)(x), k.layers.Dense(1)(x)])

    model = torchkeras.distillation.Distiller(
        net(torchkeras),
        net(torchkeras),
        torchkeras.distillation.LogitsDistillation(loss=["mse", None]),
    )
    model.compile("sgd", ["mse", torch.nn.L1Loss()])
    targets = [X[:, :2], X[:, :1]]
    said = model.predict(X, verbose=0)
    expected = np.square(said[0] - targets[0]).mean() + np.abs(said[1] - targets[1]).mean()
    logs = model.test_on_batch(X, targets, return_dict=True)
    assert logs["student_loss"] == pytest.approx(expected, rel=1e-5)


class Raw(torchkeras.distillation.DistillationLoss):
    def compute_loss(self, teacher_outputs, student_outputs, **kwargs):
        return (teacher_outputs - student_outputs).square()


def test_a_loss_must_be_one_number():
    model = distiller(torchkeras, lambda d, k: Raw())
    with pytest.raises(ValueError, match=r"Raw returned a non-scalar loss with shape \(24, 3\)"):
        model.train_on_batch(X, Y)


def other(shape=(5,), units=3, dtype="float32"):
    x = torchkeras.Input(shape, dtype=dtype)
    y = torchkeras.layers.Dense(units)(torchkeras.ops.cast(x, "float32"))
    return torchkeras.Model(x, y)


WRONG = {
    "no model": (lambda: ("teacher", other()), {}, "Teacher must be a Model"),
    "input": (lambda: (other((4,)), other()), {}, "input shapes are incompatible"),
    "rank": (lambda: (other((2, 5)), other()), {}, "input shapes have different dimensions"),
    "output": (lambda: (other(units=2), other()), {}, "output shapes are incompatible"),
    "dtype": (lambda: (other(dtype="int32"), other()), {}, "input dtypes must match"),
    "share": (lambda: (other(), other()), {"student_loss_weight": 1.5}, "from 0.0 to 1.0"),
    "text": (lambda: (other(), other()), {"student_loss_weight": "a"}, "student_loss_weight='a'"),
    "weights": (
        lambda: (other(), other()),
        {"distillation_loss_weights": [1.0, 2.0]},
        r"`distillation_loss_weights` \(2\) must match",
    ),
    "losses": (lambda: (other(), other()), {"distillation_losses": None}, "cannot be `None`"),
    "kind": (lambda: (other(), other()), {"distillation_losses": "kl"}, "must be a `Distillation"),
    "layer": (
        lambda: (other(), other()),
        {"distillation_losses": torchkeras.distillation.FeatureDistillation("mse", "x", "y")},
        "In teacher model: No such layer: x",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments(case):
    models, kwargs, message = WRONG[case]
    arguments = {"distillation_losses": torchkeras.distillation.LogitsDistillation(), **kwargs}
    with pytest.raises(ValueError, match=message):
        torchkeras.distillation.Distiller(*models(), **arguments)


def test_layers_need_models_that_tell():
    class Own(torchkeras.Model):
        def call(self, x):
            return x

    loss = torchkeras.distillation.FeatureDistillation("mse", "a", "c")
    with pytest.raises(ValueError, match=r"requires Functional or Sequential .* student has none"):
        torchkeras.distillation.Distiller(other(), Own(), loss)


def test_compile_needs_a_loss_and_a_list_of_metrics():
    model = distiller(torchkeras, softened, compiled=False)
    with pytest.raises(ValueError, match="`loss` cannot be `None`"):
        model.compile("sgd")
    with pytest.raises(ValueError, match="`metrics` must be a list"):
        model.compile("sgd", "mse", metrics="mae")
