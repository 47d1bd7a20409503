"""The law stage: options and a potential in; a cohesive law that says what it counts, and its samples, out."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline

from atomistic.decohesion.bridging import harmonic, slopes
from atomistic.decohesion.slip import SlipGrid
from coupling.elasticity import rotate_stiffness
from coupling.errors import InputError
from coupling.interface.error_bars import with_error_bars
from coupling.interface.excess import LEFT_OVER, Excess, PathSamples, consistency, excess, rigid_law, slab_totals
from coupling.interface.thermal import from_mean_forces, warm_spacing, warmed, warmed_grid, without_spacing
from coupling.laws.count import BulkSide, Count
from coupling.laws.law import Law
from coupling.laws.mixed import MixedModeLaw
from coupling.laws.mixed_in_bulk import MixedInBulk
from coupling.laws.rigid import InitiallyRigid
from coupling.laws.tabulated import TabulatedLaw
from coupling.records import pack, unpack
from coupling.units import ANGSTROM, EV_A2, EV_A3
from multiscale.inputs.law_options import LawOptions
from multiscale.inputs.potential import PotentialChoice
from multiscale.runtime.addresses import request
from multiscale.runtime.context import RunContext
from multiscale.runtime.resumable import resumable
from multiscale.stages.crystal import CrystalRecord, crystal_record
from multiscale.stages.law_atoms import LawAtoms, law_atoms
from multiscale.stages.models import Models

_STRAIGHT = 1e-9
"""rad: axes that differ by less are one."""
_WARM_LEFT_OVER = 0.1
"""Share of a warm law's work that may be done at zero excess opening: the vibrations are known to first order."""
_SHEARED = 0.1
"""Of its thickness: largest shear of a closed spacing that the elements are taken to carry; crystals slip at about that."""
_STABLE = 0.4
"""Share of a grid's jumps whose vibrations must be stable."""
_RESOLVED = 2e-3
"""Å: stretches of the closed spacing that differ by less are one."""


@dataclass(frozen=True)
class DerivedLaw:
    """A law from atoms, and what it was made of.

    Attributes:
        law: The law, with its count.
        atoms: The samples.
        crystals: By place, "plane", or "upper" and "lower".
        samples: The path as of a static opening, eV and Å.
        law_consistency: Energies against tractions in tension, over the peak.
        static: The excess without temperature, of a relaxed path.
        route_difference: Virial against the forces on one half, over the peak, of a relaxed path.
        members: The laws of the samples of the potential, of which the error bars are the spread.
    """

    law: Law
    atoms: LawAtoms
    crystals: dict[str, CrystalRecord]
    samples: PathSamples
    law_consistency: float
    static: Excess | None = None
    route_difference: float | None = None
    members: tuple[Law, ...] = ()


def derive_law(
    options: LawOptions,
    models: Models,
    context: RunContext,
    seed: int,
    *,
    potential: PotentialChoice | None = None,
    error_bars: bool = True,
) -> DerivedLaw:
    """The law of an interface, with error bars where the potential has samples.

    Args:
        options: Of the law stage; its crystals are given.
        models: The study's potentials.
        context: The run.
        seed: Of all random numbers.
        potential: The block's own potential; None is the study's.
        error_bars: Whether to derive the law of each sample, too.

    Raises:
        InputError: potential and crystals do not make a law.
        NotConverged: some equilibrium was not found.
    """
    if options.mode == "mixed":
        context.log.warning("%s", slip_caution(models.name(potential)))
    derived = _derived(options, models, context, seed, potential, "atomistic samples")
    if not (error_bars and models.count and potential is None):
        return derived
    members = models.each_sample(
        lambda _: _derived(options, models, context, seed, potential, "samples of the potential").law
    )
    law = with_error_bars(derived.law, members)
    return replace(derived, law=law, members=tuple(members))


