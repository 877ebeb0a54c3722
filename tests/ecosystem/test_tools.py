"""Tools that take torch modules apart find in a model of torchkeras what they look for."""

import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from torchkeras import layers

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 8)).astype("float32")
Y = X[:, :3].argmax(1)


@pytest.fixture
def perceptron():
    torchkeras.utils.set_random_seed(0)
    return torchkeras.Sequential(
        [torchkeras.Input((8,)), layers.Dense(16, "relu", name="hidden"), layers.Dense(3)]
    )


@pytest.fixture
def convnet():
    inputs = torchkeras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    x = layers.BatchNormalization()(x)
    x = layers.GlobalAveragePooling2D()(x)
    return torchkeras.Model(inputs, layers.Dense(2)(x))


def compiled(model):
    loss = torchkeras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(torchkeras.optimizers.Adam(0.01), loss)
    return model


def test_peft_adapters_are_trained_by_fit(perceptron):
    peft = pytest.importorskip("peft")
    adapted = peft.get_peft_model(perceptron, peft.LoraConfig(r=2, target_modules=["linear"]))
    frozen = {name for name, p in perceptron.named_parameters() if not p.requires_grad}
    before = {name: value.clone() for name, value in perceptron.named_parameters()}
    compiled(perceptron).fit(X, Y, epochs=2, verbose=0)
    changed = {n for n, p in perceptron.named_parameters() if not torch.equal(p, before[n])}
    assert frozen
    assert changed == set(before) - frozen
    expected = perceptron.predict(X, verbose=0)
    merged = adapted.merge_and_unload()
    np.testing.assert_allclose(merged.predict(X, verbose=0), expected, rtol=0, atol=1e-5)


def test_peft_counts_in_the_summary(perceptron):
    peft = pytest.importorskip("peft")
    peft.get_peft_model(perceptron, peft.LoraConfig(r=2, target_modules=["linear"]))
    trained = sum(p.numel() for p in perceptron.parameters() if p.requires_grad)
    assert sum(np.prod(v.shape) for v in perceptron.trainable_weights) == trained


def test_captum_attributes_to_inputs_and_layers(perceptron, convnet):
    attr = pytest.importorskip("captum.attr")
    x = torch.from_numpy(X[:4])
    _, gap = attr.IntegratedGradients(perceptron).attribute(
        x, target=1, return_convergence_delta=True
    )
    assert float(gap.abs().max()) < 1e-2
    hidden = attr.LayerConductance(perceptron, perceptron.get_layer("hidden"))
    assert hidden.attribute(x, target=1).shape == (4, 16)
    images = torch.rand(2, 8, 8, 3)
    heat = attr.LayerGradCam(convnet, convnet.get_layer("conv").conv).attribute(images, target=0)
    assert heat.shape == (2, 1, 6, 6)


def test_torchinfo_counts_the_same_parameters(convnet):
    torchinfo = pytest.importorskip("torchinfo")
    found = torchinfo.summary(convnet, input_size=(1, 8, 8, 3), verbose=0)
    assert found.trainable_params == sum(np.prod(v.shape) for v in convnet.trainable_weights)


def test_torchao_quantizes_the_inner_layers(perceptron):
    quantization = pytest.importorskip("torchao.quantization")
    expected = perceptron.predict(X, verbose=0)
    quantization.quantize_(perceptron, quantization.Int8WeightOnlyConfig())
    assert type(perceptron.layers[0].linear.weight) is not nn.Parameter
    np.testing.assert_allclose(perceptron.predict(X, verbose=0), expected, rtol=0, atol=0.05)


def test_tensorboard_draws_a_model_that_was_never_called(convnet, tmp_path):
    pytest.importorskip("tensorboard")
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_graph(convnet, torch.zeros(1, 8, 8, 3))
    assert list(tmp_path.iterdir())


def test_optuna_searches_over_models():
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def loss(trial):
        units = trial.suggest_int("units", 4, 8)
        model = torchkeras.Sequential([layers.Dense(units), layers.Dense(3)])
        return compiled(model).fit(X, Y, verbose=0).history["loss"][-1]

    study = optuna.create_study()
    study.optimize(loss, 2)
    assert np.isfinite(study.best_value)
