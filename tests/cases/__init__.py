"""Tables of things to test; the properties in `tests/contract` run over every row."""
