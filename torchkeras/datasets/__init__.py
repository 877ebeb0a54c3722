"""Small data sets, each a module with a `load_data()` that returns NumPy arrays."""

from . import ag_news as ag_news
from . import amazon_reviews as amazon_reviews
from . import boston_housing as boston_housing
from . import california_housing as california_housing
from . import cifar10 as cifar10
from . import cifar100 as cifar100
from . import dbpedia as dbpedia
from . import digits as digits
from . import fashion_mnist as fashion_mnist
from . import imdb as imdb
from . import imdb_reviews as imdb_reviews
from . import mnist as mnist
from . import reuters as reuters
from . import sst2 as sst2
from . import yelp_reviews as yelp_reviews
