"""float8: the weights of a layer stay floats, and what flows goes through 8 bits in training."""

from torch import Tensor

from torchkeras._state.layout import SAME
from torchkeras.dtype_policies import QuantizedFloat8DTypePolicy

from .float8 import STATE, Float8
from .kinds import FLOAT8
from .place import Place, Shown
from .scheme import Request, Scheme


class Float8Scheme(Scheme):
    """Floats of 8 bits."""

    takes_lora = False

    def convert(self, place: Place, request: Request) -> Tensor | None:
        usual = QuantizedFloat8DTypePolicy.default_amax_history_length
        module = place.module
        module.__class__ = FLOAT8[place.kind]
        assert isinstance(module, Float8)
        module.make_state(getattr(request.policy, "amax_history_length", usual))
        return None

    def shown(self, place: Place) -> list[Shown]:
        return [Shown(name, name, name, SAME, is_overwritten=True) for name in STATE]
