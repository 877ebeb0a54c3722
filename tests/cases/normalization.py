"""Normalization layers."""

from .row import Row

ROWS: list[Row] = []
