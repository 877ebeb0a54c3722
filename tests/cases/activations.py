"""Layers that are activation functions."""

from .row import Row

ROWS: list[Row] = []
