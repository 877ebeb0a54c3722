"""The nets that are timed: each for every package with Keras's API, and in plain torch."""

from tests.speed.nets import (
    conv1d,
    convnet,
    gru,
    lstm,
    mlp,
    resnet,
    resnet50,
    tiny,
    transformer,
)

NETS = {
    net.NET.name: net.NET for net in (tiny, mlp, convnet, resnet, conv1d, lstm, gru, transformer)
}
# These want a GPU.
LARGE = {resnet50.NET.name: resnet50.NET}
