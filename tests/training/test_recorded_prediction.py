"""Predictions of small models are recorded: the same bits, and anything that changes counts."""

import copy

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers
from torchkeras._training.recorded import prediction as recorded_prediction

RNG = np.random.default_rng(0)
X, Y = RNG.random((12, 6), "float32"), RNG.random((12, 2), "float32")
IMAGES = RNG.random((4, 8, 8, 3), "float32")
WORDS = RNG.integers(0, 9, (5, 6), dtype="int32")
RECORDED = "recorded: its kernels run without modules"


@pytest.fixture(autouse=True)
def _recorded_early(monkeypatch):
    monkeypatch.setattr(recorded_prediction, "_WAITS", 2)


def perceptron():
    hidden = layers.Dense(8, activation="relu"), layers.Dropout(0.5, seed=1)
    return torchkeras.Sequential([layers.Input((6,)), *hidden, layers.Dense(2)])


def images():
    return torchkeras.Sequential(
        [
            layers.Input((8, 8, 3)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )


def attention():
    inputs = layers.Input((6,), dtype="int32")
    x = layers.Embedding(9, 4)(inputs)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    return torchkeras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


NETS = {"perceptron": (perceptron, X), "images": (images, IMAGES), "attention": (attention, WORDS)}


def recorded(make=perceptron, x=X):
    torchkeras.utils.set_random_seed(1)
    model = make()
    for _ in range(4):
        model.predict(x, verbose=0)
    assert report(model) == RECORDED
    return model


def report(model):
    return model.compile_report()["predict"]


def as_written(model, x):
    """What a model predicts that has never been recorded."""
    twin = copy.deepcopy(model)
    twin.run_eagerly = True
    return twin.predict(x, verbose=0)


def assert_same(model, x):
    np.testing.assert_array_equal(model.predict(x, verbose=0), as_written(model, x))
    np.testing.assert_array_equal(model.predict_on_batch(x), as_written(model, x))


@pytest.mark.parametrize("net", NETS)
def test_a_recorded_prediction_gives_the_same_bits(net):
    make, x = NETS[net]
    model = recorded(make, x)
    assert_same(model, x)
    assert_same(model, x[::-1].copy())
    assert report(model) == RECORDED


FORMS = {
    "other rows": X[:1],
    "float64": X.astype("float64"),
    "integers": X.astype("int64"),
    "other strides": X[:, ::-1],
    "tensor": torch.from_numpy(X),
    "lists": X[:5].tolist(),
}


@pytest.mark.parametrize("x", FORMS.values(), ids=FORMS)
def test_other_forms_are_predicted_as_ever(x):
    model = recorded()
    for _ in range(5):
        np.testing.assert_array_equal(model.predict_on_batch(x), as_written(model, np.asarray(x)))


def test_batches_of_a_long_prediction_are_recorded():
    model = recorded()
    x = np.concatenate([X] * 5)[:58]
    expected = as_written(model, x)
    assert np.allclose(model.predict(x, batch_size=12, verbose=0), expected, atol=1e-6)
    assert len(model.predict_function.step._lines) == 1
    assert len(model.predict(x, batch_size=12, verbose=0)) == 58


def test_results_do_not_share_memory():
    model = recorded()
    first = model.predict(X, verbose=0)
    kept = first.copy()
    model.predict(X * 2, verbose=0)
    np.testing.assert_array_equal(first, kept)
    first[:] = 0  # NumPy may write into it
    np.testing.assert_array_equal(model.predict(X, verbose=0), kept)


def test_outputs_that_are_inputs_are_copied():
    model = recorded(lambda: torchkeras.Sequential([layers.Input((6,)), layers.Dropout(0.5)]))
    x = X.copy()
    model.predict(x, verbose=0)[:] = 0
    np.testing.assert_array_equal(x, X)


def _train(model):
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)


def _freeze_and_thaw(model):
    model.layers[0].trainable = False


def _weights(model):
    model.set_weights([weight * 2 for weight in model.get_weights()])


def _activation(model):
    model.layers[0].activation = torchkeras.activations.tanh


def _module(model):
    model.layers[0].linear = torch.nn.Linear(6, 8)


def _hook(model):
    model.layers[2].register_forward_hook(lambda module, inputs, output: output * 0.5)


def _hook_of_model(model):
    model.register_forward_hook(lambda module, inputs, output: output * 0.5)


def _training_mode(model):
    model.train()


def _data(model):
    with torch.no_grad():
        model.layers[2].linear.weight.data = model.layers[2].linear.weight.data * 3


CHANGES = [
    *(_train, _freeze_and_thaw, _weights, _activation, _module, _hook, _hook_of_model),
    *(_training_mode, _data),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_changes_counts_from_then_on(change):
    model, other = recorded(), recorded()
    other.run_eagerly = True
    for each in (model, other):
        torchkeras.utils.set_random_seed(2)
        change(each)
    for x in (X, X * 2):
        np.testing.assert_array_equal(model.predict(x, verbose=0), other.predict(x, verbose=0))
    assert not model.training


def test_a_changed_model_is_recorded_again():
    model = recorded()
    _activation(model)
    for _ in range(4):
        model.predict(X, verbose=0)
    assert report(model) == RECORDED
    assert_same(model, X)


def test_the_mode_in_which_a_model_predicts_drops_no_recording():
    model = recorded()
    model.train()
    model.predict(X, verbose=0)
    assert report(model) == RECORDED


def test_wrong_inputs_are_explained_as_ever():
    model = recorded()
    for x in (X[:, :3], X[0], np.array(["a"] * 12)):
        with pytest.raises((ValueError, RuntimeError)) as wrong:
            model.predict(x, verbose=0)
        fresh = perceptron()
        with pytest.raises(type(wrong.value)):
            fresh.predict(x, verbose=0)


def test_generators_go_on_as_if_nothing_was_recorded():
    model, states = recorded(), []
    for eagerly in (False, True):
        model.run_eagerly = eagerly
        for _ in range(4):
            model.predict(X, verbose=0)
        torch.manual_seed(3)
        model.predict(X, verbose=0)
        states.append(torch.get_rng_state())
    assert torch.equal(*states)


class Own(torchkeras.Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)
        self.count = 0

    def call(self, inputs):
        self.count += 1
        return self.dense(inputs) * self.count


def test_other_models_run_as_they_are_written():
    model = Own()
    model.build((None, 6))
    before = model.count
    for _ in range(8):
        model.predict(X, verbose=0)
    assert model.count == before + 8


def test_several_outputs_are_predicted_as_ever():
    inputs = layers.Input((6,))
    model = torchkeras.Model(inputs, {"a": layers.Dense(1)(inputs), "b": layers.Dense(2)(inputs)})
    for _ in range(5):
        found = model.predict(X, verbose=0)
    assert {name: value.shape for name, value in found.items()} == {"a": (12, 1), "b": (12, 2)}
    assert report(model).startswith("eager")


def test_a_callback_may_change_the_model_between_two_batches():
    class Change(torchkeras.callbacks.Callback):
        def on_predict_batch_begin(self, batch, logs=None):
            if batch == 2:
                self.model.layers[0].activation = torchkeras.activations.tanh

    x = np.concatenate([X] * 4)
    found = []
    for eagerly in (False, True):
        model = recorded()
        if eagerly:
            model.run_eagerly = True
        found.append(model.predict(x, batch_size=12, verbose=0, callbacks=[Change()]))
    np.testing.assert_array_equal(*found)


def test_a_generator_may_change_the_model_between_two_batches():
    found = []
    for eagerly in (False, True):
        model = recorded()
        if eagerly:
            model.run_eagerly = True

        def batches(model=model):
            for number in range(4):
                if number == 2:
                    model.layers[0].activation = torchkeras.activations.tanh
                yield X

        found.append(model.predict(batches(), verbose=0))
    np.testing.assert_array_equal(*found)


def test_one_look_at_the_model_is_enough_for_a_pass_that_nobody_hears(monkeypatch):
    model = recorded()
    looks = []
    step = model.predict_function.step
    holds = step._snapshot.holds
    monkeypatch.setattr(step._snapshot, "holds", lambda: looks.append(1) or holds())
    x = np.concatenate([X] * 4)
    for _ in range(2):
        model.predict(x, batch_size=12, verbose=0)
    assert len(looks) == 2
