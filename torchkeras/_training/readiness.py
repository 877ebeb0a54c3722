"""What comes before a pass: data, weights and device are brought together."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from torchkeras import tree
from torchkeras._base import device
from torchkeras._base.allocator import keep_freed_memory
from torchkeras._base.dtypes import NAMES
from torchkeras._base.nested import map_leaves
from torchkeras._base.replicas import REPLICAS
from torchkeras._data.adapt import source_of, takes_batch_size
from torchkeras._data.arrays import Arrays
from torchkeras._data.batch import Batch
from torchkeras._data.feed import Feed
from torchkeras._data.lists import as_arrays
from torchkeras._data.transfer import mover, refuse_text
from torchkeras._data.weights import ClassWeights, refuse_both
from torchkeras._symbolic.tensor import KerasTensor

from .checks import limited_steps
from .steps import Steps, overridden
from .walk import device_of, modules_in


class Ready(Steps):
    """A model that is built for its data and lies where it is to run."""

    _was_built: bool = False

    def _require_compiled(self, method: str) -> None:
        if not self.compiled:
            raise ValueError(
                f"You must call `compile()` before calling `{method}()`, for example "
                "`model.compile(optimizer='adam', loss='mse')`."
            )

    def _feed(
        self,
        step_name: str,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        *,
        batch_size: int | None = None,
        steps: int | None = None,
        shuffle: bool | str = False,
        class_weight: Any = None,
        inherits_batch_size: bool = False,
    ) -> Feed:
        """Return the batches for a step; one that users wrote gets them as Keras packs them."""
        wanted = not inherits_batch_size or takes_batch_size(x)
        source = source_of(
            x, y, sample_weight, batch_size=batch_size if wanted else None, steps=steps,
            shuffle=shuffle, class_weight=class_weight,
        )  # fmt: skip
        steps = limited_steps(steps, source.num_batches)
        loss, own = self._compiled.loss, overridden(self, step_name, "compute_loss")
        needed = step_name != "predict_step" and isinstance(source, Arrays) and not own
        if needed and loss is not None:
            loss.check_targets(y)
        argument = "steps_per_epoch" if step_name == "train_step" else "steps"
        return Feed(source, steps, overridden(self, step_name), argument)

    def _get_ready(self, feed: Feed, predicts: bool = False) -> None:
        """Build the model on the first batch if need be, and put it and the data on one device.

        Keras takes a first batch aside whenever something may have to be built, and so do we, since
        the order of the samples depends on it.
        """
        unbuilt = not self._is_built()
        if unbuilt or not (predicts or self._knows_its_losses()):
            first = feed.peek()
            if unbuilt:
                self._build_on(first[0])
        self._compiled.has_met_data |= not predicts
        self._place(predicts)
        feed.device = self._run_device()
        if is_cpu(feed.device):
            keep_freed_memory()
        if not predicts:
            feed.restart()

    def _knows_its_losses(self) -> bool:
        """Say whether Keras would have built all that was compiled, at the first run."""
        compiled = self._compiled
        parts = ((compiled.loss, "compute_loss"), (compiled.metrics, "compute_metrics"))
        return all(
            part is None or part.built or (compiled.has_met_data and not overridden(self, method))
            for part, method in parts
        )

    def _place(self, predicts: bool) -> None:
        self._place_for_run()
        if not predicts and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)

    def _place_for_run(self) -> None:
        """Stay where the weights are; `Model` looks for the best device."""

    def _run_device(self) -> torch.device:
        """Return the device of the weights, or that on which a model without any runs."""
        return device_of(self) or device.running()

    def _can_be_called(self) -> bool:
        """Say whether there is anything to call; steps that users wrote may do without."""
        return True

    def _is_built(self) -> bool:
        if not (self._was_built and self.built):
            found = (m for m in modules_in(self) if m is not self or self._can_be_called())
            built = all(getattr(module, "built", True) for module in found)
            object.__setattr__(self, "_was_built", built)
        return self._was_built

    def _build_on(self, x: Any) -> None:
        """Make the weights: on symbols if the model allows it, else by calling it."""
        if not getattr(self, "takes_text", False):
            refuse_text(x)
        if not self._is_built_on_symbols(x):
            with torch.no_grad():
                self(x)

    def _is_built_on_symbols(self, x: Any) -> bool:
        try:
            self.compute_output_spec(tree.map_structure(_symbol, x))
        except ValueError:
            raise
        except Exception:  # noqa: BLE001 - `call` may need values that symbols do not have
            return False
        return True

    def _one_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        predicts: bool = False,
    ) -> Batch:
        """Return a batch of tensors on the model's device, the model being built for it."""
        refuse_both(class_weight, sample_weight)
        if not self._is_built():
            self._build_on(mover(None)(as_arrays(x)))
        self._place(predicts)
        move = mover(self._run_device())
        x = None if x is None else _copied(move(as_arrays(x)))  # layers may write into their inputs
        y = None if y is None else move(as_arrays(y))
        sample_weight = None if sample_weight is None else move(as_arrays(sample_weight))
        self._compiled.has_met_data |= y is not None
        if class_weight is not None:
            sample_weight = ClassWeights(class_weight)(y)
        if REPLICAS.active is not None:
            return REPLICAS.active.part((x, y, sample_weight), map_leaves)
        return x, y, sample_weight


def is_cpu(place: torch.device | None) -> bool:
    """Say whether a place is the processor."""
    return place is not None and place.type == "cpu"


def _copied(x: Any) -> Any:
    if isinstance(x, Tensor):
        return x.clone()
    return tree.map_structure(lambda leaf: leaf.clone() if isinstance(leaf, Tensor) else leaf, x)


def _symbol(leaf: Any) -> Any:
    if isinstance(leaf, np.ndarray):  # only text is left as NumPy's
        return KerasTensor(leaf.shape, "string")
    return KerasTensor(tuple(leaf.shape), NAMES[leaf.dtype]) if isinstance(leaf, Tensor) else leaf
