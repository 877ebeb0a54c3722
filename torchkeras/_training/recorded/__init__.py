"""Steps recorded as a straight line of kernels, for small models on a CPU."""
