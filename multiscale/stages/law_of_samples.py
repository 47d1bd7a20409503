"""From samples to the law: its form, its temperature, and what it takes away of the bulk."""

from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from atomistic.decohesion.bridging import harmonic, slopes
from atomistic.decohesion.slip import SlipGrid
from coupling.elasticity import rotate_stiffness
from coupling.errors import InputError
from coupling.interface.beyond import Beyond, beyond_equilibrium
from coupling.interface.excess import LEFT_OVER, Excess, excess
from coupling.interface.rigid_path import PathSamples, consistency, rigid_law
from coupling.interface.steps import between
from coupling.interface.thermal import from_mean_forces, warm_spacing, warmed, warmed_grid, without_spacing
from coupling.laws.count import BulkSide, Count
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.mixed_in_bulk import MixedInBulk
from coupling.laws.rigid import InitiallyRigid
from coupling.laws.tabulated import TabulatedLaw
from coupling.units import ANGSTROM, EV_A2, EV_A3
from multiscale.inputs.law_options import LawOptions
from multiscale.inputs.potential import PotentialChoice
from multiscale.runtime.crystals import CrystalRecord
from multiscale.stages.derived_law import DerivedLaw
from multiscale.stages.law_atoms import LawAtoms
from multiscale.stages.models import Models

_WARM_LEFT_OVER = 0.1
"""Share of a warm law's work that may be done at zero excess opening: the vibrations are known to first order."""
_SHEARED = 0.1
"""Of its thickness: largest shear of a closed spacing that the elements are taken to carry; crystals slip at about that."""
_STABLE = 0.4
"""Share of a grid's jumps whose vibrations must be stable."""
_INSIDE = 24
"""Tractions that are looked at between two samples."""
_RESOLVED = 2e-3
"""Å: stretches of the closed spacing that differ by less are one."""


def law_of_samples(
    options: LawOptions,
    atoms: LawAtoms,
    crystals: dict[str, CrystalRecord],
    models: Models,
    potential: PotentialChoice | None,
) -> DerivedLaw:
    """From samples to the law."""
    law: MixedModeLaw | TabulatedLaw | InitiallyRigid
    static, difference, dropped, reached = None, None, 0.0, None
    if atoms.grid is not None:
        law, samples, bridged = _mixed(options, atoms)
        reached = _of_grid(atoms.grid)
        static = None if atoms.slab is None else excess(atoms.slab, *atoms.bulks)
    elif atoms.rigid is not None:
        samples, bridged = atoms.rigid, None
        law = rigid_law(samples)
    else:
        law, samples, static, bridged, dropped, reached = _relaxed(options, atoms)
    if atoms.slab is not None:
        slab = atoms.slab
        difference = float(np.abs(slab.traction - slab.traction_by_forces).max() / slab.traction.max())
    count = _count(options, atoms, crystals, models, potential, law.peak_traction / EV_A3, reached)
    agreement = consistency(samples, bridged)
    return DerivedLaw(law.counted(count), atoms, crystals, samples, agreement, static, dropped, difference)


def _mixed(options: LawOptions, atoms: LawAtoms) -> tuple[MixedModeLaw, PathSamples, np.ndarray | None]:
    """The law of a grid, at its temperature; the static path without slip, and its intervals that are bridged."""
    grid = atoms.grid
    samples = PathSamples(
        grid.opening, grid.energy[:, 0, 0] * atoms.area, grid.traction[:, 0, 0], atoms.area, atoms.spacings
    )
    opening, energy, traction = (
        grid.opening,
        grid.energy,
        np.concatenate([grid.traction[..., None], grid.shear_traction], axis=-1),
    )
    if atoms.vibrations is not None:
        free = _bridged_vibrations(atoms)
        opening, energy, traction = warmed_grid(opening, energy, traction, free, slopes(free, opening, grid.period))
    arguments = (opening * ANGSTROM, grid.period * ANGSTROM, energy * EV_A2, traction[..., 0] * EV_A3)
    shear = traction[..., 1:] * EV_A3
    if options.gap == "in law":
        return MixedModeLaw(*arguments, shear_traction=shear), samples, _bridged_intervals(grid)
    spacing = atoms.spacing
    normal, stretch = warm_spacing(spacing.traction, spacing.stretch, spacing.free_energy)
    law = MixedInBulk(
        *arguments, normal * EV_A3, stretch * ANGSTROM, spacing.shear_compliance * ANGSTROM / EV_A3,
        _SHEARED * spacing.thickness * ANGSTROM, shear_traction=shear,
    )  # fmt: skip
    return law, samples, _bridged_intervals(grid)


