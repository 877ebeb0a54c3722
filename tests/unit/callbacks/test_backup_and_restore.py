"""BackupAndRestore inside one process: what it stores, what it refuses. Kills: test_resume."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import callbacks, layers
from torchkeras.callbacks import BackupAndRestore, _backup_file

X = np.random.default_rng(0).random((10, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


class Interrupt(callbacks.Callback):
    """Raises after so many epochs or batches."""

    def __init__(self, epochs: int = 0, batches: int = 0) -> None:
        super().__init__()
        self.epochs, self.batches = epochs, batches

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs -= 1
        if self.epochs == 0:
            raise RuntimeError("EpochInterruption")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches -= 1
        if self.batches == 0:
            raise RuntimeError("StepsInterruption")


class Canary(layers.Layer):
    """Counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.counter = self.add_weight((), "zeros", trainable=False)

    def call(self, x: Any) -> Any:
        self.counter.assign_add(1)
        return x


def make_model(optimizer: Any = "sgd", units: int = 1) -> Any:
    model = torchkeras.Sequential([layers.Input((3,)), Canary(), layers.Dense(units)])
    model.compile(optimizer, "mse", metrics=["mse"])
    return model


def fit(model: Any, *listeners: Any, epochs: int = 5, **options: Any) -> Any:
    settings = {"x": X, "y": Y, "batch_size": 4, "verbose": 0, **options}
    return model.fit(epochs=epochs, callbacks=list(listeners), **settings)


def interrupted(backup: BackupAndRestore, model: Any = None, **when: int) -> Any:
    model = model or make_model()
    with pytest.raises(RuntimeError, match="Interruption"):
        fit(model, backup, Interrupt(**when))
    return model


def test_an_interrupted_epoch_goes_on_where_it_was(tmp_path: Path) -> None:
    backup = BackupAndRestore(tmp_path / "backup", save_freq=1)
    model = interrupted(backup, batches=2)
    assert (backup._current_epoch, backup._last_batch_seen) == (0, 1)
    assert int(model.layers[0].counter) == 2
    history = fit(model, backup)
    assert backup._current_epoch == 5
    assert history.epoch == [0, 1, 2, 3, 4]
    assert int(model.layers[0].counter) == 15
    assert not (tmp_path / "backup").exists()


