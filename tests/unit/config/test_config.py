"""`config`: limits, switches and the backend."""

import logging
import traceback

import keras
import numpy as np
import pytest
import torch

import torchkeras
from torchkeras import Sequential, config, layers, ops, saving
from torchkeras.callbacks import LambdaCallback

X = np.zeros((8, 2), "float32")


@pytest.fixture(autouse=True)
def _as_before():
    yield
    for limit in ("set_max_epochs", "set_max_steps_per_epoch"):
        getattr(config, limit)(None)
    torchkeras._base.switches.reset_switches()


@pytest.fixture
def model():
    model = Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def test_every_public_name_is_there():
    names = [name for name in dir(keras.config) if not name.startswith("_")]
    assert [name for name in names if not hasattr(config, name)] == []


def test_the_backend_is_torch():
    assert config.backend() == torchkeras.backend.backend() == "torch"
    assert not config.is_nnx_enabled()
    config.set_backend("torch")
    with pytest.raises(ValueError, match="`backend` must be one of 'torch'"):
        config.set_backend("jax")


# Limits


def test_epochs_are_limited(model):
    config.set_max_epochs(2)
    with pytest.warns(UserWarning, match="Limiting epochs to 2"):
        history = model.fit(X, X[:, :1], epochs=5, verbose=0)
    assert history.epoch == [0, 1]
    assert history.params["epochs"] == 2
    assert model.fit(X, X[:, :1], epochs=1, verbose=0).epoch == [0]


def test_steps_are_limited(model):
    config.set_max_steps_per_epoch(3)
    seen = []
    count = LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 3"):
        model.fit(X, X[:, :1], batch_size=1, verbose=0, callbacks=[count])
    assert seen == [0, 1, 2]
    with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 3"):
        assert len(model.predict(X, batch_size=1, verbose=0)) == 3
    with pytest.warns(UserWarning, match="Limiting steps_per_epoch to 3"):
        model.evaluate(X, X[:, :1], batch_size=1, verbose=0)


def test_fewer_steps_than_the_limit_stay(model):
    config.set_max_steps_per_epoch(3)
    assert len(model.predict(X, batch_size=4, verbose=0)) == 8
    assert len(model.predict(X, batch_size=1, steps=2, verbose=0)) == 2


def test_limits_come_from_the_environment_unless_they_are_set(monkeypatch):
    monkeypatch.setattr(torchkeras._base.limits._LIMITS, "given", {})
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (None, None)
    monkeypatch.setenv("KERAS_MAX_EPOCHS", "3")
    monkeypatch.setenv("KERAS_MAX_STEPS_PER_EPOCH", "5")
    assert (config.max_epochs(), config.max_steps_per_epoch()) == (3, 5)
    config.set_max_epochs(None)
    assert config.max_epochs() is None
    monkeypatch.setenv("KERAS_MAX_STEPS_PER_EPOCH", "many")
    with pytest.raises(ValueError, match="KERAS_MAX_STEPS_PER_EPOCH must hold a whole number"):
        config.max_steps_per_epoch()


@pytest.mark.parametrize("wrong", [-1, 1.5, "3", True])
def test_other_limits_are_refused(wrong):
    with pytest.raises(ValueError, match="`max_epochs` must be a whole number"):
        config.set_max_epochs(wrong)


# Switches


@pytest.mark.parametrize("switch", ["interactive_logging", "traceback_filtering"])
def test_switches(switch):
    for module in (config, keras.config):
        is_enabled = getattr(module, f"is_{switch}_enabled")
        assert is_enabled()
        getattr(module, f"disable_{switch}")()
        assert not is_enabled()
        getattr(module, f"enable_{switch}")()
        assert is_enabled()


def test_flash_attention_is_none_where_torch_may_choose():
    for module in (config, keras.config):
        assert module.is_flash_attention_enabled() is None
        module.disable_flash_attention()
        assert module.is_flash_attention_enabled() is False
        module.enable_flash_attention()
        assert module.is_flash_attention_enabled() is None


def test_clear_session_sets_the_switches_back():
    config.disable_interactive_logging()
    torchkeras.utils.clear_session()
    assert config.is_interactive_logging_enabled()


def test_messages_go_to_the_logger(model, capsys, caplog):
    config.disable_interactive_logging()
    with caplog.at_level(logging.INFO, "torchkeras"):
        model.fit(X, X[:, :1], epochs=2, verbose=2)
    assert capsys.readouterr().out == ""
    assert "Epoch 1/2" in caplog.messages
    assert any("loss" in message for message in caplog.messages)


def kernels(monkeypatch):
    """The backends that torch may choose from in a call of its attention."""
    allowed = []
    real = torch.nn.functional.scaled_dot_product_attention

    def noted(*args, **kwargs):
        allowed.append(torch.backends.cuda.flash_sdp_enabled())
        return real(*args, **kwargs)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", noted)
    return allowed


def test_disabled_flash_attention_is_kept_from_torch(monkeypatch):
    allowed = kernels(monkeypatch)
    x = torch.randn(2, 3, 2, 4)
    free = ops.dot_product_attention(x, x, x)
    config.disable_flash_attention()
    kept = ops.dot_product_attention(x, x, x)
    layers.MultiHeadAttention(2, 4)(x[:, :, 0], x[:, :, 0])
    assert allowed == [True, False, False]
    torch.testing.assert_close(free, kept)


def frames_of(error):
    return [frame.filename for frame in traceback.extract_tb(error.__traceback__)]


def test_tracebacks_show_what_users_wrote():
    class Broken(layers.Layer):
        def call(self, x):
            return inner(x)

    def inner(x):
        raise RuntimeError("no way")

    model = Sequential([Broken()])
    found = {}
    for switch in ("enable", "disable"):
        getattr(config, f"{switch}_traceback_filtering")()
        with pytest.raises(RuntimeError, match="no way") as caught:
            model.predict(X, verbose=0)
        found[switch] = frames_of(caught.value)
    short, full = found["enable"], found["disable"]
    assert [name for name in short if name == __file__] == [
        name for name in full if name == __file__
    ]
    assert len(short) < len(full)
    assert short[-1] == __file__


def test_tracebacks_of_own_errors_end_where_they_were_raised(model):
    with pytest.raises(ValueError, match="epochs") as caught:
        model.fit(X, X[:, :1], epochs=-1)
    assert frames_of(caught.value)[-1].endswith("checks.py")


def test_unsafe_deserialization_is_the_default_of_safe_mode():
    seen = []

    @saving.register_keras_serializable("config_tests")
    class Watcher:
        def get_config(self):
            return {}

        @classmethod
        def from_config(cls, config, safe_mode=None):
            seen.append(safe_mode)
            return cls()

    written = saving.serialize_keras_object(Watcher())
    saving.deserialize_keras_object(written)
    config.enable_unsafe_deserialization()
    saving.deserialize_keras_object(written)
    assert seen == [True, False]
