"""The disk begins with a file while the rest of it is still being made."""

import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, Any

_STEP_BYTES = 1 << 24


class EarlyFlush:
    """Flushes what was written into a file, beside whoever writes on.

    It shortens the last flush, which it is no substitute for. An error that it meets would not be
    told again by that one, so `close` raises it.

    Args:
        file: A file of the operating system.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._waiting, self._lock = file, 0, threading.Lock()
        self._pool: ThreadPoolExecutor | None = None
        self._running: Future[Any] | None = None

    def note(self, count: int) -> None:
        """Take note of bytes that were written, in any thread.

        Args:
            count: Their number.
        """
        with self._lock:
            self._waiting += count
            if self._waiting < _STEP_BYTES or not hasattr(os, "fdatasync"):
                return
            if self._running is not None and not self._running.done():
                return
            self._raise_error()
            self._pool = self._pool or ThreadPoolExecutor(1)
            self._running = self._pool.submit(os.fdatasync, self._file.fileno())
            self._waiting = 0

    def close(self) -> None:
        """Wait for the flush that goes on.

        Raises:
            OSError: If the disk did not take what was written.
        """
        if self._pool is not None:
            self._pool.shutdown()
        self._raise_error()

    def _raise_error(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            running.result()
