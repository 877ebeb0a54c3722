"""Windows that slide over the axes of a layer's inputs."""

from collections.abc import Sequence

from torchkeras._base.geometry import same_padding as same_padding
from torchkeras._base.geometry import spatial as spatial


def check_fits(
    layer_name: str,
    argument: str,
    windows: Sequence[int],
    sizes: Sequence[int | None],
    spans: Sequence[int],
) -> None:
    """Raise a `ValueError` if a window without padding is longer than its axis.

    Args:
        layer_name: The layer's name.
        argument: What the user calls the windows.
        windows: The lengths of the windows, as the user gave them.
        sizes: The lengths of the axes; `None` where they are not known.
        spans: The lengths of the windows with dilation.
    """
    if any(size is not None and size < span for size, span in zip(sizes, spans, strict=False)):
        dilated = "" if tuple(spans) == tuple(windows) else f" (spanning {tuple(spans)} cells)"
        raise ValueError(
            f"The window of layer {layer_name!r} does not fit into its input, so the output would "
            f"be empty. Received: {argument}={tuple(windows)}{dilated}, inputs of spatial sizes "
            f'{tuple(sizes)}. Use a smaller window, larger inputs or padding="same"; or are the '
            "channels in the other order (`data_format`)?"
        )
