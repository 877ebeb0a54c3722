"""Bounding boxes: formats, overlaps, moves, and their encoding relative to anchors."""

from torchkeras.layers.image.boxes import clip_to_image_size as clip_to_image_size
from torchkeras.layers.image.boxes import convert_format as convert_format

from .deltas import decode_deltas_to_boxes as decode_deltas_to_boxes
from .deltas import encode_box_to_deltas as encode_box_to_deltas
from .moves import affine_transform as affine_transform
from .moves import crop as crop
from .moves import pad as pad
from .overlaps import compute_ciou as compute_ciou
from .overlaps import compute_iou as compute_iou
