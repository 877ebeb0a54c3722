"""A simple recurrent layer over a whole sequence on a CPU, as one differentiable function.

T steps, B batch, F features, H units.
"""

from typing import Any

import torch
from torch import Tensor

from .fused import plain_run
from .scan import Sums, before, gradients_of, is_differentiated, pieces, project, repeated, turned


def simple_scan(
    kind: str, x_BTF: Tensor, first_BH: Tensor, weights: list[Tensor]
) -> tuple[Tensor, Tensor]:
    """Return the states after all steps, (batch, steps, units), and after the last.

    Args:
        kind: The activation, `"tanh"` or `"relu"`.
        x_BTF: The inputs.
        first_BH: The state before the first step.
        weights: Those of `nn.RNN`.
    """
    tensors: tuple[Any, ...] = (x_BTF, first_BH, *weights)
    if is_differentiated(tensors):
        y_TBH, last_BH = _Scan.apply(kind, *tensors)
    else:
        y_THB, last_BH = _forward(kind, *tensors)
        y_TBH = turned(y_THB)
    return y_TBH.transpose(0, 1), last_BH


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, kind: str, x: Tensor, first: Tensor, *weights: Tensor) -> Any:
        y, last = _forward(kind, x, first, *weights)
        ctx.kind = kind
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, first, *weights, y)
        return turned(y), last

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        *inputs, y = ctx.saved_tensors
        needed = ctx.needs_input_grad[1:]
        if not torch.is_grad_enabled():
            return None, *_backward(ctx.kind, inputs, y, gradients, needed)
        x, first, *weights = inputs
        outputs, last = plain_run(ctx.kind, x, [first.unsqueeze(0)], weights)
        made = gradients_of([outputs.transpose(0, 1), last[0]], gradients, inputs, needed)
        return None, *made


def _forward(
    kind: str, x_BTF: Tensor, first_BH: Tensor, w_HF: Tensor, w_HH: Tensor, *biases: Tensor
) -> tuple[Tensor, Tensor]:
    x_TFB = x_BTF.transpose(0, 1).contiguous().transpose(1, 2)
    steps, _, batch = x_TFB.shape
    y_THB = x_BTF.new_empty(steps, len(w_HH), batch)
    bias_H1 = (biases[0] + biases[1]).unsqueeze(1) if biases else None
    activate_: Any = torch.tanh_ if kind == "tanh" else torch.relu_
    h_HB = first_BH.t()
    for part in pieces(steps, y_THB[0].numel()):
        project(y_THB[part], x_TFB[part], w_HF, bias_H1)
        for y in y_THB[part].unbind():
            h_HB = activate_(y.addmm_(w_HH, h_HB))
    return y_THB, h_HB.t().clone(memory_format=torch.contiguous_format)


def _backward(
    kind: str, inputs: list[Any], y_THB: Tensor, gradients: Any, needed: tuple[bool, ...]
) -> tuple[Any, ...]:
    """Return the gradients of x, the first state and the weights."""
    x_BTF, first_BH, w_HF, w_HH, *biases = inputs
    d_y_THB, d_last_BH = turned(gradients[0]), gradients[1]
    sums = Sums([w_HF, w_HH, *biases], needed[2:])
    x_TBF = x_BTF.transpose(0, 1).contiguous()
    d_x_TBF = torch.empty_like(x_TBF) if needed[0] else None
    first_HB, zeros_HB = first_BH.t(), torch.zeros_like(y_THB[0])
    d_h = zeros_HB if d_last_BH is None else d_last_BH.t()
    d_h = d_h.clone() if d_y_THB is None else d_h + d_y_THB[-1]
    one = torch.ones((), dtype=y_THB.dtype)
    for part in reversed(pieces(len(y_THB), y_THB[0].numel())):
        y = y_THB[part]
        factors = (y > 0).to(y.dtype) if kind == "relu" else torch.addcmul(one, y, y, value=-1)
        arriving = None if d_y_THB is None else before(d_y_THB, zeros_HB, part)
        d_h = _run_back(factors, d_h, arriving, w_HH.t())
        sums.add_recurrent(factors, before(y_THB, first_HB, part))
        sums.add_input(factors, x_TBF[part])
        if d_x_TBF is not None:
            torch.bmm(factors.transpose(1, 2), repeated(w_HF, part), out=d_x_TBF[part])
    d_x = None if d_x_TBF is None else d_x_TBF.transpose(0, 1)
    return d_x, d_h.t() if needed[1] else None, *sums.found


def _run_back(
    factors_THB: Tensor, d_h: Tensor, arriving_THB: Tensor | None, w_HH: Tensor
) -> Tensor:
    """Turn factors into gradients before the activation; return that of the state before."""
    if arriving_THB is None:
        for factor in reversed(factors_THB.unbind()):
            d_h = torch.mm(w_HH, factor.mul_(d_h))
        return d_h
    pairs = zip(factors_THB.unbind(), arriving_THB.unbind(), strict=True)
    for factor, more in reversed(list(pairs)):
        d_h = torch.addmm(more, w_HH, factor.mul_(d_h))
    return d_h
