"""Layers that merge several inputs."""

from .row import Row

ROWS: list[Row] = []
