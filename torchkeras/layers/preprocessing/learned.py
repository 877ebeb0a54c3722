"""What `adapt` learned, in `state_dict`."""

from typing import Any, ClassVar

from torch import Tensor

from torchkeras.layers.layer import Layer


class Learned(Layer):
    """A layer whose learned tensor is in `state_dict`, but is no weight.

    It is no buffer of torch's: its size changes, and Keras's files and counts of weights have no
    place for it.
    """

    learned_key: ClassVar[str]

    def learned(self) -> Tensor | None:
        """Return what was learned, if anything was."""
        raise NotImplementedError

    def take_learned(self, value: Tensor) -> None:
        """Go on with what another layer learned.

        Args:
            value: What its `learned` returned.
        """
        raise NotImplementedError

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        value = self.learned()
        if value is not None:
            destination[prefix + self.learned_key] = value.detach()

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any) -> None:
        super()._load_from_state_dict(state_dict, prefix, *args)
        key, unexpected = prefix + self.learned_key, args[-2]
        if key in state_dict:
            self.take_learned(state_dict[key])
            unexpected[:] = [name for name in unexpected if name != key]
