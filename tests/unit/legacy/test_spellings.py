"""Each old spelling does what the new one does, and warns once with the new name."""

import warnings

import numpy as np
import pytest

import torchkeras as keras
from torchkeras.legacy.patches import Patches
from torchkeras.legacy.spellings import understand


@pytest.fixture(scope="module", autouse=True)
def old_modules():
    patches = Patches()
    yield understand(keras, patches)
    patches.undo()


# Each: the old spelling, the new one, and what the warning says.
L = "keras.layers."
LAYERS = [
    (L + "Dense(output_dim=3)", L + "Dense(units=3)", "`units`"),
    (L + "Dense(3, init='he_normal')", L + "Dense(3, kernel_initializer='he_normal')", "kernel_i"),
    (L + "Dense(3, W_regularizer='l2')", L + "Dense(3, kernel_regularizer='l2')", "kernel_reg"),
    (L + "Dense(3, b_regularizer='l2')", L + "Dense(3, bias_regularizer='l2')", "bias_reg"),
    (L + "Dense(3, W_constraint='non_neg')", L + "Dense(3, kernel_constraint='non_neg')", "kern"),
    (L + "Dense(3, b_constraint='non_neg')", L + "Dense(3, bias_constraint='non_neg')", "bias_c"),
    (L + "Dense(3, bias=False)", L + "Dense(3, use_bias=False)", "`use_bias`"),
    (L + "Dropout(p=0.5)", L + "Dropout(rate=0.5)", "`rate`"),
    (L + "GaussianNoise(sigma=0.5)", L + "GaussianNoise(stddev=0.5)", "`stddev`"),
    (L + "Reshape(dims=(3, 1))", L + "Reshape(target_shape=(3, 1))", "`target_shape`"),
    (L + "LeakyReLU(alpha=0.1)", L + "LeakyReLU(negative_slope=0.1)", "`negative_slope`"),
    (L + "BatchNormalization(mode=0)", L + "BatchNormalization()", "leave it out"),
    (L + "BatchNormalization(fused=True)", L + "BatchNormalization()", "leave it out"),
    (
        L + "BatchNormalization(gamma_init='zeros')",
        L + "BatchNormalization(gamma_initializer='zeros')",
        "`gamma_initializer`",
    ),
    (
        L + "Convolution2D(4, nb_row=3, nb_col=2)",
        L + "Conv2D(4, (3, 2))",
        r"kernel_size=\(3, 2\)",
    ),
    (
        L + "Convolution2D(4, 3, 2, border_mode='same')",
        L + "Conv2D(4, (3, 2), padding='same')",
        "`padding`",
    ),
    (L + "Conv2D(nb_filter=4, kernel_size=3)", L + "Conv2D(4, 3)", "`filters`"),
    (L + "Conv2D(4, 3, subsample=(2, 2))", L + "Conv2D(4, 3, (2, 2))", "`strides`"),
    (
        L + "Conv2D(4, 3, dim_ordering='th')",
        L + "Conv2D(4, 3, data_format='channels_first')",
        "data_format='channels_first'",
    ),
    (L + "Conv2D(4, 3, atrous_rate=2)", L + "Conv2D(4, 3, dilation_rate=2)", "`dilation_rate`"),
    (L + "Convolution1D(4, filter_length=3)", L + "Conv1D(4, 3)", "`kernel_size`"),
    (L + "Conv1D(4, 3, subsample_length=2)", L + "Conv1D(4, 3, strides=2)", "`strides`"),
    (L + "MaxPooling1D(pool_length=3)", L + "MaxPooling1D(3)", "`pool_size`"),
    (L + "MaxPooling1D(2, stride=3)", L + "MaxPooling1D(2, strides=3)", "`strides`"),
    (
        L + "MaxPooling2D((2, 2), border_mode='same')",
        L + "MaxPooling2D((2, 2), padding='same')",
        "`padding`",
    ),
    (
        L + "MaxPooling2D(dim_ordering='tf')",
        L + "MaxPooling2D(data_format='channels_last')",
        "data_format",
    ),
    (L + "UpSampling1D(length=3)", L + "UpSampling1D(3)", "`size`"),
    (L + "Embedding(9, 4, input_length=7)", L + "Embedding(9, 4)", "leave it out"),
    (
        L + "Embedding(9, 4, init='zeros')",
        L + "Embedding(9, 4, embeddings_initializer='zeros')",
        "`embeddings_initializer`",
    ),
    (L + "LSTM(output_dim=3)", L + "LSTM(3)", "`units`"),
    (L + "LSTM(3, inner_init='zeros')", L + "LSTM(3, recurrent_initializer='zeros')", "recurrent"),
    (
        L + "GRU(3, inner_activation='hard_sigmoid')",
        L + "GRU(3, recurrent_activation='hard_sigmoid')",
        "`recurrent_activation`",
    ),
    (L + "LSTM(3, dropout_W=0.2)", L + "LSTM(3, dropout=0.2)", "`dropout`"),
    (L + "LSTM(3, dropout_U=0.2)", L + "LSTM(3, recurrent_dropout=0.2)", "`recurrent_dropout`"),
    (L + "LSTM(3, consume_less='gpu')", L + "LSTM(3)", "leave it out"),
    (L + "LSTM(3, forget_bias_init='one')", L + "LSTM(3)", "by itself"),
    (L + "SimpleRNN(3, implementation=2)", L + "SimpleRNN(3)", "leave it out"),
    (
        L + "LSTM(3, U_regularizer='l1')",
        L + "LSTM(3, recurrent_regularizer='l1')",
        "`recurrent_regularizer`",
    ),
    (L + "CuDNNLSTM(3)", L + "LSTM(3)", "use `LSTM`"),
    (L + "CuDNNGRU(3)", L + "GRU(3)", "use `GRU`"),
]
OPT = "keras.optimizers."
OPTIMIZERS = [
    *((f"{OPT}{name}(lr=0.05)", f"{OPT}{name}(learning_rate=0.05)", "`learning_rate`")
      for name in "SGD RMSprop Adagrad Adadelta Adam Adamax Nadam Ftrl AdamW".split()),
    (OPT + "SGD(0.05, decay=0.0)", OPT + "SGD(0.05)", "leave it out"),
    (
        OPT + "SGD(0.05, decay=0.1)",
        OPT + "SGD(keras.optimizers.schedules.InverseTimeDecay(0.05, 1, 0.1))",
        "InverseTimeDecay",
    ),
    (
        OPT + "Adam(decay=0.1)",
        OPT + "Adam(keras.optimizers.schedules.InverseTimeDecay(0.001, 1, 0.1))",
        "InverseTimeDecay",
    ),
    (OPT + "Adam(epsilon=None)", OPT + "Adam()", "leave it out"),
    (OPT + "Nadam(schedule_decay=0.004)", OPT + "Nadam()", "leave it out"),
]  # fmt: skip


