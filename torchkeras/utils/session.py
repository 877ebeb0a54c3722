"""Starting afresh."""

import gc

from torchkeras._base.naming import reset_names
from torchkeras._base.switches import reset_switches
from torchkeras.dtype_policies.policy import keep_global
from torchkeras.random.seeding import reset_global_seed


def clear_session(free_memory: bool = True) -> None:
    """Start automatic names, the global seed generator, dtype policy and switches again.

    Nothing else is global here, so models that are still in use go on working.

    Args:
        free_memory: Whether Python's garbage collector runs too.
    """
    reset_names()
    reset_global_seed()
    keep_global(None)
    reset_switches()
    if free_memory:
        gc.collect()