def slip_caution(name: str) -> str:
    """What a potential's card says that it is not for: slip depends on faults that universal models get wrong."""
    from atomistic.potentials.cards import card

    try:
        said = card(name).not_for
    except InputError:  # a file or a class: it has no card
        said = "anything not checked: run check_potential and the properties"
    return f"A law of slip stands on the potential's stacking faults. {name} is not for {said}."


def _derived(
    options: LawOptions, models: Models, context: RunContext, seed: int, potential: PotentialChoice | None, what: str
) -> DerivedLaw:
    crystals = {
        place: crystal_record(
            crystal, models, context, potential=potential, temperature=options.temperature, statistics=options.thermal.statistics
        )
        for place, crystal in options.crystals.items()
    }  # fmt: skip
    atoms = _atoms(options, crystals, models, context, seed, potential, what)
    return _law(options, atoms, crystals, models, potential)


def _atoms(
    options: LawOptions, crystals: dict[str, CrystalRecord], models: Models, context: RunContext, seed: int,
    potential: PotentialChoice | None, what: str,
) -> LawAtoms:  # fmt: skip
    """The samples, from the cache where they are known."""
    moving = options.temperature is not None and options.thermal.method == "mean force"
    key = request(
        "cohesive law", options, exclude={"gap"}, potentials=[models(potential)], seed=seed if moving else None
    )

    def work() -> dict[str, object]:
        folder = context.cache.folder / "unfinished" / key.address
        with resumable(models(potential), folder, context.log.info) as remembering:
            return pack(law_atoms(options, crystals, remembering, seed, context))

    return unpack(LawAtoms, context.cached(what, key, work))


def _law(
    options: LawOptions,
    atoms: LawAtoms,
    crystals: dict[str, CrystalRecord],
    models: Models,
    potential: PotentialChoice | None,
) -> DerivedLaw:
    """From samples to the law."""
    static, difference = None, None
    if atoms.grid is not None:
        law, samples, bridged = _mixed(options, atoms)
        static = None if atoms.slab is None else excess(atoms.slab, *atoms.bulks)
    elif atoms.rigid is not None:
        samples, bridged = atoms.rigid, None
        law = rigid_law(samples)
    else:
        law, samples, static, bridged = _relaxed(options, atoms)
    if atoms.slab is not None:
        slab = atoms.slab
        difference = float(np.abs(slab.traction - slab.traction_by_forces).max() / slab.traction.max())
    count = _count(options, atoms, crystals, models, potential)
    return DerivedLaw(law.counted(count), atoms, crystals, samples, consistency(samples, bridged), static, difference)


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
) -> tuple[TabulatedLaw | InitiallyRigid, PathSamples, Excess, np.ndarray]:
    """The excess law of the relaxed path, at its temperature, and the intervals that are bridged."""
    slab = atoms.slab
    static = excess(slab, *atoms.bulks)
    samples = PathSamples(static.opening, static.energy * slab.area, static.traction, slab.area, atoms.spacings)
    left_out = np.array(slab.beyond_strength)[:, None]
    bridged = np.any((left_out > slab.gap[:-1]) & (left_out < slab.gap[1:]), axis=0)
    made = excess(slab, *atoms.bulks, gap=options.gap) if options.temperature is None else _warm(options, atoms, static)
    return made.law(LEFT_OVER if options.temperature is None else _WARM_LEFT_OVER), samples, static, bridged


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
) -> Count:
    """What the law takes away: either crystal's layers, at the traction of the peak."""
    places = ("plane", "plane") if options.plane is not None else ("upper", "lower")
    names = {place: f"{crystal.label}, {models.name(potential)}" for place, crystal in options.crystals.items()}
    sides = []
    for number, (place, side) in enumerate(zip(places, atoms.sides, strict=True)):
        layers = (side.thickness - (0.5 * side.spacing if options.gap == "in law" else 0.0)) / side.spacing
        sides.append(
            BulkSide(
                material=names[place],
                fingerprint=models.fingerprint(potential),
                stiffness_voigt=rotate_stiffness(crystals[place].stiffness_voigt, side.axes),
                spacing=side.spacing * ANGSTROM,
                layers=layers,
                strain=side.strain,
                energy_at_peak=_energy_at_peak(atoms, number, layers * side.spacing),
            )
        )
    beyond = () if atoms.slab is None else atoms.slab.beyond_strength
    until = None
    if atoms.grid is not None and (bridged := _bridged_intervals(atoms.grid)) is not None and bridged.any():
        until = float(atoms.grid.opening[int(np.argmax(bridged))]) * ANGSTROM
    if beyond:
        static = excess(atoms.slab, *atoms.bulks, gap=options.gap)
        until = float(static.opening[atoms.slab.gap < min(beyond)].max()) * ANGSTROM
    return Count(
        "bulk", *sides, held_rigid=options.path == "rigid", temperature=options.temperature, equilibrium_until=until
    )


