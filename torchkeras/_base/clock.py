"""Durations as people read them."""


def duration(seconds: float) -> str:
    """Return seconds as `"7s"`, `"1:07"` or `"2:01:07"`."""
    whole = int(seconds)
    if whole > 3600:
        return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}"
    return f"{whole // 60}:{whole % 60:02d}" if whole > 60 else f"{whole}s"
