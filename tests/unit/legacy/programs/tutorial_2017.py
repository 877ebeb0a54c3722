"""A tutorial's program of 2017, whose spellings have since changed."""

import warnings

import numpy as np

warnings.simplefilter("ignore", FutureWarning)
warnings.filterwarnings("ignore", "Do not pass an `input_shape`")

from keras.layers.convolutional import Convolution2D, MaxPooling2D  # noqa: E402
from keras.layers.core import Activation, Dense, Dropout, Flatten  # noqa: E402
from keras.models import Sequential  # noqa: E402
from keras.optimizers import SGD  # noqa: E402
from keras.utils import np_utils  # noqa: E402

x = np.random.default_rng(0).random((16, 8, 8, 1), dtype="float32")
y = np_utils.to_categorical(np.arange(16) % 4, 4)

model = Sequential()
model.add(Convolution2D(4, 3, 3, border_mode="same", input_shape=(8, 8, 1)))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(4, init="glorot_normal", activation="softmax"))
sgd = SGD(lr=0.01, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["acc"])
model.fit(x, y, batch_size=8, nb_epoch=2, verbose=0)
print(model.predict_classes(x).shape, np_utils.__name__)
