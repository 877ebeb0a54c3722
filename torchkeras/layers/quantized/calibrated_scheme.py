"""GPTQ and AWQ: the weights of a layer wait for data, and become whole numbers then."""

from torch import Tensor, nn

from torchkeras._state.layout import SAME, Reshaped
from torchkeras.quantizers import AWQConfig, GPTQConfig

from .calibrated import Calibrated, finish, start
from .place import Place, Shown
from .scheme import Request, Scheme


class CalibratedScheme(Scheme):
    """Whole numbers that an algorithm finds.

    Args:
        mode: `"gptq"` or `"awq"`.
    """

    takes_lora = False

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def convert(self, place: Place, request: Request) -> Tensor | None:
        told = request.config if isinstance(request.config, (GPTQConfig, AWQConfig)) else None
        told = request.policy if told is None else told
        assert isinstance(place.module, nn.Linear)
        start(place.module, told.weight_bits, told.group_size, self.mode == "awq")
        return None

    def shown(self, place: Place) -> list[Shown]:
        module = place.module
        assert isinstance(module, Calibrated)
        names = {"quantized_kernel": "kernel"}
        if isinstance(place.layout, Reshaped):  # what Keras calls it in an `EinsumDense`
            names["kernel_zero"] = "zero_point"
        return [
            Shown(key, attribute, names.get(attribute, attribute), SAME)
            for key, attribute in module.shown.items()
            if key in module._buffers
        ]

    def convert_unfilled(self, place: Place, request: Request) -> None:
        self.convert(place, request)
        assert isinstance(place.module, Calibrated)
        finish(place.module)
