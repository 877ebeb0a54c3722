"""Write the files of this folder with Keras 3.15 on TensorFlow (`pip install keras tensorflow`).

Each model is saved with its outputs for the inputs that `texts()` and `numbers()` return.
"""

import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow as tf

HERE = Path(__file__).parent
CORPUS = ["the cat sat", "the dog sat on the mat", "ein Bär saß da"]


def texts():
    return [["the cat and the dog"], ["Bär on mat"], [""]]


def adapted(layer, data):
    layer.adapt(data)
    return layer


def words():
    text = keras.Input((1,), dtype="string")
    numbers = adapted(keras.layers.TextVectorization(output_sequence_length=4), CORPUS)(text)
    keras.utils.set_random_seed(0)
    return keras.Model(text, keras.layers.Embedding(20, 2)(numbers))


def weighted():
    text = keras.Input((1,), dtype="string")
    layer = keras.layers.TextVectorization(output_mode="tf_idf", ngrams=2, max_tokens=10)
    return keras.Model(text, adapted(layer, CORPUS)(text))


def looked_up():
    text = keras.Input((1,), dtype="string")
    layer = keras.layers.StringLookup(mask_token="", num_oov_indices=2)
    return keras.Model(text, adapted(layer, ["the", "cat", "cat", "Bär on mat", "süß"])(text))


def given():
    text = keras.Input((1,), dtype="string")
    layer = keras.layers.StringLookup(vocabulary=["Bär on mat", "x"], output_mode="one_hot")
    return keras.Model(text, layer(text))


def integers():
    number = keras.Input((1,), dtype="int64")
    layer = keras.layers.IntegerLookup(mask_token=0, output_mode="multi_hot")
    return keras.Model(number, adapted(layer, [7, 7, -3, 12, 0])(number))


def main():
    for build in (words, weighted, looked_up, given, integers):
        model = build()
        x = np.array([[7], [0], [99]]) if build is integers else tf.constant(texts())
        model.save(HERE / f"{build.__name__}.keras")
        np.save(HERE / f"{build.__name__}.npy", np.asarray(model(x)))


if __name__ == "__main__":
    main()