def made(spelling):
    config = eval(spelling).get_config()
    return {name: value for name, value in config.items() if name != "name"}


@pytest.mark.parametrize(("old", "new", "said"), LAYERS + OPTIMIZERS, ids=lambda s: s[:60])
def test_arguments(old, new, said):
    with pytest.warns(FutureWarning, match=said):
        config = made(old)
    assert config == made(new)


def test_input_length_is_a_shape():
    with pytest.warns((FutureWarning, UserWarning)):
        model = keras.Sequential([keras.layers.LSTM(3, input_dim=4, input_length=5)])
    assert model.input_shape == (None, 5, 4)


def test_one_warning_for_each_old_argument():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        keras.layers.Dense(output_dim=3, init="zeros")
    assert [warning.filename for warning in told] == [__file__] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        "keras.layers.Dense(units=3, output_dim=3)",
        "keras.layers.Dense(3, output_dim=3)",
        "keras.optimizers.SGD(0.1, lr=0.1)",
        "keras.optimizers.SGD(learning_rate=0.1, lr=0.1)",
    ],
)
def test_old_and_new_together_are_refused(wrong):
    with pytest.raises(TypeError, match="its old name"):
        eval(wrong)


def test_unknown_dim_ordering():
    with pytest.raises(ValueError, match="dim_ordering='x'"):
        keras.layers.Conv2D(3, 3, dim_ordering="x")


def test_decay_is_keras_2s():
    with pytest.warns(FutureWarning):
        optimizer = keras.optimizers.SGD(lr=0.5, decay=0.25)
    weight = keras.Variable([0.0])
    for _ in range(3):
        optimizer.apply([np.array([1.0], "float32")], [weight])
    np.testing.assert_allclose(weight.numpy(), -(0.5 + 0.5 / 1.25 + 0.5 / 1.5), rtol=1e-6)


