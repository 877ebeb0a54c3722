"""The imports of `tensorflow.keras` that tutorials begin with, all spellings of one thing."""

import keras.src.layers as source_layers
import numpy as np
import tensorflow as tf
import tensorflow.keras.layers
from tensorflow import keras
from tensorflow.keras import backend as K
from tensorflow.keras import layers
from tensorflow.keras.models import Model, Sequential
from tensorflow.keras.utils import to_categorical
from tensorflow.python.keras.layers import Dense

import torchkeras

tf.random.set_seed(3)
assert int(tf.__version__.split(".")[0]) == 2
assert keras.version() == keras.__version__ == "3.15.1"
assert isinstance(tf.config.list_physical_devices("GPU"), list)
assert tf.keras is keras is torchkeras
assert tensorflow.keras.layers.Dense is layers.Dense is Dense is torchkeras.layers.Dense
assert source_layers is layers
assert keras.__spec__.name == "torchkeras"
assert layers.__spec__.name == "torchkeras.layers"
assert K.floatx() == tf.float32 == "float32"

inputs = tf.keras.Input(shape=(3,))
model = Model(inputs, layers.Dense(2, activation="softmax")(inputs))
assert isinstance(model, torchkeras.Model)
assert not isinstance(model, Sequential)
model.compile("sgd", "categorical_crossentropy")
model.fit(np.zeros((4, 3)), to_categorical([0, 1, 0, 1]), verbose=0)
assert isinstance(model(np.zeros((1, 3))), tf.Tensor)
raise SystemExit(7)
