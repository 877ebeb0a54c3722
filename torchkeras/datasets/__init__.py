"""Small data sets, each a module with a `load_data()` that returns NumPy arrays."""

from . import cifar10 as cifar10
from . import cifar100 as cifar100
from . import digits as digits
from . import fashion_mnist as fashion_mnist
from . import mnist as mnist
