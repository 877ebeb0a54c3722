"""Layers that change shapes."""

from .row import Row

ROWS: list[Row] = []
