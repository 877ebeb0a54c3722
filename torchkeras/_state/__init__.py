"""Weights: torch's parameters as storage, Keras's variables as views of them."""
