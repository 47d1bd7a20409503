"""An interface's excess at a temperature: from its vibrational free energy, or from mean forces."""

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline, CubicSpline, PchipInterpolator
from scipy.optimize import brentq

from coupling.contracts import FloatArray, GapOwner
from coupling.errors import InputError
from coupling.interface.excess import Excess

_BRIDGED = 0.5
"""Share of the work of separation that may be done where the vibrations are not known."""

_APART = 1e-6
"""Å: openings that differ by more."""

_NONE = 3.0
"""Standard errors within which a traction counts as zero."""


def warmed(static: Excess, free_energy: FloatArray) -> Excess:
    """The excess with its vibrations: ψ + f at equal excess opening, T + df/dδ.

    This is first-order perturbation theory in f: at a fixed opening of the whole specimen the bulk and
    the interface share it as they do statically. The law begins where its traction vanishes, which
    thermal expansion of the interface has moved.

    Args:
        static: The static excess.
        free_energy: (n,) vibrational excess free energy at the same openings, eV/Å², up to a constant; where
            it is NaN (a mode is unstable, or too soft to be harmonic) it is interpolated.

    Raises:
        InputError: the openings do not rise, most of the work is done where the vibrations are not known, they are not
            known at an end of the path, or no opening near the closed interface is free of traction.
    """
    if np.any(np.diff(static.opening) <= 0):
        raise InputError("The excess openings do not rise, so the interface is no law of its opening; use more layers.")
    known = np.isfinite(free_energy)
    void = void_share(static.opening, static.energy, known)
    if void > _BRIDGED or not (known[0] and known[-1]):
        raise InputError(
            f"The vibrations are unstable or anharmonic at {np.sum(~known)} of {len(known)} openings, across which {void:.0%} of the "
            "work of separation is done, so there is no quasi-harmonic law; take thermal: {method: mean force}, or more openings."
        )
    curve = _bridged(static.opening, free_energy)
    closed = float(curve(0.0))
    return recentred(
        Excess(
            static.opening,
            static.energy + curve(static.opening) - closed,
            static.traction + curve(static.opening, 1),
            static.gap,
        )
    )


def _bridged(opening: FloatArray, values: FloatArray) -> CubicHermiteSpline:
    """A curve through the known values, each stretch of them with its own slopes at its ends.

    A monotone interpolant across the missing ones would take the slope there from the far side, and so change known tractions.
    """
    known = np.isfinite(values)
    slopes = PchipInterpolator(opening[known], values[known])(opening, 1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]]).astype(int)))
    for first, end in edges.reshape(-1, 2):
        if end - first > 1:
            slopes[first:end] = PchipInterpolator(opening[first:end], values[first:end])(opening[first:end], 1)
    return CubicHermiteSpline(opening[known], values[known], slopes[known])


def void_share(opening: FloatArray, energy: FloatArray, known: NDArray[np.bool_]) -> float:
    """Share of the work of separation in tension that the samples stand for that are not known, each for half the way on.

    Args:
        opening: (n,) rising, one of them 0.
        energy: (n,) ψ at them.
        known: (n,) whether a sample there is known.
    """
    work = np.diff(np.where(opening > 0, energy, energy[int(np.argmin(np.abs(opening)))]))
    void = 1.0 - 0.5 * (known[1:].astype(float) + known[:-1])
    return float(np.abs(work) @ void / np.abs(work).sum())


def from_mean_forces(opening: FloatArray, traction: FloatArray, std: FloatArray, gap: GapOwner) -> Excess:
    """The excess of independently sampled tractions: its energy is their integral, error bars carried along.

    Args:
        opening: (n,) static excess opening, Å, rising.
        traction: (n,) eV/Å³; at the last opening none when it is within three standard errors of none.
        std: (n,) standard errors of the tractions, eV/Å³.
        gap: Who owns the layer spacing.

    Raises:
        InputError: as in `warmed`.
    """
    if np.any(np.diff(opening) <= 0):
        raise InputError("The excess openings do not rise, so the interface is no law of its opening; use more layers.")
    traction = np.array(traction, dtype=float)
    if abs(traction[-1]) <= _NONE * std[-1]:
        traction[-1] = 0.0
    energy = CubicSpline(opening, traction).antiderivative()(opening)
    weights = CubicSpline(opening, np.eye(len(opening))).antiderivative()(opening)
    closed = int(np.argmin(np.abs(opening)))
    spread = np.sqrt((weights - weights[closed]) ** 2 @ std**2)
    return recentred(Excess(opening, energy, traction, gap, spread, std))


def without_spacing(excess: Excess, spacing: FloatArray, traction: FloatArray) -> Excess:
    """An excess with its closed spacing given to the bulk: at equal traction the spacing's stretch and energy are taken away.

    Args:
        excess: The excess, gap in the law.
        spacing: (m,) stretch of the closed spacing as bulk, Å, along with
        traction: (m,) its traction at the temperature, eV/Å³. What does not rise is left out: near its strength a warm
            crystal softens before a cold one.

    Raises:
        InputError: the spacing's traction does not rise with its stretch at four stretches at least.
    """
    order = np.argsort(spacing)
    stretch, resisted = spacing[order], traction[order]
    keep = np.append(True, np.diff(stretch) > 1e-9)
    stretch, resisted = _rising(stretch[keep], resisted[keep])
    if len(stretch) < 4:
        raise InputError("The bulk's traction does not rise with its stretch at this temperature; take gap: in law.")
    curve = PchipInterpolator(stretch, resisted)
    free = float(np.interp(0.0, resisted, stretch))
    taken = np.interp(excess.traction, resisted, stretch)
    energy = curve.antiderivative()
    return Excess(
        excess.opening - (taken - free), excess.energy - (energy(taken) - energy(free)), excess.traction, "in bulk",
        excess.energy_std, excess.traction_std,
    )  # fmt: skip


