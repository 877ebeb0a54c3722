"""Layers: the pieces that models are made of."""

from .activations.elu import ELU as ELU
from .activations.leaky_relu import LeakyReLU as LeakyReLU
from .activations.prelu import PReLU as PReLU
from .activations.relu import ReLU as ReLU
from .activations.softmax import Softmax as Softmax
from .attention.additive_attention import AdditiveAttention as AdditiveAttention
from .attention.attention import Attention as Attention
from .attention.grouped_query_attention import GroupQueryAttention as GroupQueryAttention
from .attention.multi_head_attention import MultiHeadAttention as MultiHeadAttention
from .base.input_spec import InputSpec as InputSpec
from .convolutional.conv1d import Conv1D as Conv1D
from .convolutional.conv2d import Conv2D as Conv2D
from .convolutional.conv3d import Conv3D as Conv3D
from .convolutional.depthwise import DepthwiseConv1D as DepthwiseConv1D
from .convolutional.depthwise import DepthwiseConv2D as DepthwiseConv2D
from .convolutional.separable import SeparableConv1D as SeparableConv1D
from .convolutional.separable import SeparableConv2D as SeparableConv2D
from .convolutional.transposed import Conv1DTranspose as Conv1DTranspose
from .convolutional.transposed import Conv2DTranspose as Conv2DTranspose
from .convolutional.transposed import Conv3DTranspose as Conv3DTranspose
from .core.activation import Activation as Activation
from .core.dense import Dense as Dense
from .core.einsum_dense import EinsumDense as EinsumDense
from .core.embedding import Embedding as Embedding
from .core.foreign import FlaxLayer as FlaxLayer
from .core.foreign import JaxLayer as JaxLayer
from .core.foreign import TFSMLayer as TFSMLayer
from .core.identity import Identity as Identity
from .core.input_layer import Input as Input
from .core.input_layer import InputLayer as InputLayer
from .core.lambda_layer import Lambda as Lambda
from .core.masking import Masking as Masking
from .core.reversible_embedding import ReversibleEmbedding as ReversibleEmbedding
from .core.torch_module_wrapper import TorchModuleWrapper as TorchModuleWrapper
from .core.wrapper import Wrapper as Wrapper
from .image.aug_mix import AugMix as AugMix
from .image.auto_contrast import AutoContrast as AutoContrast
from .image.center_crop import CenterCrop as CenterCrop
from .image.clahe import (
    ContrastLimitedAdaptiveHistogramEqualization as ContrastLimitedAdaptiveHistogramEqualization,
)
from .image.equalization import Equalization as Equalization
from .image.max_num_bounding_boxes import MaxNumBoundingBoxes as MaxNumBoundingBoxes
from .image.mixing import CutMix as CutMix
from .image.mixing import MixUp as MixUp
from .image.pipeline import Pipeline as Pipeline
from .image.rand_augment import RandAugment as RandAugment
from .image.random_brightness import RandomBrightness as RandomBrightness
from .image.random_color_degeneration import RandomColorDegeneration as RandomColorDegeneration
from .image.random_color_jitter import RandomColorJitter as RandomColorJitter
from .image.random_contrast import RandomContrast as RandomContrast
from .image.random_crop import RandomCrop as RandomCrop
from .image.random_elastic_transform import RandomElasticTransform as RandomElasticTransform
from .image.random_erasing import RandomErasing as RandomErasing
from .image.random_flip import RandomFlip as RandomFlip
from .image.random_gaussian_blur import RandomGaussianBlur as RandomGaussianBlur
from .image.random_grayscale import RandomGrayscale as RandomGrayscale
from .image.random_hue import RandomHue as RandomHue
from .image.random_invert import RandomInvert as RandomInvert
from .image.random_perspective import RandomPerspective as RandomPerspective
from .image.random_posterization import RandomPosterization as RandomPosterization
from .image.random_rotation import RandomRotation as RandomRotation
from .image.random_saturation import RandomSaturation as RandomSaturation
from .image.random_sharpness import RandomSharpness as RandomSharpness
from .image.random_shear import RandomShear as RandomShear
from .image.random_translation import RandomTranslation as RandomTranslation
from .image.random_zoom import RandomZoom as RandomZoom
from .image.resizing import Resizing as Resizing
from .image.solarization import Solarization as Solarization
from .layer import Layer as Layer
from .lookup import deserialize as deserialize
from .lookup import serialize as serialize
from .merging.concatenate import Concatenate as Concatenate
from .merging.concatenate import concatenate as concatenate
from .merging.dot import Dot as Dot
from .merging.dot import dot as dot
from .merging.elementwise import Add as Add
from .merging.elementwise import Average as Average
from .merging.elementwise import Maximum as Maximum
from .merging.elementwise import Minimum as Minimum
from .merging.elementwise import Multiply as Multiply
from .merging.elementwise import Subtract as Subtract
from .merging.elementwise import add as add
from .merging.elementwise import average as average
from .merging.elementwise import maximum as maximum
from .merging.elementwise import minimum as minimum
from .merging.elementwise import multiply as multiply
from .merging.elementwise import subtract as subtract
from .normalization.batch_normalization import BatchNormalization as BatchNormalization
from .normalization.group_normalization import GroupNormalization as GroupNormalization
from .normalization.layer_normalization import LayerNormalization as LayerNormalization
from .normalization.rms_normalization import RMSNormalization as RMSNormalization
from .normalization.spectral_normalization import SpectralNormalization as SpectralNormalization
from .normalization.unit_normalization import UnitNormalization as UnitNormalization
from .pooling.adaptive_average_pooling import AdaptiveAveragePooling1D as AdaptiveAveragePooling1D
from .pooling.adaptive_average_pooling import AdaptiveAveragePooling2D as AdaptiveAveragePooling2D
from .pooling.adaptive_average_pooling import AdaptiveAveragePooling3D as AdaptiveAveragePooling3D
from .pooling.adaptive_max_pooling import AdaptiveMaxPooling1D as AdaptiveMaxPooling1D
from .pooling.adaptive_max_pooling import AdaptiveMaxPooling2D as AdaptiveMaxPooling2D
from .pooling.adaptive_max_pooling import AdaptiveMaxPooling3D as AdaptiveMaxPooling3D
from .pooling.average_pooling import AveragePooling1D as AveragePooling1D
from .pooling.average_pooling import AveragePooling2D as AveragePooling2D
from .pooling.average_pooling import AveragePooling3D as AveragePooling3D
from .pooling.global_average_pooling import GlobalAveragePooling1D as GlobalAveragePooling1D
from .pooling.global_average_pooling import GlobalAveragePooling2D as GlobalAveragePooling2D
from .pooling.global_average_pooling import GlobalAveragePooling3D as GlobalAveragePooling3D
from .pooling.global_max_pooling import GlobalMaxPooling1D as GlobalMaxPooling1D
from .pooling.global_max_pooling import GlobalMaxPooling2D as GlobalMaxPooling2D
from .pooling.global_max_pooling import GlobalMaxPooling3D as GlobalMaxPooling3D
from .pooling.max_pooling import MaxPooling1D as MaxPooling1D
from .pooling.max_pooling import MaxPooling2D as MaxPooling2D
from .pooling.max_pooling import MaxPooling3D as MaxPooling3D
from .preprocessing.category_encoding import CategoryEncoding as CategoryEncoding
from .preprocessing.discretization import Discretization as Discretization
from .preprocessing.hashed_crossing import HashedCrossing as HashedCrossing
from .preprocessing.hashing import Hashing as Hashing
from .preprocessing.integer_lookup import IntegerLookup as IntegerLookup
from .preprocessing.mel_spectrogram import MelSpectrogram as MelSpectrogram
from .preprocessing.normalization import Normalization as Normalization
from .preprocessing.rescaling import Rescaling as Rescaling
from .preprocessing.stft_spectrogram import STFTSpectrogram as STFTSpectrogram
from .preprocessing.string_lookup import StringLookup as StringLookup
from .preprocessing.text_vectorization import TextVectorization as TextVectorization
from .recurrent.bidirectional import Bidirectional as Bidirectional
from .recurrent.conv_lstm import ConvLSTM1D as ConvLSTM1D
from .recurrent.conv_lstm import ConvLSTM2D as ConvLSTM2D
from .recurrent.conv_lstm import ConvLSTM3D as ConvLSTM3D
from .recurrent.gru import GRU as GRU
from .recurrent.gru import GRUCell as GRUCell
from .recurrent.lstm import LSTM as LSTM
from .recurrent.lstm import LSTMCell as LSTMCell
from .recurrent.rnn import RNN as RNN
from .recurrent.simple_rnn import SimpleRNN as SimpleRNN
from .recurrent.simple_rnn import SimpleRNNCell as SimpleRNNCell
from .recurrent.stacked_rnn_cells import StackedRNNCells as StackedRNNCells
from .recurrent.time_distributed import TimeDistributed as TimeDistributed
from .regularization.activity_regularization import ActivityRegularization as ActivityRegularization
from .regularization.alpha_dropout import AlphaDropout as AlphaDropout
from .regularization.dropout import Dropout as Dropout
from .regularization.gaussian import GaussianDropout as GaussianDropout
from .regularization.gaussian import GaussianNoise as GaussianNoise
from .regularization.spatial_dropout import SpatialDropout1D as SpatialDropout1D
from .regularization.spatial_dropout import SpatialDropout2D as SpatialDropout2D
from .regularization.spatial_dropout import SpatialDropout3D as SpatialDropout3D
from .reshaping.cropping import Cropping1D as Cropping1D
from .reshaping.cropping import Cropping2D as Cropping2D
from .reshaping.cropping import Cropping3D as Cropping3D
from .reshaping.flatten import Flatten as Flatten
from .reshaping.permute import Permute as Permute
from .reshaping.repeat_vector import RepeatVector as RepeatVector
from .reshaping.reshape import Reshape as Reshape
from .reshaping.up_sampling import UpSampling1D as UpSampling1D
from .reshaping.up_sampling import UpSampling2D as UpSampling2D
from .reshaping.up_sampling import UpSampling3D as UpSampling3D
from .reshaping.zero_padding import ZeroPadding1D as ZeroPadding1D
from .reshaping.zero_padding import ZeroPadding2D as ZeroPadding2D
from .reshaping.zero_padding import ZeroPadding3D as ZeroPadding3D

AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
Convolution1D = Conv1D
Convolution1DTranspose = Conv1DTranspose
Convolution2D = Conv2D
Convolution2DTranspose = Conv2DTranspose
Convolution3D = Conv3D
Convolution3DTranspose = Conv3DTranspose
GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
SeparableConvolution1D = SeparableConv1D
SeparableConvolution2D = SeparableConv2D