def test_epochs_go_on_in_another_model(tmp_path: Path) -> None:
    torchkeras.utils.set_random_seed(3)
    whole = make_model()
    expected = fit(whole).history
    torchkeras.utils.set_random_seed(3)
    interrupted(BackupAndRestore(tmp_path), epochs=2)
    other = make_model()
    assert fit(other, BackupAndRestore(tmp_path)).history == expected
    for ours, theirs in zip(other.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("damage", [b"0", b""])
def test_a_damaged_backup_gives_way_to_the_one_before(tmp_path: Path, damage: bytes) -> None:
    backup = BackupAndRestore(tmp_path / "backup", double_checkpoint=True)
    model = interrupted(backup, epochs=2)
    for path in (backup._training_metadata_path, backup._prev_training_metadata_path):
        assert Path(path).exists()
    Path(backup._weights_path).write_bytes(damage)
    with pytest.warns(UserWarning, match=r"is no whole backup.*The backup before it is used"):
        fit(model, backup)
    assert int(model.layers[0].counter) == 5 * 3


def test_without_another_one_it_is_an_error(tmp_path: Path) -> None:
    backup = BackupAndRestore(tmp_path)
    model = interrupted(backup, epochs=1)
    Path(backup._weights_path).write_bytes(b"0")
    with pytest.raises(OSError, match=r"is no whole backup.*Remove it to train"):
        fit(model, backup)


def test_files_of_others_stay(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    fit(make_model(), BackupAndRestore(tmp_path), epochs=1)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_backup_may_be_kept(tmp_path: Path) -> None:
    backup = BackupAndRestore(tmp_path, delete_checkpoint=False)
    model = make_model()
    fit(model, backup, epochs=2)
    assert Path(backup._weights_path).exists()
    assert len(fit(model, backup, epochs=3).history["loss"]) == 3


def test_the_next_fit_begins_anew(tmp_path: Path) -> None:
    backup = BackupAndRestore(tmp_path / "backup")
    model = interrupted(backup, epochs=2)
    fit(model, backup)
    assert fit(model, epochs=2).epoch == [0, 1]


def test_a_run_that_had_stopped_does_not_go_on(tmp_path: Path) -> None:
    class Stop(callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epoch == 1

    class Fail(callbacks.Callback):
        def on_train_end(self, logs: Any = None) -> None:
            raise RuntimeError("at the end")

    backup, model = BackupAndRestore(tmp_path), make_model()
    with pytest.raises(RuntimeError, match="at the end"):
        fit(model, backup, Stop(), Fail())
    assert fit(model, backup, Stop()).epoch == [0, 1]


def test_a_run_that_had_stopped_within_an_epoch(tmp_path: Path) -> None:
    class Stop(callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 1

    def make() -> Any:
        torchkeras.utils.set_random_seed(3)
        return make_model()

    expected = fit(make(), Stop()).history
    backup = BackupAndRestore(tmp_path, save_freq=1)
    with pytest.raises(RuntimeError, match="Interruption"):
        fit(make(), backup, Stop(), Interrupt(epochs=1))
    assert fit(make(), backup, Stop()).history == expected


def test_metrics_that_make_their_variables_late(tmp_path: Path) -> None:
    class Late(torchkeras.metrics.Metric):
        total = None

        def update_state(self, values: Any, sample_weight: Any = None) -> None:
            if self.total is None:
                self.total = self.add_variable((), "zeros", name="total")
            self.total.assign_add(torch.sum(values))

        def result(self) -> Any:
            return torch.zeros(()) if self.total is None else self.total.value

    class Own(torchkeras.Sequential):
        def train_step(self, data: Any) -> Any:
            results = super().train_step(data)
            self.late.update_state(data[0])
            return {**results, "late": self.late.result()}

    def make() -> Any:
        torchkeras.utils.set_random_seed(3)
        model = Own([layers.Input((3,)), layers.Dense(1)])
        model.late = Late(name="late")
        model.compile("sgd", "mse")
        return model

    def run(*listeners: Any) -> Any:
        pages: list[float] = []
        note = callbacks.LambdaCallback(
            on_train_batch_end=lambda b, logs: pages.append(logs["late"])
        )
        return fit(make(), note, *listeners, epochs=2), pages

    _, expected = run()
    with pytest.raises(RuntimeError, match="Interruption"):
        run(BackupAndRestore(tmp_path, save_freq=1), Interrupt(batches=2))
    _, pages = run(BackupAndRestore(tmp_path, save_freq=1))
    assert pages == expected[2:]


def test_a_step_of_the_users_own(tmp_path: Path) -> None:
    class Summing(torchkeras.Sequential):
        """Adds gradients up over two batches, and logs its own loss."""

        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            loss = torch.mean((self(x) - y) ** 2)
            loss.backward()
            if self.layers[0].counter.value % 2 == 0:
                self.optimizer.apply([v.value.grad for v in self.trainable_weights])
                self.zero_grad()
            return {"own": loss}

    def make() -> Any:
        torchkeras.utils.set_random_seed(5)
        model = Summing([layers.Input((3,)), Canary(), layers.Dense(1)])
        model.compile("sgd")
        return model

    whole, part = make(), make()
    expected = fit(whole).history
    torchkeras.utils.set_random_seed(5)
    part = make()
    interrupted(BackupAndRestore(tmp_path, save_freq=1), part, batches=3)
    other = make()
    assert fit(other, BackupAndRestore(tmp_path, save_freq=1)).history == expected


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: torchkeras.optimizers.LossScaleOptimizer(torchkeras.optimizers.Adam(0.1)),
        lambda: torch.optim.Adam,
        lambda: torchkeras.optimizers.SGD(
            torchkeras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5), momentum=0.9
        ),
    ],
    ids=["loss_scale", "torch", "schedule"],
)
def test_optimizers_go_on(tmp_path: Path, optimizer: Any) -> None:
    torchkeras.utils.set_random_seed(3)
    expected = fit(make_model(optimizer())).history
    torchkeras.utils.set_random_seed(3)
    interrupted(BackupAndRestore(tmp_path, 2), make_model(optimizer()), batches=5)
    assert fit(make_model(optimizer()), BackupAndRestore(tmp_path, 2)).history == expected


def test_steps_per_execution(tmp_path: Path) -> None:
    def make() -> Any:
        torchkeras.utils.set_random_seed(3)
        model = make_model()
        model.compile("sgd", "mse", metrics=["mae"], steps_per_execution=2)
        return model

    class Numbers(callbacks.Callback):
        seen: list[int]

        def on_train_begin(self, logs: Any = None) -> None:
            self.seen = []

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.seen.append(batch)

        def state_dict(self) -> Any:
            return {"seen": self.seen}

        def load_state_dict(self, state: Any) -> None:
            self.seen = state["seen"]

    numbers, again = Numbers(), Numbers()
    expected = fit(make(), numbers, batch_size=2).history
    model, backup = make(), BackupAndRestore(tmp_path, save_freq=1)
    with pytest.raises(RuntimeError, match="Interruption"):
        fit(model, backup, Numbers(), Interrupt(batches=2), batch_size=2)
    assert fit(make(), backup, again, batch_size=2).history == expected
    assert again.seen == numbers.seen


# What it refuses


@pytest.mark.parametrize("save_freq", ["batch", 0.15, 0, -1])
def test_save_freq_must_be_a_frequency(save_freq: Any) -> None:
    with pytest.raises(ValueError, match=r"Invalid value for argument `save_freq`.*Expected"):
        BackupAndRestore("backup", save_freq=save_freq)


@pytest.mark.parametrize("backup_dir", ["", None])
def test_the_folder_must_have_a_name(backup_dir: Any) -> None:
    with pytest.raises(ValueError, match="Empty `backup_dir` argument passed"):
        BackupAndRestore(backup_dir)


def test_no_backups_are_made_where_none_are_wanted(tmp_path: Path) -> None:
    interrupted(BackupAndRestore(tmp_path, save_freq=False), batches=5)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: make_model(units=2), "(?s)another model: .*size mismatch"),
        (lambda: make_model("adam"), "another optimizer: it is SGD there, and Adam here"),
        (
            lambda: make_model(torchkeras.optimizers.SGD(momentum=0.9)),
            "another optimizer: SGD has 2 variables there and 4 here",
        ),
    ],
    ids=["model", "optimizer", "variables"],
)
def test_another_model_is_told_so(tmp_path: Path, other: Any, message: str) -> None:
    interrupted(BackupAndRestore(tmp_path), epochs=1)
    with pytest.raises(ValueError, match=message):
        fit(other(), BackupAndRestore(tmp_path), y=np.zeros((10, 2), "float32"))


