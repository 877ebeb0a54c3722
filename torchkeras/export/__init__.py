"""Export: models as programs that run without this library."""

from .archive import ExportArchive as ExportArchive
from .model_export import export_model as export_model
