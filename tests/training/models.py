"""The models of whole runs, each made in the package that is given."""

from typing import Any

import numpy as np

Package = Any
Model = Any


def convnet(package: Package) -> Model:
    layers = package.layers
    return package.Sequential(
        [
            package.Input((8, 8, 2)),
            layers.Conv2D(4, 3, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.SeparableConv2D(5, 3, strides=2, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.8, scale=False),
            layers.AveragePooling2D(2, padding="same"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def signal_net(package: Package) -> Model:
    layers = package.layers
    return package.Sequential(
        [
            package.Input((12, 3)),
            layers.Conv1D(4, 3, dilation_rate=2, padding="causal", activation="gelu"),
            layers.LayerNormalization(),
            layers.Conv1DTranspose(3, 3, strides=2, padding="same", activation="elu"),
            layers.MaxPooling1D(3),
            layers.GlobalMaxPooling1D(),
            layers.Dense(1),
        ]
    )


def residual_net(package: Package) -> Model:
    layers = package.layers
    inputs = package.Input((6, 6, 2))
    x = layers.Conv2D(4, 3, padding="same")(inputs)
    y = layers.Activation("relu")(layers.BatchNormalization()(x))
    y = layers.DepthwiseConv2D(3, padding="same")(y)
    x = layers.Add()([x, y])
    x = layers.Concatenate()([layers.UpSampling2D()(x), layers.ZeroPadding2D(3)(inputs)])
    x = layers.GlobalAveragePooling2D()(layers.Conv2DTranspose(3, 2, strides=2)(x))
    return package.Model(inputs, layers.Dense(3, activation="softmax")(x))


def recurrent(kind: str, *, backwards: bool = False) -> Any:
    """Return what builds a tagger of padded sequences, its first layer two ways at once."""

    def build(package: Package) -> Model:
        layers = package.layers
        layer = getattr(layers, kind)
        return package.Sequential(
            [
                package.Input((5,), dtype="int32"),
                layers.Embedding(7, 4, mask_zero=True),
                layers.Bidirectional(layer(3, return_sequences=True)),
                layer(4, go_backwards=backwards),
                layers.Dense(1),
            ]
        )

    return build


def tagger(package: Package) -> Model:
    layers = package.layers
    inputs = package.Input((5,), dtype="int32")
    x = layers.Embedding(7, 4, mask_zero=True)(inputs)
    x = layers.LSTM(4, return_sequences=True)(x)
    x = layers.TimeDistributed(layers.Dense(3, activation="softmax"))(x)
    return package.Model(inputs, x)


def two_outputs(package: Package) -> Model:
    layers = package.layers
    inputs = package.Input((6,), name="features")
    hidden = layers.Dense(8, activation="tanh")(inputs)
    number = layers.Dense(1, name="number")(hidden)
    kind = layers.Dense(3, activation="softmax", name="kind")(hidden)
    return package.Model(inputs, [number, kind])


def two_named_outputs(package: Package) -> Model:
    layers = package.layers
    inputs = package.Input((6,), name="features")
    hidden = layers.Dense(8, activation="tanh")(inputs)
    outputs = {"b": layers.Dense(1)(hidden), "a": layers.Dense(3, activation="softmax")(hidden)}
    return package.Model({"features": inputs}, outputs)


def three_outputs(package: Package) -> Model:
    layers = package.layers
    inputs = package.Input((6,))
    hidden = layers.Dense(8, activation="relu")(inputs)
    first, second, third = (layers.Dense(1, name=name)(hidden) for name in "abc")
    return package.Model(inputs, [first, second, third])


def nested_structures(package: Package) -> Model:
    """Return a model whose inputs and outputs are lists in dictionaries."""
    layers = package.layers
    names = ("a", "b0", "b1")
    first, *rest = (package.Input((6,), name=name) for name in names)
    hidden = layers.Concatenate()([layers.Dense(3)(x) for x in (first, *rest)])
    last, *others = (layers.Dense(1, name=f"out_{name}")(hidden) for name in names)
    return package.Model({"a": first, "b": rest}, {"x": last, "y": others})


def two_inputs(package: Package) -> Model:
    """Return a model of a dictionary of inputs; the words go through one embedding twice."""
    layers = package.layers
    numbers, words = package.Input((6,), name="numbers"), package.Input((5,), name="words")
    embedding = layers.Embedding(7, 4)
    sums = layers.Lambda(lambda x: x.sum(1))(embedding(words))
    flat = layers.Flatten()(embedding(words))
    x = layers.Concatenate()([layers.Dense(4, activation="selu")(numbers), sums, flat])
    return package.Model({"words": words, "numbers": numbers}, layers.Dense(1)(x))


def two_towers(package: Package) -> Model:
    layers = package.layers
    left, right = package.Input((6,)), package.Input((6,))
    tower = package.Sequential([layers.Dense(4, activation="tanh"), layers.Dense(3)])
    return package.Model([left, right], layers.Dot(1, normalize=True)([tower(left), tower(right)]))


def nested(package: Package) -> Model:
    layers = package.layers
    inner_inputs = package.Input((6,))
    hidden = layers.Dense(5, use_bias=False, kernel_regularizer="l2")(inner_inputs)
    inner = package.Model(inner_inputs, layers.BatchNormalization()(hidden))
    middle = package.Sequential([inner, layers.ReLU(), layers.Dense(6)])
    inputs = package.Input((6,))
    return package.Model(inputs, layers.Dense(1)(inner(middle(inputs))))


def transformer(package: Package) -> Model:
    layers = package.layers
    inputs = package.Input((5,), dtype="int32")
    x = layers.Embedding(7, 6, mask_zero=True)(inputs)
    attended = layers.MultiHeadAttention(2, 3)(x, x)
    x = layers.LayerNormalization()(layers.Add()([x, attended]))
    forward = layers.Dense(6)(layers.Dense(8, activation="gelu")(x))
    x = layers.LayerNormalization(epsilon=1e-6)(x + forward)
    return package.Model(inputs, layers.Dense(1)(layers.GlobalAveragePooling1D()(x)))


def decoder(package: Package) -> Model:
    layers = package.layers
    inputs = package.Input((5,), dtype="int32")
    x = layers.Embedding(7, 6)(inputs)
    x = x + layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)
    x = layers.LayerNormalization()(x)
    return package.Model(inputs, layers.Dense(7)(x))


def regularized(package: Package) -> Model:
    layers, regularizers = package.layers, package.regularizers
    return package.Sequential(
        [
            package.Input((6,)),
            layers.Dense(8, kernel_regularizer=regularizers.L1L2(0.01, 0.02)),
            layers.Activation("relu", activity_regularizer=regularizers.L1(0.03)),
            layers.Dense(8, "relu", bias_regularizer="l1", activity_regularizer="l2"),
            layers.Dense(4, kernel_regularizer=regularizers.OrthogonalRegularizer(0.02)),
            layers.Dense(1),
        ]
    )


def constrained(package: Package) -> Model:
    layers, constraints = package.layers, package.constraints
    return package.Sequential(
        [
            package.Input((6, 6, 2)),
            layers.Conv2D(3, 3, kernel_constraint=constraints.MaxNorm(0.5, axis=[0, 1, 2])),
            layers.Flatten(),
            layers.Dense(5, kernel_constraint="unit_norm", bias_constraint="non_neg"),
            layers.Dense(3, kernel_constraint=constraints.MinMaxNorm(0.2, 0.6, rate=0.5)),
        ]
    )


def without_dropout(package: Package) -> Model:
    layers = package.layers
    return package.Sequential(
        [
            package.Input((6,)),
            layers.Dropout(0.0),
            layers.Dense(8, activation="relu"),
            layers.GaussianNoise(0.0),
            layers.GaussianDropout(0.0),
            layers.Dense(1),
        ]
    )


def frozen(package: Package) -> Model:
    """Return a net whose first convolution and first batch normalization are frozen."""
    layers = package.layers
    norm = layers.BatchNormalization(trainable=False)
    conv = layers.Conv2D(4, 3, trainable=False)
    tail = [layers.BatchNormalization(), layers.Flatten(), layers.Dense(3)]
    model = package.Sequential([package.Input((6, 6, 2)), conv, norm, layers.ReLU(), *tail])
    rng = np.random.default_rng(0)
    norm.set_weights([rng.random(4) + 0.5 for _ in range(4)])
    return model


def frozen_later(package: Package) -> Model:
    """Return a net with a pretrained model inside, frozen as transfer learning freezes it."""
    layers = package.layers
    base = package.Sequential([package.Input((6,)), layers.Dense(5), layers.BatchNormalization()])
    base.trainable = False
    inputs = package.Input((6,))
    x = layers.Dense(4, activation="relu")(base(inputs, training=False))
    return package.Model(inputs, layers.Dense(1)(x))


def adding_losses(package: Package) -> Model:
    class Activity(package.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: Any) -> Any:
            self.add_loss(0.1 * (inputs**2).mean())
            self.add_loss([0.01 * inputs.abs().sum()])
            return inputs

    inputs = package.Input((6,))
    hidden = Activity()(package.layers.Dense(8, activation="relu")(inputs))
    return package.Model(inputs, package.layers.Dense(1)(hidden))


def subclassed(package: Package) -> Model:
    """Return a model that looks at `training`, and holds layers in a list and a dictionary."""

    class Small(package.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.blocks = [package.layers.Dense(6, activation="relu") for _ in range(2)]
            self.norm = package.layers.BatchNormalization()
            self.heads = {"last": package.layers.Dense(1)}

        def call(self, inputs: Any, training: bool = False) -> Any:
            x = inputs
            for block in self.blocks:
                x = x + block(x)
            x = self.norm(x, training=training)
            return self.heads["last"](x if training else 1.0 * x)

    model = Small()
    model(package.ops.zeros((1, 6)))
    return model


def subclassed_of_parts(package: Package) -> Model:
    """Return a model of layers of one's own, with weights made by hand, and of nested models."""

    class Scaled(package.layers.Layer):  # type: ignore[misc]
        def __init__(self, units: int) -> None:
            super().__init__()
            self.units = units

        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight(shape=(input_shape[-1], self.units), name="w")
            self.b = self.add_weight(shape=(self.units,), initializer="zeros", regularizer="l2")
            self.seen = self.add_weight(initializer="zeros", trainable=False)

        def call(self, inputs: Any) -> Any:
            self.seen.assign_add(1.0)
            return package.ops.matmul(inputs, self.w) + self.b / (1.0 + 0.0 * self.seen)

    class Whole(package.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.scaled = Scaled(5)
            self.inner = package.Sequential([package.layers.ReLU(), package.layers.Dense(4)])
            self.out_a, self.out_b = package.layers.Dense(1), package.layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            hidden = self.inner(self.scaled(inputs["x"]))
            return {"a": self.out_a(hidden), "b": package.activations.softmax(self.out_b(hidden))}

    model = Whole()
    model({"x": package.ops.zeros((1, 6))})
    return model