def _bridged_vibrations(atoms: LawAtoms) -> np.ndarray:
    """(n, p, q) vibrational excess; where a mode is unstable or there is no equilibrium it is continued harmonically."""
    free = atoms.vibrations.excess.reshape(atoms.grid.energy.shape)
    if np.isfinite(free).mean() < _STABLE:
        raise InputError(
            f"The vibrations are unstable at {np.sum(~np.isfinite(free))} of {free.size} jumps, so there is no quasi-harmonic law; "
            "take mode: normal with the mean force, or no temperature."
        )
    return harmonic(free, atoms.grid.opening, atoms.grid.period)


def _bridged_intervals(grid: SlipGrid) -> np.ndarray | None:
    """(n - 1,) whether an end of an interval of openings without slip has no equilibrium."""
    if grid.bridged is None:
        return None
    without = grid.bridged[np.abs(grid.bridged[:, 1:]).max(axis=1, initial=0.0) < 1e-9, 0]
    missing = np.isin(np.round(grid.opening, 9), np.round(without, 9))
    return missing[1:] | missing[:-1]


class _Reached(NamedTuple):
    """Up to where a law is an equilibrium: normal opening in m, and the highest traction in Pa."""

    opening: float
    traction: float


class _Relaxed(NamedTuple):
    """The law of a relaxed path.

    Attributes:
        law: At its temperature.
        samples: Without temperature.
        static: The excess without temperature.
        bridged: (n - 1,) intervals of the samples across which tractions and energies are not compared.
        dropped: Share of the work that the law leaves out.
        reached: Where a crystal parts first; None where the interface does.
    """

    law: TabulatedLaw | InitiallyRigid
    samples: PathSamples
    static: Excess
    bridged: np.ndarray
    dropped: float
    reached: _Reached | None


def _relaxed(options: LawOptions, atoms: LawAtoms) -> _Relaxed:
    """The excess law of the relaxed path."""
    slab = atoms.slab
    static, parted = excess(slab, *atoms.bulks), slab.without_equilibrium
    samples = PathSamples(static.opening, static.energy * slab.area, static.traction, slab.area, atoms.spacings)
    of_branches = between(static.opening, static.energy, static.traction)
    made = excess(slab, *atoms.bulks, gap=options.gap) if options.temperature is None else _warm(options, atoms, static)
    whole = beyond_equilibrium(made, parted, options.beyond, slab.switched)
    law = whole.law(LEFT_OVER if options.temperature is None else _WARM_LEFT_OVER)
    dropped = 1.0 - law.work_of_separation / (whole.energy[-1] * EV_A2) if isinstance(law, InitiallyRigid) else 0.0
    reached = _reached(law, made, parted, options.beyond) if parted.any() else None
    return _Relaxed(law, samples, static, parted | (slab.switched & of_branches), float(dropped), reached)


def _reached(law: TabulatedLaw | InitiallyRigid, made: Excess, parted: np.ndarray, beyond: Beyond) -> _Reached:
    """Where a crystal parts: what the law bears at most in equilibrium.

    Held at the highest traction in equilibrium, it has its peak there; interpolated across, it is looked at on either side.
    """
    last = max(0.0, float(made.opening[int(np.argmax(parted))]))  # with the gap in the bulk it may not have opened
    if beyond == "cut":
        return _Reached(last * ANGSTROM, law.peak_traction)
    share = np.linspace(0.0, 1.0, _INSIDE)
    inside = made.opening[:-1, None] + np.diff(made.opening)[:, None] * share
    return _Reached(last * ANGSTROM, float(law.normal(inside[~parted] * ANGSTROM)[1].max()))


def _warm(options: LawOptions, atoms: LawAtoms, static: Excess) -> Excess:
    """The excess at the temperature; with the gap in the bulk the closed spacing is taken away at equal traction, warm too."""
    if atoms.vibrations is not None:
        made = warmed(static, atoms.vibrations.excess)
    else:
        made = from_mean_forces(static.opening, atoms.mean_traction, atoms.mean_traction_std, static.gap)
    if options.gap == "in law":
        return made
    whole = excess(atoms.slab, *atoms.bulks, gap="in bulk")
    spacing = static.opening - whole.opening
    order = np.argsort(spacing)
    rising = order[np.append(True, np.diff(spacing[order]) > _RESOLVED)]
    stretch = spacing[rising]
    if atoms.vibrations is None:
        return without_spacing(made, stretch, atoms.bulk_mean_traction[rising])
    own = atoms.vibrations.of_spacing[rising]
    there = np.isfinite(own)
    free = CubicSpline(stretch[there], own[there])
    return without_spacing(made, stretch, static.traction[rising] + free(stretch, 1))


