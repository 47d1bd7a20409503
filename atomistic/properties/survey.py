"""What can be told of a potential that is known by its file alone: its elements' crystals, pressed, stretched, cut and slid."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols, reference_states

from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import cubic_constants, elastic_constants
from atomistic.properties.precheck import Precheck, precheck
from atomistic.properties.surface import SurfaceEnergy, surface_energies
from coupling.contracts import FloatArray, Potential
from coupling.errors import InputError, NotConverged
from coupling.units import EV_A3

SCALES = (0.8, 1.5)
"""Lattice lengths over that at rest between which a crystal is pressed and stretched."""
_POINTS, _APART = 561, 3
"""Of the scaled lattice, and between a jump of the slope and the neighbours it is held against."""
_PLANES = ((1, 0, 0), (1, 1, 0), (1, 1, 1))
STRUCTURES = ("fcc", "bcc", "diamond")
"""Cubic crystals of one element that are looked at."""


@dataclass(frozen=True)
class Stretch:
    """A crystal whose lattice lengths are scaled, all alike.

    Attributes:
        scales: (n,) lattice length over that at rest.
        tensions: (n,) negative pressure, Pa.
        kink: Largest jump of dσ/da anywhere, over its value at rest: 0 for a smooth curve.
        kink_at: The scale where it is.
    """

    scales: FloatArray
    tensions: FloatArray
    kink: float
    kink_at: float

    @property
    def maxima(self) -> list[tuple[float, float]]:
        """Scale and tension, Pa, of each maximum: a sound crystal has one."""
        t = self.tensions
        inside = np.flatnonzero((t[1:-1] > t[:-2]) & (t[1:-1] >= t[2:]) & (t[1:-1] > 1e-3 * t.max())) + 1
        return [(float(self.scales[k]), float(t[k])) for k in inside]

    @property
    def pressed(self) -> bool:
        """Whether the pressure rises all the way as the crystal is pressed."""
        return bool((np.diff(self.tensions[self.scales <= 1]) > 0).all())


@dataclass(frozen=True)
class ElementSurvey:
    """What an element's reference crystal is under a potential.

    Attributes:
        species: Chemical symbol.
        structure: fcc, bcc or diamond.
        length: Lattice parameter, Å.
        energy: Of the atom in the crystal, eV.
        constants: C11, C12, C44, Pa.
        surfaces: Of the planes (100), (110), (111), rigid and relaxed; empty where the crystal is unstable or they do not relax.
        checked: Its stability, faults and warnings.
        stretch: Its lattice scaled.
    """

    species: str
    structure: str
    length: float
    energy: float
    constants: tuple[float, float, float]
    surfaces: tuple[SurfaceEnergy, ...]
    checked: Precheck
    stretch: Stretch

    def lines(self) -> Iterator[str]:
        """The survey as text."""
        c11, c12, c44 = (value / 1e9 for value in self.constants)
        yield f"{self.species} {self.structure}: a {self.length:.4f} Å, {self.energy:.4f} eV per atom"
        yield f"  elastic constants: C11 {c11:.1f}, C12 {c12:.1f}, C44 {c44:.1f} GPa"
        if self.surfaces:
            told = ", ".join(
                f"({''.join(map(str, one.miller))}) {one.relaxed.value:.3f}" for one in self.surfaces if one.relaxed
            )
            yield f"  surfaces, relaxed: {told} J/m²"
        if self.checked.fault is not None and self.checked.unstable_fault is not None:
            intrinsic, unstable = 1e3 * self.checked.fault, 1e3 * self.checked.unstable_fault
            yield f"  stacking fault: intrinsic {intrinsic:.1f}, unstable {unstable:.1f} mJ/m²"
        yield from self._under_load()
        yield from (f"  WARNING: {warning}" for warning in self.checked.warnings)

    def _under_load(self) -> Iterator[str]:
        stretch = self.stretch
        peaks = ", ".join(f"{tension / 1e9:.1f} GPa at {scale:.3f} a" for scale, tension in stretch.maxima)
        yield f"  stretched: tension peaks at {peaks or 'no value'}" + (
            "" if len(stretch.maxima) == 1 else "; WARNING: a sound crystal has one peak"
        )
        end = -stretch.tensions[0] / 1e9
        yield f"  pressed: {end:.0f} GPa at {SCALES[0]:g} a" + (
            "" if stretch.pressed else "; WARNING: the pressure falls on the way"
        )
        yield f"  smoothness: dσ/da jumps by at most {100 * stretch.kink:.2g} % of its value at rest, at {stretch.kink_at:.3f} a"


def survey(potential: Potential) -> Iterator[ElementSurvey]:
    """Look at the reference crystals of a potential's elements, one after another.

    Args:
        potential: Any; evaluating it should be cheap, some thousand small cells an element.

    Raises:
        InputError: none of its elements has a cubic reference crystal.
    """
    known = {
        symbol: structure
        for z in sorted(potential.elements)
        if (found := _reference(z))
        for symbol, structure in [found]
    }
    if not known:
        raise InputError(
            f"Potential {potential.name!r} has no element whose reference crystal is {', '.join(STRUCTURES)}; run the properties by hand."
        )
    for species, structure in known.items():
        yield _surveyed(potential, species, structure)


def _reference(number: int) -> tuple[str, str] | None:
    structure = (reference_states[number] or {}).get("symmetry")
    return (chemical_symbols[number], structure) if structure in STRUCTURES else None


def _surveyed(potential: Potential, species: str, structure: str) -> ElementSurvey:
    bulk = equilibrium(potential, species, structure)
    cubic = equilibrium(potential, species, structure, conventional=True)
    stiffness = elastic_constants(potential, bulk).stiffness_voigt
    checked = precheck(potential, bulk, stiffness, structure)
    surfaces: tuple[SurfaceEnergy, ...] = ()
    if checked.stable:
        with suppress(NotConverged):
            surfaces = tuple(surface_energies(potential, bulk, _PLANES, conventional=cubic.cell.array))
    energy = float(potential.evaluate([bulk]).energies[0]) / len(bulk)
    return ElementSurvey(
        species, structure, float(cubic.cell[0, 0]), energy, cubic_constants(stiffness), surfaces, checked,
        stretched(potential, bulk),
    )  # fmt: skip


def stretched(potential: Potential, bulk: Atoms) -> Stretch:
    """Scale a crystal's lattice and take its tension; a kink is a jump of its slope that is not its neighbours'.

    Args:
        potential: The potential.
        bulk: The crystal at its equilibrium.
    """
    scales = np.linspace(*SCALES, _POINTS)
    cells = []
    for scale in scales:
        atoms = bulk.copy()
        atoms.set_cell(bulk.cell.array * scale, scale_atoms=True)
        cells.append(atoms)
    stresses = potential.evaluate(cells).stresses
    tensions = np.trace(stresses, axis1=1, axis2=2) / 3 * EV_A3
    jumps = np.diff(tensions, 2)  # of the slope, times the step, at the inner points
    pairs = jumps[:-1] + jumps[1:]  # a jump between two points is seen by both
    left = np.abs(pairs[_APART:-_APART] - (pairs[: -2 * _APART] + pairs[2 * _APART :]) / 2)
    place = int(np.argmax(left))
    at_rest = np.gradient(tensions)[np.argmin(np.abs(scales - 1))]
    return Stretch(scales, tensions, float(left[place] / at_rest), float(scales[place + _APART + 1]))
