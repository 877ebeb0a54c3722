"""`Metric`: variables, state, custom metrics, configs, and what it leaves alone."""

import copy
import pickle
from functools import partial

import keras
import pytest
import torch
from torch import nn

from tests import oracle
from tests.unit.metrics.cases import ALL, NEEDED
from torchkeras import Variable, metrics
from torchkeras._symbolic.probe import probe
from torchkeras._symbolic.spec import Spec
from torchkeras.losses import mean_squared_error

CLASSES = sorted({case.cls for case in ALL.values()} | {"Mean", "Sum"})


class Hits(metrics.Metric):
    """A custom metric as the Keras guides write them."""

    def __init__(self, name="hits", offset=0, **kwargs):
        super().__init__(name=name, **kwargs)
        self.offset = offset
        self.hits = self.add_weight(shape=(), initializer="zeros", name="hits")
        self.seen = self.add_variable((2,), "ones", dtype="int32", name="seen")

    def update_state(self, y_true, y_pred, sample_weight=None):
        hits = (y_true == y_pred).float()
        if sample_weight is not None:
            hits = hits * torch.as_tensor(sample_weight)
        self.hits.assign_add(hits.sum())
        self.seen.assign(self.seen + len(y_true))

    def result(self):
        return self.hits

    def get_config(self):
        return {**super().get_config(), "offset": self.offset}


@pytest.mark.parametrize("cls", CLASSES)
def test_names_dtypes_and_paths_are_keras(cls):
    oracle.reset()
    ours, theirs = (getattr(m, cls)(*NEEDED.get(cls, ())) for m in (metrics, keras.metrics))
    assert (ours.name, ours.dtype) == (theirs.name, theirs.dtype)
    assert str(ours) == str(theirs)
    described = [
        [(v.name, v.path, v.shape, v.dtype, v.trainable, v.aggregation) for v in metric.variables]
        for metric in (ours, theirs)
    ]
    assert described[0] == described[1]


@pytest.mark.parametrize("cls", CLASSES)
def test_direction_is_keras(cls):
    ours, theirs = (getattr(m, cls)(*NEEDED.get(cls, ())) for m in (metrics, keras.metrics))
    assert getattr(ours, "_direction", None) == getattr(theirs, "_direction", None)


def test_slash_in_a_name_becomes_an_arrow_in_paths():
    metric = metrics.Mean(name="a/b")
    assert metric.total.path == keras.metrics.Mean(name="a/b").total.path


def as_lists(config):
    return {k: v.tolist() if isinstance(v, torch.Tensor) else v for k, v in config.items()}


@pytest.mark.filterwarnings("ignore:__array__ implementation")
@pytest.mark.parametrize("name", ALL)
def test_config_is_keras_and_makes_an_equal_metric(name):
    case = ALL[name]
    ours, theirs = (getattr(m, case.cls)(**case.arguments) for m in (metrics, keras.metrics))
    config = ours.get_config()
    assert {key: config[key] for key in theirs.get_config()} == as_lists(theirs.get_config())
    again = metrics.deserialize(metrics.serialize(ours))
    assert type(again) is type(ours)
    assert again.get_config() == config
    assert type(keras.metrics.deserialize(metrics.serialize(ours))) is type(theirs)
    assert type(metrics.deserialize(keras.metrics.serialize(theirs))) is type(ours)
    for key in (key for key in case.arguments if hasattr(theirs, key)):
        expected = getattr(theirs, key)
        assert as_lists({key: getattr(ours, key)}) == as_lists(
            {key: getattr(expected, "value", expected)}
        )


def test_wrapper_survives_its_config():
    metric = metrics.MeanMetricWrapper(mean_squared_error, name="wrapped")
    assert metric._direction == "down"
    written = metrics.serialize(metric)
    theirs = keras.metrics.MeanMetricWrapper(keras.losses.mean_squared_error, name="wrapped")
    assert written == keras.metrics.serialize(theirs)
    assert metrics.deserialize(written)._fn is mean_squared_error


def test_wrapper_takes_any_callable_and_its_arguments():
    metric = metrics.MeanMetricWrapper(lambda t, p, scale: scale * (t - p).abs(), scale=2.0)
    assert metric(torch.zeros(2), torch.tensor([1.0, 3.0])).item() == 4.0


def test_unused_mean_is_zero():
    assert metrics.Mean().result().item() == 0.0


