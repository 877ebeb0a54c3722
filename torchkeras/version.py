"""The version of the installed package."""

from importlib import metadata


def _installed() -> str:
    try:
        return metadata.version("keras-on-torch")
    except metadata.PackageNotFoundError:
        return "0+unknown"


__version__ = _installed()


def version() -> str:
    """Return the version of the installed package."""
    return __version__
