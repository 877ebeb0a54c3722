"""Modules of other libraries are layers of functional, Sequential and subclassed models."""

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import layers

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs

RNG = np.random.default_rng(0)


def test_frozen_timm_backbone():
    timm = pytest.importorskip("timm")
    backbone = timm.create_model("resnet18", num_classes=0)
    inputs = torchkeras.Input((3, 32, 32))
    model = torchkeras.Model(inputs, layers.Dense(2)(backbone(inputs)))
    backbone.requires_grad_(False)
    assert [v.name for v in model.trainable_variables] == ["kernel", "bias"]
    model.compile("adam", "mse")
    before = backbone.conv1.weight.clone()
    images = RNG.normal(size=(4, 3, 32, 32)).astype("float32")
    model.fit(images, np.zeros((4, 2)), verbose=0)
    assert torch.equal(backbone.conv1.weight, before)
    assert model.predict(images, verbose=0).shape == (4, 2)


def test_transformers_encoder_in_a_subclassed_model():
    transformers = pytest.importorskip("transformers")
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = transformers.BertConfig(intermediate_size=16, vocab_size=20, **sizes)

    class Classifier(torchkeras.Model):
        def __init__(self):
            super().__init__()
            self.encoder = transformers.BertModel(config)
            self.head = layers.Dense(2)

        def call(self, tokens):
            return self.head(self.encoder(input_ids=tokens).pooler_output)

    model = Classifier()
    loss = torchkeras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(torchkeras.optimizers.Adam(0.01), loss)
    tokens = RNG.integers(0, 20, (16, 5))
    history = model.fit(tokens, tokens[:, 0] % 2, epochs=4, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_einops_layer_on_a_symbol():
    einops = pytest.importorskip("einops.layers.torch")
    inputs = torchkeras.Input((4, 6))
    outputs = einops.Rearrange("b t c -> b (t c)")(inputs)
    assert outputs.shape == (None, 24)
    x = RNG.normal(size=(2, 4, 6)).astype("float32")
    found = torchkeras.Model(inputs, outputs).predict(x, verbose=0)
    np.testing.assert_array_equal(found, x.reshape(2, 24))


def test_torchmetrics_in_compile():
    torchmetrics = pytest.importorskip("torchmetrics")
    model = torchkeras.Sequential([layers.Dense(3, activation="softmax")])
    measured = torchmetrics.Accuracy("multiclass", num_classes=3)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy", measured])
    x, y = RNG.normal(size=(64, 4)).astype("float32"), RNG.integers(0, 3, 64)
    logs = model.fit(x, y, verbose=0).history
    assert logs["multiclass_accuracy"] == pytest.approx(logs["accuracy"])
