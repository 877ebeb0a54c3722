"""Gradients of all trainable weights and of float inputs equal Keras's."""

from tests import oracle


def test_equal_keras(row):
    twins = oracle.twins(row)
    found = []
    for which in ("ours", "theirs"):
        outputs, inputs = twins.call(which, grads=True)
        found.append(oracle.gradients(getattr(twins, which), outputs, inputs))
    ours, theirs = found
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    for (name, mine), (_, expected) in zip(ours, theirs, strict=True):
        assert (mine is None) == (expected is None), f"only one gradient of {name} is None"
        if mine is not None:
            oracle.assert_close(mine, expected, 10 * row.tolerance, f"gradient of {name}")
