"""Quantiles of data that come in batches: a small summary of all values seen so far.

A summary has two rows: values in order, and how many of the data each of them stands for.
"""

from typing import Any

import numpy as np

Summary = np.ndarray[Any, np.dtype[np.float32]]


def empty_summary() -> Summary:
    """Return the summary of no values."""
    return np.zeros((2, 0), dtype=np.float32)


def summarized(values: "np.ndarray[Any, Any]", epsilon: float) -> Summary:
    """Return the summary of a batch: about `1 / epsilon` of its values, equally far apart.

    Args:
        values: The values, in any shape and order.
        epsilon: The share of the data that one value may stand for.
    """
    ordered = np.sort(values.astype(np.float32).reshape(-1))
    step = max(ordered.size / (1.0 / epsilon), 1)
    kept = ordered[int(step - 1) :: int(step)]
    return np.stack([kept, np.full_like(kept, step)])


def merged(first: Summary, second: Summary, epsilon: float) -> Summary:
    """Return the summary of the data of two summaries.

    Args:
        first: A summary; of equal values, its own come first.
        second: Another.
        epsilon: The share of the data that one value may stand for.
    """
    both = np.concatenate((first, second), axis=1)
    return _compressed(both[:, np.argsort(both[0])], epsilon)


def quantiles(summary: Summary, count: int) -> list[float]:
    """Return the values that part the data into so many equal parts.

    Args:
        summary: The summary of the data.
        count: The number of parts.
    """
    found: list[float] = _compressed(summary, 1.0 / count)[0, :-1].tolist()
    return found


def _compressed(summary: Summary, epsilon: float) -> Summary:
    """Interpolate a summary at shares of the data that are `epsilon` apart."""
    if summary.shape[1] * epsilon < 1:
        return summary
    shares = epsilon + np.arange(0.0, 1.0, epsilon)
    counted = summary[1].cumsum()
    seen = counted / counted[-1]
    values = np.interp(shares, seen, summary[0])
    below = np.interp(shares, seen, counted)
    return np.stack((values, np.diff(below, prepend=0))).astype(np.float32)
