"""`Progbar`: what is averaged, when it is drawn, and how."""

import logging

import numpy as np
import pytest

from torchkeras import config, utils


def last_line(text):
    return text.strip().replace("\r", "\n").split("\n")[-1]


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr("torchkeras.utils.progbar.rewrites_lines", lambda: True)


@pytest.mark.usefixtures("terminal")
def test_a_bar_grows(capsys):
    bar = utils.Progbar(4, width=8, interval=0)
    for step in range(4):
        bar.update(step + 1, values=[("loss", 1.0 + step), ("acc", np.float32(0.5))])
    lines = capsys.readouterr().out.split("\r")[1:]
    assert [line.count("━") for line in lines] == [2, 4, 6, 8]
    assert [line.count("─") for line in lines] == [6, 4, 2, 0]
    assert "2/4" in lines[1]
    assert "loss: 1.5000 - acc: 0.5000" in lines[1]
    assert "loss: 4.0000" in lines[3]  # as Keras, the last values stay
    assert lines[3].endswith("\n")


@pytest.mark.usefixtures("terminal")
def test_it_is_drawn_seldom(capsys):
    bar = utils.Progbar(1000, interval=60)
    for _ in range(999):
        bar.add(1)
    assert capsys.readouterr().out.count("\r") == 1


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize(
    ("options", "shown"),
    [({}, "2.0000"), ({"stateful_metrics": ["m"]}, "4.0000"), ({"stateless_metrics": []}, "4.0000"),
     ({"stateless_metrics": ["m"]}, "2.0000")],
)  # fmt: skip
def test_means_and_values_as_they_are(options, shown, capsys):
    bar = utils.Progbar(None, interval=0, **options)
    bar.update(2, [("m", 1.0)])
    bar.update(3, [("m", 4.0)])
    line = last_line(capsys.readouterr().out)
    assert line.lstrip().startswith("3/Unknown")
    assert f"m: {shown}" in line


def test_plain_lines_where_nothing_can_be_written_over(capsys):
    bar = utils.Progbar(3, interval=0, unit_name="sample")
    for step in range(3):
        bar.update(step + 1, [("loss", 1e-5)])
    out = capsys.readouterr().out
    assert out.count("\n") == 1
    assert out.startswith("3/3 - 0s")
    assert "/sample - loss: 1.0000e-05" in out


def test_one_line_at_the_end_and_silence(capsys):
    for verbose in (0, 2):
        bar = utils.Progbar(2, verbose=verbose)
        bar.add(1)
        assert capsys.readouterr().out == ""
        bar.add(1, [("loss", 2.0)])
    assert "2/2" in capsys.readouterr().out


def test_an_end_without_a_target(capsys):
    bar = utils.Progbar(None, verbose=2)
    bar.update(7, [("loss", 2.0)], finalize=True)
    assert capsys.readouterr().out.startswith("7/Unknown")


def test_it_goes_to_the_logger(caplog):
    config.disable_interactive_logging()
    try:
        with caplog.at_level(logging.INFO, "torchkeras"):
            utils.Progbar(1, verbose=2).update(1)
    finally:
        config.enable_interactive_logging()
    assert caplog.messages[0].startswith("1/1")


def test_only_one_kind_may_be_named():
    with pytest.raises(ValueError, match="Only one of `stateful_metrics`"):
        utils.Progbar(1, stateful_metrics=[], stateless_metrics=[])
