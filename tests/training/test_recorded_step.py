"""Steps of small models are recorded: the same numbers, and anything that changes counts."""

import copy

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers
from torchkeras._training.recorded import recording
from torchkeras._training.recorded import step as recorded_step

RNG = np.random.default_rng(0)
X, Y = 6 * RNG.random((90, 6), "float32"), RNG.random((90, 1), "float32")
LABELS = RNG.integers(0, 3, 90)
RECORDED = "recorded: its kernels run without autograd"


@pytest.fixture(autouse=True)
def _recorded_early(monkeypatch):
    monkeypatch.setattr(recorded_step, "_WAITS", 2)


def with_dropout():
    return [
        layers.Dense(8, activation="relu"),
        layers.Dropout(0.3),
        layers.Dense(8, activation="gelu"),
        layers.LayerNormalization(),
    ]


def classifier():
    return torchkeras.Sequential(
        [layers.Input((6,)), *with_dropout(), layers.Dense(3, activation="softmax")]
    )


def regressor():
    return torchkeras.Sequential([layers.Input((6,)), *with_dropout(), layers.Dense(1)])


def branched():
    inputs = layers.Input((6,))
    left = layers.Dense(4, activation="tanh")(inputs)
    right = layers.LeakyReLU()(layers.Dense(4)(inputs))
    joined = layers.Concatenate()([left, right, layers.Multiply()([left, right])])
    return torchkeras.Model(inputs, layers.Dense(1, activation="sigmoid")(layers.Flatten()(joined)))


