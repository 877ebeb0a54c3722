"""A GRU over a whole sequence on a CPU, as one differentiable function.

Backwards everything is linear in the gradient of the state. So its factors are computed for many
steps at once, and three operations are left for each step.

T steps, B batch, F features, H units, G three gates: r, z and n, as torch orders them.
"""

from typing import Any

import torch
from torch import Tensor

from .fused import plain_run
from .scan import Sums, before, gradients_of, is_differentiated, pieces, project, repeated, turned

# Added to the update gate, it opens it wholly: the state stays, to the last bit.
_OPEN = 1e4

_tanh_backward: Any = torch.ops.aten.tanh_backward
_sigmoid_backward: Any = torch.ops.aten.sigmoid_backward.grad_input


def gru_scan(
    x_BTF: Tensor, first_BH: Tensor, weights: list[Tensor], mask_BT: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return the states after all steps, (batch, steps, units), and after the last.

    Args:
        x_BTF: The inputs.
        first_BH: The state before the first step.
        weights: Those of `nn.GRU`.
        mask_BT: `True` for steps that count; the others leave the state alone.
    """
    if mask_BT is not None:
        x_BTF = torch.where(mask_BT.unsqueeze(-1), x_BTF, 0)
    tensors: tuple[Any, ...] = (x_BTF, first_BH, mask_BT, *weights)
    if is_differentiated(tensors):
        y_TBH, last_BH = _Scan.apply(*tensors)
    else:
        y_THB, last_BH, *_ = _forward(*tensors, keep=False)
        y_TBH = turned(y_THB)
    return y_TBH.transpose(0, 1), last_BH


class _Scan(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, first: Tensor, mask: Any, *weights: Tensor) -> Any:
        y, last, gates, products = _forward(x, first, mask, *weights, keep=True)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(x, first, mask, *weights, y, gates, products)
        return turned(y), last

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        *inputs, y, gates, products = ctx.saved_tensors
        if torch.is_grad_enabled():
            return _differentiable(inputs, gradients, ctx.needs_input_grad)
        return _backward(inputs, y, gates, products, gradients, ctx.needs_input_grad)


def _forward(
    x_BTF: Tensor,
    first_BH: Tensor,
    mask_BT: Any,
    w_GF: Tensor,
    w_GH: Tensor,
    *biases: Tensor,
    keep: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the states, the last one, and the open gates and products of the last piece or all."""
    x_TFB = x_BTF.transpose(0, 1).contiguous().transpose(1, 2)
    steps, _, batch = x_TFB.shape
    units = w_GH.shape[1]
    parts = pieces(steps, units * batch)
    kept = steps if keep else parts[0].stop
    y_THB = x_BTF.new_empty(steps, units, batch)
    gates_TGB = x_BTF.new_empty(kept, 3 * units, batch)
    products_THB = x_BTF.new_empty(kept, units, batch)
    bias_G1, bias_H1 = _biases(biases, units)
    w_rz, w_n = w_GH[: 2 * units], w_GH[2 * units :]
    h_HB = first_BH.t().contiguous()
    for part in parts:
        room = part if keep else slice(0, part.stop - part.start)
        gates, products = gates_TGB[room], products_THB[room]
        project(gates, x_TFB[part], w_GF, bias_G1)
        products.copy_(bias_H1)
        if mask_BT is not None:
            gates[:, units : 2 * units].add_(_OPEN * (~mask_BT[:, part]).t().unsqueeze(1))
        h_HB = _run(gates, products, y_THB[part], h_HB, w_rz, w_n)
    return y_THB, h_HB.t().clone(memory_format=torch.contiguous_format), gates_TGB, products_THB


def _biases(biases: tuple[Tensor, ...], units: int) -> tuple[Tensor | None, Any]:
    """Return what the gates start with, and what the recurrent part of the candidates does."""
    if not biases:
        return None, 0
    both = biases[0].clone()
    both[: 2 * units] += biases[1][: 2 * units]
    return both.unsqueeze(1), biases[1][2 * units :].unsqueeze(1)


def _run(
    gates_TGB: Tensor, products_THB: Tensor, y_THB: Tensor, h_HB: Tensor, w_rz: Tensor, w_n: Tensor
) -> Tensor:
    """Turn what the inputs add to the gates into open gates; fill in the states."""
    units, lerp = len(h_HB), torch.lerp
    rz, n = torch.split(gates_TGB, [2 * units, units], 1)
    r, z = rz.chunk(2, 1)
    views = (part.unbind() for part in (rz, r, z, n, products_THB, y_THB))
    for rz_t, r_t, z_t, n_t, product, y_t in zip(*views, strict=True):
        rz_t.addmm_(w_rz, h_HB).sigmoid_()
        product.addmm_(w_n, h_HB)
        n_t.addcmul_(r_t, product).tanh_()
        h_HB = lerp(n_t, h_HB, z_t, out=y_t)
    return h_HB


def _backward(
    inputs: list[Any],
    y_THB: Tensor,
    gates_TGB: Tensor,
    products_THB: Tensor,
    gradients: tuple[Any, ...],
    needed: tuple[bool, ...],
) -> tuple[Any, ...]:
    """Return the gradients of x, the first state, the mask (none) and the weights."""
    x_BTF, first_BH, _, w_GF, w_GH, *biases = inputs
    d_y_THB, d_last_BH = turned(gradients[0]), gradients[1]
    sums = Sums([w_GF, w_GH, *biases], needed[3:])
    x_TBF = x_BTF.transpose(0, 1).contiguous()
    d_x_TBF = torch.empty_like(x_TBF) if needed[0] else None
    first_HB, zeros_HB = first_BH.t(), torch.zeros_like(y_THB[0])
    d_h = (zeros_HB if d_last_BH is None else d_last_BH.t()).contiguous()
    if d_y_THB is not None:
        d_h = d_h + d_y_THB[-1]
    for part in reversed(pieces(len(y_THB), y_THB[0].numel())):
        d_gates, d_candidate = _factors(gates_TGB[part], products_THB[part], y_THB[part])
        arriving = None if d_y_THB is None else before(d_y_THB, zeros_HB, part)
        update = gates_TGB[part].chunk(3, 1)[1]
        d_states, d_h = _run_back(d_gates, update, d_h, arriving, w_GH.t())
        sums.add_recurrent(d_gates, before(y_THB, first_HB, part))
        torch.mul(d_states, d_candidate, out=d_gates.chunk(3, 1)[2])
        sums.add_input(d_gates, x_TBF[part])
        if d_x_TBF is not None:
            torch.bmm(d_gates.transpose(1, 2), repeated(w_GF, part), out=d_x_TBF[part])
    d_x = None if d_x_TBF is None else d_x_TBF.transpose(0, 1)
    return d_x, d_h.t() if needed[1] else None, None, *sums.found


def _factors(gates_TGB: Tensor, products_THB: Tensor, y_THB: Tensor) -> tuple[Tensor, Tensor]:
    """Return what the gradient of the state is multiplied by: for the gates, for the candidate.

    The gates are those that the recurrent kernel feeds: r, z, and the product inside of n.
    """
    r, z, n = gates_TGB.chunk(3, 1)
    made = torch.empty_like(gates_TGB)
    for_r, for_z, for_product = made.chunk(3, 1)
    taken = 1 - z
    for_n = _tanh_backward(taken, n)
    torch.mul(for_n, r, out=for_product)
    torch.mul(for_n, products_THB, out=for_r)
    _sigmoid_backward(for_r, r, grad_input=for_r)
    torch.sub(y_THB, n, out=for_z).mul_(taken)
    return made, for_n


def _run_back(
    d_gates_TGB: Tensor, z_THB: Tensor, d_h: Tensor, arriving_THB: Tensor | None, w_HG: Tensor
) -> tuple[Tensor, Tensor]:
    """Multiply the factors by the gradients of the states; return these, and that before them.

    Args:
        d_gates_TGB: The factors of a piece, which become the gates' gradients.
        z_THB: How much of a state the next one keeps.
        d_h: The gradient of the last state.
        arriving_THB: What else the states before each step are asked for.
        w_HG: The recurrent kernel.
    """
    d_states = torch.empty_like(z_THB, memory_format=torch.contiguous_format)
    d_states[-1] = d_h
    d_first = torch.empty_like(d_states[0])
    ends = [d_first, *d_states.unbind()]
    split = d_gates_TGB.view(len(z_THB), 3, *d_h.shape).unbind()
    steps = zip(split, d_gates_TGB.unbind(), z_THB.unbind(), ends[:-1], ends[1:], strict=True)
    if arriving_THB is None:
        for by_gate, d_gates, z, previous, d_state in reversed(list(steps)):
            by_gate.mul_(d_state)
            torch.mul(d_state, z, out=previous).addmm_(w_HG, d_gates)
        return d_states, d_first
    pairs = zip(steps, arriving_THB.unbind(), strict=True)
    for (by_gate, d_gates, z, previous, d_state), more in reversed(list(pairs)):
        by_gate.mul_(d_state)
        torch.addcmul(more, d_state, z, out=previous).addmm_(w_HG, d_gates)
    return d_states, d_first


def _differentiable(inputs: list[Any], gradients: Any, needed: tuple[bool, ...]) -> tuple[Any, ...]:
    """Return the same gradients with gradients of their own, from torch's kernel."""
    x, first, mask, *weights = inputs
    given = weights
    if mask is not None:
        column = torch.zeros_like(weights[0][:, :1])
        column.chunk(3)[1].fill_(_OPEN)
        given = [torch.cat([weights[0], column], 1), *weights[1:]]
        x_given = torch.cat([x, (~mask).unsqueeze(-1).to(x.dtype)], -1)
    else:
        x_given = x
    y, last = plain_run("gru", x_given, [first.unsqueeze(0)], given)
    return gradients_of([y.transpose(0, 1), last[0]], gradients, inputs, needed)
