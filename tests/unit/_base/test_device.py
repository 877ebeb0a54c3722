"""Which device was asked for."""

import pytest
import torch

from torchkeras._base import device


def test_nothing_is_asked_for_at_first() -> None:
    assert device.explicit() is None
    assert device.creation() == torch.device("cpu")
    assert device.running() == device.best()


@pytest.mark.parametrize("name", ["cpu", "meta"])
def test_a_scope_of_torch_is_explicit(name: str) -> None:
    with torch.device(name):
        assert device.explicit() == torch.device(name)
    assert device.explicit() is None


@pytest.mark.parametrize("name", ["cpu", "meta"])
def test_a_default_device_of_torch_is_explicit(name: str) -> None:
    torch.set_default_device(name)
    try:
        assert device.explicit() == torch.device(name)
    finally:
        torch.set_default_device(None)
    assert device.explicit() is None


def test_our_own_scope_is_explicit_and_inner_scopes_win() -> None:
    with device.device("meta"), device.device("cpu") as inner:
        assert device.explicit() == inner == torch.device("cpu")


def test_other_modes_are_no_device() -> None:
    from torch.overrides import TorchFunctionMode

    with TorchFunctionMode():
        assert device.explicit() is None


def test_what_is_no_device_is_named() -> None:
    with pytest.raises(ValueError, match="Received: device_name=3"), device.device(3):  # type: ignore[arg-type]
        pass
