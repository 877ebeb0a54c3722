"""Pictures of data and of training: galleries, boxes, masks, curves, confusions."""

from .boxes import draw_bounding_boxes as draw_bounding_boxes
from .confusion import plot_confusion_matrix as plot_confusion_matrix
from .galleries import plot_bounding_box_gallery as plot_bounding_box_gallery
from .galleries import plot_image_gallery as plot_image_gallery
from .galleries import plot_segmentation_mask_gallery as plot_segmentation_mask_gallery
from .history import plot_history as plot_history
from .masks import draw_segmentation_masks as draw_segmentation_masks
