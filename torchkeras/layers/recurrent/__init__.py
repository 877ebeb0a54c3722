"""Recurrent layers on torch's kernels, their cells, and the wrappers around them."""
