"""Captured CUDA graphs through `torch.compile`.

These tests were written without a GPU at hand and have not been run on one yet.
"""

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

GRAPHS = {"mode": "reduce-overhead"}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 8)).astype("float32")
LABELS = RNG.integers(0, 3, 200)


@pytest.fixture
def cuda(gpu: torch.device) -> Any:
    if gpu.type != "cuda":
        pytest.skip("CUDA graphs need CUDA")
    torch._dynamo.reset()
    with torchkeras.device("cuda"):
        yield gpu


def trained(jit: Any, optimizer: str = "adam", dropout: float = 0.0) -> tuple[Any, Any]:
    """Train a small net; return its history and itself."""
    torchkeras.utils.set_random_seed(0)
    model = torchkeras.Sequential(
        [
            torchkeras.Input((8,)),
            layers.Dense(16, "relu"),
            layers.BatchNormalization(),
            layers.Dropout(dropout),
            layers.Dense(3, "softmax"),
        ]
    )
    model.compile(
        optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=jit
    )
    settings: dict[str, Any] = {"batch_size": 32, "shuffle": False, "verbose": 0}
    return model.fit(X, LABELS, epochs=4, **settings).history, model


@pytest.mark.gpu
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "adamw"])
def test_captured_steps_give_the_numbers_of_eager_ones(cuda: Any, optimizer: str) -> None:
    """Not run yet: written without a GPU at hand."""
    expected, _ = trained(False, optimizer)
    found, model = trained(GRAPHS, optimizer)
    assert model.compile_report()["train"] == "compiled"
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=1e-4, abs=1e-5)


@pytest.mark.gpu
def test_a_changing_learning_rate_captures_nothing_new(cuda: Any) -> None:
    """Not run yet: written without a GPU at hand."""
    _, model = trained(GRAPHS)
    before = torch._dynamo.utils.counters["stats"]["unique_graphs"]
    for rate in (0.1, 0.01):
        model.optimizer.learning_rate = rate
        model.fit(X, LABELS, batch_size=32, epochs=2, verbose=0)
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == before


@pytest.mark.gpu
def test_compiled_steps_never_wait_for_the_device(cuda: Any) -> None:
    """Not run yet: written without a GPU at hand."""
    _, model = trained(GRAPHS, dropout=0.5)
    x, y = torch.from_numpy(X).cuda(), torch.from_numpy(LABELS).cuda()
    step = model.train_function
    batches = [(x[i : i + 32], y[i : i + 32], None) for i in range(0, 192, 32)]
    model.train()
    step.once(batches[0])
    try:
        torch.cuda.set_sync_debug_mode("error")
        for batch in batches:
            step.once(batch)
    finally:
        torch.cuda.set_sync_debug_mode("default")
        model.eval()


@pytest.mark.gpu
def test_outputs_of_captured_predictions_are_kept(cuda: Any) -> None:
    """Not run yet: written without a GPU at hand. A replay writes into the same memory again."""
    _, model = trained(GRAPHS)
    expected = model(torch.from_numpy(X).cuda()).detach().cpu().numpy()
    np.testing.assert_allclose(model.predict(X, batch_size=32, verbose=0), expected, atol=1e-5)


@pytest.mark.gpu
def test_auto_leaves_a_small_model_alone(cuda: Any) -> None:
    """Not run yet: written without a GPU at hand."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, model = trained("auto")
    assert model.jit_compile is False
    assert "weights" in model.compile_report()["train"]
