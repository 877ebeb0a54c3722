"""Training in half precision: whole runs near Keras's, policies of single layers, scaled losses."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from tests.training import models
from tests.training.twins import (
    LABELS,
    PACKAGES,
    TARGETS,
    X,
    assert_near,
    assert_same_run,
    histories,
    mlp,
    twins,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Gradients do not exist"),
]

POLICIES = ("mixed_bfloat16", "mixed_float16")
TOKENS = np.random.default_rng(3).integers(1, 7, (40, 5))
TOKENS[::2, 3:] = 0
IMAGES = np.random.default_rng(4).random((40, 8, 8, 2)).astype("float32")
SPARSE = "sparse_categorical_crossentropy"
RUNS: dict[str, tuple[Any, dict[str, Any], tuple[Any, ...]]] = {
    "MLP": (mlp(1), {"loss": "mse", "metrics": ["mae"]}, (X, TARGETS)),
    "classes": (mlp(3, "softmax"), {"loss": SPARSE}, (X, LABELS)),
    "convnet": (models.convnet, {"loss": SPARSE}, (IMAGES, LABELS[:40])),
    "LSTM": (models.recurrent("LSTM"), {"loss": "mse"}, (TOKENS, TARGETS[:40])),
    "GRU": (models.recurrent("GRU"), {"loss": "mse"}, (TOKENS, TARGETS[:40])),
    "transformer": (
        models.transformer, {"loss": "mse", "optimizer": "sgd"}, (TOKENS, TARGETS[:40]),
    ),
    "two outputs": (models.two_outputs, {"loss": ["mse", SPARSE]}, (X, [TARGETS, LABELS])),
    "regularizers": (models.regularized, {"loss": "mse"}, (X, TARGETS)),
    "subclassed": (models.subclassed, {"loss": "mse"}, (X, TARGETS)),
}  # fmt: skip


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("name", RUNS)
def test_whole_runs_are_near_those_of_keras(name: str, policy: str) -> None:
    build, compiled, data = RUNS[name]
    with oracle.dtype_policy(policy):
        pair = twins(build, **{"optimizer": "adam", **compiled})
        ours, theirs = histories(pair, *data, epochs=3, batch_size=16, validation_split=0.2)
    assert list(ours) == list(theirs)
    for key, expected in theirs.items():
        np.testing.assert_allclose(ours[key], expected, rtol=0.01, atol=0.01, err_msg=key)
    assert [v.dtype for v in pair[0].weights] == [v.dtype for v in pair[1].weights]
    assert type(pair[0].optimizer).__name__ == type(pair[1].optimizer).__name__


@pytest.mark.parametrize("policy", [*POLICIES, "float16", "bfloat16", "float64"])
def test_symbols_have_the_dtypes_of_keras(policy: str) -> None:
    with oracle.dtype_policy(policy):
        ours, theirs = (models.residual_net(package) for package in PACKAGES)
    for mine, other in zip(ours.layers, theirs.layers, strict=True):
        assert mine.output.dtype == other.output.dtype, mine.name
        assert mine.compute_dtype == other.compute_dtype, mine.name


# Policies


def with_policies_of_its_own(package: Any) -> Any:
    """Return a net whose layers differ in policy; the last computes in float32, as one should."""
    layers = package.layers
    inputs = package.Input((6,))
    x = layers.Dense(8, activation="relu")(inputs)
    x = layers.Dense(6, dtype="float32")(x)
    x = layers.Dense(6, dtype=package.dtype_policies.DTypePolicy("mixed_float16"))(x)
    x = layers.LayerNormalization(dtype="bfloat16")(x)
    x = package.ops.cast(layers.Activation("tanh")(x), "float32")
    x = layers.Dense(4, autocast=False, dtype="float32")(x)
    return package.Model(inputs, layers.Activation("softmax", dtype="float32")(x))


@pytest.mark.parametrize("policy", ["float32", *POLICIES])
def test_policies_of_single_layers(policy: str) -> None:
    with oracle.dtype_policy(policy):
        ours, theirs = (with_policies_of_its_own(package) for package in PACKAGES)
    ours.set_weights(theirs.get_weights())
    for mine, other in zip(ours.layers, theirs.layers, strict=True):
        assert mine.dtype_policy.name == other.dtype_policy.name
        assert [v.dtype for v in mine.weights] == [v.dtype for v in other.weights], mine.name
        assert mine.output.dtype == other.output.dtype, mine.name
    found, expected = (model(X) for model in (ours, theirs))
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(*(x.detach().float().numpy() for x in (found, expected)), atol=0.02)


def test_the_names_of_older_programs() -> None:
    for package in PACKAGES:
        scope = package.mixed_precision
        scope.set_global_policy("mixed_float16")
        try:
            assert scope.dtype_policy().name == "mixed_float16"
            assert package.layers.Dense(1).variable_dtype == "float32"
            scope.set_dtype_policy(scope.DTypePolicy("mixed_bfloat16"))
            assert package.layers.Dense(1).compute_dtype == "bfloat16"
        finally:
            package.config.set_dtype_policy("float32")


def test_a_map_of_policies_reaches_inner_layers() -> None:
    found = []
    for package in PACKAGES:
        policies = package.dtype_policies.DTypePolicyMap("mixed_bfloat16")
        policies["head"] = "float32"
        body = package.layers.Dense(4, dtype=policies, name="body")
        head = package.layers.Dense(4, dtype=policies, name="head")
        model = package.Sequential([package.Input((6,)), body, head])
        found.append(
            [str(layer(torch.ones(1, size)).dtype) for layer, size in ((body, 6), (head, 4))]
        )
        assert model.layers[0].compute_dtype == "bfloat16"
    assert found[0] == found[1]


def test_half_weights_begin_orthogonal() -> None:
    with oracle.dtype_policy("bfloat16"):
        layer = torchkeras.layers.LSTM(3)
        layer(torch.ones(1, 2, 2))
    assert {v.dtype for v in layer.weights} == {"bfloat16"}
    kernel = torch.from_numpy(layer.cell.recurrent_kernel.numpy())
    torch.testing.assert_close(kernel @ kernel.T, torch.eye(3), atol=0.02, rtol=0.0)


def test_float64_stays_float64() -> None:
    with oracle.dtype_policy("float64"):
        layer = torchkeras.layers.Dense(3, use_bias=False)
        assert layer(np.ones((2, 4))).dtype == torch.float64


# Arrays


def test_arrays_of_bfloat16_go_in_everywhere() -> None:
    x = X.astype(ml_dtypes.bfloat16)
    dense = torchkeras.layers.Dense(1)
    model = torchkeras.Sequential([torchkeras.Input((6,)), dense])
    model.compile("sgd", "mse")
    model.set_weights([weight.astype(ml_dtypes.bfloat16) for weight in model.get_weights()])
    expected = model.predict(x.astype("float32"), verbose=0)
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected)
    np.testing.assert_allclose(dense(x).detach(), expected, rtol=1e-5, atol=1e-6)
    assert np.isfinite(model.fit(x, x[:, :1], verbose=0).history["loss"][0])


def test_predictions_of_bfloat16_are_arrays_of_float32() -> None:
    with oracle.dtype_policy("mixed_bfloat16"):
        model = mlp(1)(torchkeras)
    assert model(X).dtype == torch.bfloat16
    assert model.predict(X, verbose=0).dtype == np.float32
    assert torchkeras.ops.convert_to_numpy(model(X)).dtype == np.float32


# Loss scaling


@pytest.mark.parametrize("scale", [2.0**4, 2.0**15, 2.0**30])
def test_scaled_losses_train_as_in_keras(scale: float) -> None:
    """From 2**30 down, steps are left out until nothing overflows."""
    with oracle.dtype_policy("mixed_float16"):
        pair = twins(mlp(1), lambda package: scaled(package, scale))
        assert [type(model.optimizer).__name__ for model in pair] == ["LossScaleOptimizer"] * 2
        ours, theirs = histories(pair, X, TARGETS, epochs=4, batch_size=16, shuffle=False)
    np.testing.assert_allclose(ours["loss"], theirs["loss"], rtol=2e-3)
    mine, other = (model.optimizer for model in pair)
    assert float(mine.dynamic_scale.numpy()) == float(oracle.numpy(other.dynamic_scale))
    assert int(mine.step_counter.numpy()) == int(oracle.numpy(other.step_counter))
    assert int(mine.iterations.numpy()) == int(oracle.numpy(other.iterations))


def scaled(package: Any, scale: float) -> dict[str, Any]:
    inner = package.optimizers.SGD(0.01)
    optimizer = package.optimizers.LossScaleOptimizer(
        inner, initial_scale=scale, dynamic_growth_steps=3
    )
    return {"optimizer": optimizer, "loss": "mse"}


def test_float32_runs_with_a_loss_scale_equal_keras() -> None:
    pair = twins(mlp(1), lambda package: scaled(package, 2.0**15))
    assert_same_run(pair, X, TARGETS, epochs=3, batch_size=16)


def with_a_written_step(package: Any) -> Any:
    class Custom(package.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            x, y = data
            self.zero_grad()
            loss = self.compute_loss(y=y, y_pred=self(x, training=True))
            self.optimizer.scale_loss(loss).backward()
            weights = list(self.trainable_weights)
            with torch.no_grad():
                self.optimizer.apply([v.value.grad for v in weights], weights)
            return {"loss": loss}

    inputs = package.Input((6,))
    return Custom(inputs, package.layers.Dense(1)(inputs))


def test_a_written_step_scales_its_loss_as_in_keras() -> None:
    with oracle.dtype_policy("mixed_float16"):
        pair = twins(with_a_written_step, optimizer="sgd", loss="mse")
        ours, theirs = histories(pair, X, TARGETS, epochs=3, batch_size=16)
    assert_near(np.round(ours["loss"], 3), np.round(theirs["loss"], 3))


def test_auto_scale_loss_can_be_left_out() -> None:
    with oracle.dtype_policy("mixed_float16"):
        for package in PACKAGES:
            model = mlp(1)(package)
            model.compile("adam", "mse", auto_scale_loss=False)
            assert type(model.optimizer).__name__ == "Adam"
