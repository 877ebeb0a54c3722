"""What two processes do together, and one does alone: `python program.py FOLDER`, or torchrun."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

import torchkeras as keras
from torchkeras import distribution, layers
from torchkeras._base.replicas import REPLICAS
from torchkeras.optimizers.overflow import not_found, unscale_

RNG = np.random.default_rng(0)
X = RNG.normal(size=(25, 4)).astype("float32")  # the last batch of 8 has one row
Y = (X[:, :1] > 0).astype("float32")
WEIGHTS = RNG.uniform(0.5, 2, 25).astype("float32")
COMPILED = {"loss": "binary_crossentropy", "metrics": ["accuracy", "AUC"]}


class Own(keras.Model):
    """A model with a step as users write it."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)

    def call(self, inputs):
        return self.dense(inputs)

    def train_step(self, data):
        x, y = data
        y_pred = self(x, training=True)
        loss = self.compute_loss(x, y, y_pred)
        self.zero_grad()
        loss.backward()
        weights = self.trainable_weights
        self.optimizer.apply([v.value.grad for v in weights], weights)
        self._loss_tracker.track(loss.detach(), len(x))
        return self.compute_metrics(x, y, y_pred)


def net():
    hidden = layers.Dense(6, activation="tanh", kernel_regularizer="l2")
    model = keras.Sequential([layers.Input((4,)), hidden, layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.02, global_clipnorm=0.5), weighted_metrics=["mse"],
                  jit_compile=REPLICAS.active is not None, **COMPILED)  # fmt: skip
    return model


def outcome(model, history):
    weights = [w.tolist() for w in model.get_weights()]
    evaluated = model.evaluate(X, Y, sample_weight=WEIGHTS, batch_size=8, verbose=0)
    predicted = model.predict(X, batch_size=8, verbose=0).tolist()
    small = model.predict(X[:3], verbose=0).tolist()
    logs = history.history if history else {}
    return {"logs": logs, "weights": weights, "evaluated": evaluated, "predicted": predicted,
            "small": small}  # fmt: skip


def arrays():
    model = net()
    return outcome(model, model.fit(X, Y, batch_size=8, epochs=2, sample_weight=WEIGHTS, verbose=0,
                                    validation_data=(X[:7], Y[:7])))  # fmt: skip


def loader():
    model = net()
    data = TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
    loaded = DataLoader(data, batch_size=8, shuffle=True)
    return outcome(model, model.fit(loaded, epochs=2, verbose=0))


def own_step():
    model = Own()
    model.compile("sgd", "mse", metrics=["mae"])
    return outcome(model, model.fit(X, Y, batch_size=8, epochs=2, verbose=0))


def single_batches():
    model = net()
    logs = [model.train_on_batch(X[:9], Y[:9], return_dict=True) for _ in range(2)]
    logs.append(model.test_on_batch(X[:9], Y[:9], return_dict=True))
    return {"logs": {str(i): list(map(float, log.values())) for i, log in enumerate(logs)}}


def torch_optimizer():
    model = net()
    model.compile(torch.optim.AdamW(model.parameters(), lr=0.01), **COMPILED)
    return outcome(model, model.fit(X, Y, batch_size=8, verbose=0))


def parts_of_ones_own():
    """Batches that each process brings: their union is the batch."""
    model, rank, count = net(), distribution.devices.process_id(), 2
    order = [np.arange(24).reshape(3, 2, 4)[:, rank].ravel(), np.arange(24)]
    alone = REPLICAS.active is None
    if not alone:
        distribution.distribution().auto_shard_dataset = False
    rows, size = order[1 if alone else 0], 8 if alone else 8 // count
    history = model.fit(X[rows], Y[rows], batch_size=size, shuffle=False, verbose=0)
    if not alone:
        distribution.distribution().auto_shard_dataset = True
    return outcome(model, history)


CASES = (arrays, loader, own_step, single_batches, torch_optimizer, parts_of_ones_own)


def run_cases(rank: int) -> dict:
    found = {}
    for case in CASES:
        keras.utils.set_random_seed(rank)  # the first process decides
        found[case.__name__] = case()
    return found


def statistics(rank: int) -> list:
    norm = layers.BatchNormalization(momentum=0.0)
    model = keras.Sequential([layers.Input((4,)), norm, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X[:8], Y[:8], batch_size=8, shuffle=False, verbose=0)
    return norm.moving_mean.numpy().tolist()


def overflow(rank: int) -> float:
    found = not_found()
    unscale_([torch.tensor([float("inf") if rank else 1.0])], 2.0, found)
    return found.item()


def refusal(rank: int) -> str:
    layouts = distribution.LayoutMap(distribution.DeviceMesh((1, 2), ["batch", "model"]))
    layouts[".*kernel"] = (None, "model")
    try:
        distribution.set_distribution(distribution.ModelParallel(layout_map=layouts))
    except NotImplementedError as error:
        return str(error)
    return ""


def whole_model_parallel(rank: int) -> int:
    layouts = distribution.LayoutMap(distribution.DeviceMesh((2, 1), ["batch", "model"]))
    layouts[".*kernel"] = (None, "model")
    with distribution.ModelParallel(layout_map=layouts).scope():
        return REPLICAS.active.count


def cut_tensor(rank: int) -> list:
    mesh = distribution.DeviceMesh((2,), ["batch"])
    layout = distribution.TensorLayout(["batch", None], mesh)
    made = distribution.distribute_tensor(torch.arange(8.0).reshape(4, 2), layout)
    back = distribution.distribute_tensor(made, distribution.TensorLayout([None, None], mesh))
    return [made.to_local().tolist(), back.to_local().tolist()]


TOGETHER = (statistics, overflow, cut_tensor, whole_model_parallel, refusal)


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    distribution.initialize()
    rank = distribution.devices.process_id()
    with distribution.DataParallel().scope():
        found = run_cases(rank)
        found |= {each.__name__: each(rank) for each in TOGETHER[:3]}
    found |= {each.__name__: each(rank) for each in TOGETHER[3:]}
    found["devices"] = distribution.list_devices()
    torch.distributed.destroy_process_group()
    address = os.environ["MEETING"]
    distribution.initialize(f"{address},10.0.0.2:1", 2, rank)
    found["again"] = distribution.get_device_count()
    torch.distributed.destroy_process_group()
    (folder / f"{rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
