"""Steps and calls that `torch.compile` compiles, and the race that keeps the faster way."""
