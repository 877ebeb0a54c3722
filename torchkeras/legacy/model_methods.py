"""The methods of models in older Keras, and the arguments of `fit`."""

import functools
import math
import os
from collections.abc import Callable, MutableMapping
from types import ModuleType
from typing import Any

import numpy as np

from torchkeras.saving import whole_h5
from torchkeras.saving.overwriting import may_write

from .notice import tell
from .patches import Patches
from .renaming import Rule, drop, renaming

_Arguments = MutableMapping[str, Any]


def apply(package: ModuleType, patches: Patches) -> None:
    """Give models their old methods, and those of today the old arguments.

    Args:
        package: The module that `keras` is.
        patches: Where the changes are noted.
    """
    model, sequential = package.models.Model, package.models.Sequential
    for name in ("fit", "evaluate", "predict"):
        rules = {**_PARALLEL, **(_FIT if name == "fit" else {})}
        patches.set(model, name, renaming(getattr(model, name), rules))
        patches.add(model, f"{name}_generator", _generator_method(name))
    patches.set(model, "__init__", renaming(model.__init__, _PARTS))
    patches.set(model, "compile", renaming(model.compile, _COMPILE))
    patches.set(model, "save_weights", _older_files(model.save_weights))
    patches.add(model, "reset_states", reset_states)
    patches.add(sequential, "predict_classes", predict_classes)
    patches.add(sequential, "predict_proba", predict_proba)


def _parallel(name: str) -> Rule:
    """Return the rule of an argument that now belongs to a `PyDataset`."""

    def rule(arguments: _Arguments, value: Any) -> str:
        data = arguments.get("x")
        if hasattr(data, name):
            setattr(data, name, value)
        return f"give `{name}` to the `keras.utils.PyDataset`, or use a torch `DataLoader`"

    return rule


def _in_batches(name: str) -> Rule:
    """Return the rule of a number of samples where now a number of batches is wanted."""

    def rule(arguments: _Arguments, samples: Any) -> str:
        size = getattr(arguments.get("x"), "batch_size", None)
        if not isinstance(size, int):
            raise TypeError(
                f"An old argument counts samples, and `{name}` counts batches. Pass "
                f"`{name}={samples} // batch_size`."
            )
        arguments[name] = max(1, samples // size)
        return f"write `{name}={arguments[name]}`, which counts batches"

    return rule


_PARALLEL: dict[str, Rule] = {
    "max_q_size": _parallel("max_queue_size"),
    "max_queue_size": _parallel("max_queue_size"),
    "nb_worker": _parallel("workers"),
    "pickle_safe": _parallel("use_multiprocessing"),
    "use_multiprocessing": _parallel("use_multiprocessing"),
    "workers": _parallel("workers"),
}
_FIT: dict[str, Rule] = {
    "nb_epoch": "epochs",
    "nb_val_samples": _in_batches("validation_steps"),
    "samples_per_epoch": _in_batches("steps_per_epoch"),
}
_PARTS: dict[str, Rule] = {"input": "inputs", "output": "outputs"}
_COMPILE: dict[str, Rule] = {"sample_weight_mode": drop("leave it out")}
_POSITIONAL = {
    "fit": "steps_per_epoch epochs verbose callbacks validation_data validation_steps".split(),
    "evaluate": ["steps"],
    "predict": ["steps"],
}


def _older_files(save: Callable[..., None]) -> Callable[..., None]:
    @functools.wraps(save)
    def save_weights(self: Any, filepath: Any, *args: Any, **kwargs: Any) -> None:
        name = os.fspath(filepath)
        if not name.endswith((".h5", ".hdf5")) or name.endswith(".weights.h5"):
            save(self, filepath, *args, **kwargs)
            return
        tell(f"`save_weights({os.path.basename(name)!r})`", "let the name end in `.weights.h5`")
        if not self.built:
            raise ValueError(f"Model {self.name!r} has not yet been built. Call it on some data.")
        if may_write(name, args[0] if args else kwargs.get("overwrite", True)):
            whole_h5.save_weights(self, name)

    return save_weights


def _generator_method(name: str) -> Callable[..., Any]:
    def method(self: Any, generator: Any, *args: Any, **kwargs: Any) -> Any:
        tell(f"`{name}_generator`", f"call `{name}`")
        kwargs = {**dict(zip(_POSITIONAL[name], args, strict=False)), **kwargs}
        if name != "fit":
            kwargs.setdefault("verbose", 0)
        for steps in ("steps_per_epoch", "validation_steps", "steps"):
            if isinstance(kwargs.get(steps), float):
                kwargs[steps] = math.ceil(kwargs[steps])
        return getattr(self, name)(x=generator, **kwargs)

    method.__name__ = f"{name}_generator"
    method.__doc__ = f"Call `{name}`; this is its name for generators in older Keras."
    return method


def reset_states(self: Any) -> None:
    """Let all stateful recurrent layers begin anew."""
    tell("`reset_states` of a model", "call `reset_state` of its stateful layers")
    for layer in self.modules():
        if layer is not self and getattr(layer, "stateful", False):
            layer.reset_state()


def predict_classes(self: Any, x: Any, batch_size: int = 32, verbose: int = 0) -> Any:
    """Return the most probable class of each sample, or whether its probability is above 0.5.

    Args:
        x: The inputs.
        batch_size: How many are computed at once.
        verbose: What is shown meanwhile.
    """
    tell("`predict_classes`", "call `predict(x).argmax(-1)`, or `predict(x) > 0.5` for two classes")
    found = self.predict(x, batch_size=batch_size, verbose=verbose)
    return found.argmax(-1) if found.shape[-1] > 1 else (found > 0.5).astype(np.int32)


def predict_proba(self: Any, x: Any, batch_size: int = 32, verbose: int = 0) -> Any:
    """Return what `predict` returns.

    Args:
        x: The inputs.
        batch_size: How many are computed at once.
        verbose: What is shown meanwhile.
    """
    tell("`predict_proba`", "call `predict`")
    return self.predict(x, batch_size=batch_size, verbose=verbose)