def text():
    return torchkeras.Sequential(
        [
            layers.Input((6,), dtype="int32"),
            layers.Embedding(7, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def normalized():
    normalization = layers.Normalization()
    normalization.adapt(X)
    return torchkeras.Sequential([layers.Input((6,)), normalization, layers.Dense(1)])


NETS = {
    "classifier": (classifier, "sparse_categorical_crossentropy", ["accuracy"], LABELS),
    "regressor": (regressor, "mse", ["mae"], Y),
    "huber": (regressor, "huber", [], Y),
    "branched": (branched, "binary_crossentropy", ["AUC"], (Y > 0.5).astype("float32")),
    "text": (text, "binary_crossentropy", ["accuracy"], (Y > 0.5).astype("float32")),
    "normalized": (normalized, "mse", [], Y),
}


def trained(make, loss, metrics, y, callbacks=(), optimizer="adam", eagerly=False, **fit):
    torchkeras.utils.set_random_seed(1)
    model = make()
    model.compile(optimizer, loss, metrics=metrics, run_eagerly=eagerly)
    history = model.fit(X, y, batch_size=8, epochs=3, verbose=0, callbacks=list(callbacks), **fit)
    return model, history.history


def assert_same(a, b):
    assert a[1] == b[1]
    for left, right in zip(a[0].get_weights(), b[0].get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("net", NETS)
def test_a_recorded_step_gives_the_same_bits(net):
    recorded, eager = trained(*NETS[net]), trained(*NETS[net], eagerly=True)
    assert recorded[0].compile_report()["train"] == RECORDED
    assert_same(recorded, eager)


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "lion"])
def test_any_optimizer_takes_its_gradients(optimizer):
    made = [trained(*NETS["regressor"], optimizer=optimizer, eagerly=e) for e in (False, True)]
    assert_same(*made)


@pytest.mark.parametrize(
    "fit",
    [
        {"sample_weight": RNG.random(90).astype("float32")},
        {"class_weight": {0: 1.0, 1: 3.0, 2: 0.5}},
        {"validation_split": 0.2},
        {"steps_per_epoch": 3},
    ],
    ids=lambda fit: next(iter(fit)),
)
def test_arguments_of_fit_work_as_ever(fit):
    net = NETS["classifier"]
    assert_same(trained(*net, **fit), trained(*net, eagerly=True, **fit))


def test_epochs_of_few_batches_are_recorded_in_the_end(monkeypatch):
    """Each ends with a partial batch, which has another form."""
    monkeypatch.setattr(recorded_step, "_WAITS", 20)
    model, _ = trained(*NETS["regressor"])
    assert model.compile_report()["train"] == RECORDED


def test_a_second_fit_uses_the_recording():
    model, _ = trained(*NETS["regressor"])
    step = _step_of(model)
    line = step._line
    model.evaluate(X, Y, verbose=0)
    model.fit(X, Y, batch_size=8, verbose=0)
    assert line is not None
    assert step._line is line
    assert model.compile_report()["train"] == RECORDED


def test_gradients_stay_and_hold_no_graph():
    model, _ = trained(*NETS["regressor"])
    assert all(p.grad is not None and p.grad.grad_fn is None for p in model.parameters())


def test_a_copy_of_a_recorded_model_trains():
    model, _ = trained(*NETS["regressor"])
    twin = copy.deepcopy(model)
    before = model.get_weights()
    twin.fit(X, Y, verbose=0)
    for left, right in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


# What changes while fit runs


class Change(torchkeras.callbacks.Callback):
    """Changes a model in the middle of a run."""

    def __init__(self, change):
        super().__init__()
        self.change = change

    def on_train_batch_begin(self, batch, logs=None):
        if batch == 6:
            self.change(self.model)


def _freeze(model):
    model.layers[0].linear.requires_grad_(False)


def _drop_more(model):
    model.layers[1].rate = 0.9


def _hook_a_module(model):
    model.layers[2].linear.register_forward_hook(lambda module, inputs, output: output * 0.5)


def _hook_a_weight(model):
    model.layers[2].linear.weight.register_hook(lambda grad: grad * 0.5)


def _other_activation(model):
    model.layers[2].activation = torchkeras.activations.tanh


def _other_module(model):
    torch.manual_seed(5)
    model.layers[2].linear = torch.nn.Linear(8, 8)


def _inference(model):
    model.layers[1].eval()


CHANGES = [
    _freeze,
    _drop_more,
    _hook_a_module,
    _hook_a_weight,
    _other_activation,
    _other_module,
    _inference,
]


@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # for the module that was replaced
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_a_callback_changes_counts_from_then_on(change):
    made = [
        trained(*NETS["regressor"], callbacks=[Change(change)], optimizer="sgd", eagerly=eagerly)
        for eagerly in (False, True)
    ]
    unchanged = trained(*NETS["regressor"], optimizer="sgd")
    assert_same(*made)
    assert made[0][1] != unchanged[1]


def test_hooks_of_all_modules_are_called():
    model, _ = trained(*NETS["regressor"])
    seen = []
    handle = torch.nn.modules.module.register_module_forward_hook(
        lambda module, inputs, output: seen.append(module)
    )
    try:
        model.train_on_batch(X[:8], Y[:8])
    finally:
        handle.remove()
    assert seen


def test_labels_out_of_range_are_explained():
    model, _ = trained(*NETS["classifier"])
    with pytest.raises((ValueError, IndexError)) as wrong:
        model.train_on_batch(X[:8], np.full(8, 7))
    torchkeras.utils.set_random_seed(1)
    fresh = classifier()
    fresh.compile("adam", "sparse_categorical_crossentropy", run_eagerly=True)
    with pytest.raises(type(wrong.value)) as expected:
        fresh.train_on_batch(X[:8], np.full(8, 7))
    assert str(wrong.value) == str(expected.value)


# What is left as it is


class Own(torchkeras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)


def _sequential(*found):
    return lambda: torchkeras.Sequential([layers.Input((6,)), *found, layers.Dense(1)])


LEFT = {
    "a call of one's own": Own,
    "a lambda": _sequential(layers.Lambda(lambda x: x * 2)),
    "seeded dropout": _sequential(layers.Dropout(0.5, seed=1)),
    "an activation of one's own": _sequential(layers.Dense(4, activation=lambda x: x * 2)),
    "a regularizer": _sequential(layers.Dense(4, kernel_regularizer="l2")),
    "an activity regularizer": _sequential(layers.Dense(4, activity_regularizer="l2")),
    "a mask": _sequential(layers.Embedding(9, 3, mask_zero=True), layers.GlobalAveragePooling1D()),
    "batch normalization": _sequential(layers.BatchNormalization()),
    "many weights": _sequential(layers.Dense(200_000)),
}


@pytest.mark.parametrize("name", LEFT)
def test_other_models_run_as_they_are_written(name):
    model = LEFT[name]()
    model.compile("sgd", "mse")
    model.fit(X, Y, batch_size=8, verbose=0)
    assert model.compile_report()["train"].startswith("eager")


def test_a_loss_of_ones_own_runs_as_it_is_written():
    calls = []

    def loss(y_true, y_pred):
        calls.append(1)
        return (y_true - y_pred) ** 2

    trained(regressor, loss, [], Y)
    assert len(calls) >= 3 * 12


def test_a_recording_with_other_numbers_is_not_used(monkeypatch):
    def wrong(function, examples):
        return lambda *batch: tuple(part + 1 for part in function(*batch))

    expected = trained(*NETS["regressor"], eagerly=True)
    monkeypatch.setattr(recording, "straight_line", _under_grad(wrong))
    made = trained(*NETS["regressor"])
    assert_same(made, expected)
    assert "gave other numbers" in made[0].compile_report()["train"]


def test_a_failing_recording_leaves_the_step_as_it_is(monkeypatch):
    def broken(function, examples):
        raise RuntimeError("no tracer here")

    monkeypatch.setattr(recording, "straight_line", broken)
    made = trained(*NETS["regressor"])
    assert_same(made, trained(*NETS["regressor"], eagerly=True))
    assert "RuntimeError" in made[0].compile_report()["train"]


def _under_grad(recorder):
    def record(function, examples):
        line = recorder(function, examples)
        return torch.enable_grad()(line)

    return record


def _step_of(model):
    settled = model.train_function.step.__closure__
    return next(
        cell.cell_contents
        for cell in settled
        if isinstance(cell.cell_contents, recorded_step.RecordedStep)
    )


def test_run_eagerly_set_later_counts():
    model, _ = trained(*NETS["regressor"])
    assert model.run_eagerly is False
    model.run_eagerly = True
    model.fit(X, Y, batch_size=8, verbose=0)
    assert model.compile_report()["train"] == "eager: run_eagerly=True"
    assert model.get_compile_config()["run_eagerly"] is True
    model.run_eagerly = False
    model.fit(X, Y, batch_size=8, verbose=0)
    assert model.compile_report()["train"] == RECORDED


def test_jit_compile_records_what_it_could_not_make_faster():
    found = [trained(*NETS["regressor"])]
    torchkeras.utils.set_random_seed(1)
    model = regressor()
    model.compile("adam", "mse", metrics=["mae"], jit_compile=True)
    model.fit(X, Y, batch_size=8, verbose=0)
    assert model.compile_report()["train"] == RECORDED
    model.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    for left, right in zip(model.get_weights(), found[0][0].get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_arguments_for_the_compiler_are_a_wish_for_it():
    model = regressor()
    model.compile("adam", "mse", jit_compile={"backend": "eager", "race": False})
    model.fit(X, Y, batch_size=8, verbose=0)
    assert model.compile_report()["train"] == "compiled"


def test_jit_compile_compiles_what_cannot_be_recorded():
    made = torchkeras.Sequential([layers.Input((6,)), layers.BatchNormalization()])
    made.compile("adam", "mse", jit_compile=True)
    made.make_train_function()
    made.make_predict_function()
    assert made.compile_report().get("predict") == "compiled after the first batch"
