"""A tutorial's program for `keras`, with its own check at the end."""

import sys

import keras
import numpy as np
from keras import layers
from keras.models import Sequential

assert sys.argv[1:] == ["--epochs", "2"], sys.argv
x, y = np.eye(4, dtype="float32").repeat(8, 0), np.arange(4).repeat(8)
model = Sequential([keras.Input((4,)), layers.Dense(8, activation="relu"), layers.Dense(4)])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
history = model.fit(x, y, epochs=int(sys.argv[2]), verbose=0)
assert len(history.history["accuracy"]) == 2
if __name__ == "__main__":
    print(type(model).__module__)
