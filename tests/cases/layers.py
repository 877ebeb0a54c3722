"""Every public layer, row by row. The rows lie in one file per family; this one joins them.

How to add a row: append to `ROWS` in your family's file

    Row("Conv2D-dilated", lambda k: k.layers.Conv2D(3, 2, dilation_rate=2), floats(2, 5, 5, 3)),

- The id is the class's name, or the class's name, `-` and what is special about the row.
- The second argument makes the layer. It is called with `torchkeras` and with `keras`, so name
  everything through `k` (`k.initializers.Ones()`); give random layers a `seed`.
- Then what the layer is called on: `floats(2, 4)`, `ints(2, 4, below=5)`, `bools(2, 4)`; a list or
  dictionary of them is one nested argument, a tuple of them several arguments. The first axis is
  the batch. A mask that comes with the tensor: `floats(2, 3, 4, mask=[[1, 1, 0], [1, 0, 0]])`.
- `kwargs=`: the keyword arguments of the call, e.g. `{"training": True, "mask": bools(2, 3)}`.
- `wrong=`: what must be refused, `Wrong(lambda k: k.layers.Dense(-1), "units")`; one row per class
  should have some. With `args=`, the error comes when the layer is called.
- `skip={"export": "reason"}` leaves out a property (a file in `tests/contract`) that cannot hold.
- `tolerance=`: relative and absolute, where 1e-5 is more than float32 can give.

Keep rows small (batch 2, sizes 3 to 5): each is run about thirty times.

Run the rows of one class:   pytest tests/contract -k "Conv2D-"   (`-k "Conv2D]"` without variants)
Run one property:            pytest tests/contract/test_config.py
"""

from . import (
    activations,
    attention,
    convolutional,
    core,
    image,
    merging,
    normalization,
    pooling,
    preprocessing,
    quantized,
    recurrent,
    regularization,
    reshaping,
)
from .row import Row

FAMILIES = (
    core,
    quantized,
    activations,
    merging,
    reshaping,
    regularization,
    convolutional,
    pooling,
    normalization,
    preprocessing,
    image,
    attention,
    recurrent,
)
ROWS: list[Row] = [row for family in FAMILIES for row in family.ROWS]