def test_the_attribute_lr():
    optimizer = keras.optimizers.SGD(0.5)
    with pytest.warns(FutureWarning, match="`learning_rate`"):
        optimizer.lr = 0.25
    with pytest.warns(FutureWarning, match="`learning_rate`"):
        assert float(optimizer.lr) == 0.25


# Models


def compiled(units=2):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(units)])
    model.compile("sgd", "mse", metrics=["acc"])
    return model


def batches(units=2):
    while True:
        yield np.ones((4, 3), "float32"), np.ones((4, units), "float32")


def test_fit_generator():
    with pytest.warns(FutureWarning) as told:
        history = compiled().fit_generator(
            batches(), 6 / 4, epochs=3, verbose=0, workers=2, max_queue_size=5
        )
    assert next(str(w.message).split()[0] for w in told) == "`fit_generator`"
    assert len(history.history["loss"]) == len(history.history["acc"]) == 3


def test_evaluate_and_predict_generator():
    model = compiled()
    with pytest.warns(FutureWarning, match="call `evaluate`"):
        found = model.evaluate_generator(batches(), steps=2)
    assert found == model.evaluate(batches(), steps=2, verbose=0)
    with pytest.warns(FutureWarning, match="call `predict`"):
        assert model.predict_generator(batches(), 3).shape == (12, 2)


@pytest.mark.parametrize("units", [1, 3])
def test_predict_classes(units):
    model, x = compiled(units), np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
    with pytest.warns(FutureWarning, match="argmax"):
        classes = model.predict_classes(x)
    scores = model.predict(x, verbose=0)
    expected = scores.argmax(-1) if units > 1 else (scores > 0.5).astype("int32")
    np.testing.assert_array_equal(classes, expected)
    with pytest.warns(FutureWarning, match="call `predict`"):
        np.testing.assert_array_equal(model.predict_proba(x), scores)


def test_arguments_of_fit():
    with pytest.warns(FutureWarning, match="`epochs`"):
        history = compiled().fit(np.ones((4, 3)), np.ones((4, 2)), nb_epoch=2, verbose=0)
    assert len(history.history["loss"]) == 2
    with pytest.raises(TypeError, match="counts samples"):
        compiled().fit(batches(), samples_per_epoch=8, verbose=0)


def test_workers_reach_the_data_set():
    class Data(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return next(batches())

    data = Data()
    with pytest.warns(FutureWarning, match="PyDataset"):
        compiled().fit(data, max_queue_size=3, verbose=0)
    assert data.max_queue_size == 3


def test_parts_of_a_model():
    x = keras.Input((3,))
    with pytest.warns(FutureWarning, match="`inputs`|`outputs`"):
        model = keras.Model(input=x, output=keras.layers.Dense(2)(x))
    assert model.output_shape == (None, 2)


# Modules and names

PATHS = """
layers.core Dense Dropout Activation Flatten Reshape Lambda
layers.convolutional Conv2D Convolution2D MaxPooling2D ZeroPadding2D
layers.pooling MaxPooling2D
layers.recurrent LSTM GRU SimpleRNN
layers.normalization BatchNormalization
layers.embeddings Embedding
layers.merge add concatenate Concatenate
layers.advanced_activations LeakyReLU PReLU
layers.noise GaussianNoise
layers.wrappers TimeDistributed Bidirectional
layers.convolutional_recurrent ConvLSTM2D
layers.experimental.preprocessing Rescaling
engine Layer Model InputSpec Input
engine.topology Layer Input
engine.training Model
engine.base_layer Layer
optimizers.adam_v2 Adam
optimizers.gradient_descent_v2 SGD
optimizers.rmsprop_v2 RMSprop
optimizers.legacy Adam SGD
optimizers.experimental AdamW
utils.np_utils to_categorical
utils.vis_utils plot_model
utils.data_utils Sequence
utils.generic_utils Progbar
backend.tensorflow_backend epsilon
objectives mean_squared_error
initializations he_normal
"""


@pytest.mark.parametrize("line", PATHS.strip().splitlines())
def test_paths(old_modules, line):
    path, *names = line.split()
    module = old_modules[path]
    with pytest.warns(FutureWarning, match="import from `keras") as told:
        found = [getattr(module, name) for name in names]
    assert len(told) == 1
    assert all(thing.__module__.startswith("torchkeras.") for thing in found)
    assert getattr(module, names[0]) is found[0]


def test_policies(old_modules):
    with pytest.warns(FutureWarning):
        set_policy = old_modules["mixed_precision.experimental"].set_policy
    assert set_policy is keras.mixed_precision.set_global_policy


def test_unknown_names_of_old_modules(old_modules):
    with pytest.raises(AttributeError, match=r"neither has `keras.layers`"):
        _ = old_modules["layers.core"].TimeDistributedDense


def test_files_of_today_stay_reachable(old_modules):
    from torchkeras.layers.core.dense import Dense

    assert old_modules["layers.core"].dense.Dense is Dense


def test_short_names_of_losses():
    assert keras.losses.mse is keras.losses.mean_squared_error
    assert keras.metrics.MAE is keras.losses.mean_absolute_error


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("text.Tokenizer(5)", "TextVectorization"),
        ("image.ImageDataGenerator()", "RandomFlip"),
        ("sequence.TimeseriesGenerator([1, 2], [1, 2], 1)", "PyDataset"),
    ],
)
def test_old_ways_to_prepare_data(old, said):
    with pytest.warns(FutureWarning, match=said) as told:
        eval(f"keras.preprocessing.{old}")
    assert len(told) == 1
    assert told[0].filename == "<string>"


