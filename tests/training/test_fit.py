"""`fit`, `evaluate` and `predict` on all kinds of data, and what they refuse."""

import copy
import gc
import pickle
import sys
import tracemalloc
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import torchkeras
from torchkeras import Input, Model, Sequential, callbacks, layers, losses, metrics, optimizers

RNG = np.random.default_rng(1)
X = RNG.normal(size=(40, 3)).astype("float32")
Y = RNG.normal(size=(40, 1)).astype("float32")


def net(**compiled: Any) -> Any:
    model = Sequential([Input((3,)), layers.Dense(4, activation="relu"), layers.Dense(1)])
    model.compile(**{"optimizer": "sgd", "loss": "mse", **compiled})
    return model


def loader() -> DataLoader[Any]:
    return DataLoader(TensorDataset(torch.tensor(X), torch.tensor(Y)), batch_size=8)


def generator() -> Iterator[Any]:
    for start in range(0, 40, 8):
        yield X[start : start + 8], Y[start : start + 8]


DATA = {
    "arrays": lambda: (X, Y),
    "float64": lambda: (X.astype("float64"), Y.astype("float64")),
    "tensors": lambda: (torch.tensor(X), torch.tensor(Y)),
    "pandas": lambda: (pd.DataFrame(X), pd.Series(Y[:, 0])),
    "lists": lambda: (X.tolist(), Y.tolist()),
    "integers": lambda: (X.astype("int32"), Y.astype("int64")),
    "loader": lambda: (loader(),),
    "data set": lambda: (TensorDataset(torch.tensor(X), torch.tensor(Y)),),
    "generator": lambda: (generator(),),
    "iterable": lambda: (list(generator()).__iter__(),),
}


@pytest.mark.parametrize("kind", DATA)
def test_all_kinds_of_data(kind: str) -> None:
    history = net(metrics=["mae"]).fit(*DATA[kind](), verbose=0).history
    assert list(history) == ["loss", "mae"]
    assert np.isfinite(history["loss"][0])


def test_all_kinds_of_validation_data() -> None:
    for data in ((X, Y), (X, Y, np.ones(40)), loader(), generator()):
        history = net().fit(X, Y, validation_data=data, verbose=0).history
        assert list(history) == ["loss", "val_loss"]


