"""`Trainer`: `compile`, `fit`, `evaluate` and `predict` for models."""

import warnings
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import replace
from inspect import unwrap
from typing import Any

from torchkeras._base.determinism import is_determinism_enabled
from torchkeras._base.serialization import deserialize_keras_object
from torchkeras._base.tracebacks import filtered
from torchkeras._data import order
from torchkeras._data.arrays import fits_one_batch
from torchkeras._data.batch import unpack_x_y_sample_weight
from torchkeras._data.split import split
from torchkeras.callbacks import CallbackList
from torchkeras.random.seeding import kept_randomness

from . import replication
from .checks import checked_epochs, checked_split, should_evaluate
from .compile_spec import (
    Compiled,
    bind_early,
    checked_flag,
    checked_steps,
    end_epoch,
    optimizer_of,
    with_torch_losses,
)
from .compiled_loss import CompiledLoss
from .compiled_metrics import CompiledMetrics
from .fit_run import FitRun
from .jit import jit_of
from .logs import Logs
from .outputs import Outputs
from .running import Running
from .tracker import LossTracker
from .walk import set_training


class Trainer(Running):
    """What makes a layer a model: it is compiled, trained, evaluated and asked to predict."""

    def __init__(self) -> None:
        object.__setattr__(self, "_compiled", Compiled())
        object.__setattr__(self, "optimizer", None)
        object.__setattr__(self, "loss", None)
        self.compiled = False
        self.stop_training = False

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str | dict[str, Any] = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained and what is measured.

        Args:
            optimizer: An optimizer or its name; or an optimizer of torch, its class, or a function
                of parameters that returns one (see `optimizers.TorchOptimizer`).
            loss: A loss, its name or a function of targets and outputs, or a loss of torch (see
                `losses.TorchLoss`); several outputs take a list or a dictionary of them.
            loss_weights: What the losses of the outputs are multiplied by.
            metrics: A list of metrics, names or functions; several outputs take a list or a
                dictionary of lists. `"accuracy"` fits itself to the shapes.
            weighted_metrics: Metrics in which sample and class weights count.
            run_eagerly: Whether nothing is compiled, for debugging.
            steps_per_execution: The number of batches between two calls of the callbacks.
            jit_compile: Whether the steps are compiled with `torch.compile`, and stay so where they
                are no slower for it; a dictionary holds the arguments for that, and `"race": False`
                for staying so anyway. `"auto"` compiles long runs of large models on CUDA, and
                captures the steps of many others there as graphs.
            auto_scale_loss: Whether the policy `"mixed_float16"` gets a scaled loss.

        Raises:
            ValueError: If a name is unknown or an argument has the wrong form.

        Example:
            >>> import torchkeras
            >>> model = torchkeras.Sequential([torchkeras.layers.Dense(1)])
            >>> model.compile("sgd", "mse", metrics=["mae"])
            >>> model.compiled
            True
        """
        jit = jit_of(jit_compile, run_eagerly)
        arguments = {
            "optimizer": optimizer_of(optimizer, None, False),
            "loss": with_torch_losses(loss),
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": checked_flag("run_eagerly", run_eagerly),
            "steps_per_execution": checked_steps(steps_per_execution),
            "jit_compile": jit.setting,
        }
        names = getattr(self, "output_names", None)
        compiled = Compiled(tracker=LossTracker(name="loss"), arguments=arguments, jit=jit)
        if loss is not None:
            compiled.loss = CompiledLoss(arguments["loss"], loss_weights, names)
        if metrics is not None or weighted_metrics is not None:
            compiled.metrics = CompiledMetrics(metrics, weighted_metrics, names)
        scales = checked_flag("auto_scale_loss", auto_scale_loss)
        scaled = optimizer_of(arguments["optimizer"], self.dtype_policy, scales)
        for name, value in (("_compiled", compiled), ("optimizer", scaled), ("loss", loss)):
            object.__setattr__(self, name, value)
        self.steps_per_execution = arguments["steps_per_execution"]
        self.compiled, self.stop_training = True, False
        bind_early(scaled, self)

    def get_compile_config(self) -> dict[str, Any]:
        """Return the arguments of `compile` as plain values, or nothing before it was called."""
        return self._compiled.config() if self.compiled else {}

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as `get_compile_config()` says.

        Args:
            config: What `get_compile_config()` returned.
        """
        # `legacy.install()` wraps the method, which does not make it another.
        if unwrap(type(self).compile) is not unwrap(Trainer.compile):
            warnings.warn(
                "`compile()` was not called as part of model loading because the model's "
                "`compile()` method is custom. Override `get_compile_config()` and "
                "`compile_from_config(config)` too, or call `compile()` after loading.",
                stacklevel=2,
            )
            return
        self._compile_as(config)

    def _compile_as(self, config: Mapping[str, Any]) -> None:
        if not config:  # what the model was compiled with could not be written
            return
        self.compile(**deserialize_keras_object(dict(config)))
        if self.built and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    # Whole runs

    @filtered
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Train the model, and return the history of its metrics.

        Args:
            x: Arrays or tensors (one, a list or a dictionary), a pandas table, a torch `DataLoader`
                or `Dataset`, a `PyDataset`, or a generator of `(inputs, targets)` or
                `(inputs, targets, sample_weights)`.
            y: The targets, unless `x` yields them.
            batch_size: Samples per batch; 32 if not given.
            epochs: The number of the epoch to stop before.
            verbose: 0 is silent, 1 shows a bar, 2 writes one line per epoch, `"auto"` is 1.
            callbacks: What is told of every step.
            validation_split: The fraction of the samples, the last ones, that is not trained on but
                evaluated after each epoch.
            validation_data: Data for that, as `(x, y)`, `(x, y, sample_weight)` or anything that
                yields batches.
            shuffle: Whether each epoch has an order of its own; `"batch"` shuffles inside batches.
            class_weight: A weight for each class, which counts in the loss.
            sample_weight: A weight for each sample, which counts in the loss.
            initial_epoch: The number of the first epoch.
            steps_per_epoch: Batches per epoch; the whole data if not given.
            validation_steps: Batches per evaluation.
            validation_batch_size: Samples per batch of an evaluation.
            validation_freq: Evaluate every so many epochs, or after the epochs (from 1) of a list.

        Returns:
            A `History`, whose `history` maps names to one number per epoch.

        Raises:
            ValueError: If the model is not compiled or the data do not fit together.
        """
        self._require_compiled("fit")
        train: Any = (x, y, sample_weight)
        if validation_data is None and checked_split(validation_split):
            train, validation_data = split(train, validation_split)
        feed = self._feed(
            "train_step", *train, batch_size=batch_size, steps=steps_per_epoch, shuffle=shuffle,
            class_weight=class_weight,
        )  # fmt: skip
        self._get_ready(feed)
        epochs = checked_epochs(epochs)
        listeners = self._listeners(callbacks, verbose, epochs, feed, history=True)
        self._decide_to_compile(feed, epochs - initial_epoch)
        validate = self._validation(
            validation_data, validation_batch_size or batch_size, validation_steps, listeners
        )
        try:
            self._train(feed, listeners, range(initial_epoch, epochs), validate, validation_freq)
        finally:
            self._validation_feed = self._fit_run = None
        return getattr(self, "history", None)

    def _train(
        self, feed: Any, listeners: CallbackList, epochs: range, validate: Any, frequency: Any
    ) -> None:
        self.stop_training = False
        function = self._train_function()
        run = FitRun(self, feed, listeners)
        object.__setattr__(self, "_fit_run", run)
        listeners.on_train_begin()
        function = replace(function, step=listeners.guarded(function.step))
        replication.begin(self)
        run.enter(inside=False)
        logs: Any = run.logs
        for epoch in self._from_backup(epochs):
            if run.is_over:
                break
            self._begin_metrics()
            listeners.on_epoch_begin(epoch)
            run.enter(inside=True)
            results = self._train_epoch(feed, function, listeners)
            run.is_inside = False
            if feed.found_none:
                break
            replication.end_epoch(self)
            if validate is not None and should_evaluate(epoch, frequency):
                with kept_randomness() if is_determinism_enabled() else nullcontext():
                    found = validate()
                results.update({f"val_{name}": found[name] for name in found})
            results.update(end_epoch(self.optimizer, results))
            logs = Logs(results)
            listeners.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        if epochs.stop > 0 and hasattr(self.optimizer, "finalize_variable_values"):
            self.optimizer.finalize_variable_values(self.trainable_weights)
        listeners.on_train_end(logs)

    def _from_backup(self, epochs: range) -> range:
        """Return the epochs that are left, if a callback said where to begin."""
        first, self._initial_epoch = self._initial_epoch, None
        return epochs if first is None else range(first, epochs.stop)

    def _validation(
        self, data: Any, batch_size: int | None, steps: int | None, listeners: CallbackList
    ) -> Any:
        """Return a function that evaluates the validation data, or `None` without data."""
        if data is None:
            return None
        x, y, sample_weight = unpack_x_y_sample_weight(data)

        def validate() -> Any:
            if self._validation_feed is None:
                self._validation_feed = self._feed(
                    "test_step", x, y, sample_weight, batch_size=batch_size, steps=steps,
                    inherits_batch_size=True,
                )  # fmt: skip
            return self.evaluate(
                x, y, sample_weight=sample_weight, batch_size=batch_size, steps=steps,
                callbacks=listeners, return_dict=True, _use_cached_eval_dataset=True,
            )  # fmt: skip

        return validate

    @filtered
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Return the loss and the metrics of the model on data.

        Args:
            x: The inputs, or what yields batches; see `fit`.
            y: The targets, unless `x` yields them.
            batch_size: Samples per batch; 32 if not given.
            verbose: 0 is silent, 1 shows a progress bar, 2 writes one line, `"auto"` is 1.
            sample_weight: A weight for each sample.
            steps: Batches to take; the whole data if not given.
            callbacks: What is told of every step.
            return_dict: Whether the result is a dictionary by name rather than a list.
            **kwargs: None that users need.

        Returns:
            A list of numbers in the order of `metrics_names`, one number if there is only a loss,
            or a dictionary.
        """
        cached = kwargs.pop("_use_cached_eval_dataset", False)
        if kwargs:
            raise ValueError(f"Arguments not recognized: {kwargs}")
        self._require_compiled("evaluate")
        feed = self._validation_feed if cached else None
        if feed is None:
            feed = self._feed("test_step", x, y, sample_weight, batch_size=batch_size, steps=steps)
        self._get_ready(feed)
        listeners = self._listeners(callbacks, verbose, 1, feed)
        function = self._test_function()
        self.stop_evaluating = False
        self._stop_training()
        listeners.on_test_begin()
        self._begin_metrics()
        outcome = self._pass("test", feed, function, listeners, lambda: self.stop_evaluating)
        logs = {} if feed.found_none else dict(Logs(self._result_of(outcome)))
        listeners.on_test_end(logs)
        return logs if return_dict else self._in_order(logs)

    @filtered
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Return the outputs of the model for data, as NumPy arrays.

        Args:
            x: The inputs, or what yields batches; see `fit`.
            batch_size: Samples per batch; 32 if not given.
            verbose: 0 is silent, 1 shows a progress bar, 2 writes one line, `"auto"` is 1.
            steps: Batches to take; the whole data if not given.
            callbacks: What is told of every step.

        Returns:
            An array, or arrays in the structure of the model's outputs.
        """
        if verbose == 0 and callbacks is None and steps is None and fits_one_batch(x, batch_size):
            order.open_pass()
            found = self._predict_one(x)
            order.open_pass()
            return found
        feed = self._feed("predict_step", x, batch_size=batch_size, steps=steps)
        self._get_ready(feed, predicts=True)
        listeners = self._listeners(callbacks, verbose, 1, feed)
        function = self._predict_function()
        outputs = Outputs(feed.source.num_samples if steps is None else None)
        collect = replace(function, step=outputs.after(function.step))
        self.stop_predicting = False
        self._stop_training()
        listeners.on_predict_begin()
        with self._looked_at_once(function, feed, listeners):
            self._pass("predict", feed, collect, listeners, lambda: self.stop_predicting)
        listeners.on_predict_end()
        return outputs.result()

    # Single batches

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Train on one batch, and return the loss and the metrics of that batch.

        Args:
            x: The inputs.
            y: The targets.
            sample_weight: A weight for each sample.
            class_weight: A weight for each class.
            return_dict: Whether the result is a dictionary by name rather than a list.
        """
        self._require_compiled("train_on_batch")
        batch = self._one_batch(x, y, sample_weight, class_weight)
        function = self._train_function()
        self._begin_metrics()
        set_training(self, True)
        try:
            logs = self._logs_of(function.once(batch))
        finally:
            set_training(self, False)
        return logs if return_dict else self._in_order(logs)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Evaluate one batch, and return the loss and the metrics of that batch.

        Args:
            x: The inputs.
            y: The targets.
            sample_weight: A weight for each sample.
            return_dict: Whether the result is a dictionary by name rather than a list.
        """
        self._require_compiled("test_on_batch")
        batch = self._one_batch(x, y, sample_weight, None)
        function = self._test_function()
        self._begin_metrics()
        self._stop_training()
        logs = self._logs_of(function.once(batch))
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Return the outputs for one batch, as NumPy arrays.

        Args:
            x: The inputs.
        """
        return self._predict_one(x)