def test_all_is_taken_back():
    patches = Patches()
    before = vars(keras.layers).copy(), keras.layers.Dense.__init__
    understand(keras, patches)
    assert keras.layers.Dense.__init__ is not before[1]
    patches.undo()
    assert (vars(keras.layers).copy(), keras.layers.Dense.__init__) == before


def test_a_loaded_model_is_compiled(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.save(tmp_path / "model.keras")
    assert keras.models.load_model(tmp_path / "model.keras").compiled


def test_a_loss_made_from_symbols():
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(2, use_bias=False)(inputs)
    outputs = keras.layers.Dense(1)(hidden)
    model = keras.Model(inputs, outputs)
    with pytest.warns(FutureWarning, match="add_loss"):
        model.add_loss(5.0 * keras.ops.mean(keras.ops.square(hidden) + 0 * outputs))
    model.compile("sgd")
    x = np.random.default_rng(0).uniform(-1, 1, (8, 3)).astype("float32")
    before = np.square(x @ model.get_weights()[0]).mean() * 5
    history = model.fit(x, None, epochs=2, batch_size=8, validation_data=(x, None), verbose=0)
    assert history.history["loss"][0] == pytest.approx(before, rel=1e-5)
    assert history.history["loss"][1] < before
    assert history.history["val_loss"][0] == pytest.approx(history.history["loss"][1], rel=1e-5)
    assert model.predict(x, verbose=0).shape == (8, 1)
    copy = keras.Model.from_config(model.get_config())
    copy.set_weights(model.get_weights())
    copy.compile("sgd")
    found = [each.evaluate(x, None, verbose=0) for each in (model, copy)]
    assert found[0] == pytest.approx(found[1], rel=1e-6)


def test_first_weights_of_any_layer():
    kernel = np.arange(6.0, dtype="float32").reshape(3, 2)
    with pytest.warns(FutureWarning, match="set_weights"):
        layer = keras.layers.Dense(2, weights=[kernel, np.ones(2)])
    model = keras.Sequential([keras.Input((3,)), layer])
    np.testing.assert_array_equal(model.get_weights()[0], kernel)
    np.testing.assert_array_equal(model.get_weights()[1], np.ones(2))


def test_states_of_a_model():
    rnn = keras.layers.LSTM(2, stateful=True)
    model = keras.Sequential([keras.Input((3, 1), batch_size=2), rnn])
    x = np.ones((2, 3, 1), "float32")
    first, second = model.predict(x, verbose=0), model.predict(x, verbose=0)
    assert not np.allclose(first, second)
    with pytest.warns(FutureWarning, match="reset_state"):
        model.reset_states()
    np.testing.assert_allclose(model.predict(x, verbose=0), first, rtol=1e-6)


def test_weights_in_files_of_keras_2(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dense(1)])
    with pytest.warns(FutureWarning, match=r"\.weights\.h5"):
        model.save_weights(tmp_path / "w.h5")
    copy = keras.models.clone_model(model)
    copy.load_weights(tmp_path / "w.h5")
    for found, wanted in zip(copy.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)
