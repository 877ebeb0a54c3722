"""What quantized layers are made of: torch modules whose weights are whole numbers."""