def _count(
    options: LawOptions,
    atoms: LawAtoms,
    crystals: dict[str, CrystalRecord],
    models: Models,
    potential: PotentialChoice | None,
    peak: float,
    reached: _Reached | None,
) -> Count:
    """What the law takes away: either crystal's layers, at its peak traction in eV/Å³."""
    places = ("upper", "lower") if len(options.crystals) == 2 else tuple(options.crystals) * 2
    names = {place: f"{crystal.label}, {models.name(potential)}" for place, crystal in options.crystals.items()}
    sides = []
    for number, (place, side) in enumerate(zip(places, atoms.sides, strict=True)):
        layers = (side.thickness - (0.5 * side.spacing if options.gap == "in law" else 0.0)) / side.spacing
        sides.append(
            BulkSide(
                material=names[place],
                fingerprint=models.fingerprint(potential),
                formula=crystals[place].formula,
                axes=side.axes,
                stiffness_voigt=rotate_stiffness(crystals[place].stiffness_voigt, side.axes),
                spacing=side.spacing * ANGSTROM,
                layers=layers,
                strain=side.strain,
                energy_at_peak=_energy_at(peak, atoms, number, layers * side.spacing),
            )
        )
    plus, minus = sides
    return Count(
        "bulk",
        plus,
        minus,
        held_rigid=options.path == "rigid",
        temperature=options.temperature,
        equilibrium_until=None if reached is None else reached.opening,
        equilibrium_traction=None if reached is None else reached.traction,
        beyond=""
        if reached is None
        else _in_words(options, " or ".join(dict.fromkeys(names.values())), reached.traction),
    )


def _of_grid(grid: SlipGrid) -> _Reached | None:
    """Up to where a grid without slip is an equilibrium; None where all of it is."""
    bridged = _bridged_intervals(grid)
    if bridged is None or not bridged.any():
        return None
    known = np.append(~bridged, True) & np.append(True, ~bridged)
    first = int(np.argmax(bridged))
    return _Reached(float(grid.opening[first]) * ANGSTROM, float(grid.traction[known, 0, 0].max()) * EV_A3)


def _in_words(options: LawOptions, crystals: str, highest: float) -> str:
    """What fails beyond the last equilibrium, and what stands for the law."""
    stands = "interpolated: its peak is fictitious, the work across is exact"
    if options.beyond == "cut" and options.mode == "normal":
        stands = "the highest traction in equilibrium, held until the work is done: the work is exact"
    return (
        f"beyond, {crystals} parts first: as strained here it bears {highest / 1e9:.4g} GPa; the law there is {stands}"
    )


def _energy_at(traction: float, atoms: LawAtoms, number: int, thickness: float) -> float:
    """Energy per area, J/m², that a thickness in Å of a crystal holds at a traction in eV/Å³.

    The work of the traction along the bulk's height: near the bulk's strength height and energy are steep in the traction,
    while the traction is smooth in the height, so that it may be followed from the largest sample to a peak between
    the samples, or to the strength where that comes first, and no farther than twice as the samples are apart there.
    """
    if atoms.slab is None:
        return 0.0
    bulk = atoms.bulks[0] if len(atoms.bulks) == 1 else atoms.bulks[1 - number]  # of the lower crystal first
    normal, height = (v if v.ndim == 1 else v[:, 0] for v in (bulk.traction, bulk.height))
    closed, order = height[atoms.slab.closed], np.argsort(height)
    order = order[np.append(True, np.diff(height[order]) > _RESOLVED)]
    curve, last = CubicSpline(height[order], normal[order]), height[order][-1]
    strength = curve.derivative().roots()
    ends = np.concatenate([curve.solve(traction), strength[strength > last]])
    within = ends[(ends > closed) & (ends <= 3.0 * last - 2.0 * height[order][-2])]
    work = curve.antiderivative()
    return float((work(within.min() if len(within) else last) - work(closed)) / closed * thickness * EV_A2)