def test_a_model_must_be_built(tmp_path: Path) -> None:
    backup = BackupAndRestore(tmp_path)
    interrupted(backup, epochs=1)
    backup.set_model(torchkeras.Sequential([layers.Dense(1)]))
    with pytest.raises(ValueError, match="your model must be built before training"):
        backup.on_train_begin()


def test_the_state_of_a_callback_must_be_plain(tmp_path: Path) -> None:
    class Odd(callbacks.Callback):
        def state_dict(self) -> Any:
            return {"handle": object()}

    with pytest.raises(TypeError, match=r"callbacks\[0\].*\['handle'\] cannot be backed up"):
        fit(make_model(), Odd(), BackupAndRestore(tmp_path))


def test_unfinished_files_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".latest.safetensors.0123.tmp").write_bytes(b"half")
    fit(make_model(), BackupAndRestore(tmp_path), epochs=1)
    assert not tmp_path.exists()


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, 0.1, "text", float("inf"), [1, (2, "a")], {"a": {1: 2.5, (1, 2): None}},
        np.float32(0.1), np.arange(3, dtype="uint16"), np.zeros((0, 2)), torch.ones(2).bfloat16(),
        torch.arange(6).reshape(2, 3).T,
    ],
    ids=repr,
)  # fmt: skip
def test_values_come_back_as_they_were(tmp_path: Path, value: Any) -> None:
    _backup_file.write({"value": value, "again": [value]}, tmp_path / "file")
    read = _backup_file.read(tmp_path / "file")
    for found in (read["value"], read["again"][0]):
        assert type(found) is type(value)
        if isinstance(value, (np.ndarray, torch.Tensor)):
            assert found.dtype == value.dtype
            assert found.tolist() == value.tolist()
        else:
            assert found == value


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"a": torch.ones(1)}, tmp_path / "file")
    with pytest.raises(OSError, match="is no whole backup: its format is None"):
        _backup_file.read(tmp_path / "file")


@pytest.mark.parametrize(
    "state",
    [
        "{", "[]", "3", '{"epoch": {"tensor": "7"}}', '{"epoch": {"tensor": []}}',
        '{"epoch": {"code": "print"}}', '{"epoch": {"dict": [[1]]}}', '{"epoch": {}}',
        '{"epoch": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_a_file_that_was_tampered_with_is_refused(tmp_path: Path, state: str) -> None:
    from safetensors.torch import save_file

    metadata = {"format": "torchkeras backup 1", "state": state}
    save_file({"0": torch.ones(1)}, tmp_path / "file", metadata)
    with pytest.raises(OSError, match="is no whole backup"):
        _backup_file.read(tmp_path / "file")


def test_a_model_may_be_copied_in_the_middle(tmp_path: Path) -> None:
    class Copy(callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            assert copy.deepcopy(self.model)._fit_run is None

    fit(make_model(), Copy(), BackupAndRestore(tmp_path), epochs=1)
