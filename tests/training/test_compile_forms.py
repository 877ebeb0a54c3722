"""`compile` takes every form of losses, weights and metrics that Keras takes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import pytest
from torch import nn

import torchkeras
from tests.training.twins import LABELS, ONE_HOT, PACKAGES, TARGETS, WEIGHTS, X, mlp, twins

# What Keras itself does beside a newer NumPy.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning", "ignore:Gradients do not exist"
)
CE = "sparse_categorical_crossentropy"


def listed(package: Any) -> Any:
    layers = package.layers
    inputs = package.Input((6,))
    outputs = [layers.Dense(1, name="number"), layers.Dense(3, "softmax", name="kind")]
    return package.Model(inputs, [layer(inputs) for layer in outputs])


def named(package: Any) -> Any:
    layers = package.layers
    inputs = package.Input((6,))
    return package.Model(
        inputs, {"b": layers.Dense(1)(inputs), "a": layers.Dense(3, "softmax")(inputs)}
    )


def nested(package: Any) -> Any:
    layers = package.layers
    inputs = package.Input((6,))
    numbers = [layers.Dense(1, name=name)(inputs) for name in ("first", "second")]
    return package.Model(inputs, {"b": numbers, "a": layers.Dense(3, "softmax")(inputs)})


def one_named(package: Any) -> Any:
    inputs = package.Input((6,))
    return package.Model(inputs, {"a": package.layers.Dense(1, name="own")(inputs)})


def one_listed(package: Any) -> Any:
    inputs = package.Input((6,))
    return package.Model(inputs, [package.layers.Dense(1, name="own")(inputs)])


def together(y_true: Any, y_pred: Any) -> Any:
    """Compare two numbers as one."""
    return abs(y_true[0] - y_pred[0] + y_true[1] - y_pred[1])[:, 0]


@dataclass
class Form:
    """A model, its targets and what it is compiled with; objects are made for each package."""

    build: Callable[[Any], Any]
    y: Any
    compiled: Any

    def arguments(self, package: Any) -> dict[str, Any]:
        given = self.compiled(package) if callable(self.compiled) else self.compiled
        return {"optimizer": "sgd", **given}


ONE, TWO = mlp(1), [TARGETS, LABELS]
BY_NAME, DEEP = {"a": LABELS, "b": TARGETS}, {"a": LABELS, "b": [TARGETS, TARGETS]}
FORMS = {
    # one output
    "a list of one loss": Form(ONE, TARGETS, {"loss": ["mse"]}),
    "a class": Form(ONE, TARGETS, lambda p: {"loss": p.losses.MeanSquaredError}),
    "an object": Form(ONE, TARGETS, lambda p: {"loss": p.losses.Huber(name="mine")}),
    "a function": Form(ONE, TARGETS, lambda p: {"loss": p.losses.mean_absolute_error}),
    "a sum": Form(ONE, TARGETS, lambda p: {"loss": p.losses.MeanSquaredError(reduction="sum")}),
    "a weight": Form(ONE, TARGETS, {"loss": "mse", "loss_weights": 0.5}),
    "a list of one weight": Form(ONE, TARGETS, {"loss": "mse", "loss_weights": [0.5]}),
    "metrics in a tuple": Form(ONE, TARGETS, {"loss": "mse", "metrics": ("mae",)}),
    "metrics in lists": Form(ONE, TARGETS, {"loss": "mse", "metrics": [["mae"], ["mse"]]}),
    "a class of metrics": Form(
        ONE, TARGETS, lambda p: {"loss": "mse", "metrics": [p.metrics.MeanSquaredError]}
    ),
    "one metric often": Form(
        ONE, TARGETS, {"loss": "mse", "metrics": ["mae", "mae"], "weighted_metrics": ["mae"]}
    ),
    "an output in a list": Form(one_listed, TARGETS, {"loss": "mse", "metrics": ["mae"]}),
    "an output in a list, by name": Form(
        one_listed, TARGETS, {"loss": {"own": "mse"}, "metrics": {"own": ["mae"]}}
    ),
    "an output in a dictionary": Form(
        one_named, {"a": TARGETS}, {"loss": {"a": "mse"}, "metrics": {"a": ["mae"]}}
    ),
    "one loss for a dictionary": Form(
        one_named, {"a": TARGETS}, {"loss": "mse", "metrics": ["mae"]}
    ),
    # a list of outputs
    "one loss for all": Form(listed, [TARGETS, ONE_HOT], {"loss": "mse"}),
    "a tuple": Form(listed, TWO, {"loss": ("mse", CE), "loss_weights": (1.0, 2.0)}),
    "by name": Form(listed, TWO, {"loss": {"kind": CE, "number": "mse"}}),
    "targets by name": Form(
        listed, {"kind": LABELS, "number": TARGETS}, {"loss": {"kind": CE, "number": "mse"}}
    ),
    "no loss for the first": Form(listed, TWO, {"loss": [None, CE], "metrics": [["mae"], ["acc"]]}),
    "no loss for a name": Form(listed, TWO, {"loss": {"number": None, "kind": CE}}),
    "a weight too many": Form(listed, TWO, {"loss": ["mse", None], "loss_weights": [1.0, 3.0]}),
    "a weight of none": Form(listed, TWO, {"loss": ["mse", CE], "loss_weights": [None, 2.0]}),
    "weights by name": Form(
        listed, TWO, {"loss": ["mse", CE], "loss_weights": {"number": 1.0, "kind": 2.0}}
    ),
    "a metric for each": Form(listed, TWO, {"loss": ["mse", CE], "metrics": ["mae", "acc"]}),
    "a metric for one name": Form(listed, TWO, {"loss": ["mse", CE], "metrics": {"number": "mae"}}),
    "metrics for the second": Form(
        listed, TWO, {"loss": ["mse", CE], "metrics": [None, ["acc", "accuracy"]]}
    ),
    "weighted and plain metrics": Form(
        listed,
        TWO,
        {
            "loss": ["mse", CE],
            "metrics": [["mae"], ["acc"]],
            "weighted_metrics": [["mae"], ["acc"]],
        },
    ),
    "two of one name": Form(
        listed,
        TWO,
        lambda p: {
            "loss": ["mse", CE],
            "metrics": [[p.metrics.MeanAbsoluteError(name="m") for _ in range(2)], ["acc", "acc"]],
        },
    ),
    # a dictionary of outputs
    "losses by key": Form(
        named,
        BY_NAME,
        {
            "loss": {"b": "mse", "a": CE},
            "loss_weights": {"a": 0.5, "b": 2.0},
            "metrics": {"a": ["acc"], "b": ["mae", "mse"]},
        },
    ),
    "a list for a dictionary": Form(named, BY_NAME, {"loss": [CE, "mse"]}),
    "a loss for one key": Form(named, BY_NAME, {"loss": {"a": CE}}),
    "targets for one key": Form(named, {"a": LABELS}, {"loss": {"a": CE}}),
    "no loss for a key": Form(named, BY_NAME, {"loss": {"a": CE, "b": None}}),
    # nested outputs
    "nested losses": Form(
        nested,
        DEEP,
        {"loss": {"a": CE, "b": ["mse", "mae"]}, "loss_weights": {"a": 0.5, "b": [1.0, 2.0]}},
    ),
    "nested metrics": Form(
        nested,
        DEEP,
        {
            "loss": {"a": CE, "b": ["mse", "mae"]},
            "metrics": {"a": ["acc"], "b": [["mae"], ["mse"]]},
        },
    ),
    "two losses for the second": Form(
        listed, [TARGETS, ONE_HOT], {"loss": ["mse", ["mse", "mae"]]}
    ),
    "a loss over several outputs": Form(
        nested,
        DEEP,
        {
            "loss": {"a": CE, "b": (together, ["mse", None])},
            "loss_weights": {"a": 0.5, "b": (2.0, [3.0, None])},
        },
    ),
    "nested gaps": Form(nested, DEEP, {"loss": {"a": CE, "b": ["mse", None]}}),
}


@pytest.mark.parametrize("form", FORMS)
def test_form(form: str) -> None:
    case = FORMS[form]
    ours, theirs = map(shown, twins(case.build, case.arguments), [case.y] * 2)
    for mine, expected in zip(ours, theirs, strict=True):
        assert names_in(mine) == names_in(expected)
        np.testing.assert_allclose(numbers_in(mine), numbers_in(expected), rtol=1e-5, atol=1e-6)


def shown(model: Any, y: Any) -> list[Any]:
    """Return everything that a model tells of its losses and metrics."""
    options = {"batch_size": 16, "shuffle": False, "verbose": 0}
    return [
        model.compiled,
        model.fit(X, y, epochs=2, sample_weight=None, **options).history,
        model.evaluate(X, y, verbose=0),
        model.evaluate(X, y, verbose=0, return_dict=True),
        model.train_on_batch(X, y),
        model.test_on_batch(X, y, return_dict=True),
        model.metrics_names,
        [metric.name for metric in model.metrics],
        {name: float(value) for name, value in model.get_metrics_result().items()},
    ]


def names_in(what: Any) -> Any:
    if isinstance(what, dict):
        return list(what)
    return what if isinstance(what, list) and what and isinstance(what[0], str) else None


def numbers_in(what: Any) -> Any:
    if isinstance(what, dict):
        return [*what.values()]
    return 0.0 if names_in(what) is not None else what


def test_reset_metrics_begins_again() -> None:
    for package in PACKAGES:
        model = mlp(1)(package)
        model.compile("sgd", "mse", metrics=["mae"])
        model.evaluate(X, TARGETS, verbose=0)
        model.reset_metrics()
        assert {name: float(value) for name, value in model.get_metrics_result().items()} == {
            "loss": 0.0,
            "mae": 0.0,
        }


def test_before_compile_there_is_nothing() -> None:
    for package in PACKAGES:
        model = mlp(1)(package)
        assert (model.compiled, model.metrics_names, model.get_metrics_result()) == (False, [], {})


def test_compile_is_seen_in_attributes() -> None:
    for package in PACKAGES:
        model = mlp(1)(package)
        model.compile("sgd", "mse", run_eagerly=True, jit_compile=False)
        assert model.compiled
        assert model.loss == "mse"
        assert type(model.optimizer).__name__ == "SGD"
        assert (model.run_eagerly, model.jit_compile, model.steps_per_execution) == (True, False, 1)


def test_a_new_compile_forgets_the_old_metrics() -> None:
    model = mlp(1)(torchkeras)
    for loss, metrics, expected in (
        ("mse", ["mae"], ["loss", "mae"]),
        (nn.L1Loss(), ["mse"], ["loss", "mse"]),
        ("mae", None, ["loss"]),
    ):
        model.compile("sgd", loss, metrics=metrics)
        assert list(model.fit(X, TARGETS, verbose=0).history) == expected


# Wrong forms


def test_metrics_in_the_place_of_loss_weights_are_named() -> None:
    with pytest.raises(ValueError, match=r"`loss_weights`, the third argument.*`metrics=\[...\]`"):
        mlp(1)(torchkeras).compile("sgd", "mse", ["accuracy"])


@pytest.mark.parametrize(
    ("build", "arguments", "text"),
    [
        (listed, {"loss": {"kind": CE}}, r"Expected keys \['number', 'kind'\] in loss dict"),
        (listed, {"loss": ["mse"] * 3}, r"path: \(2,\) in the `loss` argument"),
        (listed, {"loss": ["mse", None], "loss_weights": [3.0]}, "2 losses and 1 weights"),
        (listed, {"loss": "mse", "metrics": ["mae"]}, "Invalid `metrics`. It must give metrics"),
        (listed, {"loss": "mse", "metrics": {"nope": ["mae"]}}, "by-name|as keys of a dictionary"),
        (mlp(1), {"loss": {"nope": "mse"}}, "must have the outputs' names as keys"),
        (
            mlp(1),
            {"loss": torchkeras.losses.MeanSquaredError(reduction=None)},
            r"The loss must be one number. Received losses of shape \(32,\)",
        ),
    ],
)
def test_wrong_forms_are_named(build: Any, arguments: dict[str, Any], text: str) -> None:
    model = build(torchkeras)
    y = TARGETS if build is not listed else TWO
    y = [TARGETS, ONE_HOT] if arguments["loss"] == "mse" else y
    model.compile("sgd", **arguments)
    with pytest.raises((ValueError, KeyError), match=text):
        model.fit(X, y, verbose=0)


# How it runs


def test_eager_runs_are_the_same() -> None:
    histories = []
    for eager in (False, True):
        model = twins(mlp(1), optimizer="sgd", loss="mse")[0]
        model.compile("sgd", "mse", run_eagerly=eager)
        model.set_weights([np.full(w.shape, 0.1, "float32") for w in model.get_weights()])
        histories.append(model.fit(X, TARGETS, epochs=2, shuffle=False, verbose=0).history)
    assert histories[0] == histories[1]


@pytest.mark.parametrize("jit", [True, {"backend": "eager", "fullgraph": True}])
def test_a_compiled_forward_pass_gives_the_same_numbers(
    jit: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if jit is True:  # without a compiler for C++
        compiled = torchkeras._training.step.torch.compile  # type: ignore[attr-defined]
        monkeypatch.setattr("torch.compile", lambda f, **k: compiled(f, backend="eager", **k))
    ours, expected = twins(mlp(1), optimizer="sgd", loss="mse")
    ours.compile("sgd", "mse", jit_compile=jit)
    assert ours.jit_compile == jit
    for model in (ours, expected):
        model.fit(X, TARGETS, epochs=2, shuffle=False, verbose=0)
    for mine, theirs in zip(ours.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)


def test_eager_wins_over_jit() -> None:
    model = mlp(1)(torchkeras)
    with pytest.warns(UserWarning, match="`jit_compile` cannot also be True"):
        model.compile("sgd", "mse", run_eagerly=True, jit_compile=True)
    assert model.jit_compile is False


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"jit_compile": {"fast": True}}, "fullgraph, dynamic, backend.*Received: jit_compile={'f"),
        ({"jit_compile": {}}, "`jit_compile` must be True, False, 'auto' or a dictionary"),
        ({"jit_compile": 2}, "Received: jit_compile=2"),
        ({"steps_per_execution": 1.5}, "`steps_per_execution` must be a positive integer"),
        ({"steps_per_execution": True}, "Received: steps_per_execution=True"),
        ({"run_eagerly": "yes"}, "`run_eagerly` must be True or False. Received: run_eagerly='y"),
        ({"auto_scale_loss": 3}, "`auto_scale_loss` must be True or False"),
    ],
)
def test_wrong_ways_to_run_are_named(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        mlp(1)(torchkeras).compile("sgd", "mse", **arguments)


@pytest.mark.parametrize("steps", [2, 3, 100])
def test_steps_per_execution_change_no_number(steps: int) -> None:
    ours, theirs = twins(mlp(1), optimizer="sgd", loss="mse", metrics=["mae"])
    ours.compile("sgd", "mse", metrics=["mae"], steps_per_execution=steps)
    found, expected = (
        model.fit(X, TARGETS, epochs=2, sample_weight=WEIGHTS, shuffle=False, verbose=0).history
        for model in (ours, theirs)
    )
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-5)


def test_keras_has_no_steps_per_execution_on_torch() -> None:
    # docs/differences.md
    model = mlp(1)(keras)
    model.compile("sgd", "mse", steps_per_execution=2)
    with pytest.raises(ValueError, match="steps_per_execution"):
        model.fit(X, TARGETS, verbose=0)
