"""Layers that only act in training."""

from .row import Row

ROWS: list[Row] = []
