"""What a program is told that wants more of TensorFlow, or of Keras, than is here."""

import json

import tensorflow as tf

SPELLINGS = """
tf.constant(1)
tf.reduce_mean([1.0])
tf.math.log(1.0)
tf.data.Dataset
tf.compat.v1.Session()
from tensorflow import GradientTape
import tensorflow.python.ops
import tensorflow_datasets
import keras.nowhere
from keras.layers import Nothing
import keras._base
"""


def answer(spelling):
    try:
        exec(spelling, {"tf": tf})
    except (AttributeError, ImportError) as error:
        return f"{type(error).__name__}: {error}"
    return "done"


print(json.dumps({line: answer(line) for line in SPELLINGS.strip().splitlines()}))
