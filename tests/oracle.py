"""The Keras twin: the same thing made in torchkeras and in Keras, fed with the same numbers."""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import torch
from keras.src.backend import get_keras_mask, set_keras_mask
from keras.src.utils.naming import reset_uids as reset_keras_names

import torchkeras
from tests.cases.row import Data, Row
from torchkeras import tree
from torchkeras._base.naming import reset_names
from torchkeras._state.masked import mask_of, with_mask

PACKAGES = (torchkeras, keras)


def reset() -> None:
    """Let both packages count automatic names from the beginning."""
    reset_names()
    reset_keras_names()


def arguments(row: Row) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a row's call, with arrays in place of `Data`."""
    rng = row.rng()
    positional = list(row.args) if isinstance(row.args, tuple) else [row.args]
    drawn = map_arrays(lambda data: data.draw(rng), [positional, dict(row.kwargs)])
    return drawn[0], drawn[1]


def map_arrays(function: Callable[[Any], Any], structure: Any) -> Any:
    """Apply a function to every `Data`, tensor or array of a structure."""
    return map_leaves(lambda x: function(x) if hasattr(x, "shape") else x, structure)


def map_leaves(function: Callable[[Any], Any], structure: Any) -> Any:
    """Apply a function to every leaf of a structure."""
    if isinstance(structure, dict):
        return {key: map_leaves(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return type(structure)(map_leaves(function, value) for value in structure)
    return function(structure)


def tensors(row: Row, package: Any, *, grads: bool = False) -> tuple[list[Any], dict[str, Any]]:
    """Return the arguments of a row's call as new tensors, with their masks, for one package."""
    positional = list(row.args) if isinstance(row.args, tuple) else [row.args]
    rng = row.rng()

    def make(data: Data) -> torch.Tensor:
        tensor = torch.tensor(data.draw(rng))
        if grads and tensor.is_floating_point():
            tensor.requires_grad_(True)
        return tensor if data.mask is None else _masked(tensor, data.mask, package)

    made = map_arrays(make, [positional, dict(row.kwargs)])
    return made[0], made[1]


def _masked(tensor: torch.Tensor, mask: Any, package: Any) -> torch.Tensor:
    mask = torch.tensor(np.asarray(mask, dtype=bool))
    if package is torchkeras:
        masked = with_mask(tensor, mask)
        if masked.requires_grad:
            masked.retain_grad()
        return masked
    set_keras_mask(tensor, mask)
    return tensor


def arrays(structure: Any) -> list[Any]:
    """Return the arrays and tensors of a structure."""
    found: list[Any] = []
    map_arrays(found.append, structure)
    return found


def leaves(structure: Any) -> list[torch.Tensor]:
    """Return the tensors of a structure."""
    return [leaf for leaf in tree.flatten(structure) if isinstance(leaf, torch.Tensor)]


@dataclass
class Twins:
    """A row's layer in both packages, built and with the same weights."""

    row: Row
    ours: Any
    theirs: Any

    def call(self, which: str, *, grads: bool = False) -> tuple[Any, list[torch.Tensor]]:
        """Call one of the two, and return its outputs and the tensors that went in."""
        package = torchkeras if which == "ours" else keras
        args, kwargs = tensors(self.row, package, grads=grads)
        return getattr(self, which)(*args, **kwargs), leaves([args, kwargs])


def make(row: Row, package: Any) -> Any:
    """Make a row's layer in one package, with automatic names counted from the beginning."""
    reset()
    return row.make(package)


def built(row: Row, package: Any) -> Any:
    """Make a row's layer in one package, and build it by a call."""
    layer = make(row, package)
    args, kwargs = tensors(row, package)
    layer(*args, **kwargs)
    return layer


_KEPT: dict[tuple[str, str], Any] = {}


def kept(row: Row, package: Any) -> Any:
    """Return a row's built layer, always the same one, for tests that only look at it."""
    key = (row.id, package.__name__)
    if key not in _KEPT:
        _KEPT[key] = built(row, package)
    return _KEPT[key]


def twins(row: Row) -> Twins:
    """Make a row's layer in both packages, build both, and give both the same random weights."""
    ours, theirs = built(row, torchkeras), built(row, keras)
    values = random_weights(theirs, row.rng())
    theirs.set_weights(values)
    ours.set_weights(values)
    seeds = [[v for v in layer.variables if "seed" in v.name] for layer in (ours, theirs)]
    for our_seed, their_seed in zip(*seeds, strict=True):
        our_seed.assign(numpy(their_seed))
    return Twins(row, ours, theirs)


def random_weights(layer: Any, rng: np.random.Generator) -> list[np.ndarray]:
    """Return random values for the weights of a Keras layer; variances come out positive."""
    values = []
    for variable in layer.weights:
        value = rng.uniform(-1, 1, variable.shape).astype(np.float32)
        value = np.abs(value) + 0.1 if "variance" in variable.name else value
        dtype = keras.backend.standardize_dtype(variable.dtype)
        if dtype == "int8":  # quantized weights
            value = rng.integers(-128, 128, variable.shape).astype(np.int8)
        is_float = "float" in dtype or dtype == "int8"
        values.append(value if is_float else numpy(variable))
    return values


class WithMasks(torch.nn.Module):
    """A layer whose masks come as tensors of their own, as compilers and exporters need it."""

    def __init__(self, layer: Any) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, args: Any, kwargs: Any, masks: Any) -> Any:
        flat = [
            x if mask is None else with_mask(x, mask)
            for x, mask in zip(leaves(args), masks, strict=True)
        ]
        filled = iter(flat)
        return self.layer(*map_arrays(lambda _: next(filled), args), **kwargs)


def unmasked(args: list[Any]) -> tuple[list[Any], list[Any]]:
    """Return arguments without their masks, and the masks of their tensors."""
    masks = [mask_of(x) for x in leaves(args)]
    return map_arrays(lambda x: x.as_subclass(torch.Tensor), args), masks


def weights_of(layer: Any) -> list[np.ndarray]:
    """Return the weights of a layer of either package as arrays."""
    return [numpy(variable) for variable in layer.weights]


# Comparing


def assert_close(ours: Any, theirs: Any, tolerance: float, what: str = "") -> None:
    """Compare numbers, shapes and dtypes of two tensors, arrays or numbers."""
    mine, oracle = numpy(ours), numpy(theirs)
    assert mine.shape == oracle.shape, f"{what}: shape {mine.shape}, in Keras {oracle.shape}"
    assert mine.dtype == oracle.dtype, f"{what}: dtype {mine.dtype}, in Keras {oracle.dtype}"
    np.testing.assert_allclose(mine, oracle, rtol=tolerance, atol=tolerance, err_msg=what)


def assert_same_outputs(ours: Any, theirs: Any, tolerance: float) -> None:
    """Compare two structures of outputs: nesting, numbers, dtypes and masks."""
    assert skeleton(ours) == skeleton(theirs)
    pairs = zip(tree.flatten(ours), tree.flatten(theirs), strict=True)
    for index, (mine, oracle) in enumerate(pairs):
        assert_close(mine, oracle, tolerance, f"output {index}")
        our_mask, their_mask = mask_of(mine), get_keras_mask(oracle)
        assert (our_mask is None) == (their_mask is None), f"mask of output {index}"
        if our_mask is not None:
            np.testing.assert_array_equal(numpy(our_mask), numpy(their_mask))


def skeleton(structure: Any) -> Any:
    """Return the nesting of a structure, with a dot for each leaf."""
    if isinstance(structure, dict):
        return {key: skeleton(value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [skeleton(value) for value in structure]
    return "."


def numpy(value: Any) -> np.ndarray:
    """Return a tensor, variable or array as a NumPy array; bfloat16 comes as float32."""
    if isinstance(value, torch.Tensor):
        value = value.detach().as_subclass(torch.Tensor).cpu()
        return (value.float() if value.dtype == torch.bfloat16 else value).numpy()
    if isinstance(value, torchkeras.Variable):
        return value.numpy()
    if isinstance(value, keras.Variable):
        return numpy(value.value)
    return np.asarray(value)


def gradients(layer: Any, outputs: Any, inputs: list[torch.Tensor]) -> list[tuple[str, Any]]:
    """Return the gradients of a fixed combination of the outputs: of weights, then of inputs."""
    rng = np.random.default_rng(0)
    total = torch.zeros(())
    for output in leaves(outputs):
        if output.is_floating_point():
            weight = torch.tensor(rng.uniform(-1, 1, output.shape), dtype=output.dtype)
            total = total + (output * weight).sum()
    for loss in layer.losses:
        total = total + loss
    if not total.requires_grad:
        return []
    total.backward()
    found = [(variable.path, variable.value.grad) for variable in layer.trainable_weights]
    numbered = enumerate(x for x in inputs if x.requires_grad)
    return [*found, *((f"input {index}", x.grad) for index, x in numbered)]


@contextmanager
def dtype_policy(name: str):
    """Set the global dtype policy of both packages inside the scope."""
    for package in PACKAGES:
        package.config.set_dtype_policy(name)
    try:
        yield
    finally:
        for package in PACKAGES:
            package.config.set_dtype_policy("float32")
