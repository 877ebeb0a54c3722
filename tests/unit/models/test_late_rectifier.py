"""A rectifier runs after the pooling that follows it, and nobody can tell."""

import pytest
import torch

from torchkeras import Input, Model, Sequential, layers
from torchkeras.models.late_rectifier import LateRectifier

IMAGES = (9, 9, 2)


def paired(model):
    """The names of the pairs in a model's program."""
    model(torch.zeros(1, *model.input_shape[1:]))
    called = vars(model._run.__self__).values()
    return [
        (type(pair.rectifying).__name__, type(pair.pooling).__name__)
        for pair in called
        if isinstance(pair, LateRectifier)
    ]


def convolution(activation="relu", **kwargs):
    return layers.Conv2D(4, 3, activation=activation, **kwargs)


PAIRS = {
    "convolution": ([convolution(), layers.MaxPooling2D(2)], ("Conv2D", "MaxPooling2D")),
    "same padding": (
        [convolution(padding="same"), layers.MaxPooling2D(3, 2, padding="same")],
        ("Conv2D", "MaxPooling2D"),
    ),
    "whole image": ([convolution(), layers.GlobalMaxPooling2D()], ("Conv2D", "GlobalMaxPooling2D")),
    "ReLU": ([convolution(None), layers.ReLU(), layers.MaxPooling2D()], ("ReLU", "MaxPooling2D")),
    "Activation": (
        [layers.BatchNormalization(), layers.Activation("relu"), layers.MaxPooling2D()],
        ("Activation", "MaxPooling2D"),
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_outputs_and_gradients_are_the_same_bits(name):
    parts, pair = PAIRS[name]
    model = Sequential([Input(IMAGES), *parts])
    assert paired(model) == [pair]
    found = []
    x = torch.randn(3, *IMAGES)
    for run in (model, lambda x: one_by_one(parts, x)):
        images = x.clone().requires_grad_()
        y = run(images)
        model.zero_grad()
        y.square().sum().backward()
        found.append([y, images.grad, *(parameter.grad for parameter in model.parameters())])
    for ours, plain in zip(*found, strict=True):
        assert torch.equal(ours, plain)


def one_by_one(parts, x):
    for part in parts:
        x = part(x)
    return x


@pytest.mark.parametrize(
    "parts",
    [
        [convolution("relu6"), layers.MaxPooling2D()],
        [convolution(), layers.AveragePooling2D(2)],
        [convolution(activity_regularizer="l2"), layers.MaxPooling2D()],
        [layers.ReLU(max_value=6), layers.MaxPooling2D()],
        [layers.ReLU(threshold=0.5), layers.MaxPooling2D()],
        [layers.Activation("gelu"), layers.MaxPooling2D()],
    ],
    ids=["relu6", "average", "regularized", "limit", "threshold", "gelu"],
)
def test_what_would_differ_stays_in_order(parts):
    assert paired(Sequential([Input(IMAGES), *parts])) == []


def test_outputs_that_are_used_twice_stay_rectified():
    inputs = Input(IMAGES)
    before = convolution()(inputs)
    model = Model(inputs, [before, layers.MaxPooling2D()(before)])
    assert paired(model) == []
    assert model(torch.randn(2, *IMAGES))[0].min() >= 0


def test_a_model_up_to_the_convolution_is_rectified():
    whole = Sequential([Input(IMAGES), convolution(), layers.MaxPooling2D()])
    part = Model(whole.inputs, whole.layers[0].output)
    assert part(torch.randn(2, *IMAGES)).min() >= 0


@pytest.mark.parametrize("place", [0, 1])
def test_hooks_see_the_layers_in_order(place):
    model = Sequential([Input(IMAGES), convolution(), layers.MaxPooling2D()])
    x = torch.randn(2, *IMAGES)
    expected = model(x)
    seen = []
    model.layers[place].register_forward_hook(lambda module, args, y: seen.extend([*args, y]))
    assert torch.equal(model(x), expected)
    inputs, outputs = seen
    assert outputs.min() >= 0
    assert torch.equal(inputs, x) if place == 0 else inputs.min() >= 0


def test_exported_programs_keep_the_order():
    model = Sequential([Input(IMAGES), convolution(), layers.MaxPooling2D()])
    model(torch.randn(2, *IMAGES))
    graph = torch.export.export(model, (torch.randn(2, *IMAGES),)).graph
    names = [str(node.target) for node in graph.nodes]
    first = [next(i for i, name in enumerate(names) if part in name) for part in ("relu", "pool")]
    assert first == sorted(first)


@pytest.mark.parametrize(("size", "layer"), [(2, "small"), (3, "large")])
def test_images_that_are_too_small_are_explained_as_always(size, layer):
    parts = [convolution(name="small"), layers.MaxPooling2D(2, name="large")]
    model = Sequential([Input((None, None, 2)), *parts])
    model(torch.randn(2, *IMAGES))
    with pytest.raises((ValueError, RuntimeError)) as caught:
        model(torch.randn(2, size, size, 2))
    assert f"layer '{layer}'" in "".join([str(caught.value), *caught.value.__notes__])


def test_an_activation_exchanged_later_runs():
    model = Sequential([Input(IMAGES), convolution(), layers.MaxPooling2D()])
    x = torch.randn(2, *IMAGES)
    model(x)
    model.layers[0].activation = "tanh"
    assert model(x).min() < 0
