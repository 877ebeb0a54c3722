"""`Scheme`: what a mode of quantization does to the torch modules of a layer."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from .place import Place, Shown


@dataclass(frozen=True)
class Request:
    """What a scheme is told about a layer.

    Attributes:
        config: The layer's quantization config, or `None`.
        policy: The layer's dtype policy, which tells sizes where there is no config.
        usual_inputs: The quantizer of inputs where there is no config, or `None`.
    """

    config: Any
    policy: Any
    usual_inputs: Any = None


class Scheme(ABC):
    """One mode. A module is converted first, and then filled, unless a file will fill it."""

    takes_lora: ClassVar[bool] = True

    @abstractmethod
    def convert(self, place: Place, request: Request) -> Tensor | None:
        """Change a module, and return the float weight that it has no more.

        Args:
            place: The weight's place.
            request: What is known of the layer.
        """

    @abstractmethod
    def shown(self, place: Place) -> list[Shown]:
        """Return how Keras shows what a converted module has.

        Args:
            place: The weight's place.
        """

    def fill(self, place: Place, weight: Tensor, request: Request) -> None:
        """Give a converted module the numbers of its float weight.

        Args:
            place: The weight's place.
            weight: The float weight, in torch's layout.
            request: What is known of the layer.
        """
        raise NotImplementedError

    def convert_unfilled(self, place: Place, request: Request) -> None:
        """Change a module whose numbers a file will bring.

        Args:
            place: The weight's place.
            request: What is known of the layer.
        """
        self.convert(place, request)
