"""The outermost calls of networks in a step that users wrote, which go through a function."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from torch import nn

from torchkeras.layers.layer import Layer

Run = Callable[[nn.Module, tuple[Any, ...], dict[str, Any]], Any]

# Where torch looks for what a module's call is to be replaced by; copies and files leave it out.
_PLACE = "_compiled_call_impl"


class Calls:
    """The calls of a model, and of those in it, by code that is not of any of them.

    Args:
        model: The model.
    """

    def __init__(self, model: Layer) -> None:
        self._networks = [module for module in model.modules() if _is_network(module, model)]

    @contextmanager
    def through(self, run: Run) -> Iterator[None]:
        """Hand each call inside of the scope to a function.

        Args:
            run: Gets a network and the arguments; what it calls itself is left alone.
        """

        def call(network: nn.Module, *args: Any, **kwargs: Any) -> Any:
            self._put(None)
            try:
                return run(network, args, kwargs)
            finally:
                self._put(call)

        self._put(call)
        try:
            yield
        finally:
            self._put(None)

    def _put(self, call: Callable[..., Any] | None) -> None:
        for network in self._networks:
            if call is None:
                vars(network).pop(_PLACE, None)
            else:
                vars(network)[_PLACE] = partial(call, network)


def _is_network(module: nn.Module, model: Layer) -> bool:
    """Whether a module is the model or made of layers, and its calls are torch's."""
    made_of_layers = module is model or any(isinstance(c, Layer) for c in module.children())
    is_usual = type(module).__call__ is nn.Module.__call__ and _PLACE not in vars(module)
    return isinstance(module, Layer) and made_of_layers and is_usual
