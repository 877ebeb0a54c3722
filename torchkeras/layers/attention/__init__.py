"""Layers in which some positions look at others."""
