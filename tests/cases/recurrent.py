"""Recurrent layers, cells and wrappers around them."""

from .row import Row

ROWS: list[Row] = []
