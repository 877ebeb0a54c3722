"""Symbolic tensors, shape inference and functional programs."""
