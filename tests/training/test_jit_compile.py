"""`jit_compile` compiles whole steps: the same numbers, few compilations, no step lost."""

import copy
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch._dynamo.testing import CompileCounterWithBackend

import torchkeras
from tests.training.twins import LABELS, ONE_HOT, TARGETS, WEIGHTS, X
from torchkeras import layers, losses

JIT: dict[str, Any] = {"backend": "aot_eager", "race": False}


@pytest.fixture(autouse=True)
def on_the_cpu() -> Any:
    torch._dynamo.reset()
    with torchkeras.device("cpu"):
        yield


def counting(backend: str = "eager") -> tuple[CompileCounterWithBackend, dict[str, Any]]:
    """Return a counter of compilations, and the setting that uses it."""
    counter = CompileCounterWithBackend(backend)
    return counter, {"backend": counter, "race": False}


def classifier(*inner: Any) -> torchkeras.Sequential:
    return torchkeras.Sequential(
        [torchkeras.Input((6,)), layers.Dense(8, "relu"), *inner, layers.Dense(3, "softmax")]
    )


def regularized() -> torchkeras.Sequential:
    return classifier(
        layers.BatchNormalization(),
        layers.Dense(4, kernel_regularizer="l2", activity_regularizer="l2"),
    )


def two_outputs() -> torchkeras.Model:
    inputs = torchkeras.Input((6,))
    hidden = layers.Dense(5, "tanh")(inputs)
    outputs = {"a": layers.Dense(3, "softmax")(hidden), "b": layers.Dense(1)(hidden)}
    return torchkeras.Model(inputs, outputs)


