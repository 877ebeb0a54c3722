"""For which numbers of threads torch compiles."""

from collections import Counter

import torch

# A number of threads gets code of its own when so many batches had it, and they are more than one
# in so many.
_LEAST, _ONE_IN = 8, 4


class Threads:
    """Numbers of threads, each of which torch compiles for."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._steps = 0
        self._others: Counter[int] = Counter()

    def are_known(self) -> bool:
        """Say whether torch may compile for the threads that there are now."""
        count = torch.get_num_threads()
        if count in self._known:
            self._steps += 1
            return True
        self._others[count] += 1
        seen = self._others[count]
        if not self._known or (seen > _LEAST and seen * _ONE_IN > self._steps):
            self._known.add(count)
        return count in self._known
