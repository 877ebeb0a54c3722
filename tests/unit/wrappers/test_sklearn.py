"""Estimators: scikit-learn's own checks, clones, searches, pipelines, and what Keras forgets."""

import importlib
import pickle
import re
import sys
import unittest
from pathlib import Path

import keras
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import torchkeras
from tests import oracle
from torchkeras.wrappers import SKLearnRegressor, SKLearnTransformer

QUIET = {"verbose": 0}
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype("float32")
LABELS = np.where(X[:, 0] > 0, "yes", "no")


def net(X, y, loss, activation="softmax", layers=(10,), package="torchkeras"):
    k = importlib.import_module(package)
    k.utils.set_random_seed(0)  # most checks compare two fits
    outputs = k.layers.Dense(y.shape[1] if y.ndim > 1 else 1, activation=activation)
    hidden = [k.layers.Dense(width, activation="relu") for width in layers]
    model = k.Sequential([k.layers.Input(X.shape[1:]), *hidden, outputs])
    model.compile(loss=loss, optimizer=k.optimizers.RMSprop(0.01))
    return model


def classifier(k=torchkeras, **kwargs):
    arguments = {"loss": "categorical_crossentropy", "layers": (20,), "package": k.__name__}
    given = {"model_kwargs": arguments, "fit_kwargs": {"epochs": 8, **QUIET}, **kwargs}
    return k.wrappers.SKLearnClassifier(net, **given)


def regressor(**kwargs):
    given = {"model_kwargs": {"loss": "mse", "activation": None}, "fit_kwargs": QUIET, **kwargs}
    return SKLearnRegressor(net, **given)


def transformer():
    return SKLearnTransformer(net, model_kwargs={"loss": "mse"}, fit_kwargs=QUIET)


# The rest of what fails in Keras's own tests, whose nets are not seeded.
FAILS = {
    "SKLearnClassifier": {
        "check_classifiers_classes": "decision_function has a column for each of two classes",
        "check_classifiers_train": "decision_function has a column for each of two classes",
    }
}
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")
CHECKS = parametrize_with_checks(
    [classifier(fit_kwargs=QUIET), regressor(), transformer()],
    expected_failed_checks=lambda estimator: FAILS.get(type(estimator).__name__, {}),
)


def _name(value):
    """Tell checks apart; scikit-learn's own names hold addresses, which differ between workers."""
    return getattr(getattr(value, "func", value), "__name__", type(value).__name__)


@pytest.mark.parametrize(*CHECKS.args, ids=_name)
@pytest.mark.filterwarnings("ignore")  # as scikit-learn runs them
def test_checks_of_scikit_learn(estimator, check):
    try:
        check(estimator)
    except unittest.SkipTest as skipped:
        pytest.skip(str(skipped))


def test_learns_as_keras_does():
    found = []
    for k in oracle.PACKAGES:
        k.utils.set_random_seed(0)
        made = classifier(k).fit(X, LABELS)
        found.append((made.decision_function(X), made.predict(X), made.score(X, LABELS)))
    ours, theirs = found
    np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-3, atol=1e-5)
    assert ours[1].tolist() == theirs[1].tolist()
    assert ours[2] == theirs[2] > 0.8


def test_a_model_is_cloned_for_each_fit():
    model = net(X, LABELS[:, None], "mse", None)
    before = model.get_weights()
    made = SKLearnRegressor(model, fit_kwargs=QUIET).fit(X, X[:, 0])
    assert made.model_ is not model
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_warm_start_goes_on_with_the_weights():
    model = net(X, LABELS[:, None], "mse", None)
    made = SKLearnRegressor(model, warm_start=True, fit_kwargs={"epochs": 2, **QUIET})
    assert made.epoch_ == 0
    assert made.fit(X, X[:, 0]).model_ is model
    assert made.epoch_ == 2
    steps = int(model.optimizer.iterations.value)
    made.fit(X, X[:, 0])
    assert int(model.optimizer.iterations.value) == 2 * steps
    cold = regressor(warm_start=True).fit(X, X[:, 0])
    assert cold.model_ is cold.fit(X, X[:, 0]).model_