ONE = {"loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
CASES: dict[str, tuple[Callable[[], Any], dict[str, Any], Any, Any]] = {
    "one output": (classifier, ONE, LABELS, None),
    "sample weights": (classifier, ONE | {"weighted_metrics": ["accuracy"]}, LABELS, WEIGHTS),
    "regularizers and statistics": (regularized, ONE, LABELS, None),
    "loss weight": (classifier, ONE | {"loss_weights": 0.5}, LABELS, None),
    "a loss object": (
        classifier,
        {"loss": losses.CategoricalCrossentropy(label_smoothing=0.1), "metrics": ["mae"]},
        ONE_HOT,
        None,
    ),
    "two outputs": (
        two_outputs,
        {
            "loss": {"a": "categorical_crossentropy", "b": "mse"},
            "loss_weights": {"a": 1.0, "b": 0.1},
            "metrics": {"a": ["accuracy"], "b": ["mae"]},
        },
        {"a": ONE_HOT, "b": TARGETS},
        None,
    ),
}


def results(build: Callable[[], Any], settings: dict[str, Any], y: Any, weights: Any, jit: Any):
    """Train, evaluate and predict."""
    torchkeras.utils.set_random_seed(3)
    model = build()
    model.compile("adam", jit_compile=jit, **settings)
    run = {"batch_size": 16, "shuffle": False, "verbose": 0}
    history = model.fit(X, y, sample_weight=weights, epochs=3, **run).history
    evaluated = model.evaluate(X, y, batch_size=16, verbose=0, return_dict=True)
    outputs = torchkeras.tree.flatten(model.predict(X, batch_size=16, verbose=0))
    return history, evaluated, outputs, model.get_weights(), model.compile_report()


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_numbers_are_those_of_eager_steps(case: Any) -> None:
    *eager, _ = results(*case, jit=False)
    *compiled, report = results(*case, jit=JIT)
    assert report == {"train": "compiled", "test": "compiled", "predict": "compiled"}
    for mine, expected in zip(compiled, eager, strict=True):
        names = expected if isinstance(expected, dict) else range(len(expected))
        for name in names:
            np.testing.assert_allclose(mine[name], expected[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("last", [layers.Reshape((3, 1)), layers.Reshape((1, 3))])
def test_logits_are_found_as_in_eager_steps(last: Any) -> None:
    steep = 1e3 * X  # probabilities of float32 would be 0 or 1
    found = []
    for jit in (False, JIT):
        model = torchkeras.Sequential(
            [torchkeras.Input((6,)), layers.Dense(3, "sigmoid", kernel_initializer="ones")]
        )
        if jit is not None:
            model.add(copy.deepcopy(last))
        model.compile("sgd", "binary_crossentropy", jit_compile=jit)
        targets = ONE_HOT.reshape(-1, *last.target_shape)
        found.append([model.test_on_batch(steep, targets) for _ in range(4)])
    assert found[0] == pytest.approx(found[1], rel=1e-6)
    assert found[0][0] > 100  # more than any float32 probability can say


def test_logits_behind_a_mask() -> None:
    found = []
    for jit in (False, JIT):
        torchkeras.utils.set_random_seed(0)
        model = torchkeras.Sequential(
            [
                torchkeras.Input((5,), dtype="int32"),
                layers.Embedding(9, 4, mask_zero=True, embeddings_initializer="ones"),
                layers.Dense(
                    3, "softmax", kernel_initializer=lambda shape, dtype: 500 * torch.eye(*shape)
                ),
            ]
        )
        model.compile("sgd", "sparse_categorical_crossentropy", jit_compile=jit)
        words = np.array([[1, 2, 3, 0, 0], [4, 0, 0, 0, 0]])
        found.append([model.train_on_batch(words, words % 3) for _ in range(4)])
    assert found[0] == pytest.approx(found[1], rel=1e-5)


# Compilations


def test_steps_compile_once_over_epochs_with_a_partial_last_batch() -> None:
    counter, jit = counting()
    model = classifier(layers.Dropout(0.5), layers.BatchNormalization())
    model.compile("adam", **ONE, jit_compile=jit)
    model.fit(X, LABELS, batch_size=16, epochs=2, verbose=0, validation_data=(X, LABELS))
    assert counter.frame_count == 2  # a train step and a test step
    model.fit(X, LABELS, batch_size=16, epochs=5, verbose=0, validation_data=(X, LABELS))
    assert counter.frame_count == 2
    for _ in range(3):
        model.predict(X, batch_size=16, verbose=0)
    assert counter.frame_count == 3


def test_a_learning_rate_that_changes_compiles_nothing() -> None:
    counter, jit = counting()
    model = classifier()
    model.compile("sgd", **ONE, jit_compile=jit)
    schedule = torchkeras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))
    model.fit(X, LABELS, batch_size=16, epochs=5, verbose=0, callbacks=[schedule])
    assert counter.frame_count == 1
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)


def test_other_seeds_compile_nothing() -> None:
    counter, jit = counting()
    model = classifier(layers.GaussianNoise(0.3, seed=1), layers.Dropout(0.2, seed=2))
    model.compile("sgd", **ONE, jit_compile=jit)
    for seed in range(3):
        torchkeras.utils.set_random_seed(seed)
        model.fit(X, LABELS, batch_size=16, verbose=0)
    assert counter.frame_count == 1


def test_many_shapes_get_one_more_graph_for_all() -> None:
    counter, jit = counting()
    model = torchkeras.Sequential([layers.Dense(4), layers.GlobalAveragePooling1D()])
    model.compile("sgd", "mse", jit_compile=jit)
    for step in range(40):
        rows, steps = 2 + step % 3, 3 + step % 7
        model.train_on_batch(np.ones((rows, steps, 3), "float32"), np.ones((rows, 4), "float32"))
    assert counter.frame_count <= 2


def test_models_of_one_process_do_not_count_together() -> None:
    for _ in range(torch._dynamo.config.recompile_limit + 2):
        counter, jit = counting()
        model = torchkeras.Sequential([layers.Dense(1)])
        model.compile("sgd", "mse", jit_compile=jit)
        model.fit(X, TARGETS, batch_size=16, verbose=0)
        assert (counter.frame_count, model.compile_report()["train"]) == (1, "compiled")


