"""Steps captured as graphs that a GPU replays."""
