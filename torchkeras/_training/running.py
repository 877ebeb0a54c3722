"""What `fit`, `evaluate` and `predict` share: listeners, one pass, the functions of batches."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import torch
from torch import nn

from torchkeras._base.replicas import REPLICAS
from torchkeras._base.threads import CREW
from torchkeras._data.arrays import Arrays
from torchkeras._data.feed import Feed
from torchkeras.callbacks import CallbackList

from .checks import checked_verbose
from .compile_spec import Functions, checked_flag
from .functions import BatchFunction, as_batch_function, as_is
from .jit import jit_of
from .logs import Logs, snapshot
from .loop import Ears, run
from .outputs import owned
from .readiness import Ready, is_cpu
from .recorded.prediction import RecordedPrediction
from .replication import begin, is_first
from .step import predict_guard_of, predict_step_of, test_step_of, train_step_of
from .steps import overridden
from .walk import is_training, modules_in, set_training

# What steps say of themselves, which holds from run to run.
_SAID_BY_STEPS = ("recorded", "captured", "eager: captured", "eager: not captured")


class Running(Ready):
    """The machinery between the public methods and the loop."""

    steps_per_execution: int = 1
    stop_training: bool = False
    stop_evaluating: bool = False
    stop_predicting: bool = False
    _initial_epoch: int | None = None
    _validation_feed: Feed | None = None
    _fit_run: Any = None

    # Listeners

    def _listeners(
        self, callbacks: Any, verbose: Any, epochs: int, feed: Feed, history: bool = False
    ) -> CallbackList:
        if isinstance(callbacks, CallbackList):
            return callbacks
        verbose = checked_verbose(verbose) if is_first() else 0
        return CallbackList(
            callbacks, add_history=history, add_progbar=verbose != 0, model=self,
            verbose=verbose, epochs=epochs, steps=feed.num_batches,
        )  # fmt: skip

    def _ears(self, kind: str, listeners: CallbackList) -> Ears:
        """Return who listens to the batches of a pass."""
        after = f"on_{kind}_batch_end"
        make: Callable[[Any], Any] = _outputs if kind == "predict" else self._log_maker()
        if kind != "predict" and listeners.reads_later(after):
            make = partial(_settled, make)
        return Ears(
            before=listeners.hooks(f"on_{kind}_batch_begin"),
            after=listeners.hooks(after),
            every=self.steps_per_execution,
            logs=make,
        )

    def _log_maker(self) -> Callable[[Any], Logs]:
        """Return what turns the outcome of a step into logs; `None` stands for the metrics."""

        def read() -> dict[str, Any]:
            return results_of(self._metrics_now())

        return lambda outcome: Logs(read if outcome is None else outcome)

    def _metrics_now(self) -> list[Any]:
        """Return `metrics`, looked up again when the model or what it was compiled with changed."""
        compiled = self._compiled
        state = (len(vars(self)), compiled.is_settled)
        if compiled.found is None or compiled.found[0] != state:
            compiled.found = (state, self.metrics)
        return compiled.found[1]

    def _begin_metrics(self) -> None:
        """Begin all metrics again."""
        if overridden(self, "reset_metrics"):
            self.reset_metrics()
            return
        for metric in self._metrics_now():
            metric.reset_state()

    def _predict_one(self, x: Any) -> Any:
        """Return the outputs for one batch as arrays."""
        made = self._predicted_at_once(x)
        if made is not None:
            return owned(made)
        batch = self._one_batch(x, predicts=True)
        self._stop_training()
        return owned(self._predict_function().once(batch))

    def _predicted_at_once(self, x: Any) -> Any:
        """Return the outputs for one batch, if a recording is all it takes."""
        function = self._compiled.functions.predict
        if self.training or REPLICAS.active is not None or type(function) is not BatchFunction:
            return None
        recorded = function.step
        return recorded.at_once(x) if type(recorded) is RecordedPrediction else None

    def _looked_at_once(
        self, function: BatchFunction, feed: Feed, listeners: CallbackList
    ) -> AbstractContextManager[None]:
        """Return a scope in which a recording looks at the model once, if nobody can change it."""
        if type(function.step) is not RecordedPrediction:
            return nullcontext()
        hooks = [listeners.hooks(f"on_predict_batch_{when}") for when in ("begin", "end")]
        return function.step.alone(isinstance(feed.source, Arrays) and not any(hooks))

    def _stop_training(self) -> None:
        """Put everything into inference mode, if it is not."""
        if is_training(self):
            set_training(self, False)

    # Passes

    def _pass(
        self,
        kind: str,
        feed: Feed,
        function: BatchFunction,
        listeners: CallbackList,
        should_stop: Callable[[], bool],
        start: int = 0,
    ) -> Any:
        guards_all = isinstance(feed.source, Arrays)  # no code of users makes the batches
        ears, guard = self._ears(kind, listeners), function.guard
        if guard is torch.enable_grad and torch.is_grad_enabled():
            guard = nullcontext
        crew = CREW.at_work(function.step) if is_cpu(feed.device) else nullcontext(function.step)
        with crew as step:
            return run(feed.epoch(), step, ears, should_stop, guard, guards_all, start)

    def _train_epoch(
        self, feed: Feed, function: BatchFunction, listeners: CallbackList
    ) -> dict[str, Any]:
        outcome, start = self._fit_run.begun()
        if self._fit_run.is_over:
            return self._result_of(outcome)
        set_training(self, True)
        try:
            last = self._pass("train", feed, function, listeners, lambda: self.stop_training, start)
        finally:
            set_training(self, False)
        return self._result_of(outcome if last is None else last)

    def _result_of(self, outcome: Any) -> dict[str, Any]:
        """Return the metrics of a pass; those of a step that users wrote, if they are others."""
        written = overridden(self, "get_metrics_result")
        results = self.get_metrics_result() if written else results_of(self._metrics_now())
        others = outcome is not None and set(outcome) != set(results)
        return snapshot(outcome if others else results)

    def _logs_of(self, outcome: Any) -> dict[str, Any]:
        """Return the logs of a single batch: what a step that users wrote returned, as it is."""
        return dict(Logs(self._result_of(None) if outcome is None else outcome))

    def _in_order(self, logs: Mapping[str, Any]) -> Any:
        """Return the values in the order of the metrics, others after them; one value alone."""
        names = [name for metric in self._metrics_now() for name in _names_in(metric)]
        known = [name for name in names if name in logs]
        values = [logs[name] for name in [*known, *sorted(set(logs) - set(names))]]
        return values[0] if len(values) == 1 else values

    # Functions

    def compile_report(self) -> dict[str, str]:
        """Say of training, evaluating and predicting whether they are compiled, and why not.

        Example:
            >>> import torchkeras
            >>> model = torchkeras.Sequential([torchkeras.layers.Dense(1)])
            >>> model.compile("sgd", "mse", jit_compile=False)
            >>> model.compile_report()["train"]
            'eager: jit_compile=False'
        """
        return dict(self._compiled.jit.found)

    @property
    def run_eagerly(self) -> bool:
        """Whether steps run as they are written, for debugging; may be set at any time."""
        return self._compiled.jit.as_written

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self._make_steps_anew(self._compiled.jit.asked, checked_flag("run_eagerly", value))

    @property
    def jit_compile(self) -> bool | dict[str, Any]:
        """Whether steps are compiled, or with which arguments; may be set at any time."""
        return self._compiled.jit.setting

    @jit_compile.setter
    def jit_compile(self, value: bool | str | dict[str, Any]) -> None:
        self._make_steps_anew(value, self.run_eagerly)

    def _make_steps_anew(self, jit_compile: Any, run_eagerly: bool) -> None:
        compiled = self._compiled
        compiled.jit, compiled.functions = jit_of(jit_compile, run_eagerly), Functions()
        compiled.arguments |= {"run_eagerly": run_eagerly, "jit_compile": compiled.jit.setting}

    def _decide_to_compile(self, feed: Feed, epochs: int) -> None:
        """Decide whether a run of `fit` is compiled, if that was left to the library."""
        jit = self._compiled.jit
        if not jit.is_auto:
            return
        before, said, steps = jit.options, jit.found.get("train", ""), feed.num_batches
        weights = sum(p.numel() for p in self.parameters() if p.requires_grad)
        jit.decide(weights, self._run_device(), None if steps is None else steps * epochs)
        if jit.options != before:
            self.train_function = None
        elif self.train_function is not None and said.startswith(_SAID_BY_STEPS):
            jit.found["train"] = said  # it still is

    @property
    def train_function(self) -> Any:
        """What trains on a list of batches, once `make_train_function` has made it."""
        return self._compiled.functions.train

    @train_function.setter
    def train_function(self, value: Any) -> None:
        self._compiled.functions.train = value

    @property
    def test_function(self) -> Any:
        """What evaluates a list of batches, once `make_test_function` has made it."""
        return self._compiled.functions.test

    @test_function.setter
    def test_function(self, value: Any) -> None:
        self._compiled.functions.test = value

    @property
    def predict_function(self) -> Any:
        """What predicts a list of batches, once `make_predict_function` has made it."""
        return self._compiled.functions.predict

    @predict_function.setter
    def predict_function(self, value: Any) -> None:
        self._compiled.functions.predict = value

    def make_train_function(self, force: bool = False) -> Any:
        """Make `train_function`, unless it is there, and return it.

        Args:
            force: Whether it is made again.
        """
        if force or self.train_function is None:
            step = train_step_of(self)
            self.train_function = BatchFunction(step, self._log_maker(), torch.enable_grad)
        return self.train_function

    def make_test_function(self, force: bool = False) -> Any:
        """Make `test_function`, unless it is there, and return it.

        Args:
            force: Whether it is made again.
        """
        if force or self.test_function is None:
            self.test_function = BatchFunction(test_step_of(self), self._log_maker(), torch.no_grad)
        return self.test_function

    def make_predict_function(self, force: bool = False) -> Any:
        """Make `predict_function`, unless it is there, and return it.

        Args:
            force: Whether it is made again.
        """
        if force or self.predict_function is None:
            guard = predict_guard_of(self)
            self.predict_function = BatchFunction(predict_step_of(self), as_is, guard)
        return self.predict_function

    def _train_function(self) -> BatchFunction:
        """Return what trains, made again if what is trained has changed."""
        self._follow_replicas()
        functions = self._compiled.functions
        trained = [p.requires_grad for module in modules_in(self) for p in _own_parameters(module)]
        changed = functions.trained not in (None, trained)
        if changed or functions.trained is None:
            functions.trained = trained
            self._refuse_unknown_weights()
        self.make_train_function(force=changed)
        return as_batch_function(self.train_function)

    def _follow_replicas(self) -> None:
        """Drop functions that were made for other processes than those at work now."""
        functions = self._compiled.functions
        if functions.replicas is not REPLICAS.active:
            functions.train = functions.test = functions.predict = None
            functions.replicas = REPLICAS.active
            begin(self)

    def _test_function(self) -> BatchFunction:
        self._follow_replicas()
        self.make_test_function()
        return as_batch_function(self.test_function)

    def _predict_function(self) -> BatchFunction:
        self._follow_replicas()
        self.make_predict_function()
        return as_batch_function(self.predict_function)

    def _refuse_unknown_weights(self) -> None:
        """Raise if weights are to be trained that the optimizer has nothing for."""
        known = {v.key for v in getattr(self.optimizer, "_trainable_variables", [])}
        unknown = [v.path for v in self.trainable_variables if known and v.key not in known]
        if unknown:
            raise ValueError(
                "Weights became trainable after the model was compiled, and the optimizer does not "
                f"know them: {unknown[:5]}. Call `compile()` again."
            )


def results_of(metrics: list[Any]) -> dict[str, Any]:
    """Return the results of metrics by name."""
    results: dict[str, Any] = {}
    for metric in metrics:
        result = metric.result()
        results.update(result if isinstance(result, dict) else {metric.name: result})
    return results


def _own_parameters(module: nn.Module) -> list[nn.Parameter]:
    return [parameter for parameter in module._parameters.values() if parameter is not None]


def _outputs(outcome: Any) -> dict[str, Any]:
    return {"outputs": outcome}


def _settled(make: Callable[[Any], Logs], outcome: Any) -> Logs:
    logs = make(outcome)
    logs.settle()
    return logs


def _names_in(metric: Any) -> list[str]:
    inner = getattr(metric, "metrics", None)
    return [metric.name] if inner is None else [part.name for part in inner]