def test_the_batch_size_of_fit_serves_the_validation() -> None:
    sizes: list[int] = []

    class Watching(Sequential):
        def test_step(self, data: Any) -> Any:
            sizes.append(len(data[0]))
            return super().test_step(data)

    model = Watching([Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    data_set = TensorDataset(torch.tensor(X), torch.tensor(Y))
    for data in ((X, Y), data_set, loader()):
        model.fit(X, Y, batch_size=20, validation_data=data, verbose=0)
    assert sizes == [20, 20, 20, 20, 8, 8, 8, 8, 8]


def test_batches_may_hold_other_things_than_arrays() -> None:
    class Named(Sequential):
        def train_step(self, data: Any) -> Any:
            x, y, names = data
            assert names[0] == "a"
            return super().train_step((x, y))

    model = Named([Input((3,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(iter([(X, Y, ["a"] * 40)]), verbose=0)


def test_the_same_numbers_from_arrays_and_loaders() -> None:
    first, second = net(), net()
    second.set_weights(first.get_weights())
    a = first.fit(X, Y, batch_size=8, shuffle=False, epochs=2, verbose=0).history
    b = second.fit(loader(), epochs=2, verbose=0).history
    assert a == b


def test_predict_of_all_kinds_of_data() -> None:
    model = net()
    expected = model.predict(X, verbose=0)
    for data in (X.astype("float64"), torch.tensor(X), pd.DataFrame(X), loader(), generator()):
        np.testing.assert_allclose(model.predict(data, verbose=0), expected, rtol=1e-4)
    np.testing.assert_allclose(model.predict(X, batch_size=7, verbose=0), expected, rtol=1e-4)


def test_predict_keeps_the_structure_of_the_outputs() -> None:
    inputs = Input((3,))
    outputs = {"a": layers.Dense(2)(inputs), "b": [layers.Dense(1)(inputs)]}
    found = Model(inputs, outputs).predict(X, batch_size=16, verbose=0)
    assert found["a"].shape == (40, 2)
    assert found["b"][0].shape == (40, 1)


@pytest.mark.parametrize("rows", [1, 40])
def test_what_predict_returns_is_its_own(rows: int) -> None:
    inputs = Input((3,))
    model = Model(inputs, layers.Activation("linear")(inputs))
    data = X[:rows].copy()
    found = model.predict(data, verbose=0)
    found += 1
    np.testing.assert_array_equal(data, X[:rows])


@pytest.mark.parametrize("batches", [1, 7, 8, 9, 60])
def test_predict_joins_any_number_of_batches(batches: int) -> None:
    x = np.arange(2.0 * batches, dtype="float32")[:, None]
    model = torchkeras.Sequential([torchkeras.Input((1,)), torchkeras.layers.ReLU()])
    np.testing.assert_array_equal(model.predict(x, batch_size=2, verbose=0), x)


def test_predict_writes_large_outputs_into_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchkeras._training.outputs._WAITING_BYTES", 16)
    model = net()
    np.testing.assert_allclose(
        model.predict(X, batch_size=7, verbose=0), model(X).detach().numpy(), rtol=1e-5
    )


def test_outputs_of_different_lengths() -> None:
    class Ragged(Model):
        def call(self, inputs: Any) -> Any:
            return inputs[:, : int(inputs[0, 0])]

    model = Ragged()
    x = np.repeat([[2.0, 1, 1], [3.0, 1, 1]], 2, axis=0)
    with pytest.raises(ValueError, match="must have the same shape but for their first axis"):
        model.predict(x, batch_size=2, verbose=0)


# Modes and graphs


def test_a_model_is_back_in_inference_mode_also_after_an_error() -> None:
    model = net()
    fail = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.fit(X, Y, verbose=0, callbacks=[fail])
    assert not any(module.training for module in model.modules())


def test_it_trains_inside_no_grad() -> None:
    model = net()
    before = model.get_weights()[0]
    with torch.no_grad():
        model.fit(X, Y, verbose=0)
    assert not np.allclose(before, model.get_weights()[0])


def test_dropout_is_off_in_evaluation_and_prediction() -> None:
    model = Sequential([Input((3,)), layers.Dropout(0.9), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    np.testing.assert_array_equal(model.predict(X, verbose=0), model.predict(X, verbose=0))
    assert model.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_predict_before_fit_leaves_nothing_that_breaks_training() -> None:
    class Caching(layers.Layer):
        table: Any = None

        def call(self, inputs: Any) -> Any:
            if self.table is None:
                self.table = torch.ones(3)
            return inputs * self.table

    model = Sequential([Input((3,)), layers.Dense(3), Caching(), layers.Dense(1)])
    model.layers[1].table = None
    model.compile("sgd", "mse")
    model.predict(X, verbose=0)
    model.fit(X, Y, verbose=0)


def test_data_are_not_changed_by_layers_that_write_in_place() -> None:
    model = Sequential([Input((3,)), nn.ReLU(inplace=True), layers.Dense(1)])
    model.compile("sgd", "mse")
    x = X.copy()
    model.fit(x, Y, shuffle=False, verbose=0)
    model.evaluate(x, Y, verbose=0)
    model.predict(x, verbose=0)
    model.predict(x[:2], verbose=0)
    model.train_on_batch(x, Y)
    np.testing.assert_array_equal(x, X)


def test_compiled_models_can_be_copied_and_pickled() -> None:
    model = net(metrics=["mae"])
    model.fit(X, Y, verbose=0)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        twin.fit(X, Y, verbose=0)
        assert not np.allclose(twin.get_weights()[0], model.get_weights()[0])
        assert twin.evaluate(X, Y, verbose=0)[0] != model.evaluate(X, Y, verbose=0)[0]


def test_nothing_of_compile_is_in_the_state_dict() -> None:
    model = net(loss=nn.MSELoss(), metrics=["mae"], weighted_metrics=["mse"])
    before = list(model.state_dict())
    model.fit(X, Y, verbose=0)
    assert list(model.state_dict()) == before
    assert len(list(model.modules())) == len(list(net().modules()))


# Stopping


@pytest.mark.parametrize("kind", ["train", "test", "predict"])
def test_a_callback_stops_after_the_batch(kind: str) -> None:
    flag = {"train": "training", "test": "evaluating", "predict": "predicting"}[kind]
    seen: list[int] = []

    class Stop(callbacks.Callback):
        pass

    def stop(self: Any, batch: int, logs: Any = None) -> None:
        seen.append(batch)
        setattr(self.model, f"stop_{flag}", batch == 2)

    setattr(Stop, f"on_{kind}_batch_end", stop)
    model = net()
    run = {"train": model.fit, "test": model.evaluate}.get(kind)
    if run:
        run(X, Y, batch_size=4, verbose=0, callbacks=[Stop()])
    else:
        assert len(model.predict(X, batch_size=4, verbose=0, callbacks=[Stop()])) == 12
    assert seen == [0, 1, 2]


def test_a_callback_stops_after_the_epoch() -> None:
    class Stop(callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epoch == 1

    history = net().fit(X, Y, epochs=5, verbose=0, callbacks=[Stop()])
    assert history.epoch == [0, 1]


def test_steps_per_execution_groups_batches_for_callbacks() -> None:
    seen: list[tuple[str, int]] = []
    note = callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: seen.append(("begin", batch)),
        on_train_batch_end=lambda batch, logs: seen.append(("end", batch)),
    )
    model, plain = net(steps_per_execution=3), net()
    model.set_weights(plain.get_weights())
    model.fit(X, Y, batch_size=8, shuffle=False, verbose=0, callbacks=[note])
    plain.fit(X, Y, batch_size=8, shuffle=False, verbose=0)
    assert seen == [("begin", 0), ("end", 2), ("begin", 3), ("end", 5)]
    np.testing.assert_array_equal(model.get_weights()[0], plain.get_weights()[0])


def test_logs_kept_by_a_callback_keep_their_numbers() -> None:
    kept: list[Any] = []
    keep = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: kept.append(logs))
    net().fit(X, Y, batch_size=4, verbose=0, callbacks=[keep])
    assert len({logs["loss"] for logs in kept}) == 10


def test_predict_callbacks_get_the_outputs() -> None:
    shapes: list[Any] = []
    note = callbacks.LambdaCallback(
        on_predict_batch_end=lambda batch, logs: shapes.append(tuple(logs["outputs"].shape))
    )
    net().predict(X, batch_size=16, verbose=0, callbacks=[note])
    assert shapes == [(16, 1), (16, 1), (8, 1)]


# Compiling


def test_compiling_again_begins_anew() -> None:
    model = net(metrics=["mae"])
    model.fit(X, Y, verbose=0)
    model.compile("adam", "mae", metrics=["mse"])
    assert list(model.fit(X, Y, verbose=0).history) == ["loss", "mse"]
    model.compile("adam", "mae")
    assert list(model.fit(X, Y, verbose=0).history) == ["loss"]


def test_compiling_again_without_a_loss_leaves_those_of_the_layers() -> None:
    model = Sequential([layers.Dense(1, kernel_regularizer="l2")])
    model.compile("adam", "mse")
    model.fit(X, Y, verbose=0)
    model.compile("adam")
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(model.losses[0].item())


def test_layers_frozen_between_runs_stay() -> None:
    model = net()
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    before = model.get_weights()
    model.fit(X, Y, verbose=0)
    after = model.get_weights()
    assert np.array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


def test_layers_thawed_between_runs_need_a_new_compile() -> None:
    model = net()
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = True
    with pytest.raises(ValueError, match=r"became trainable after.*Call `compile\(\)` again"):
        model.fit(X, Y, verbose=0)
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)


def test_a_model_without_trainable_weights_warns() -> None:
    model = net()
    model.trainable = False
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="does not have any trainable weights"):
        model.fit(X, Y, verbose=0)


def test_a_loss_of_torch() -> None:
    labels = RNG.integers(0, 2, 40)
    model = Sequential([Input((3,)), layers.Dense(2)])
    for loss in (nn.CrossEntropyLoss(), losses.SparseCategoricalCrossentropy(from_logits=True)):
        model.compile("sgd", loss)
        found = model.evaluate(X, labels, verbose=0)
        weighted = model.evaluate(X, labels, sample_weight=np.arange(40.0), verbose=0)
        assert found == pytest.approx(nn.CrossEntropyLoss()(model(X), torch.tensor(labels)).item())
        assert weighted > found


def test_a_function_as_loss_and_as_metric() -> None:
    def biggest(y_true: Any, y_pred: Any) -> Any:
        return (y_true - y_pred).abs().amax(-1)

    history = net(loss=biggest, metrics=[biggest]).fit(X, Y, verbose=0).history
    assert list(history) == ["biggest", "loss"]
    assert history["biggest"] == pytest.approx(history["loss"], rel=1e-5)


def test_a_metric_that_has_served_elsewhere_begins_anew() -> None:
    metric = metrics.MeanAbsoluteError()
    for run in ("fit", "evaluate", "train_on_batch"):
        metric.update_state([[0.0]], [[1000.0]])
        model = net(metrics=[metric])
        getattr(model, run)(X, Y, **({} if run == "train_on_batch" else {"verbose": 0}))
        assert float(metric.result()) < 100


def test_objects_of_all_kinds() -> None:
    model = net(
        optimizer=optimizers.Adam(0.1),
        loss=losses.Huber(),
        metrics=[metrics.MeanSquaredError(name="error"), "mae"],
    )
    assert list(model.fit(X, Y, verbose=0).history) == ["error", "loss", "mae"]
    assert model.optimizer.learning_rate == pytest.approx(0.1)
    assert isinstance(model.loss, losses.Huber)


def test_compile_config_round_trip() -> None:
    model = net(optimizer=optimizers.Adam(0.25), metrics=["mae"], loss_weights=0.5)
    config = model.get_compile_config()
    twin = Sequential([Input((3,)), layers.Dense(1)])
    twin.compile_from_config(config)
    assert twin.get_compile_config() == config
    assert twin.optimizer.built


def test_an_overridden_compile_is_not_called_with_a_config() -> None:
    class Mine(Sequential):
        def compile(self, x: int) -> None:  # type: ignore[override]
            super().compile()

    with pytest.warns(UserWarning, match="method is custom"):
        Mine().compile_from_config({})


# Errors


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"loss": "mes"}, r"mes.*Did you mean 'mse'"),
        ({"metrics": ["acuracy"]}, r"acuracy"),
        ({"metrics": "mae"}, r"`metrics` must be a list.*`metrics=\[\.\.\.\]`"),
        ({"optimizer": "adma"}, "adma"),
        ({"loss_weights": "half"}, "`loss_weights` must be a number"),
        ({"loss_weights": [1.0, 2.0]}, "1 losses and 2 weights"),
        ({"loss": ["mse", "mae"]}, "`loss` must have one entry per output. Received: 2 losses"),
        ({"jit_compile": "yes"}, "`jit_compile` must be True, False, 'auto' or a dictionary"),
        ({"steps_per_execution": 0}, "`steps_per_execution` must be a positive integer"),
    ],
)
def test_wrong_arguments_of_compile(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        net(**arguments).fit(X, Y, verbose=0)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"y": None}, r"needs targets. Received: y=None"),
        ({"y": Y[:39]}, r"`x` has 40, `y` has 39"),
        ({"sample_weight": np.ones(39)}, r"`sample_weight` has 39"),
        ({"epochs": 1.5}, r"`epochs` must be a whole number"),
        ({"epochs": -1}, r"`epochs` must be a whole number"),
        ({"batch_size": 0}, r"`batch_size` must be a positive integer"),
        ({"steps_per_epoch": 0}, r"`steps_per_epoch` must be a positive integer"),
        ({"verbose": 3}, r"`verbose` must be one of 0, 1, 2, 'auto'"),
        ({"validation_split": 1.5}, r"`validation_split` must be a number between 0 and 1"),
        ({"validation_split": -0.1}, r"`validation_split` must be a number between 0 and 1"),
        ({"validation_split": 0.99}, r"leaves no samples"),
        ({"validation_freq": 0, "validation_split": 0.5}, r"`validation_freq` must be"),
        ({"shuffle": "epoch"}, r"`shuffle` must be one of"),
        ({"class_weight": [1, 2]}, r"`class_weight` must be a dictionary"),
        ({"class_weight": {0: 1}, "sample_weight": np.ones(40)}, r"cannot be given together"),
        ({"validation_data": (1, 2, 3, 4)}, r"a tuple of 4 items"),
    ],
)
def test_wrong_arguments_of_fit(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        net().fit(**{"x": X, "y": Y, "verbose": 0, **arguments})


def test_validation_split_of_a_loader() -> None:
    assert "val_loss" in net().fit(loader(), validation_split=0.5, verbose=0).history


@pytest.mark.parametrize("method", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_a_model_that_was_not_compiled(method: str) -> None:
    model = Sequential([Input((3,)), layers.Dense(1)])
    with pytest.raises(ValueError, match=rf"You must call `compile\(\)` before calling `{method}"):
        getattr(model, method)(X, Y)


def test_no_loss_at_all() -> None:
    with pytest.raises(ValueError, match="No loss to compute"):
        net(loss=None).fit(X, Y, verbose=0)


def test_an_unknown_argument_of_evaluate() -> None:
    with pytest.raises(ValueError, match="Arguments not recognized"):
        net().evaluate(X, Y, steps_per_epoch=3)


def test_targets_of_the_wrong_shape() -> None:
    model = Sequential([Input((3,)), layers.Dense(2)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="shape"):
        model.fit(X, RNG.normal(size=(40, 3)), verbose=0)


# Memory


@pytest.mark.parametrize("method", ["predict", "train_on_batch", "evaluate"])
def test_many_calls_leave_memory_where_it_was(method: str) -> None:
    model = net(metrics=["mae"])
    arguments = {"predict": (X[:4],), "train_on_batch": (X[:4], Y[:4])}.get(method, (X, Y))
    options = {} if method == "train_on_batch" else {"verbose": 0}
    call = getattr(model, method)
    for _ in range(150):  # by then a step is recorded
        call(*arguments, **options)
    tracemalloc.start()
    try:
        call(*arguments, **options)
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(150):
            call(*arguments, **options)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 20_000


def test_a_predict_call_holds_no_reference_to_the_data() -> None:
    model, data = net(), X.copy()
    model.predict(X, batch_size=8, verbose=0)
    before = sys.getrefcount(data)
    model.predict(data, batch_size=8, verbose=0)
    gc.collect()
    assert sys.getrefcount(data) == before


def test_public_names_equal_keras() -> None:
    import keras

    wanted = {
        name
        for kind in (keras.src.backend.torch.trainer.TorchTrainer,)
        for name in dir(kind)
        if not name.startswith("_")
    }
    assert wanted - set(dir(torchkeras.Model)) == set()
