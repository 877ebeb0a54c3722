"""What training makes small: `keras.losses`."""

from .crossentropy import BinaryCrossentropy as BinaryCrossentropy
from .crossentropy import CategoricalCrossentropy as CategoricalCrossentropy
from .crossentropy import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from .crossentropy import binary_crossentropy as binary_crossentropy
from .crossentropy import categorical_crossentropy as categorical_crossentropy
from .crossentropy import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from .focal import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from .focal import CategoricalFocalCrossentropy as CategoricalFocalCrossentropy
from .focal import binary_focal_crossentropy as binary_focal_crossentropy
from .focal import categorical_focal_crossentropy as categorical_focal_crossentropy
from .lookup import deserialize as deserialize
from .lookup import get as get
from .lookup import serialize as serialize
from .loss import Loss as Loss
from .margin import CategoricalHinge as CategoricalHinge
from .margin import Hinge as Hinge
from .margin import SquaredHinge as SquaredHinge
from .margin import categorical_hinge as categorical_hinge
from .margin import hinge as hinge
from .margin import squared_hinge as squared_hinge
from .probabilistic import CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy
from .probabilistic import KLDivergence as KLDivergence
from .probabilistic import Poisson as Poisson
from .probabilistic import (
    categorical_generalized_cross_entropy as categorical_generalized_cross_entropy,
)
from .probabilistic import kl_divergence as kl_divergence
from .probabilistic import poisson as poisson
from .regression import CosineSimilarity as CosineSimilarity
from .regression import Huber as Huber
from .regression import LogCosh as LogCosh
from .regression import MeanAbsoluteError as MeanAbsoluteError
from .regression import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from .regression import MeanSquaredError as MeanSquaredError
from .regression import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from .regression import cosine_similarity as cosine_similarity
from .regression import huber as huber
from .regression import log_cosh as log_cosh
from .regression import mean_absolute_error as mean_absolute_error
from .regression import mean_absolute_percentage_error as mean_absolute_percentage_error
from .regression import mean_squared_error as mean_squared_error
from .regression import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from .segmentation import Dice as Dice
from .segmentation import Tversky as Tversky
from .segmentation import dice as dice
from .segmentation import tversky as tversky
from .sequence import CTC as CTC
from .sequence import ctc as ctc
from .similarity import Circle as Circle
from .similarity import circle as circle
from .torch_loss import TorchLoss as TorchLoss
