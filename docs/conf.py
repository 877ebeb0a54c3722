"""Sphinx settings: MyST pages, and a reference written from the docstrings of the public names."""

import sys
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE / "_extensions")]

project = "torchkeras"
author = "The torchkeras authors"
copyright = f"{author}, Apache-2.0"
release = tomllib.loads((HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]["version"]
version = ".".join(release.split(".")[:2])

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "reference"]
exclude_patterns = ["_extensions"]
default_role = "py:obj"

html_theme = "furo"
html_title = f"torchkeras {version}"
html_copy_source = False

myst_heading_anchors = 3

autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True

napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_custom_sections = [
    ("Variables", "params_style"),
    "Input shape",
    "Output shape",
    "Differs from Keras",
    "Source",
]
