"""`Quantizable`: a layer whose weights can become smaller numbers.

Quantization changes the classes of the torch modules inside a layer, and the variables that show
what they hold. The layer's `call` stays as it is and knows nothing of it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import show
from torchkeras._state.layout import SAME, Layout
from torchkeras._state.slot import Slot
from torchkeras._state.variable import Variable
from torchkeras.dtype_policies import Int4DTypePolicy
from torchkeras.layers.base.config import is_library
from torchkeras.layers.base.lora import Adaptable, AdaptableKernel
from torchkeras.quantizers import AbsMaxQuantizer, Int4QuantizationConfig, QuantizationConfig

from .calibrated import Calibrated, CalibratedLinear, finish
from .calibrated_scheme import CalibratedScheme
from .float8_scheme import Float8Scheme
from .form import Quantized
from .integer_scheme import IntegerScheme, unpacked
from .kinds import CORRECTED, stock_kind
from .merged import merged_parts
from .place import Place
from .resolution import check_mode, resolve_config
from .scheme import Request, Scheme

_SCHEMES: dict[str, Scheme] = {
    "int8": IntegerScheme("int8"),
    "int4": IntegerScheme("int4"),
    "float8": Float8Scheme(),
    "gptq": CalibratedScheme("gptq"),
    "awq": CalibratedScheme("awq"),
}


class Quantizable(Adaptable):
    """A layer with weights that can be quantized, before or after they are made."""

    quantization_modes: tuple[str, ...] = tuple(_SCHEMES)
    _quantization_config: QuantizationConfig | None = None
    _quantized_as: str | None = None
    _held: Mapping[str, list[Variable]] = MappingProxyType({})  # what it has made, by place

    # What a layer tells

    def places(self) -> list[Place]:
        """Return where the weights are that can be quantized."""
        found: list[Place] = []
        for name, slot in self.variable_slots().items():
            if _is_weight(slot):
                module = self.get_submodule(str(slot.paths).rpartition(".")[0])
                kind = self._kind_of(module)
                scales = self._scale_layout()
                found.append(Place(name, module, kind, slot.layout, scales, bool(found)))
        return found

    def _kind_of(self, module: nn.Module) -> type[nn.Module]:
        return stock_kind(module, self.name)

    def _scale_layout(self) -> Layout:
        """Return how Keras shows the scales of the outputs."""
        return SAME

    def _usual_inputs_quantizer(self, mode: str) -> Any:
        """Return the quantizer of inputs where no config names one."""
        return AbsMaxQuantizer() if mode == "int8" else None

    # Quantizing

    @property
    def quantization_config(self) -> QuantizationConfig | None:
        """What `quantize` was told, or `None`."""
        return self._quantization_config

    @quantization_config.setter
    def quantization_config(self, value: Any) -> None:
        if value is not None and not isinstance(value, QuantizationConfig):
            raise ValueError(
                "`quantization_config` must be a `QuantizationConfig`, such as "
                f"`Int8QuantizationConfig()`, or None. Received: {show(value)}."
            )
        object.__setattr__(self, "_quantization_config", value)

    def quantize(
        self, mode: str | None = None, type_check: bool = True, config: Any = None
    ) -> None:
        """Keep the weights in smaller numbers from now on.

        A compiled model must be compiled again afterwards.

        Args:
            mode: `"int8"`, `"int4"`, `"float8"`, `"gptq"` or `"awq"`; that of the config if not
                given.
            type_check: Whether a subclass, whose `call` may do anything, is refused.
            config: A `QuantizationConfig`; the usual one of the mode if not given.

        Raises:
            ValueError: If the mode is unknown, the layer is not built, or quantized already.
            NotImplementedError: If the layer has no form of that kind.
        """
        config = resolve_config(mode, config)
        self.check_quantizable(config.mode, type_check)
        request = Request(config, self.own_policy, self._usual_inputs_quantizer(config.mode))
        self._convert(config.mode, request)
        self.quantization_config = config
        policy = self.own_policy
        if policy.quantization_mode is None:
            self.dtype_policy = f"{_written(config)}_from_{policy.name}"

    def check_quantizable(self, mode: str, type_check: bool = True) -> None:
        """Raise the error that `quantize` would raise.

        Args:
            mode: The name of a mode.
            type_check: Whether a subclass is refused.
        """
        if not self.built:
            raise ValueError(
                f"Cannot quantize a layer that isn't yet built. Layer {self.name!r} (of type "
                f"{type(self).__name__!r}) is not built yet: call it on data first."
            )
        if self._quantized_as is not None:
            raise ValueError(
                f"Layer {self.name!r} is already quantized with "
                f"dtype_policy={self.own_policy.name!r}. Received: mode={mode!r}."
            )
        if type_check and not is_library(type(self)):
            raise NotImplementedError(
                f"Layer {type(self).__name__} does not have a `quantize` method implemented: its "
                "`call` may differ from that of the class it is made from. Pass "
                "`type_check=False` if it does not."
            )
        self._check_mode(mode)

    def _check_mode(self, mode: str) -> None:
        if mode not in self.quantization_modes:
            raise NotImplementedError(
                f"Invalid quantization mode. Expected one of {self.quantization_modes} for layer "
                f"{self.name!r}. Received: quantization_mode={mode!r}."
            )
        if mode == "int8" and self.compute_dtype == "float16":
            raise ValueError(
                f"Quantization mode={mode!r} doesn't work well with compute_dtype='float16'. "
                "Make the layer with another dtype policy such as 'mixed_bfloat16'."
            )
        if self.lora_enabled and not _SCHEMES[mode].takes_lora:
            raise NotImplementedError(
                f"lora is not supported with quantization mode {mode!r}. Received: layer "
                f"{self.name!r} with lora_rank={self.lora_rank}."
            )

    def _convert(self, mode: str, request: Request) -> None:
        """Quantize the weights that are there."""
        scheme = _SCHEMES[mode]
        for place in self.places():
            before = self._variable_of(place)
            path = before.path.rpartition("/")[0]
            weight = scheme.convert(place, request)
            if weight is not None:
                scheme.fill(place, weight, request)
            new = [part.over(place.module, path) for part in scheme.shown(place)]
            if weight is not None:
                self._variables[:] = [held for held in self._variables if held is not before]
            self._variables.extend(new)
            self._show(place, scheme, new, weight is not None)
        object.__setattr__(self, "_quantized_as", mode)

    def _variable_of(self, place: Place) -> Variable:
        return self.base_weight if place.name == self.adapted else getattr(self, place.name)

    def _show(
        self, place: Place, scheme: Scheme, variables: list[Variable], replaces: bool
    ) -> None:
        """Make variables the attributes of the layer; the first may stand for the weight."""
        object.__setattr__(self, "_held", {**self._held, place.name: variables})
        for part, variable in zip(scheme.shown(place), variables, strict=True):
            if replaces and part.attribute == self.adapted:
                object.__setattr__(self, "_base", variable)
            else:
                object.__setattr__(self, part.attribute, variable)

    # Building

    def bind_slots(self) -> None:
        """Make the variables of the table; a policy that quantizes leaves out float weights."""
        mode = self.quantization_mode
        if mode is not None and self._quantized_as is None and self._may_bind_slots():
            check_mode(mode)
            self._check_mode(mode)
            usual = self._usual_inputs_quantizer(mode)
            request = Request(self.quantization_config, self.own_policy, usual)
            for place in self.places():
                _SCHEMES[mode].convert_unfilled(place, request)
            object.__setattr__(self, "_quantized_as", mode)
        super().bind_slots()

    def finish_build(self) -> None:
        """Refuse a dtype policy that quantizes, if a `build` of a user's has made the weights."""
        super().finish_build()
        if self.quantization_mode is not None and self._quantized_as is None:
            raise NotImplementedError(
                f"Layer {self.name!r} makes its weights itself, so it cannot be built quantized. "
                f"Received: dtype_policy={self.own_policy.name!r}. Build it in floats."
            )

    def bind_slot(self, name: str, slot: Slot) -> None:
        """Make the variables of one line of the table."""
        if self._quantized_as is None or not _is_weight(slot):
            super().bind_slot(name, slot)
            return
        scheme = _SCHEMES[self._quantized_as]
        place = next(place for place in self.places() if place.name == name)
        new = [part.over(place.module, None) for part in scheme.shown(place)]
        has_float = "weight" in place.module._parameters
        self._variables.extend(new)
        self._show(place, scheme, new, isinstance(place.module, Quantized))
        if has_float:
            super().bind_slot(name, slot)

    # The dtype policy

    def _take_policy(self, value: Any) -> None:
        before = self.own_policy if "_dtype_policy" in self.__dict__ else None
        super()._take_policy(value)
        mode = self.quantization_mode
        if mode is not None and self.built and self._quantized_as is None:
            try:
                self.quantize(mode, config=_config_of(self.own_policy))
            except Exception:
                super()._take_policy(before)
                raise

    def _policy_after_cast(self, dtype: str) -> str:
        policy = self.own_policy
        written = policy.get_config().get("mode")
        return dtype if self._quantized_as is None else f"{written}_from_{dtype}"

    # LoRA

    def _adapted_place(self) -> Place:
        return next(place for place in self.places() if place.name == self.adapted)

    def _adapted_class(self) -> type[nn.Module]:
        if self._quantized_as is None:
            return super()._adapted_class()
        if not _SCHEMES[self._quantized_as].takes_lora:
            raise NotImplementedError(
                f"lora is not supported with quantization mode {self._quantized_as!r}. "
                f"Received: layer {self.name!r}."
            )
        return CORRECTED[type(self._adapted_place().module)]

    def _adapted_shape(self) -> tuple[int, ...]:
        return tuple(self._float_weight().shape)

    def _float_weight(self) -> Tensor:
        place = None if self._quantized_as is None else self._adapted_place()
        if place is None or not isinstance(place.module, Quantized):
            return super()._float_weight()
        return place.layout.to_keras(place.module.restored(to_torch(self.variable_dtype)))

    def _shown_weight(self) -> Variable | Tensor:
        """Return the weight as it is kept, numbers unpacked; with a correction, as floats."""
        if self._quantized_as is None or self.lora_enabled:
            return super()._shown_weight()
        module = self._adapted_place().module
        if isinstance(module, CalibratedLinear):
            return module.whole()
        numbers = unpacked(self._adapted_place())
        return super()._shown_weight() if numbers is None else numbers

    # What files keep

    def saved_variables(self) -> list[Any]:
        """Return what files keep, in Keras's order."""
        if self._quantized_as is None:
            return super().saved_variables()
        floats = self._floats_in_files()
        places = self.places()
        parts = [self._parts_in_files(place) for place in places]
        if isinstance(places[0].module, Quantized):
            (first, *rest), *others = parts
            return [first, *floats, *rest, *(part for other in others for part in other)]
        return [*floats, *(part for each in parts for part in each)]

    def _floats_in_files(self) -> list[Variable]:
        """Return the layer's own variables without corrections and what quantization has made."""
        apart = [*(self._ways or ()), *(v for held in self._held.values() for v in held)]
        if isinstance(self._adapted_place().module, Calibrated) and self._base is not None:
            apart.append(self._base)
        return [v for v in self.own_variables() if not any(v is one for one in apart)]

    def _parts_in_files(self, place: Place) -> list[Any]:
        variables = self._held[place.name]
        if self.lora_enabled and place.name == self.adapted:
            return merged_parts(self, place, variables)
        return variables

    def finish_loading(self) -> None:
        """Do what calibration left to do, once the layer's variables were read from a file."""
        for place in self.places() if self.built else ():
            if isinstance(place.module, Calibrated):
                self.finish_calibration()

    # Calibration (GPTQ and AWQ)

    def take_calibrated(
        self,
        whole: Tensor,
        scale: Tensor,
        zero: Tensor,
        groups: Tensor,
        awq_scales: Tensor | None = None,
    ) -> None:
        """Take what an algorithm has found in the place of the float weight.

        Args:
            whole: Whole numbers, `(outputs, inputs)`.
            scale: The scales, `(outputs, groups)`.
            zero: The zeros, likewise.
            groups: The group of each input.
            awq_scales: What inputs were multiplied by (AWQ).
        """
        module = self._adapted_place().module
        assert isinstance(module, Calibrated)
        module.take(
            whole, {"scale": scale, "zero": zero, "g_idx": groups, "awq_scales": awq_scales}
        )
        self.finish_calibration()

    def prepare_saving(self) -> None:
        """Refuse to be saved while calibration waits for its data."""
        if self._quantized_as in ("gptq", "awq") and not self._is_calibrated:
            raise ValueError(
                f"Layer {self.name!r} waits for the data of {self._quantized_as!r}, and a file has "
                "no place for its float kernel. Quantize it by `model.quantize(config=...)`, or "
                "save it before."
            )

    def finish_calibration(self) -> None:
        """Drop the float weight, once the whole numbers are there."""
        module = self._adapted_place().module
        assert isinstance(module, Calibrated)
        finish(module)
        base = self._base
        self._variables[:] = [v for v in self._variables if v is not base]
        object.__setattr__(self, "_base", None)
        object.__setattr__(self, "_seen_dtype", None)

    @property
    def is_gptq_calibrated(self) -> bool:
        """Whether GPTQ has quantized the weight."""
        return self._quantized_as == "gptq" and self._is_calibrated

    @property
    def is_awq_calibrated(self) -> bool:
        """Whether AWQ has quantized the weight."""
        return self._quantized_as == "awq" and self._is_calibrated

    @property
    def _is_calibrated(self) -> bool:
        return isinstance(self._adapted_place().module, CalibratedLinear)

    # Keras's way in

    @property
    def inputs_quantizer(self) -> Any:
        """What makes whole numbers of the inputs, or `None`."""
        return getattr(self._adapted_place().module, "inputs_quantizer", None)

    def quantized_build(self, input_shape: Any, mode: str, config: Any = None) -> None:
        """Refuse a mode that the layer has not; `build` makes what a dtype policy asks for."""
        self._check_mode(mode)

    def quantized_call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs, as `call` does."""
        self._check_mode(str(self.quantization_mode))
        return self.call(*args, **kwargs)


class QuantizableKernel(Quantizable, AdaptableKernel):
    """A layer whose kernel can be quantized and corrected."""


def _is_weight(slot: Slot) -> bool:
    return isinstance(slot.paths, str) and slot.paths.endswith(".weight")


def _written(config: Any) -> str:
    """Return the beginning of a dtype policy's name."""
    if config.mode == "int4":
        return f"int4/{-1 if config.block_size is None else config.block_size}"
    return config.dtype_policy_string() if config.mode in ("gptq", "awq") else str(config.mode)


def _config_of(policy: Any) -> Any:
    """Return the config for a dtype policy, which may name a size of blocks."""
    if isinstance(policy, Int4DTypePolicy):
        return Int4QuantizationConfig(block_size=policy.block_size)
    return None
