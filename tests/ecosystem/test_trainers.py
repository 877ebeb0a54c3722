"""Training loops of other libraries train models and layers of torchkeras as they are."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import torchkeras
from torchkeras import layers

pytestmark = pytest.mark.filterwarnings("ignore")  # theirs

RNG = np.random.default_rng(0)
X = RNG.normal(size=(256, 8)).astype("float32")
Y = X[:, :3].argmax(1)
SAMPLES = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))


@pytest.fixture
def model():
    torchkeras.utils.set_random_seed(0)
    return torchkeras.Sequential(
        [
            torchkeras.Input((8,)),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.1),
            layers.Dense(3),
        ]
    )


def batches():
    return DataLoader(SAMPLES, 32, shuffle=True, generator=torch.Generator().manual_seed(0))


def accuracy(model):
    with torch.no_grad():
        return float((model.eval()(torch.from_numpy(X)).argmax(1).numpy() == Y).mean())


def test_lightning(model, tmp_path):
    lightning = pytest.importorskip("lightning")

    class Classifier(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = model.train()  # Lightning keeps the mode that it finds

        def training_step(self, batch, index):
            x, y = batch
            assert self.net.layers[1].training
            return nn.functional.cross_entropy(self.net(x), y)

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), 0.01)

    trainer = lightning.Trainer(
        max_epochs=5,
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    classifier = Classifier()
    trainer.fit(classifier, batches())
    assert accuracy(model) > 0.85
    found = {name: value.clone() for name, value in classifier.state_dict().items()}
    nn.init.zeros_(model.layers[0].linear.weight)
    saved = torch.load(trainer.checkpoint_callback.best_model_path, weights_only=False)
    classifier.load_state_dict(saved["state_dict"])
    for name, value in classifier.state_dict().items():
        torch.testing.assert_close(value, found[name])


def test_accelerate(model, tmp_path):
    accelerate = pytest.importorskip("accelerate")
    accelerator = accelerate.Accelerator(cpu=True)
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    net, optimizer, loader = accelerator.prepare(model, optimizer, batches())
    net.train()
    for _ in range(5):
        for x, y in loader:
            optimizer.zero_grad()
            accelerator.backward(nn.functional.cross_entropy(net(x), y))
            optimizer.step()
    assert accuracy(model) > 0.85
    accelerator.save_state(tmp_path)
    expected = model.get_weights()
    nn.init.zeros_(model.layers[0].linear.weight)
    accelerator.load_state(tmp_path)
    np.testing.assert_array_equal(model.get_weights()[0], expected[0])


def test_skorch(model):
    skorch = pytest.importorskip("skorch")
    net = skorch.NeuralNetClassifier(
        model,
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        lr=0.01,
        max_epochs=5,
        batch_size=32,
        verbose=0,
    )
    net.fit(X, Y.astype("int64"))
    assert (net.predict(X) == Y).mean() > 0.85


def test_ignite(model):
    engine = pytest.importorskip("ignite.engine")
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    engine.create_supervised_trainer(model, optimizer, nn.CrossEntropyLoss()).run(batches(), 5)
    assert accuracy(model) > 0.85


def test_transformers_trainer(model, tmp_path):
    transformers = pytest.importorskip("transformers")
    pytest.importorskip("accelerate")

    class WithLoss(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = model

        def forward(self, x, labels):
            outputs = self.net(x)
            return {"loss": nn.functional.cross_entropy(outputs, labels), "logits": outputs}

    settings = transformers.TrainingArguments(
        str(tmp_path),
        num_train_epochs=5,
        learning_rate=0.01,
        report_to=[],
        use_cpu=True,
        disable_tqdm=True,
        save_strategy="no",
    )
    samples = [{"x": x, "labels": int(y)} for x, y in zip(X, Y, strict=True)]
    transformers.Trainer(WithLoss(), settings, train_dataset=samples).train()
    assert accuracy(model) > 0.85
