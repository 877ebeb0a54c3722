"""Rules that change weights along gradients: `keras.optimizers`."""

from . import schedules as schedules
from .adam import Adam as Adam
from .adamw import AdamW as AdamW
from .lookup import deserialize as deserialize
from .lookup import get as get
from .lookup import serialize as serialize
from .optimizer import Optimizer as Optimizer
from .rmsprop import RMSprop as RMSprop
from .sgd import SGD as SGD