def recentred(excess: Excess) -> Excess:
    """The excess measured from where its traction vanishes, the closed interface at the temperature.

    Raises:
        InputError: no opening near zero is free of traction.
    """
    origin = _free_opening(excess.opening, excess.traction)
    energy = CubicSpline(excess.opening, excess.energy)(origin)
    keep = np.abs(excess.opening - origin) > _APART
    place = int(np.searchsorted(excess.opening[keep], origin))

    def column(values: FloatArray | None, at_origin: float) -> FloatArray | None:
        return None if values is None else np.insert(values[keep], place, at_origin)

    spread = None if excess.traction_std is None else float(np.interp(origin, excess.opening, excess.traction_std))
    return Excess(
        np.insert(excess.opening[keep] - origin, place, 0.0),
        np.insert(excess.energy[keep] - energy, place, 0.0),
        np.insert(excess.traction[keep], place, 0.0),
        excess.gap,
        column(excess.energy_std, 0.0),
        column(excess.traction_std, spread or 0.0),
    )


def _free_opening(opening: FloatArray, traction: FloatArray) -> float:
    """Where the traction vanishes near the closed interface, Å."""
    curve = CubicSpline(opening, traction)
    before = opening[opening <= 0]
    stop = opening[int(np.argmax(traction))]
    if not len(before) or curve(before[0]) >= 0 or curve(stop) <= 0:
        raise InputError(
            "No opening near the closed interface is free of traction at this temperature; begin the path in compression."
        )
    return float(brentq(curve, before[0], stop, xtol=1e-14))


def warmed_grid(
    opening: FloatArray, energy: FloatArray, traction: FloatArray, free_energy: FloatArray, slopes: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A mixed-mode grid with its vibrations: ψ + f and T + ∂f/∂δ at equal excess jumps, from the warm closed interface on.

    As in `warmed`. The opening is measured from where the normal traction without slip vanishes; there every slip has
    its cubic Hermite value, and a row of the grid.

    Args:
        opening: (n,) static excess openings, Å, rising, the first in compression.
        energy: (n, p, q) static, eV/Å².
        traction: (n, p, q, 3) static, eV/Å³.
        free_energy: (n, p, q) vibrational excess, eV/Å², up to a constant.
        slopes: (n, p, q, 3) its derivatives along normal, tangential 1, 2.

    Returns:
        Openings (n',), energies (n', p, q) and tractions (n', p, q, 3).

    Raises:
        InputError: no opening near the closed interface is free of traction.
    """
    energy, traction = energy + free_energy - free_energy[-1].mean(), traction + slopes
    energy[-1], traction[-1] = energy[-1, 0, 0], 0.0  # apart: what differs there is noise of the vibrations
    normal = traction[:, 0, 0, 0]
    origin = _free_opening(opening, normal)
    keep = np.abs(opening - origin) > _APART
    place = int(np.searchsorted(opening[keep], origin))
    curve = CubicHermiteSpline(opening, energy, traction[..., 0])
    shear = PchipInterpolator(opening, traction[..., 1:], axis=0)(origin)
    row = np.concatenate([curve(origin, 1)[..., None], shear], axis=-1)
    row[0, 0] = 0.0  # the closed interface is free of shear, too: by symmetry, or but for a shift that is left out
    return (
        np.insert(opening[keep] - origin, place, 0.0),
        np.insert(energy[keep], place, curve(origin), axis=0) - curve(origin)[0, 0],
        np.insert(traction[keep], place, row, axis=0),
    )


def _rising(stretch: FloatArray, traction: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The stretches at which the traction is larger than at all before, with their tractions."""
    rising = np.append(True, np.diff(np.maximum.accumulate(traction)) > 0)
    return stretch[rising], traction[rising]


def warm_spacing(
    traction: FloatArray, stretch: FloatArray, free_energy: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """Normal tractions from 0 and stretches of a bulk spacing from where it is free of traction, with its vibrations.

    Args:
        traction: (m,) static tractions, rising through 0.
        stretch: (m,) stretches.
        free_energy: (m,) vibrational free energy in units of traction times stretch; None is static.

    Raises:
        InputError: the traction does not rise with the stretch at this temperature.
    """
    stable = np.ones(len(stretch), dtype=bool) if free_energy is None else np.isfinite(free_energy)
    traction, stretch = traction[stable], stretch[stable]
    if free_energy is not None:
        traction = traction + PchipInterpolator(stretch, free_energy[stable])(stretch, 1)
        stretch, traction = _rising(stretch, traction)
    if len(traction) < 5 or traction[0] > 0 or traction[-1] <= 0:
        raise InputError(
            "The bulk's traction does not rise through none with its stretch at this temperature; take gap: in law."
        )
    origin = float(np.interp(0.0, traction, stretch))
    beyond = traction > 0
    return np.append(0.0, traction[beyond]), np.append(0.0, stretch[beyond] - origin)
