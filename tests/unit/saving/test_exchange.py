"""Weights of plain torch twins in models and back; reports of what does not match."""

import keras
import numpy as np
import pytest
import torch
from torch import nn

import torchkeras
from tests import oracle
from torchkeras import layers
from torchkeras.saving import load_keras_weights, load_torch_weights

rng = np.random.default_rng(0)
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def shaken(module):
    """Make all weights differ from their usual first values."""
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point():
                tensor += torch.rand(tensor.shape) * 0.3
    return module.eval()


class First(nn.Module):
    """Calls a module and keeps the first of what it returns."""

    def __init__(self, module):
        super().__init__()
        self.inner = module

    def forward(self, x):
        return self.inner(x)[0]


class Attending(nn.Module):
    def __init__(self):
        super().__init__()
        self.attn = nn.MultiheadAttention(6, 2, batch_first=True)

    def forward(self, x):
        return self.attn(x, x, x)[0]


class Residual(nn.Module):
    """As torchvision's blocks: what is defined last runs in the middle."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = (
            nn.Conv2d(3, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4, eps=1e-3),
        )
        self.conv2, self.bn2 = (
            nn.Conv2d(4, 4, 3, padding=1, bias=False),
            nn.BatchNorm2d(4, eps=1e-3),
        )
        self.fc = nn.Linear(4, 2)
        self.downsample = nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4, eps=1e-3))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return self.fc(torch.relu(y + self.downsample(x)).mean((2, 3)))


def residual(k):
    x = k.Input((8, 8, 3))
    y = k.layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv1")(x)
    y = k.layers.ReLU()(k.layers.BatchNormalization(name="bn1")(y))
    shortcut = k.layers.Conv2D(4, 1, use_bias=False, name="downsample_0")(x)
    shortcut = k.layers.BatchNormalization(name="downsample_1")(shortcut)
    y = k.layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv2")(y)
    y = k.layers.BatchNormalization(name="bn2")(y)
    y = k.layers.GlobalAveragePooling2D()(k.layers.ReLU()(k.layers.Add()([y, shortcut])))
    return k.Model(x, k.layers.Dense(2, name="fc")(y))


def row(*stack, shape):
    return lambda k: k.Sequential([k.Input(shape), *[make(k.layers) for make in stack]])


CONVNET = nn.Sequential(
    nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, eps=1e-3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
    nn.Dropout(0.5), nn.Linear(36, 5), nn.ReLU(), nn.Linear(5, 2),
)  # fmt: skip
TWINS = {
    "mlp": (
        nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 2)),
        row(*[lambda L, n=n, a=a: L.Dense(n, a) for n, a in ((5, "relu"), (5, "relu"), (2, None))],
            shape=(4,)),
        (4,),
    ),
    "convnet": (
        CONVNET,
        row(lambda L: L.Conv2D(4, 3), lambda L: L.BatchNormalization(), lambda L: L.ReLU(),
            lambda L: L.MaxPooling2D(), lambda L: L.Flatten(), lambda L: L.Dropout(0.5),
            lambda L: L.Dense(5, "relu"), lambda L: L.Dense(2), shape=(8, 8, 3)),
        (8, 8, 3),
    ),
    "conv1d": (
        nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, 2)),
        row(lambda L: L.Conv1D(4, 3, activation="relu"), lambda L: L.Flatten(),
            lambda L: L.Dense(2), shape=(8, 3)),
        (8, 3),
    ),
    "residual": (Residual(), residual, (8, 8, 3)),
    "lstm": (
        First(nn.LSTM(3, 4, num_layers=2, batch_first=True)),
        row(*[lambda L: L.LSTM(4, return_sequences=True)] * 2, shape=(5, 3)),
        (5, 3),
    ),
    "bidirectional": (
        First(nn.LSTM(3, 4, batch_first=True, bidirectional=True)),
        row(lambda L: L.Bidirectional(L.LSTM(4, return_sequences=True)), shape=(5, 3)),
        (5, 3),
    ),
    "gru": (
        First(nn.GRU(3, 4, batch_first=True)),
        row(lambda L: L.GRU(4, return_sequences=True), shape=(5, 3)),
        (5, 3),
    ),
    "rnn": (
        First(nn.RNN(3, 4, batch_first=True)),
        row(lambda L: L.SimpleRNN(4, return_sequences=True), shape=(5, 3)),
        (5, 3),
    ),
    "sequence": (
        nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4, eps=1e-3), nn.Flatten(), nn.Linear(20, 2)),
        row(lambda L: L.Dense(4), lambda L: L.LayerNormalization(), lambda L: L.Flatten(),
            lambda L: L.Dense(2), shape=(5, 3)),
        (5, 3),
    ),
}  # fmt: skip


def attending(k):
    x = k.Input((5, 6))
    return k.Model(x, k.layers.MultiHeadAttention(2, 3, name="attn")(x, x))


TWINS["attention"] = (Attending(), attending, (5, 6))


def both(case):
    module, make, shape = TWINS[case]
    torch.manual_seed(0)
    x = rng.uniform(-1, 1, (2, *shape)).astype("float32")
    turned = case in ("convnet", "residual", "conv1d")
    x_torch = torch.from_numpy(x).movedim(-1, 1) if turned else torch.from_numpy(x)
    oracle.reset()
    return shaken(module), make, x, x_torch


@pytest.mark.parametrize("case", TWINS)
def test_a_twin_of_torch(case):
    module, make, x, x_torch = both(case)
    model = make(torchkeras)
    report = load_torch_weights(model, module.state_dict())
    assert report.complete
    torch.testing.assert_close(model(x), module(x_torch), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("package", [torchkeras, keras], ids=["torchkeras", "keras"])
@pytest.mark.parametrize("case", TWINS)
def test_a_twin_of_keras(case, package):
    module, make, x, x_torch = both(case)
    model = make(package)
    model.set_weights([w + rng.random(w.shape) * 0.3 for w in model.get_weights()])
    report = load_keras_weights(module, model)
    assert report.complete
    expected = torch.from_numpy(np.array(keras.ops.convert_to_numpy(model(x))))
    torch.testing.assert_close(module(x_torch), expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("ending", [".keras", ".h5", ".safetensors"])
def test_files_of_whole_models(tmp_path, ending):
    module, make, x, x_torch = both("mlp")
    model = make(torchkeras)
    model.save(tmp_path / f"m{ending}")
    load_keras_weights(module, tmp_path / f"m{ending}")
    torch.testing.assert_close(module(x_torch), model(x).detach())


def test_a_file_by_keras(tmp_path):
    module, make, x, x_torch = both("convnet")
    model = make(keras)
    model.save(tmp_path / "m.keras")
    load_keras_weights(module, tmp_path / "m.keras")
    np.testing.assert_allclose(
        module(x_torch).detach().numpy(), keras.ops.convert_to_numpy(model(x)), atol=1e-5
    )


def test_its_own_state_dict_is_taken_as_it_is():
    first, second = (TWINS["convnet"][1](torchkeras) for _ in range(2))
    report = load_torch_weights(second, {f"module.{k}": v for k, v in first.state_dict().items()})
    assert report.complete
    assert all("by name" in row.note for row in report.rows)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name]) or "seed" in name


def test_checkpoints_hold_it_further_in():
    module, make, *_ = both("mlp")
    assert load_torch_weights(
        make(torchkeras), {"state_dict": module.state_dict(), "epoch": 3}
    ).complete


def test_channels_first_models_flatten_as_torch_does():
    module, _, _, x_torch = both("convnet")
    first = {"data_format": "channels_first"}
    model = torchkeras.Sequential([
        torchkeras.Input((3, 8, 8)), layers.Conv2D(4, 3, **first),
        layers.BatchNormalization(axis=1), layers.ReLU(), layers.MaxPooling2D(**first),
        layers.Flatten(), layers.Dense(5, "relu"),
        layers.Dense(2),
    ])  # fmt: skip
    load_torch_weights(model, module)
    torch.testing.assert_close(model(x_torch), module(x_torch), atol=1e-5, rtol=1e-5)


def test_the_reordering_is_told_and_can_be_left_out():
    module, make, *_ = both("convnet")
    model = make(torchkeras)
    report = load_torch_weights(model, module)
    notes = {row.target: row.note for row in report.rows}
    assert notes["dense.linear.weight"] == "by order and shape, channels moved last"
    load_torch_weights(model, module, channels_first_flatten=False)
    assert torch.equal(model.get_layer("dense").linear.weight, module[6].weight)


def test_names_go_before_order():
    model = torchkeras.Sequential(
        [torchkeras.Input((3,)), layers.Dense(3, name="b_1"), layers.Dense(3, name="a")]
    )
    twin = nn.ModuleDict({"a": nn.Linear(3, 3), "b": nn.Sequential(nn.ReLU(), nn.Linear(3, 3))})
    report = load_torch_weights(model, twin)
    assert report.matched["b_1.linear.weight"] == "b.1.weight"
    assert torch.equal(model.layers[1].linear.weight, twin["a"].weight)


# What does not match


def unchanged(model, call, match, error=ValueError):
    before = model.get_weights()
    with pytest.raises(error, match=match):
        call()
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def small(*units):
    return torchkeras.Sequential([torchkeras.Input((4,)), *[layers.Dense(n) for n in units]])


def test_another_shape_loads_nothing():
    model = small(5, 2)
    twin = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 3))
    unchanged(
        model, lambda: load_torch_weights(model, twin), r"mismatched: the source has \(3, 5\)"
    )
    report = load_torch_weights(model, twin, strict=False)
    assert (
        set(report.mismatched) == {"dense_1.linear.weight", "dense_1.linear.bias"}
        or len(report.mismatched) == 2
    )
    assert torch.equal(model.layers[0].linear.weight, twin[0].weight)


def test_too_few_and_too_many():
    model = small(4, 4)
    three = nn.Sequential(*[nn.Linear(4, 4) for _ in range(3)])
    unchanged(
        model, lambda: load_torch_weights(model, three), "2 of this kind in the model, and 3 in"
    )
    report = load_torch_weights(model, three, strict=False)
    assert len(report.missing) == 4
    assert len(report.unexpected) == 6
    assert not report.matched


def test_a_bias_too_many():
    model = torchkeras.Sequential([torchkeras.Input((4,)), layers.Dense(2, use_bias=False)])
    report = load_torch_weights(model, nn.Linear(4, 2), strict=False)
    assert list(report.matched.values()) == ["weight"]
    assert report.unexpected == ["bias"]
    unchanged(model, lambda: load_torch_weights(model, nn.Linear(4, 2)), "1 matched, 1 unexpected")


def test_whole_numbers_are_no_weights():
    model = small(2)
    state = {name: tensor.int() for name, tensor in nn.Linear(4, 2).state_dict().items()}
    unchanged(model, lambda: load_torch_weights(model, state), "the source has torch.int32")


def test_modules_are_left_alone_too():
    module = nn.Linear(4, 3)
    before = module.weight.clone()
    with pytest.raises(ValueError, match="nothing was loaded"):
        load_keras_weights(module, small(2))
    assert torch.equal(module.weight, before)


def test_the_report_is_a_table():
    model = small(2)
    text = repr(load_torch_weights(model, nn.Linear(4, 2)))
    assert text.splitlines()[0] == "Weights: 2 matched"
    assert text.splitlines()[1].split() == ["model", "source", "shape"]
    many = torchkeras.saving.WeightsReport(
        [torchkeras.saving.WeightsRow("missing", f"w{i}", None, (3,)) for i in range(50)]
    )
    assert repr(many).splitlines()[-1] == "... and 10 more"


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: load_torch_weights(nn.Linear(2, 2), {}), TypeError, "`model` must be a model"),
        (lambda: load_torch_weights(small(2), [1]), TypeError, "must be a dictionary of tensors"),
        (lambda: load_torch_weights(small(2), {"a": 3}), TypeError, "Read a file first"),
        (lambda: load_torch_weights(torchkeras.Sequential([layers.Dense(2)]), nn.Linear(2, 2)),
         ValueError, "is not built yet"),
        (lambda: load_keras_weights(3, small(2)), TypeError, "`module` must be a"),
        (lambda: load_keras_weights(nn.ReLU(), nn.ReLU()), TypeError, "`source` must be a model"),
        (lambda: load_keras_weights(nn.Linear(2, 2), "m.weights.h5"), ValueError, "Weights alone"),
    ],
)  # fmt: skip
def test_wrong_arguments(call, error, match):
    with pytest.raises(error, match=match):
        call()
