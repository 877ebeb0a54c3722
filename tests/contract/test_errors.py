"""Wrong arguments are refused with a message that names the argument and what came."""

import re

import pytest

import torchkeras
from tests import oracle
from tests.cases.row import Row


def attempt(wrong):
    row = Row("wrong", wrong.make, wrong.args)
    layer = oracle.make(row, torchkeras)
    if wrong.args is not None:
        args, _ = oracle.tensors(row, torchkeras)
        layer(*args)


def test_messages(row):
    for wrong in row.wrong:
        with pytest.raises(wrong.error, match=re.escape(wrong.text)):
            attempt(wrong)
