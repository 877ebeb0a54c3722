"""Export: models as programs that run without this library."""

from .torch_program import export_model as export_model
