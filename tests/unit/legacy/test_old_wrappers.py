"""`KerasClassifier` and `KerasRegressor` fit, search and cross-validate as they did."""

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, cross_val_score

import torchkeras as keras
from torchkeras.legacy.wrappers import KerasClassifier, KerasRegressor

pytestmark = pytest.mark.filterwarnings("ignore:.*is of an older Keras:FutureWarning")
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype("float32")
WORDS = np.where(X[:, 0] > 0, "yes", "no")


def build(width=4, outputs=1, loss="binary_crossentropy", metrics=("accuracy",)):
    keras.utils.set_random_seed(0)
    ends = {"mse": "linear", "binary_crossentropy": "sigmoid"}.get(loss, "softmax")
    layers = [keras.layers.Dense(width, "relu"), keras.layers.Dense(outputs, ends)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile(keras.optimizers.Adam(0.05), loss, metrics=list(metrics))
    return model


def test_two_classes():
    classifier = KerasClassifier(build, epochs=10, batch_size=8, verbose=0)
    history = classifier.fit(X, WORDS)
    assert len(history.history["loss"]) == 10
    assert classifier.score(X, WORDS) > 0.9
    assert set(classifier.predict(X).ravel()) == {"yes", "no"}
    assert np.allclose(classifier.predict_proba(X).sum(1), 1)


def test_several_classes():
    y = np.digitize(X[:, 0], [-0.5, 0.5])
    classifier = KerasClassifier(build, outputs=3, loss="categorical_crossentropy", verbose=0)
    classifier.fit(X, y, epochs=15, batch_size=8)
    assert classifier.score(X, y) > 0.8
    assert classifier.predict_proba(X).shape == (60, 3)
    assert (classifier.predict(X) == y).mean() == pytest.approx(classifier.score(X, y))


def test_a_class_of_ones_own_builds_its_model():
    class Mine(KerasClassifier):
        def __call__(self, width):
            return build(width)

    assert Mine(width=2, verbose=0).fit(X, WORDS).epoch == [0]


def test_search_and_cross_validation():
    search = GridSearchCV(
        KerasClassifier(build, epochs=1, verbose=0), {"width": [1, 8], "epochs": [12]}, cv=2
    )
    search.fit(X, WORDS)
    assert search.best_params_["width"] == 8
    regressor = KerasRegressor(build, loss="mse", metrics=(), verbose=0)
    scores = cross_val_score(regressor, X, X[:, 1], cv=2)
    assert scores.shape == (2,)
    assert (scores < 0).all()


def test_numbers():
    regressor = KerasRegressor(build, loss="mse", metrics=(), epochs=5, verbose=0)
    regressor.fit(X, X[:, 1])
    assert regressor.predict(X).shape == (60,)
    loss = ((regressor.predict(X) - X[:, 1]) ** 2).mean()
    assert regressor.score(X, X[:, 1]) == pytest.approx(-loss, abs=1e-6)


def test_wrong_parameters_are_named():
    with pytest.raises(ValueError, match="'widht' is not a legal parameter"):
        KerasClassifier(build, widht=3)
    silent = KerasClassifier(build, metrics=(), verbose=0)
    silent.fit(X, WORDS)
    with pytest.raises(ValueError, match="was not compiled with the accuracy"):
        silent.score(X, WORDS)
