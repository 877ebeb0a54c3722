"""The training step of every layer of the table is one graph, with the loss of the eager one."""

import warnings
from typing import Any

import pytest
import torch

import torchkeras
from tests import oracle
from tests.cases.layers import ROWS
from tests.cases.row import Row
from torchkeras import layers


def first_of_a_class(rows: list[Row]) -> list[Row]:
    """Return one row of each class; `tests/contract/test_compile.py` calls them in all ways."""
    named = {row.id.partition("-")[0]: row for row in reversed(rows) if "compile" not in row.skip}
    return list(named.values())[::-1]


class Around(torchkeras.Model):
    """A model whose loss needs the outputs of one layer, called as its row says."""

    def __init__(self, row: Row) -> None:
        super().__init__()
        self.inner = oracle.built(row, torchkeras)
        self.last = layers.Dense(1, kernel_initializer="ones")
        args, self.named = oracle.tensors(row, torchkeras)
        self.form, self.masks = oracle.unmasked(args)

    def call(self, inputs: Any) -> Any:
        given = iter(inputs)
        args = oracle.map_arrays(lambda _: next(given), self.form)
        outputs = oracle.WithMasks(self.inner)(args, self.named, self.masks)
        means = [leaf.float().mean() for leaf in oracle.leaves(outputs)]
        return self.last(torch.stack(means).reshape(1, -1))


def losses(row: Row, jit: Any) -> tuple[list[float], str]:
    """Return the losses of some steps, and what was compiled."""
    torchkeras.utils.set_random_seed(0)
    model = Around(row)
    model.compile(torchkeras.optimizers.SGD(1e-3), "mse", jit_compile=jit)
    inputs = [leaf.numpy() for leaf in oracle.leaves(model.form)]
    found = [model.train_on_batch(inputs, torch.ones(1, 1)) for _ in range(4)]
    return found, model.compile_report()["train"]


@pytest.mark.parametrize("row", [pytest.param(r, id=r.id) for r in first_of_a_class(ROWS)])
def test_a_training_step_is_one_graph(row: Row) -> None:
    with torchkeras.device("cpu"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Gradients do not exist")  # layers of whole numbers
        found, report = losses(row, {"backend": "eager", "race": False})
        expected, _ = losses(row, False)
    assert report == "compiled"
    assert found == pytest.approx(expected, rel=1e-4, abs=1e-5)
