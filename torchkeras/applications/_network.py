"""What all networks share: their arguments, the image, the classifier, and the finished model."""

import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from torchkeras import activations, layers
from torchkeras._base.messages import one_of, positive_int, show
from torchkeras._base.settings import image_data_format
from torchkeras._symbolic.tensor import is_keras_tensor
from torchkeras.models import Model
from torchkeras.utils.source_inputs import get_source_inputs

from ._input_shape import Shape, obtain_input_shape
from ._weights import Published

Weights = str | os.PathLike[str] | None
_IMAGENET_CLASSES = 1000

ARGUMENTS = {
    "include_top": "Whether the network ends with its classifier.",
    "include_preprocessing": "Whether the network scales the pixels, 0 to 255, itself.",
    "weights": '`"imagenet"` for the weights that Keras publishes, downloaded once; the path of a '
    "weights file; or `None` to start untrained.",
    "input_tensor": "A symbol to use as the image.",
    "input_shape": "The shape of one image, without the batch.",
    "pooling": 'Without the classifier: `"avg"` or `"max"` over all places of the last feature '
    "map, or `None` for the map itself.",
    "classes": "How many classes the classifier tells apart.",
    "classifier_activation": "The activation of the classifier; `None` for logits.",
    "name": "The name of the model.",
    "alpha": "The width: the numbers of filters are multiplied by it.",
    "depth_multiplier": "How many filters a depthwise convolution has for each channel.",
    "dropout": "The part that is dropped before the classifier.",
    "dropout_rate": "The part that is dropped before the classifier.",
    "minimalistic": "Whether to leave out squeeze-and-excite blocks, hard swish and 5 x 5 kernels.",
}
_Function = TypeVar("_Function", bound=Callable[..., Any])
_REST = """
Returns:
    A functional `Model`.

Raises:
    ValueError: If an argument is wrong, or does not fit the pretrained weights.
    FileNotFoundError: If the pretrained weights are neither on disk nor to be had.

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The arguments that all networks have."""

    include_top: bool
    weights: Weights
    input_tensor: Any
    input_shape: Any
    pooling: str | None
    classes: int
    classifier_activation: Any
    name: str | None
    include_preprocessing: bool = True

    def __post_init__(self) -> None:
        _check_weights(self.weights)
        positive_int("classes", self.classes)
        one_of("pooling", self.pooling, (None, "avg", "max"))
        if not self.include_top or self.weights is None:
            return
        if self.is_pretrained and self.classes != _IMAGENET_CLASSES:
            raise ValueError(
                "With `weights='imagenet'` and `include_top=True`, `classes` must be "
                f"{_IMAGENET_CLASSES}. Received: classes={self.classes}. Pass `include_top=False` "
                "and put a classifier of your own on top."
            )
        _check_activation(self.classifier_activation)

    @property
    def is_pretrained(self) -> bool:
        """Whether the weights are those that Keras publishes."""
        return isinstance(self.weights, str) and self.weights == "imagenet"


def _check_weights(weights: Any) -> None:
    if weights is None or (isinstance(weights, str) and weights == "imagenet"):
        return
    if isinstance(weights, (str, os.PathLike)) and os.path.exists(weights):
        return
    raise ValueError(
        "`weights` must be None (untrained), 'imagenet', or the path of a weights file that "
        f"exists. Received: weights={weights!r}."
    )


def _check_activation(activation: Any) -> None:
    if activations.get(activation) not in (activations.softmax, activations.linear):
        raise ValueError(
            "With pretrained weights and `include_top=True`, `classifier_activation` must be "
            f"'softmax' or None. Received: classifier_activation={activation!r}."
        )


class Network(Protocol):
    """A function with the arguments that most networks have."""

    def __call__(
        self,
        include_top: bool = True,
        weights: Weights = "imagenet",
        input_tensor: Any = None,
        input_shape: Any = None,
        pooling: str | None = None,
        classes: int = 1000,
        classifier_activation: Any = "softmax",
        name: str | None = ...,
    ) -> Model:
        """Build the network."""


def network(default_name: str) -> Callable[[Callable[[Request], Model]], Network]:
    """Give a function of a `Request` the arguments that most networks have.

    Args:
        default_name: What a model is called if the caller does not say.
    """

    def decorate(build: Callable[[Request], Model]) -> Network:
        def made(
            include_top: bool = True,
            weights: Weights = "imagenet",
            input_tensor: Any = None,
            input_shape: Any = None,
            pooling: str | None = None,
            classes: int = 1000,
            classifier_activation: Any = "softmax",
            name: str | None = default_name,
        ) -> Model:
            request = Request(
                include_top=include_top,
                weights=weights,
                input_tensor=input_tensor,
                input_shape=input_shape,
                pooling=pooling,
                classes=classes,
                classifier_activation=classifier_activation,
                name=name,
            )
            return build(request)

        return documented(renamed(made, build))

    return decorate


