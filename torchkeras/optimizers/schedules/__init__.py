"""Learning rates that change in training: `keras.optimizers.schedules`."""

from .cosine_decay import CosineDecay as CosineDecay
from .cosine_decay_restarts import CosineDecayRestarts as CosineDecayRestarts
from .exponential_decay import ExponentialDecay as ExponentialDecay
from .inverse_time_decay import InverseTimeDecay as InverseTimeDecay
from .learning_rate_schedule import LearningRateSchedule as LearningRateSchedule
from .lookup import deserialize as deserialize
from .lookup import serialize as serialize
from .piecewise_constant_decay import PiecewiseConstantDecay as PiecewiseConstantDecay
from .polynomial_decay import PolynomialDecay as PolynomialDecay
