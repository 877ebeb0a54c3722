"""Outputs, masks and updated statistics equal Keras's."""

from tests import oracle


def test_outputs_equal_keras(row):
    twins = oracle.twins(row)
    ours, theirs = twins.call("ours")[0], twins.call("theirs")[0]
    oracle.assert_same_outputs(ours, theirs, row.tolerance)


def test_weights_after_a_call_equal_keras(row):
    twins = oracle.twins(row)
    twins.call("ours")
    twins.call("theirs")
    pairs = zip(*map(oracle.weights_of, (twins.ours, twins.theirs)), strict=True)
    for index, (ours, theirs) in enumerate(pairs):
        oracle.assert_close(ours, theirs, row.tolerance, f"weight {index}")


def test_losses_equal_keras(row):
    twins = oracle.twins(row)
    twins.call("ours")
    twins.call("theirs")
    ours, theirs = ([loss.detach() for loss in x.losses] for x in (twins.ours, twins.theirs))
    oracle.assert_close(sum(ours), sum(theirs), row.tolerance)


def test_second_call_takes_the_short_cut_to_the_same_numbers(row):
    twins = oracle.twins(row)
    if row.kwargs.get("training"):
        twins.call("theirs")
    first, second = twins.call("ours")[0], twins.call("ours")[0]
    if not row.kwargs.get("training"):
        oracle.assert_same_outputs(first, second, 0)
    else:
        oracle.assert_same_outputs(second, twins.call("theirs")[0], row.tolerance)