def renamed(made: _Function, build: Callable[..., Any]) -> _Function:
    """Give a function the name and the words of the one that it calls.

    Args:
        made: The function.
        build: The one that it calls.
    """
    for attribute in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(made, attribute, getattr(build, attribute))
    return made


def documented(function: _Function) -> _Function:
    """Put what is the same for all networks into the docstring of one.

    Args:
        function: A function that builds a network.
    """
    listed = [f"    {name}: {ARGUMENTS[name]}" for name in inspect.signature(function).parameters]
    words, _, rest = (inspect.getdoc(function) or "").partition("\n\nSource:")
    function.__doc__ = "\n".join([words, "\nArgs:", *listed, f"{_REST}Source:{rest}"])
    return function


# Building


def channel_axis(last: int = 3) -> int:
    """Return where the channels of a batch of images are.

    Args:
        last: What to call the last axis.
    """
    return last if image_data_format() == "channels_last" else 1


def sides(shape: Any) -> tuple[int | None, int | None]:
    """Return height and width of an image.

    Args:
        shape: Its shape.
    """
    rows, columns = shape[:2] if image_data_format() == "channels_last" else shape[1:3]
    return rows, columns


def require_channels_last(title: str) -> None:
    """Raise if images have their channels in front."""
    if image_data_format() == "channels_first":
        raise ValueError(
            f"{title} takes images with the channels last only. Call "
            "`torchkeras.config.set_image_data_format('channels_last')` before."
        )


def image(request: Request, default_size: int, min_size: int = 32) -> Any:
    """Return the symbol of the image, made or given.

    Args:
        request: What the caller asked for.
        default_size: The height and width of the images that the network was made for.
        min_size: The smallest height and width.
    """
    shape = obtain_input_shape(
        request.input_shape,
        default_size,
        min_size,
        image_data_format(),
        request.include_top,
        request.weights,
    )
    return symbol(request, shape)


def symbol(request: Request, shape: Shape) -> Any:
    """Return the caller's symbol, or a new one of a shape."""
    given = request.input_tensor
    if given is None:
        return layers.Input(shape=shape)
    if not is_keras_tensor(given):
        raise ValueError(
            "`input_tensor` must be a symbol, such as `Input((224, 224, 3))` or what a layer "
            f"makes of one. Received: input_tensor={show(given)}."
        )
    return given


def pooled(request: Request, x: Any, is_named: bool = True) -> Any:
    """Pool the last feature map as asked for.

    Args:
        request: What the caller asked for.
        x: The feature map.
        is_named: Whether the layer has a name of its own.
    """
    if request.pooling == "avg":
        return layers.GlobalAveragePooling2D(name="avg_pool" if is_named else None)(x)
    if request.pooling == "max":
        return layers.GlobalMaxPooling2D(name="max_pool" if is_named else None)(x)
    return x


def classified(request: Request, x: Any, **options: Any) -> Any:
    """Put the last layer of a classifier on a vector.

    Args:
        request: What the caller asked for.
        x: The vector.
        **options: Further arguments of `Dense`.
    """
    activation = request.classifier_activation
    return layers.Dense(request.classes, activation=activation, name="predictions", **options)(x)


def headed(request: Request, x: Any, top_pool: str | None, no_top_is_named: bool) -> Any:
    """Average over all places and classify; without the top, only pool as asked for.

    Args:
        request: What the caller asked for.
        x: The last feature map.
        top_pool: The name of the pooling below the classifier.
        no_top_is_named: Whether the pooling in place of a classifier has a name of its own.
    """
    if not request.include_top:
        return pooled(request, x, no_top_is_named)
    return classified(request, layers.GlobalAveragePooling2D(name=top_pool)(x))


def located(request: Request, files: Published) -> Weights:
    """Return the path of the weights, after downloading them if need be.

    Args:
        request: What the caller asked for.
        files: The published weights.
    """
    if not request.is_pretrained:
        return request.weights
    return (files.top if request.include_top else files.no_top).fetched()


def finished(
    request: Request, x: Any, outputs: Any, weights: Weights, name: str | None = None
) -> Model:
    """Make the model and give it its weights.

    Args:
        request: What the caller asked for.
        x: The image.
        outputs: What the network makes of it.
        weights: The path of a weights file, or `None`.
        name: What the model is called if the caller does not say.
    """
    inputs = x if request.input_tensor is None else get_source_inputs(x)
    model = Model(inputs, outputs, name=request.name or name)
    if weights is not None:
        model.load_weights(weights)
    return model