def _energy_at_peak(atoms: LawAtoms, number: int, thickness: float) -> float:
    """Energy per area, J/m², that a thickness in Å of a crystal holds where the slab's traction is largest."""
    if atoms.slab is None:
        return 0.0
    bulk = atoms.bulks[0] if len(atoms.bulks) == 1 else atoms.bulks[1 - number]  # of the lower crystal first
    peak, closed = int(np.argmax(atoms.slab.traction)), atoms.slab.closed
    return float((bulk.energy[peak] - bulk.energy[closed]) / (atoms.area * bulk.height[closed]) * thickness * EV_A2)


def turned(derived: DerivedLaw, angle: float) -> DerivedLaw:
    """The same law seen from axes turned about the normal, by an angle in rad from its first tangent to the new one."""
    if abs(angle) < _STRAIGHT:
        return derived
    turn = np.array([[np.cos(angle), np.sin(angle), 0.0], [-np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    sides = tuple(
        replace(side, axes=turn @ side.axes, strain=_turned_strain(side.strain, turn)) for side in derived.atoms.sides
    )
    count = derived.law.count
    bulk = [
        None if side is None else replace(
            side, stiffness_voigt=rotate_stiffness(side.stiffness_voigt, turn), strain=_turned_strain(side.strain, turn)
        )
        for side in count.sides
    ]  # fmt: skip
    law = _turned_law(derived.law, turn[:2, :2]).counted(replace(count, plus=bulk[0], minus=bulk[1]))
    return replace(derived, law=law, atoms=replace(derived.atoms, sides=sides))


def _turned_law(law: Law, turn: np.ndarray) -> Law:
    """Slips in turned axes; of a small-slip expansion the coupling of the two slips is left out, as in the law itself."""
    if isinstance(law, MixedModeLaw):
        shear = None if law.shear_traction is None else law.shear_traction @ turn.T
        changes = {"lattice": law.lattice @ turn.T, "shear_traction": shear}
        if isinstance(law, MixedInBulk):
            changes["shear_compliance"] = turn @ law.shear_compliance @ turn.T
        return _rebuilt(law, **changes)
    if isinstance(law, TabulatedLaw):
        return _rebuilt(law, tangential_stiffness=law.tangential_stiffness @ (turn**2).T)
    return law


def _rebuilt[L: Law](law: L, **changes: object) -> L:
    """The law with some of its arguments changed."""
    own = {name: getattr(law, name) for name in law.units}
    return type(law)(**(own | changes), gap=law.gap).counted(law.count)


def _turned_strain(strain: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """A strain xx, yy, xy (tensor) in axes turned about z."""
    tensor = turn[:2, :2] @ np.array([[strain[0], strain[2]], [strain[2], strain[1]]]) @ turn[:2, :2].T
    return np.array([tensor[0, 0], tensor[1, 1], tensor[0, 1]])


def naive_columns(derived: DerivedLaw) -> tuple[np.ndarray, np.ndarray]:
    """Elongation in m and traction in Pa of the whole slab, the bulk not taken away."""
    elongation, _ = slab_totals(derived.atoms.slab)
    return elongation * ANGSTROM, derived.atoms.slab.traction * EV_A3
