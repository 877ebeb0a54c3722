"""Convolutions."""

from .row import Row

ROWS: list[Row] = []