def test_freezing_a_layer_compiles_a_step_that_leaves_it_alone() -> None:
    counter, jit = counting("aot_eager")
    model = classifier()
    model.compile("sgd", **ONE, jit_compile=jit)
    model.fit(X, LABELS, batch_size=16, verbose=0)
    model.layers[0].trainable = False
    model.compile("sgd", **ONE, jit_compile=jit)
    before = model.layers[0].get_weights()
    model.fit(X, LABELS, batch_size=16, verbose=0)
    assert counter.frame_count == 2
    np.testing.assert_array_equal(before[0], model.layers[0].get_weights()[0])


# Failures


def failing(graph: Any, inputs: Any) -> Any:
    raise RuntimeError("no compiler today")


def test_a_compiler_that_fails_changes_nothing() -> None:
    *eager, _ = results(*CASES["regularizers and statistics"], jit=False)
    with pytest.warns(UserWarning, match="runs eagerly, with the same results") as caught:
        *found, report = results(*CASES["regularizers and statistics"], jit={"backend": failing})
    assert len(caught) == 1
    assert report["train"].startswith("eager: torch.compile failed (")
    assert found[0] == eager[0]
    for mine, expected in zip(found[3], eager[3], strict=True):
        np.testing.assert_array_equal(mine, expected)


def test_a_backward_pass_that_fails_is_taken_back() -> None:
    def backend(graph: Any, inputs: Any) -> Any:
        return lambda *args: [
            _Broken.apply(out) if out.requires_grad else out for out in graph(*args)
        ]

    class _Broken(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x.clone()

        @staticmethod
        def backward(ctx: Any, gradient: Any) -> Any:
            raise RuntimeError("no backward pass today")

    case = CASES["regularizers and statistics"]
    *eager, _ = results(*case, jit=False)
    with pytest.warns(UserWarning, match="no backward pass today"):
        *found, _ = results(*case, jit={"backend": backend})
    assert found[0] == eager[0]  # the metrics counted no batch twice
    for mine, expected in zip(found[3], eager[3], strict=True):  # nor did the statistics
        np.testing.assert_array_equal(mine, expected)


class Breaking(layers.Layer):
    def call(self, inputs: Any) -> Any:
        torch._dynamo.graph_break()
        return inputs * 2


@pytest.mark.filterwarnings("ignore:The .grad attribute")  # torch looks, behind a break
def test_a_layer_that_breaks_the_graph_runs_eagerly_and_is_named() -> None:
    model = classifier(Breaking())
    model.compile("sgd", **ONE, jit_compile=JIT)
    with pytest.warns(UserWarning, match=r'jit_compile=\{"fullgraph": False\} compiles the pieces'):
        model.fit(X, LABELS, batch_size=16, verbose=0)
    model.compile("sgd", **ONE, jit_compile=JIT | {"fullgraph": False})
    model.fit(X, LABELS, batch_size=16, verbose=0)
    assert model.compile_report()["train"] == "compiled"


class Host(torchkeras.metrics.Metric):
    """A metric that no compiler can follow."""

    def __init__(self) -> None:
        super().__init__(name="host")
        self.seen: list[float] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.seen.append(float(np.asarray(y_pred.detach()).sum()))

    def result(self) -> Any:
        return sum(self.seen)

    def reset_state(self) -> None:
        self.seen.clear()


def test_a_metric_on_the_host_stays_outside_of_the_graph() -> None:
    model = classifier()
    model.compile("sgd", ONE["loss"], metrics=[Host()], jit_compile=JIT)
    history = model.fit(X, LABELS, batch_size=16, verbose=0).history
    assert model.compile_report()["train"] == "compiled but for the metrics"
    assert history["host"] == pytest.approx([70.0], rel=1e-4)


def test_a_wrong_batch_says_what_an_eager_step_says() -> None:
    model = torchkeras.Sequential([layers.Dense(3)])
    model.compile("sgd", "mse", jit_compile=JIT)
    for _ in range(3):
        model.train_on_batch(X, ONE_HOT)
    with pytest.raises(ValueError, match="Input 0 of layer"):
        model.train_on_batch(X[:, :4], ONE_HOT)
    assert model.compile_report()["train"] == "compiled"


# What is said


def test_steps_of_ones_own_are_left_alone_and_reported() -> None:
    class Own(torchkeras.Sequential):
        def train_step(self, data: Any) -> Any:
            return {"own": 1.0}

    model = Own([layers.Dense(1)])
    model.compile("sgd", "mse", jit_compile=True)
    with pytest.warns(UserWarning, match="has a train_step or a part of it of its own"):
        model.fit(X, TARGETS, verbose=0)
    assert model.compile_report()["train"].startswith("eager: the model has a train_step")


def test_auto_stays_eager_on_a_cpu_and_says_why() -> None:
    model = classifier()
    model.compile("sgd", **ONE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, LABELS, verbose=0)
    assert model.jit_compile is False
    assert "compiles on CUDA only, and the model is on 'cpu'" in model.compile_report()["train"]


@pytest.mark.parametrize(
    ("weights", "steps", "text"),
    [
        (10, 10_000, "leaves models of less than 1,000,000 weights alone"),
        (10_000_000, 100, "compiles for runs known to have 5,000 steps or more"),
        (10_000_000, None, "compiles for runs known to have 5,000 steps or more"),
        (10_000_000, 10_000, "compiled after the first batch"),
    ],
)
def test_auto_decides_by_size_on_cuda(
    weights: int, steps: int | None, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torchkeras._training import jit

    monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
    monkeypatch.setattr("torch.cuda.get_device_capability", lambda device: (8, 0))
    decision = jit.jit_of("auto", False)
    decision.decide(weights, torch.device("cuda"), steps)
    assert text in decision.found["train"]
    assert decision.setting is (text == "compiled after the first batch")


# Several batches in one


def heard(every: int, jit: Any) -> list[tuple[str, int]]:
    """Return the batches that a callback hears of: ten of a training epoch, ten of a prediction."""
    calls: list[tuple[str, int]] = []
    ear = torchkeras.callbacks.LambdaCallback()
    ear.on_train_batch_begin = lambda batch, logs=None: calls.append(("begin", batch))
    ear.on_train_batch_end = lambda batch, logs=None: calls.append(("end", batch))
    ear.on_predict_batch_end = lambda batch, logs=None: calls.append(("predict", batch))
    model = torchkeras.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse", steps_per_execution=every, jit_compile=jit)
    model.fit(X, TARGETS, batch_size=7, verbose=0, callbacks=[ear])
    assert int(model.optimizer.iterations) == 10
    outputs = model.predict(X, batch_size=7, verbose=0, callbacks=[ear])
    assert outputs.shape == TARGETS.shape
    return calls


# Keras's torch backend takes 1 alone; the indices for more are those of its JAX and TensorFlow
# backends, where a group that the data cut short ends with the index of a full one.
@pytest.mark.parametrize("jit", [False, JIT], ids=["eager", "compiled"])
@pytest.mark.parametrize("every", [1, 3, 5])
def test_steps_per_execution_tells_callbacks_of_groups(jit: Any, every: int) -> None:
    groups = range(0, 10, every)
    training = [pair for i in groups for pair in (("begin", i), ("end", i + every - 1))]
    predicting = [("predict", i + every - 1) for i in groups]
    assert heard(every, jit) == training + predicting


def test_jit_compile_set_later_counts() -> None:
    model = torchkeras.Sequential([layers.Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((8, 3), "float32"), np.ones((8, 1), "float32")
    model.fit(x, y, batch_size=4, verbose=0)
    model.jit_compile = JIT
    model.fit(x, y, batch_size=4, verbose=0)
    assert model.compile_report()["train"] == "compiled"
    assert model.jit_compile == JIT
    model.jit_compile = False
    model.fit(x, y, batch_size=4, verbose=0)
    assert model.compile_report()["train"] == "eager: jit_compile=False"
