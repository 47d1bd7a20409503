"""What is wrong with a law from atoms, or what its reader must know: its grid, its vibrations."""

import numpy as np

from coupling.findings import Criterion, Finding
from coupling.interface.excess import LEFT_OVER
from coupling.interface.thermal import void_share
from multiscale.inputs.law_options import LawOptions
from multiscale.stages.derived_law import DerivedLaw
from multiscale.stages.law_atoms import LawAtoms

AGREE = 0.02
"""Over the peak: interpolation between openings stays below, a wrong virial does not."""


def law_checks(options: LawOptions, derived: DerivedLaw, where: str = "") -> list[Criterion]:
    """What the derivation of a law is held against, with the figures.

    Args:
        options: The law's.
        derived: The law and its samples.
        where: Which law, where there are several.
    """
    atoms, of = derived.atoms, f", {where}" if where else ""
    found = [Criterion(f"tractions against energies{of}", derived.law_consistency, AGREE)]
    if atoms.refinements:
        found.append(Criterion(f"energy error of the grid{of}", atoms.refinements[-1].error, options.slip.tolerance))
    if atoms.slab is not None:
        found.append(Criterion(f"openings without equilibrium{of}", len(atoms.slab.beyond_strength), 0))
        if atoms.thickness is not None:
            found.append(
                Criterion(f"change with more layers{of}", atoms.thickness.moved[-1], atoms.thickness.tolerance)
            )
    if atoms.grid is not None and atoms.grid.bridged is not None:
        found.append(Criterion(f"jumps without equilibrium{of}", len(atoms.grid.bridged), 0))
    if derived.dropped:
        found.append(Criterion(f"work that nobody counts{of}", abs(derived.dropped), LEFT_OVER))
    if derived.bars:
        found.append(Criterion(f"error bars withheld{of}", sum(not bar.given for bar in derived.bars), 0))
    return found


def law_findings(options: LawOptions, derived: DerivedLaw, where: str = "") -> list[Finding]:
    """What the law's own checks found.

    Args:
        options: The law's.
        derived: The law and its samples.
        where: Which law, where there are several.
    """
    coarse, thin = _coarse(options, derived.atoms, where), _thin(derived.atoms, where)
    return [*coarse, *thin, *_void(options, derived, where), *_dropped(derived, where)]


def _coarse(options: LawOptions, atoms: LawAtoms, where: str) -> list[Finding]:
    """A grid that its budget ended before its tolerance."""
    wanted, budget = options.slip.tolerance, options.slip.budget
    if not atoms.refinements or atoms.refinements[-1].error <= wanted:
        return []
    last = atoms.refinements[-1]
    what = (
        f"the grid of openings and slips misses its tolerance: the estimated energy error is {last.error:.3g} of the work of separation, "
        f"{wanted:g} is wanted, and the next refinement is beyond the budget of {budget} structures ({last.evaluations} were evaluated)"
    )
    return [Finding(what, where, last.error, "raise slip: budget, or ask for a larger slip: tolerance", False)]


def _thin(atoms: LawAtoms, where: str) -> list[Finding]:
    """Layers that were given and are not enough."""
    thickness = atoms.thickness
    if thickness is None or thickness.chosen or thickness.converged:
        return []
    layers, thicker = thickness.layers
    what = (
        f"{layers} layers are not thick enough: with {thicker} the traction near the peak moves by {thickness.moved[0]:.1%} of it, "
        f"{thickness.tolerance:.1%} is allowed"
    )
    change = "give plane: {layers: automatic}, or more layers, or a larger relaxation: {thickness: ...}"
    return [Finding(what, where, thickness.moved[0], change, False)]


def _dropped(derived: DerivedLaw, where: str) -> list[Finding]:
    """Work that a law with the gap in the bulk leaves out, since it is done before the faces part."""
    share = derived.dropped
    if abs(share) <= LEFT_OVER:
        return []
    what = (
        f"{share:.1%} of the work of separation is done at zero excess opening, and the law, whose gap is in the bulk, leaves it "
        "out: nobody counts it"
    )
    return [Finding(what, where, abs(share), "derive the law with gap: in law", False)]


def _void(options: LawOptions, derived: DerivedLaw, where: str) -> list[Finding]:
    """Openings or jumps where a law at a temperature stands on no vibrations of their own."""
    vibrations, grid = derived.atoms.vibrations, derived.atoms.grid
    if vibrations is None or vibrations.known.all():
        return []
    static = derived.static
    assert static is not None  # a law with vibrations is a relaxed one
    known = vibrations.known if grid is None else vibrations.known.reshape(grid.energy.shape)
    opening, energy = (static.opening, static.energy) if grid is None else (grid.opening, grid.energy[:, 0, 0])
    traction = static.traction if grid is None else grid.traction[:, 0, 0]
    some = known if grid is None else known.all(axis=(1, 2))
    share = void_share(opening, energy, some if grid is None else known[:, 0, 0])
    void = opening[~some]
    soft, unknown = int(vibrations.soft.sum()), int((~vibrations.known & ~vibrations.soft).sum())
    places = "openings" if grid is None else "jumps"
    what = (
        f"there is no quasi-harmonic law at {len(vibrations.known) - int(vibrations.known.sum())} of {len(vibrations.known)} {places}, "
        f"from {void.min():.3g} to {void.max():.3g} Å: at {soft} a soft mode is no oscillator at {options.temperature:g} K, at {unknown} "
        f"a mode is unstable or there is no equilibrium; what the vibrations add is interpolated there, across {share:.0%} of the "
        f"work of separation{_at_peak(opening, traction, void)}"
    )
    change = "a lower temperature narrows that stretch"
    if grid is None:
        change += ", thermal: {method: mean force} samples it, with error bars"
    return [Finding(what, where, share, change, False)]


def _at_peak(opening: np.ndarray, traction: np.ndarray, void: np.ndarray) -> str:
    """Whether the largest static traction is among what is interpolated."""
    peak = opening[int(np.argmax(traction))]
    return ", the peak traction among it" if void.min() <= peak <= void.max() else ""
