"""The summary is Keras's, character by character."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import torchkeras
from tests import oracle
from tests.cases.models import BUILDERS, inputs

OPTIONS = {
    "plain": {},
    "expanded": {"expand_nested": True},
    "trainable": {"show_trainable": True},
    "everything": {"expand_nested": True, "show_trainable": True},
    "narrow": {"line_length": 60},
    "positions": {"line_length": 76, "positions": [0.3, 0.5, 0.7, 1.0]},
}


def text_of(model, **options):
    pieces = []
    model.summary(print_fn=lambda text, line_break=True: pieces.append(text), **options)
    assert len(pieces) == 1
    return pieces[0]


def both(build, **options):
    texts = []
    for package in oracle.PACKAGES:
        oracle.reset()
        texts.append(text_of(build(package), **options))
    return texts


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_equals_keras(written, options):
    ours, theirs = both(BUILDERS[written], **options)
    assert ours == theirs


def subclassed(k):
    class Net(k.Model):
        def __init__(self):
            super().__init__()
            self.first = k.layers.Dense(3)
            self.rest = [k.layers.Dense(2, trainable=False), k.layers.Dropout(0.1)]

        def call(self, inputs):
            x = self.first(inputs)
            for layer in self.rest:
                x = layer(x)
            return x

    return Net()


def test_unbuilt_subclassed_model():
    ours, theirs = both(subclassed)
    assert ours == theirs
    assert "0 (unbuilt)" in ours
    assert "?" in ours


def called(k):
    model = subclassed(k)
    model(np.ones((2, 4), "float32"))
    return model


def holding_a_functional_model(k):
    class Net(k.Model):
        def __init__(self):
            super().__init__()
            symbols = k.Input((4,))
            self.inner = k.Model(symbols, k.layers.Dense(2)(symbols), name="inner")

        def call(self, inputs):
            return self.inner(inputs)

    model = Net()
    model(np.ones((2, 4), "float32"))
    return model


def test_functional_models_inside_of_subclassed_ones_have_a_shape():
    ours, theirs = both(holding_a_functional_model)
    assert ours == theirs
    assert "(None, 2)" in ours


def test_called_subclassed_model():
    ours, theirs = both(called, show_trainable=True)
    assert ours == theirs


def unbuilt(k):
    return k.Sequential([k.layers.Dense(3), k.layers.Flatten()], name="later")


def test_unbuilt_sequential():
    ours, theirs = both(unbuilt)
    assert ours == theirs


@pytest.mark.parametrize("pack", [tuple, list, lambda pair: {"b": pair[0], "a": pair[1]}])
def test_several_outputs_of_a_layer(pack):
    def build(k):
        class Twice(k.layers.Layer):
            def call(self, inputs):
                return pack((inputs[:, :2], inputs))

        symbols = k.Input((3,))
        return k.Model(symbols, Twice()(symbols))

    ours, theirs = both(build)
    assert ours == theirs


def compiled(k):
    model = BUILDERS["mlp"](k)
    model.compile("adam", "mse")
    model.fit(inputs("mlp"), np.ones((2, 2), "float32"), verbose=0)
    return model


def test_optimizer_params_are_counted():
    ours, theirs = both(compiled)
    assert ours == theirs
    assert "Optimizer params" in ours


@pytest.mark.parametrize("width", [10, 1000, 1_000_000])
def test_sizes_have_keras_units(width):
    def build(k):
        return k.Sequential([k.Input((1,)), k.layers.Dense(width)])

    ours, theirs = both(build)
    assert ours == theirs


def mixed(k):
    x = k.Input((3,))
    return k.Model(x, k.layers.Dense(2, dtype="float16")(k.layers.Dense(2, dtype="bfloat16")(x)))


def test_sizes_follow_the_dtype():
    ours, theirs = both(mixed)
    assert ours == theirs


def brackets(k):
    x = k.Input((3,), name="in[0]")
    return k.Model(x, k.layers.Dense(2, name="[bold]dense")(x), name="[red]m")


def test_names_are_not_markup():
    ours, theirs = both(brackets)
    assert ours == theirs


@pytest.mark.parametrize("layer_range", [("fixed", "dense_1"), ("dense_1", "fixed"), ("d.*", "f")])
def test_layer_range(layer_range):
    ours, theirs = both(BUILDERS["mlp"], layer_range=layer_range)
    assert ours == theirs


@pytest.mark.parametrize("layer_range", [("a",), ("nothing", "dense"), (1, 2)])
def test_wrong_layer_range_is_refused(layer_range):
    with pytest.raises(ValueError, match="layer_range"):
        text_of(BUILDERS["mlp"](torchkeras), layer_range=layer_range)


def test_too_narrow_is_refused():
    with pytest.raises(ValueError, match="line_length=10"):
        text_of(BUILDERS["mlp"](torchkeras), line_length=10)


def test_wide_tables_are_not_cut_without_a_terminal(capsys):
    model = torchkeras.Sequential(
        [torchkeras.Input((4,)), torchkeras.layers.Dense(3, name="x" * 60)]
    )
    model.summary(line_length=200)
    out = capsys.readouterr().out
    assert "x" * 60 in out
    assert max(len(line) for line in out.splitlines()) == 200


def test_prints_without_colours_to_a_file(capsys):
    BUILDERS["mlp"](torchkeras).summary()
    out = capsys.readouterr().out
    assert 'Model: "mlp"' in out
    assert "\x1b" not in out


def test_torch_modules_have_a_row():
    model = torchkeras.Sequential([torchkeras.Input((4,)), torch.nn.Linear(4, 3)])
    text = text_of(model)
    assert "torch_module_wrapper" in text
    assert "15" in text


def test_torch_functions_have_a_row():
    x = torchkeras.Input((4,))
    model = torchkeras.Model(x, torch.cat([torch.relu(x), x * 2], dim=-1))
    text = text_of(model, line_length=110)
    assert "cat (cat)" in text
    assert "relu[0][0]" in text


def test_copy_has_the_same_summary():
    import copy

    model = BUILDERS["branches"](torchkeras)
    assert text_of(copy.deepcopy(model)) == text_of(model)


def test_a_first_summary_draws_no_random_numbers():
    program = (
        "import random, torchkeras\n"
        "model = torchkeras.Sequential([torchkeras.Input((2,)), torchkeras.layers.Dense(1)])\n"
        "before = random.getstate()\n"
        "model.summary(print_fn=len)\n"
        "assert random.getstate() == before\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
