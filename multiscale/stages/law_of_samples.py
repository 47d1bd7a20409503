"""From samples to the law: its form, its temperature, and what it takes away of the bulk."""

import numpy as np
from scipy.interpolate import CubicSpline

from atomistic.decohesion.bridging import harmonic, slopes
from atomistic.decohesion.slip import SlipGrid
from coupling.elasticity import rotate_stiffness
from coupling.errors import InputError
from coupling.interface.beyond import beyond_equilibrium
from coupling.interface.excess import LEFT_OVER, Excess, SlabBranch, excess
from coupling.interface.rigid_path import PathSamples, consistency, rigid_law
from coupling.interface.thermal import from_mean_forces, warm_spacing, warmed, warmed_grid, without_spacing
from coupling.laws.count import BulkSide, Count
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.mixed_in_bulk import MixedInBulk
from coupling.laws.rigid import InitiallyRigid
from coupling.laws.tabulated import TabulatedLaw
from coupling.units import ANGSTROM, EV_A2, EV_A3
from multiscale.inputs.law_options import LawOptions
from multiscale.inputs.potential import PotentialChoice
from multiscale.stages.crystal import CrystalRecord
from multiscale.stages.derived_law import DerivedLaw
from multiscale.stages.law_atoms import LawAtoms
from multiscale.stages.models import Models

_WARM_LEFT_OVER = 0.1
"""Share of a warm law's work that may be done at zero excess opening: the vibrations are known to first order."""
_SHEARED = 0.1
"""Of its thickness: largest shear of a closed spacing that the elements are taken to carry; crystals slip at about that."""
_STABLE = 0.4
"""Share of a grid's jumps whose vibrations must be stable."""
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
    static, difference, dropped = None, None, 0.0
    if atoms.grid is not None:
        law, samples, bridged = _mixed(options, atoms)
        static = None if atoms.slab is None else excess(atoms.slab, *atoms.bulks)
    elif atoms.rigid is not None:
        samples, bridged = atoms.rigid, None
        law = rigid_law(samples)
    else:
        law, samples, static, bridged, dropped = _relaxed(options, atoms)
    if atoms.slab is not None:
        slab = atoms.slab
        difference = float(np.abs(slab.traction - slab.traction_by_forces).max() / slab.traction.max())
    count = _count(options, atoms, crystals, models, potential, law.peak_traction / EV_A3)
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


def _relaxed(
    options: LawOptions, atoms: LawAtoms
) -> tuple[TabulatedLaw | InitiallyRigid, PathSamples, Excess, np.ndarray, float]:
    """The excess law of the relaxed path, at its temperature, the intervals that are bridged, and what the law drops."""
    slab = atoms.slab
    static, bridged = excess(slab, *atoms.bulks), _missing(slab)
    samples = PathSamples(static.opening, static.energy * slab.area, static.traction, slab.area, atoms.spacings)
    broken = bridged | np.isin(np.round(static.traction[:-1], 12), [round(one.before, 12) for one in slab.switches])
    made = excess(slab, *atoms.bulks, gap=options.gap) if options.temperature is None else _warm(options, atoms, static)
    made = beyond_equilibrium(made, bridged, options.beyond)
    law = made.law(LEFT_OVER if options.temperature is None else _WARM_LEFT_OVER)
    dropped = 1.0 - law.work_of_separation / (made.energy[-1] * EV_A2) if isinstance(law, InitiallyRigid) else 0.0
    return law, samples, static, broken, float(dropped)


def _missing(slab: SlabBranch) -> np.ndarray:
    """(n - 1,) whether an interval of the path has a gap inside at which a crystal would part first."""
    left_out = np.array(slab.beyond_strength)[:, None]
    return np.any((left_out > slab.gap[:-1]) & (left_out < slab.gap[1:]), axis=0)


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
) -> Count:
    """What the law takes away: either crystal's layers, at its peak traction in eV/Å³."""
    places = ("plane", "plane") if options.plane is not None else ("upper", "lower")
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
    until, highest = _in_equilibrium(options, atoms)
    plus, minus = sides
    return Count(
        "bulk",
        plus,
        minus,
        held_rigid=options.path == "rigid",
        temperature=options.temperature,
        equilibrium_until=until,
        equilibrium_traction=highest,
        beyond="" if highest is None else _in_words(options, " or ".join(dict.fromkeys(names.values())), highest),
    )


def _in_equilibrium(options: LawOptions, atoms: LawAtoms) -> tuple[float | None, float | None]:
    """Opening in m and traction in Pa up to which the law is an equilibrium; None where all of it is."""
    if atoms.grid is not None and (bridged := _bridged_intervals(atoms.grid)) is not None and bridged.any():
        first = int(np.argmax(bridged))
        known = np.append(~bridged, True) & np.append(True, ~bridged)
        return float(atoms.grid.opening[first]) * ANGSTROM, float(atoms.grid.traction[known, 0, 0].max()) * EV_A3
    if atoms.grid is None and atoms.slab is not None and atoms.slab.beyond_strength:
        opening = excess(atoms.slab, *atoms.bulks, gap=options.gap).opening
        last = max(
            0.0, float(opening[int(np.argmax(_missing(atoms.slab)))])
        )  # with the gap in the bulk it may not have opened
        return last * ANGSTROM, float(atoms.slab.traction.max()) * EV_A3
    return None, None


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