def test_clones_keep_all_arguments_and_share_no_model():
    made = SKLearnRegressor(net(X, LABELS[:, None], "mse", None), True, None, {"epochs": 3})
    twin = clone(made)
    assert twin.fit_kwargs == {"epochs": 3}
    assert twin.warm_start is True
    assert twin.model is not made.model
    twin.model.set_weights([w + 1 for w in twin.model.get_weights()])
    assert not np.allclose(twin.model.get_weights()[0], made.model.get_weights()[0])


def test_fit_leaves_its_arguments_alone():
    given = {"epochs": 1, **QUIET}
    regressor(fit_kwargs=given).fit(X, X[:, 0], epochs=2)
    assert given == {"epochs": 1, **QUIET}


def test_grid_search():
    widths = [{"loss": "categorical_crossentropy", "layers": (n,)} for n in (2, 16)]
    search = GridSearchCV(classifier(), {"model_kwargs": widths}, cv=2, error_score="raise")
    search.fit(X, LABELS)
    assert search.best_params_["model_kwargs"] in widths
    assert set(search.predict(X)) == {"yes", "no"}


def test_pipelines_and_cross_validation():
    pipe = make_pipeline(StandardScaler(), classifier())
    assert cross_val_score(pipe, X, LABELS, cv=2).min() > 0.5
    trained = transformer().fit(X, X[:, :3])
    assert trained.transform(X).shape == (60, 3)
    both = make_pipeline(FrozenEstimator(trained), LogisticRegression()).fit(X, LABELS)
    assert both.score(X, LABELS) > 0.5


def test_metadata_is_routed_to_fit():
    with sklearn.config_context(enable_metadata_routing=True):
        pipe = make_pipeline(StandardScaler(), regressor().set_fit_request(epochs=True))
        pipe.fit(X, X[:, 0], epochs=3)
        assert pipe[-1].epoch_ == 3
    with pytest.raises(RuntimeError, match="enable_metadata_routing=True"):
        regressor().set_fit_request(epochs=True)


def test_several_targets():
    made = regressor().fit(X, X[:, :2])
    assert made.predict(X).shape == (60, 2)
    assert made.fit(X, X[:, 0]).predict(X).shape == (60,)


def test_fitted_estimators_are_pickled():
    made = classifier().fit(X, LABELS)
    again = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(made.decision_function(X), again.decision_function(X))


def bare(X, y):
    return torchkeras.Sequential([torchkeras.layers.Dense(1)])


WRONG = {
    "uncompiled": (lambda: SKLearnRegressor(bare).fit(X, X[:, 0]), "compiled"),
    "no model": (lambda: SKLearnRegressor(lambda X, y: None).fit(X, X[:, 0]), "must be a Model"),
    "numbers": (lambda: classifier().fit(X, X[:, 0]), "Target type: continuous"),
    "one class": (lambda: classifier().fit(X, LABELS[:1].repeat(60)), "only one class"),
    "unfitted": (lambda: regressor().predict(X), "not fitted"),
    "features": (lambda: regressor().fit(X, X[:, 0]).predict(X[:, :2]), "2 features"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_use(case):
    run, message = WRONG[case]
    with pytest.raises((RuntimeError, TypeError, ValueError), match=message):
        run()


def test_without_scikit_learn_the_names_are_there_and_say_what_is_missing(monkeypatch):
    files = ("parents", "estimator", "classifier")
    with monkeypatch.context() as patch:
        for name in ("sklearn", "sklearn.base"):
            patch.setitem(sys.modules, name, None)
        for name in files:
            patch.delitem(sys.modules, f"torchkeras.wrappers.{name}")
        found = importlib.import_module("torchkeras.wrappers.classifier").SKLearnClassifier
        with pytest.raises(ImportError, match=r"keras-on-torch\[sklearn\]"):
            found(net)


def test_scikit_learn_is_imported_when_it_is_used():
    source = Path(torchkeras.wrappers.__file__).read_text("utf-8")
    assert not re.search(r"(import|from) sklearn\b", source)


def test_names_are_listed_and_unknown_ones_refused():
    assert {n for n in dir(torchkeras.wrappers) if n.startswith("SK")} == {
        n for n in dir(keras.wrappers) if n.startswith("SK")
    }
    with pytest.raises(AttributeError, match="no attribute 'SKLearnRanker'"):
        torchkeras.wrappers.SKLearnRanker  # noqa: B018
