"""First values of weights: `keras.initializers`."""

from .constants import Constant as Constant
from .constants import Identity as Identity
from .constants import Ones as Ones
from .constants import Zeros as Zeros
from .fourier import STFT as STFT
from .initializer import Initializer as Initializer
from .lookup import deserialize as deserialize
from .lookup import get as get
from .lookup import serialize as serialize
from .orthogonal_matrix import Orthogonal as Orthogonal
from .random import RandomNormal as RandomNormal
from .random import RandomUniform as RandomUniform
from .random import TruncatedNormal as TruncatedNormal
from .variance_scaling import GlorotNormal as GlorotNormal
from .variance_scaling import GlorotUniform as GlorotUniform
from .variance_scaling import HeNormal as HeNormal
from .variance_scaling import HeUniform as HeUniform
from .variance_scaling import LecunNormal as LecunNormal
from .variance_scaling import LecunUniform as LecunUniform
from .variance_scaling import VarianceScaling as VarianceScaling

IdentityInitializer = identity = Identity
OrthogonalInitializer = orthogonal = Orthogonal
STFTInitializer = stft = STFT
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros
