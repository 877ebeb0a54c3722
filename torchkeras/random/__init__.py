"""Random numbers: `keras.random`, drawn through torch generators that seeds start afresh."""

from .distributions import normal as normal
from .distributions import randint as randint
from .distributions import truncated_normal as truncated_normal
from .distributions import uniform as uniform
from .sampling import beta as beta
from .sampling import binomial as binomial
from .sampling import categorical as categorical
from .sampling import dropout as dropout
from .sampling import gamma as gamma
from .sampling import shuffle as shuffle
from .seed_generator import SeedGenerator as SeedGenerator
