"""The name of the backend."""


def backend() -> str:
    """Return `"torch"`: there is no other backend here."""
    return "torch"
