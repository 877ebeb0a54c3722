"""The one warning that an old spelling gives: it names the new one."""

import warnings


def tell(old: str, new: str, stacklevel: int = 3) -> None:
    """Warn of an old spelling, once for each line that has it.

    Args:
        old: What was written.
        new: What to write, as the end of a sentence.
        stacklevel: How many calls lie between this one and the user's line, plus one.
    """
    warnings.warn(f"{old} is of an older Keras: {new}.", FutureWarning, stacklevel=stacklevel)