def test_call_updates_and_returns_the_result():
    metric = metrics.Mean()
    assert metric([2.0, 4.0]).item() == 3.0
    assert metric([6.0]).item() == 4.0


def test_result_is_a_tensor_without_axes_that_later_batches_leave_alone():
    for metric in (metrics.Sum(), metrics.Mean(), Hits()):
        args = ([1.0],) if not isinstance(metric, Hits) else (torch.ones(1), torch.ones(1))
        first = metric(*args)
        value = first.item()
        metric.update_state(*args)
        metric.reset_state()
        assert isinstance(first, torch.Tensor)
        assert first.shape == ()
        assert first.item() == value


def test_reset_works_in_place():
    metric = metrics.Mean()
    before = metric.total.value
    metric.update_state([1.0, 2.0])
    metric.reset_state()
    assert metric.total.value is before
    assert metric.result().item() == 0.0


def test_update_works_in_place():
    metric = metrics.SparseCategoricalAccuracy()
    before = [variable.value for variable in metric.variables]
    metric.update_state(torch.tensor([1]), torch.tensor([[0.1, 0.9]]))
    assert all(v.value is b for v, b in zip(metric.variables, before, strict=True))


def test_no_graph_is_kept():
    metric = metrics.MeanSquaredError()
    y_pred = torch.ones(3, 2, requires_grad=True)
    metric.update_state(torch.zeros(3, 2), y_pred)
    metric.update_state(torch.zeros(3, 2), 2.0 * y_pred)
    assert not metric.result().requires_grad
    assert torch.is_grad_enabled()


def test_state_made_or_updated_in_inference_mode_can_be_used_outside():
    with torch.inference_mode():
        metric = metrics.Mean()
        metric.update_state(torch.ones(3))
    metric.update_state(torch.zeros(3))
    assert metric.result().item() == 0.5


def test_metric_adds_nothing_to_a_module():
    module = nn.Module()
    module.metric = metrics.Mean()
    assert not isinstance(module.metric, nn.Module)
    assert module.state_dict() == {}


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_have_a_state_of_their_own(duplicate):
    metric = metrics.SparseTopKCategoricalAccuracy(k=1)
    metric.update_state([1], [[0.1, 0.9]])
    copied = duplicate(metric)
    copied.update_state([0], [[0.1, 0.9]])
    assert (metric.result().item(), copied.result().item()) == (1.0, 0.5)


# Custom metrics


def test_custom_metric():
    metric = Hits()
    metric.update_state(torch.tensor([1, 2, 3]), torch.tensor([1, 2, 4]))
    assert metric.result().item() == 2.0
    assert metric.seen.value.tolist() == [4, 4]
    metric.reset_state()
    assert metric.result().item() == 0.0
    assert metric.seen.value.tolist() == [0, 0]
    assert Hits.from_config(Hits(offset=3).get_config()).offset == 3


def test_custom_metric_has_an_automatic_name():
    class DirectHits(Hits):
        pass

    assert DirectHits(name=None).name.startswith("direct_hits")


def test_weight_without_arguments_is_a_zero():
    assert Hits().add_weight().value.item() == 0.0


def test_variables_of_inner_metrics_are_found_wherever_they_are_kept():
    class Outer(metrics.Metric):
        def __init__(self):
            super().__init__(name="outer")
            self.inner = metrics.Mean(name="inner")
            self.many = [metrics.Sum(name="first")]
            self.named = {"x": (metrics.Sum(name="second"),)}
            self.own = self.add_weight(name="own")

        def update_state(self, value):
            self.inner.update_state(value)
            self.many[0].update_state(value)

        def result(self):
            return {"mean": self.inner.result(), "sum": self.many[0].result(), "own": self.own}

    metric = Outer()
    metric.many.append(metrics.Sum(name="third"))
    paths = [variable.path for variable in metric.variables]
    assert paths == [
        "outer/own", "inner/total", "inner/count", "first/total", "third/total", "second/total",
    ]  # fmt: skip
    metric.update_state([1.0, 3.0])
    assert {key: value.item() for key, value in metric.result().items()} == {
        "mean": 2.0, "sum": 4.0, "own": 0.0,
    }  # fmt: skip
    metric.reset_state()
    assert metric.result()["sum"].item() == 0.0


