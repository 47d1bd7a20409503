"""From a point near it to a saddle of first order: up along the softest mode, down across it.

Henkelman and Jónsson, J. Chem. Phys. 111 (1999) 7010, with the mode of `modes` in place of the dimer's rotation, and
Newton steps in the subspace of all that was multiplied with the Hessian for the translation.
"""

from typing import NamedTuple

import numpy as np

from atomistic.saddles.landscape import Landscape
from atomistic.saddles.lockstep import Search, evaluated
from atomistic.saddles.modes import softest_modes
from atomistic.saddles.quasi_newton import LARGEST_STEP
from coupling.contracts import FloatArray
from coupling.errors import NotConverged

_PRODUCTS = 12
"""Most products with the Hessian to renew a mode."""
_TOO_HIGH = 30.0
"""eV that no activated event costs."""
_KNOWN = 60
"""Most products with the Hessian, and changes of the gradient, that are remembered."""
_SOFTEST = 1e-3
"""Of the stiffest: no mode is taken to be softer."""
_NEW = 0.1
"""Share of a direction that must be new for what is known of it to be used."""


class Climbed(NamedTuple):
    """A stationary point with negative curvature along one mode, or more.

    Attributes:
        point: (m,) Å.
        energy: eV.
        gradient: (m,) eV/Å.
        mode: (m,) softest mode, of unit norm.
        curvature: Along it, eV/Å².
        steps: Moves.
    """

    point: FloatArray
    energy: float
    gradient: FloatArray
    mode: FloatArray
    curvature: float
    steps: int


def climb(
    landscape: Landscape,
    point: FloatArray,
    mode: FloatArray,
    *,
    force: float,
    steps: int,
    what: str,
    uphill: bool = False,
) -> Search[Climbed]:
    """Up to a saddle.

    Args:
        landscape: The landscape.
        point: (m,) from where.
        mode: (m,) guess of the softest mode, such as a band's tangent; where the surface is convex, up is along it.
        force: Largest force that may remain, eV/Å.
        steps: Most moves.
        what: Is named if it fails, "the saddle".
        uphill: Whether the first direction is that in which the energy rises, whatever sign the mode has.

    Raises:
        NotConverged: more steps are needed.
    """
    known, last = _Curvatures(), None
    for step in range(steps):
        values = yield from evaluated(landscape, point[None])
        gradient, before = values.gradients[0], mode
        if not step:
            ceiling = float(values.energies[0]) + _TOO_HIGH
        if values.energies[0] > ceiling:
            raise NotConverged(
                f"The search for {what} climbed {_TOO_HIGH:g} eV without reaching a saddle; give the mode that leads over "
                "it, or start nearer to it."
            )
        found = yield from softest_modes(landscape, point, mode, most=_PRODUCTS)
        mode, curvature = found.vectors[0], float(found.curvatures[0])
        mode = mode * np.sign((gradient if uphill and not step else before) @ mode or 1.0)
        if curvature < 0 and landscape.largest(gradient) < force:
            return Climbed(point, float(values.energies[0]), gradient, mode, curvature, step)
        if last is not None:
            known.add(point - last[0], gradient - last[1])
        for vector, product in zip(found.basis[::-1], found.products[::-1], strict=True):
            known.add(vector, product)
        last = point, gradient
        along = gradient @ mode
        up = (
            mode / landscape.largest(mode) if curvature >= 0 else along / -curvature * mode
        )  # no small gradient shortens
        across = known.newton(gradient - along * mode, mode)
        point = point + _shortened(landscape, up) - _shortened(landscape, across)
    raise NotConverged(
        f"{what[0].upper()}{what[1:]} was not found in {steps} steps: a force of {landscape.largest(gradient):.2g} eV/Å "
        f"is left where {force:.2g} is wanted, the softest curvature is {curvature:.2g} eV/Å²; use more steps, or start "
        "nearer to it."
    )


class _Curvatures:
    """What steps and products have shown of the Hessian: vectors and their products with it, the newest first."""

    def __init__(self) -> None:
        self.pairs: list[tuple[FloatArray, FloatArray]] = []

    def add(self, vector: FloatArray, product: FloatArray) -> None:
        """Remember H·vector."""
        size = np.linalg.norm(vector)
        self.pairs = [(vector / size, product / size), *self.pairs][:_KNOWN]

    def newton(self, gradient: FloatArray, mode: FloatArray) -> FloatArray:
        """|H|⁻¹ g across a mode, in the span of the vectors; beyond it H is as stiff as its stiffest there."""
        basis, products = mode[None], np.zeros((1, len(mode)))
        for vector, product in self.pairs:
            shares = basis @ vector
            rest = vector - basis.T @ shares
            size = np.linalg.norm(rest)
            if size > _NEW:
                basis = np.vstack([basis, rest / size])
                products = np.vstack([products, (product - products.T @ shares) / size])
        basis, products = basis[1:], products[1:] - (products[1:] @ mode)[:, None] * mode
        if not len(basis):
            return np.zeros_like(gradient)
        inner = basis @ products.T
        stiffness, mixed = np.linalg.eigh((inner + inner.T) / 2)
        shares = mixed.T @ (basis @ gradient)
        stiffest = np.abs(stiffness).max()
        inside = basis.T @ (mixed @ (shares / np.maximum(np.abs(stiffness), _SOFTEST * stiffest)))
        return inside + (gradient - basis.T @ (basis @ gradient)) / stiffest


def _shortened(landscape: Landscape, move: FloatArray) -> FloatArray:
    """A step, along the mode or across it, of no more than half the largest: neither may shorten the other."""
    return move * min(1.0, LARGEST_STEP / 2 / max(landscape.largest(move), 1e-300))


def random_mode(landscape: Landscape, seed: int) -> FloatArray:
    """(m,) of unit norm, to start from where nothing is known."""
    vector = np.random.default_rng(seed).normal(size=int(landscape.moving.sum()))
    return vector / np.linalg.norm(vector)
