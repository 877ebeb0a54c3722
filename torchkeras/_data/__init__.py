"""Data sets as a stream of batches: arrays, loaders, generators and `PyDataset`s."""
