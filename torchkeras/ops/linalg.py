"""Linear algebra: `keras.ops.linalg`, on batches of matrices."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from torchkeras._base.messages import one_of, show
from torchkeras._state.convert import tensor
from torchkeras._symbolic.op import op
from torchkeras._symbolic.probe import probing

from .matrix import matrix_of
from .operands import alike, inexact
from .reduction import norm as norm


@op
def cholesky(x: Any, upper: bool = False) -> Tensor:
    """Return the triangular `L` with `x = L · Lᵀ`.

    Args:
        x: `(..., n, n)`, symmetric and positive definite.
        upper: Whether the upper triangle `Lᵀ` is returned.

    Raises:
        ValueError: If a matrix is not positive definite.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.cholesky([[4.0, 2.0], [2.0, 5.0]])
        tensor([[2., 0.],
                [1., 2.]])
    """
    return _or_value_error(torch.linalg.cholesky, matrix_of(x, square=True), upper=upper)


def _or_value_error(function: Callable[..., Tensor], *args: Any, **kwargs: Any) -> Tensor:
    try:
        return function(*args, **kwargs)
    except RuntimeError as error:
        raise ValueError(
            f"`x` must hold matrices that are symmetric and positive definite: {error}"
        ) from error


@op
def cholesky_inverse(x: Any, upper: bool = False) -> Tensor:
    """Return the inverse of the matrix of which `x` is the Cholesky factor.

    Args:
        x: `(..., n, n)`, as `cholesky` returns.
        upper: Whether it is the upper triangle.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.cholesky_inverse([[2.0]])
        tensor([[0.2500]])
    """
    return torch.cholesky_inverse(matrix_of(x, square=True), upper=upper)


@op
def det(x: Any) -> Tensor:
    """Return determinants.

    Args:
        x: `(..., n, n)`.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.det([[2.0, 0.0], [0.0, 4.0]])
        tensor(8.)
    """
    return torch.linalg.det(matrix_of(x, square=True))


@op
def eig(x: Any) -> tuple[Tensor, Tensor]:
    """Return eigenvalues and eigenvectors, as complex numbers.

    Args:
        x: `(..., n, n)`.

    Returns:
        `(..., n)` and `(..., n, n)`, whose columns are the vectors.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.eig([[2.0, 0.0], [0.0, 3.0]])[0]
        tensor([2.+0.j, 3.+0.j])
    """
    values, vectors = torch.linalg.eig(matrix_of(x, square=True))
    return values, vectors


@op
def eigh(x: Any) -> tuple[Tensor, Tensor]:
    """Return eigenvalues and eigenvectors of symmetric matrices.

    Args:
        x: `(..., n, n)`, of which the lower triangle is read.

    Returns:
        `(..., n)`, ascending, and `(..., n, n)`, whose columns are the vectors.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.eigh([[3.0, 0.0], [0.0, 2.0]])[0]
        tensor([2., 3.])
    """
    values, vectors = torch.linalg.eigh(matrix_of(x, square=True))
    return values, vectors


@op
def inv(x: Any) -> Tensor:
    """Return inverses.

    Args:
        x: `(..., n, n)`.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.inv([[2.0, 0.0], [0.0, 4.0]])
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    return torch.linalg.inv(matrix_of(x, square=True))


@op
def lu_factor(x: Any) -> tuple[Tensor, Tensor]:
    """Return the two triangles of `x = P · L · U` in one matrix, and the rows that were exchanged.

    Args:
        x: `(..., m, n)`.

    Returns:
        `(..., m, n)`, and int32 indices from 0.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.lu_factor([[1.0, 2.0], [2.0, 4.0]])[1]
        tensor([1, 1], dtype=torch.int32)
    """
    factors, pivots, _ = torch.linalg.lu_factor_ex(matrix_of(x))
    return factors, pivots - 1


