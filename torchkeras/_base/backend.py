"""The backend, which is torch."""

from .messages import one_of


def backend() -> str:
    """Return `"torch"`: there is no other backend here."""
    return "torch"


def set_backend(backend: str) -> None:
    """Accept `"torch"`, which is the backend already.

    Args:
        backend: The name of a backend.

    Raises:
        ValueError: If it is any other one; Keras itself has those.
    """
    one_of("backend", backend, ("torch",))


def is_nnx_enabled() -> bool:
    """Return `False`: NNX belongs to JAX."""
    return False