def test_variable_made_by_hand_is_tracked():
    class ByHand(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.value = Variable(2.0, trainable=False, name="value")

    metric = ByHand()
    assert metric.variables == [metric.value]
    metric.more = {"a": [Variable(1.0), Variable(2.0)], "b": metric.value}
    assert metric.variables == [metric.value, *metric.more["a"]]
    metric.reset_state()
    assert [v.numpy() for v in metric.variables] == [0.0, 0.0, 0.0]


def test_finding_out_shapes_does_not_count():
    metric = metrics.Mean()

    def layer(x):
        metric.update_state(x)
        return x

    probe(layer, (Spec((None, 3), "float32"),), {})
    assert metric.count.value.item() == 0.0


def test_super_must_be_called_first():
    class Forgetful(metrics.Metric):
        def __init__(self):
            self.total = self.add_weight(name="total")

    with pytest.raises(RuntimeError, match=r"must call `super\(\).__init__\(\)`"):
        Forgetful()


def test_methods_to_write_are_named():
    with pytest.raises(NotImplementedError, match="must define `update_state`"):
        metrics.Metric().update_state()
    with pytest.raises(NotImplementedError, match="must define `result"):
        metrics.Metric().result()


# Without a state of its own


@pytest.mark.parametrize("make", [Hits, metrics.Accuracy])
def test_stateless_methods_leave_everything_alone(make):
    metric = make()
    batch = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0])
    before = [torch.zeros(v.shape, dtype=v.value.dtype) for v in metric.variables]
    after = metric.stateless_update_state(before, *batch)
    after = metric.stateless_update_state(after, *batch)
    assert all((value == 0).all() for value in before)
    assert metric.stateless_result(after).item() == (2.0 if make is Hits else 0.5)
    assert metric.stateless_result([v.numpy() for v in after]).item() > 0
    assert all((value == 0).all() for value in metric.stateless_reset_state())
    assert metric.result().item() == 0.0


def test_stateless_methods_check_the_number_of_values():
    with pytest.raises(ValueError, match="`metric_variables` must hold a value for each of 2"):
        metrics.Mean().stateless_result([torch.zeros(())])


@pytest.mark.parametrize(
    ("make", "one_hot"),
    [
        (metrics.SparseCategoricalAccuracy, False), (metrics.SparseCategoricalCrossentropy, False),
        (metrics.AUC, True), (partial(metrics.AUC, thresholds=[0.3, 0.1]), True),
        (metrics.Precision, True), (partial(metrics.Recall, top_k=2), True),
        (metrics.F1Score, True), (partial(metrics.OneHotMeanIoU, num_classes=4), True),
        (metrics.PearsonCorrelation, True),
    ],
)  # fmt: skip
def test_update_compiles_without_a_break(make, one_hot):
    metric, expected = make(), make()
    labels = torch.tensor([1, 0, 2])
    batch = nn.functional.one_hot(labels, 4) if one_hot else labels, torch.rand(3, 4)
    metric.update_state(*batch)  # some make their variables now
    expected.update_state(*batch)
    torch._dynamo.reset()
    compiled = torch.compile(metric.update_state, backend="eager", fullgraph=True)
    for _ in range(3):
        compiled(*batch)
        expected.update_state(*batch)
    torch.testing.assert_close(metric.result(), expected.result())


@pytest.mark.gpu
@pytest.mark.parametrize(
    "make",
    [
        metrics.SparseCategoricalAccuracy, Hits, metrics.AUC, metrics.Precision, metrics.F1Score,
        partial(metrics.AUC, thresholds=[0.3, 0.1], label_weights=[1.0, 2.0, 3.0]),
        partial(metrics.Recall, thresholds=[0.9, 0.1], top_k=2),
        partial(metrics.OneHotMeanIoU, num_classes=3), metrics.ConcordanceCorrelation,
    ],
)  # fmt: skip
def test_state_follows_the_data_and_updates_do_not_wait_for_the_device(make, gpu):
    metric = make()
    shape = (4,) if make is Hits else (4, 3)
    is_sparse = make in (Hits, metrics.SparseCategoricalAccuracy)
    labels = torch.ones(4 if is_sparse else shape, dtype=torch.long, device=gpu)
    batch = labels, torch.ones(shape, device=gpu)
    metric.update_state(*batch)
    assert metric.variables[0].value.device.type == gpu.type
    if gpu.type == "cuda":
        torch.cuda.set_sync_debug_mode("error")
    try:
        metric.update_state(*batch)
        metric.result()
        metric.reset_state()
    finally:
        if gpu.type == "cuda":
            torch.cuda.set_sync_debug_mode("default")
