"""What layers of a model compute, besides its outputs, in one forward pass."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from torchkeras._base.nested import unpack_singleton
from torchkeras.models import Model, Sequential

FINAL = "final_output"


def extractor_of(model: Any, layer_names: Iterable[str]) -> Model | None:
    """Return a model of the same layers with more outputs, or `None` if none are wanted."""
    names = list(dict.fromkeys(layer_names))
    if not names:
        return None
    final = model.layers[-1].output if isinstance(model, Sequential) else model.output
    outputs = {FINAL: final, **{name: model.get_layer(name=name).output for name in names}}
    return Model(inputs=model.inputs, outputs=outputs, name=f"{model.name}_multi_feature_extractor")


def features(extractor: Model, x: Any, **mode: Any) -> dict[str, Any]:
    """Return the outputs by name, the final ones as a call of the model returns them."""
    found = extractor(x, **mode)
    return {**found, FINAL: unpack_singleton(found[FINAL])}


class Memory:
    """What the student's layers computed in the forward pass of the running step.

    Outside of a step nothing is kept, so that no graph outlives it.
    """

    def __init__(self) -> None:
        self.is_open = False
        self._features: dict[str, Any] = {}

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keep, inside the context, what `keep` is given."""
        self.is_open = True
        try:
            yield
        finally:
            self.is_open, self._features = False, {}

    def keep(self, found: dict[str, Any]) -> Any:
        """Keep features, and return the final outputs among them."""
        self._features = found
        return found[FINAL]

    def of(self, y_pred: Any) -> dict[str, Any] | None:
        """Return the features that came with some final outputs, or `None` if unknown."""
        return self._features if self._features.get(FINAL) is y_pred else None