@op
def qr(x: Any, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """Return an orthogonal `Q` and an upper triangle `R` with `x = Q · R`.

    Args:
        x: `(..., m, n)`.
        mode: `"reduced"` for `min(m, n)` columns in `Q`, `"complete"` for `m`.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.qr([[-2.0, 0.0], [0.0, -3.0]])[1]
        tensor([[-2.,  0.],
                [ 0., -3.]])
    """
    one_of("mode", mode, ("reduced", "complete"))
    orthogonal, triangle = torch.linalg.qr(matrix_of(x), mode)
    return orthogonal, triangle


def _sides(a: Any, b: Any) -> tuple[Tensor, Tensor]:
    left, right = alike(matrix_of(a, "a", square=True), inexact(b))
    axis = -2 if right.dim() == left.dim() else -1
    if right.dim() == 0 or right.shape[axis] != left.shape[-1]:
        raise ValueError(
            f"`b` must have as many rows as `a`. Received: a={show(left)}, b={show(right)}."
        )
    return left, right


@op
def solve(a: Any, b: Any) -> Tensor:
    """Return `x` with `a · x = b`.

    Args:
        a: `(..., n, n)`.
        b: `(..., n)` or `(..., n, k)`.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
        tensor([1.0000, 0.5000])
    """
    return torch.linalg.solve(*_sides(a, b))


@op
def solve_triangular(a: Any, b: Any, lower: bool = False) -> Tensor:
    """Return `x` with `a · x = b` for triangular `a`.

    Args:
        a: `(..., n, n)`, of which one triangle is read.
        b: `(..., n)` or `(..., n, k)`.
        lower: Whether it is the lower triangle.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.solve_triangular([[2.0, 0.0], [2.0, 4.0]], [2.0, 6.0], lower=True)
        tensor([1., 1.])
    """
    left, right = _sides(a, b)
    if right.dim() == left.dim() - 1:
        columns = right.unsqueeze(-1)
        return torch.linalg.solve_triangular(left, columns, upper=not lower).squeeze(-1)
    return torch.linalg.solve_triangular(left, right, upper=not lower)


@op
def svd(x: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Return `U`, `S` and `V` with `x = U · diag(S) · V`, the singular value decomposition.

    Args:
        x: `(..., m, n)`.
        full_matrices: Whether `U` and `V` are square; they have `min(m, n)` columns and rows else.
        compute_uv: Whether `U` and `V` are returned too, and not `S` alone.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.svd([[3.0, 0.0], [0.0, 4.0]], compute_uv=False)
        tensor([4., 3.])
    """
    if not compute_uv:
        return torch.linalg.svdvals(matrix_of(x))
    return tuple(torch.linalg.svd(matrix_of(x), full_matrices))


@op
def lstsq(a: Any, b: Any, rcond: float | None = None) -> Tensor:
    """Return `x` for which `a · x` is as near to `b` as can be.

    Args:
        a: `(m, n)`.
        b: `(m,)` or `(m, k)`.
        rcond: Singular values below this share of the greatest count as zero.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.lstsq([[1.0], [1.0]], [1.0, 3.0])
        tensor([2.0000])
    """
    left, right = alike(matrix_of(a, "a"), inexact(b))
    if probing():  # torch cannot say the shape
        return left.mT @ right
    if rcond is None or left.device.type == "cpu":
        driver = None if rcond is None else "gelsd"
        return torch.linalg.lstsq(left, right, rcond=rcond, driver=driver).solution
    return torch.linalg.pinv(left, rtol=rcond) @ right  # the only way that is left on a GPU


@op
def matrix_rank(x: Any, tol: float | None = None) -> Tensor:
    """Return how many independent rows matrices have.

    Args:
        x: `(..., m, n)`.
        tol: Singular values up to this count as zero; found from the dtype if not given.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.matrix_rank([[1.0, 2.0], [2.0, 4.0]])
        tensor(1, dtype=torch.int32)
    """
    return torch.linalg.matrix_rank(matrix_of(x), atol=tol).to(torch.int32)


@op
def pinv(x: Any, rcond: float | None = None) -> Tensor:
    """Return pseudo-inverses.

    Args:
        x: `(..., m, n)`.
        rcond: Singular values up to this share of the greatest count as zero.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.pinv([[2.0, 0.0], [0.0, 4.0]])
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    return torch.linalg.pinv(matrix_of(x), rtol=rcond)


@op
def jvp(
    fun: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> Any:
    """Return `fun(*primals)` and how much it changes where the arguments change by `tangents`.

    Args:
        fun: A function of tensors.
        primals: Its arguments.
        tangents: A change of each.
        has_aux: Whether `fun` returns a pair, the second of which is passed on.

    Example:
        >>> import torchkeras
        >>> torchkeras.ops.jvp(torchkeras.ops.sin, (0.0,), (2.0,))
        (tensor(0.), tensor(2.))
    """
    places = tuple(tensor(x) for x in primals)
    changes = tuple(tensor(x).to(at.dtype) for x, at in zip(tangents, places, strict=True))
    if torch.compiler.is_compiling():
        return torch.func.jvp(fun, places, changes, has_aux=has_aux)
    with warnings.catch_warnings():  # torch uses what it warns about, when forward mode is loaded
        warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", FutureWarning)
        return torch.func.jvp(fun, places, changes, has_aux=has_aux)
