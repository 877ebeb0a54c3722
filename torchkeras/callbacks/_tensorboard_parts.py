"""What TensorBoard shows beside numbers: the model, weights, embeddings, profiles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .learning_rate_scheduler import log_learning_rates


def write_model(writer: Any, model: Any) -> None:
    """Write the config of a model, which TensorBoard draws as a graph of its layers.

    Args:
        writer: Where to.
        model: The model; one that no config tells of is passed over, as in Keras.
    """
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

    is_sequential = type(model).__name__ == "Sequential"
    if not (is_sequential or getattr(model, "program", None) is not None) or not model.built:
        return
    plugin = SummaryMetadata.PluginData(plugin_name="graph_keras_model", content=b"1")
    try:
        text = model.to_json()
    except (TypeError, ValueError, NotImplementedError):
        return  # layers without a config; the metrics are written all the same
    tensor = TensorProto(
        dtype="DT_STRING", string_val=[text.encode("utf-8")], tensor_shape=TensorShapeProto()
    )
    metadata = SummaryMetadata(plugin_data=plugin)
    value = Summary.Value(tag="keras", metadata=metadata, tensor=tensor)
    writer.file_writer.add_summary(Summary(value=[value]), 0)


def write_weights(writer: Any, model: Any, epoch: int, as_images: bool) -> None:
    """Write histograms of the weights.

    Args:
        writer: Where to.
        model: The model.
        epoch: The number of the epoch.
        as_images: Whether the weights are written as images too.
    """
    for layer in model.layers:
        for weight in layer.weights:
            name = weight.path.replace(":", "_")
            value = weight.value.detach().cpu()
            numbers = value.float()
            numbers = numbers[numbers.isfinite()]  # a training that diverges is shown all the same
            if numbers.numel():
                writer.add_histogram(f"{name}/histogram", numbers, epoch)
            image = _image(value) if as_images else None
            if image is not None:
                writer.add_images(f"{name}/image", image, epoch, dataformats="NHWC")
    writer.flush()


def _image(weight: Tensor) -> Tensor | None:
    """Return a weight as images in the form that Keras gives it, or `None` if it has too many axes.

    Rows and columns of a matrix lie the long way; a kernel of convolution has an image per channel.
    """
    image = weight.squeeze().float()
    if image.dim() == 1:
        image = image.reshape(1, -1, 1, 1)
    elif image.dim() == 2:
        image = (image.T if image.shape[0] > image.shape[1] else image)[None, :, :, None]
    elif image.dim() == 3:
        image = image.permute(2, 0, 1)[..., None]
    if image.dim() != 4 or image.shape[-1] not in (1, 3, 4):
        return None
    low, high = image.min(), image.max()
    return (image - low) / (high - low).clamp_min(1e-12)


def learning_rates(optimizer: Any) -> dict[str, float]:
    """Return the learning rates by name."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    rates: dict[str, float] = {}
    if hasattr(inner, "optimizers") or hasattr(inner, "learning_rate"):
        log_learning_rates(_Holder(inner), rates)
    return rates


class _Holder:
    def __init__(self, optimizer: Any) -> None:
        self.optimizer = optimizer


def start_profile(folder: str) -> Any:
    """Start torch's profiler, which writes for TensorBoard's profile page when it stops.

    Args:
        folder: Where it writes.
    """
    from torch import profiler

    kinds = [profiler.ProfilerActivity.CPU]
    if torch.cuda.is_available():
        kinds.append(profiler.ProfilerActivity.CUDA)
    started = profiler.profile(
        activities=kinds, on_trace_ready=profiler.tensorboard_trace_handler(folder)
    )
    started.start()
    return started


# Embeddings


def _embeddings(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        if hasattr(layer, "embeddings") and hasattr(layer, "input_dim"):
            yield layer


def check_metadata(model: Any, metadata: Any) -> None:
    """Raise if labels are given for layers that are no embeddings.

    Args:
        model: The model.
        metadata: File names by layer, or one file name.
    """
    if not isinstance(metadata, dict):
        return
    known = [layer.name for layer in _embeddings(model)]
    unknown = sorted(set(metadata) - set(known))
    if unknown:
        raise ValueError(
            "Unrecognized `Embedding` layer names passed to `TensorBoard`: "
            f"embeddings_metadata has {unknown}. The embeddings of the model are {known}."
        )


def write_embeddings(folder: Path, model: Any, metadata: Any) -> None:
    """Write the tables of embeddings, and the file that tells TensorBoard's projector of them.

    Args:
        folder: The folder that TensorBoard reads.
        model: The model.
        metadata: The files that label rows, by layer, or one for all.
    """
    entries = []
    for layer in _embeddings(model):
        table = layer.embeddings.value.detach().cpu().tolist()
        name = f"embedding_{layer.name}.tsv"
        lines = ("\t".join(map(str, row)) for row in table)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        labels = metadata.get(layer.name) if isinstance(metadata, dict) else metadata
        shape = "".join(f"  tensor_shape: {size}\n" for size in (len(table), len(table[0])))
        entry = f'  tensor_name: "{layer.name}"\n  tensor_path: "{name}"\n{shape}'
        entry += f'  metadata_path: "{labels}"\n' if labels else ""
        entries.append(f"embeddings {{\n{entry}}}\n")
    (folder / "projector_config.pbtxt").write_text("".join(entries), encoding="utf-8")
