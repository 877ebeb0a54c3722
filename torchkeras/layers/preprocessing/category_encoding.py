"""`CategoryEncoding`: numbers of categories as vectors."""

from typing import Any

from torch import Tensor

from torchkeras._base.dtypes import to_torch
from torchkeras._base.messages import one_of, positive_int, show
from torchkeras._symbolic.spec import Spec
from torchkeras._symbolic.tensor import KerasTensor

from .categories import encode, encoded_shape
from .lookup_arguments import refuse_sparse
from .reading import Reading

_MODES = ("count", "one_hot", "multi_hot")


class CategoryEncoding(Reading):
    """Turn category numbers into vectors of `num_tokens` entries.

    Args:
        num_tokens: The number of categories, all of which lie below it.
        output_mode: "one_hot" for a vector for each number; "multi_hot" or "count" for one vector
            for each sample.
        sparse: Not possible on torch.
        **kwargs: The keyword arguments of `Layer`.

    Input shape:
        `(batch,)` or `(batch, numbers)`.

    Output shape:
        `(batch, num_tokens)`; with "one_hot", another axis for more than one number.

    Raises:
        ValueError: If `num_tokens` is missing or not positive, or the mode is unknown.

    Example:
        >>> import torchkeras
        >>> layer = torchkeras.layers.CategoryEncoding(num_tokens=3, output_mode="count")
        >>> layer([[0, 2, 2], [1, 1, 1]])
        tensor([[1., 0., 2.],
                [0., 3., 0.]])
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        refuse_sparse(sparse)
        self.num_tokens = positive_int("num_tokens", num_tokens)
        mode = "multi_hot" if output_mode == "binary" else output_mode
        self.output_mode = one_of("output_mode", mode, _MODES)
        self.sparse = sparse

    def call(self, inputs: Tensor, count_weights: Any = None) -> Tensor:
        """Turn category numbers into vectors.

        Args:
            inputs: The numbers.
            count_weights: What each adds to its count, in "count" mode.
        """
        weights = None
        if count_weights is not None:
            if self.output_mode != "count":
                raise ValueError(
                    "`count_weights` may only be given if `output_mode` is 'count'. Received: "
                    f"count_weights={show(count_weights)} and output_mode={self.output_mode!r}."
                )
            weights = self.read(count_weights).to(inputs.device, self.torch_dtype)
        dtype = to_torch(self.dtype)
        return encode(inputs, self.output_mode, self.num_tokens, dtype, weights)

    def read(self, inputs: Any) -> Any:
        return inputs if isinstance(inputs, Tensor) else super().read(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shape of the outputs.

        Args:
            input_shape: The shape of the numbers.
        """
        return encoded_shape(tuple(input_shape), self.output_mode, self.num_tokens)

    def compute_output_spec(self, inputs: Spec, count_weights: Any = None) -> KerasTensor:
        """Return the shape and dtype of the outputs as a symbol.

        Args:
            inputs: A symbol.
            count_weights: A symbol of the same shape.
        """
        weighted = count_weights is not None
        dtype = self.compute_dtype if weighted else self.dtype
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype)

    def attribute_config(self) -> dict[str, Any]:
        return {"num_tokens": self.num_tokens, "output_mode": self.output_mode}
