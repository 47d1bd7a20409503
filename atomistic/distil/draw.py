"""Structures along a study's own paths, from a crystal and its planes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np
from ase import Atoms

from atomistic.decohesion.slab import cleavage_slab
from atomistic.distil import families, glide
from atomistic.distil.dataset import REPULSION, Dataset, StructurePath
from atomistic.distil.families import Cut, Solid
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.properties.bulk import equilibrium
from atomistic.properties.crystals import Crystal
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError
from coupling.units import BOLTZMANN_EV

_PROBE = 0.03  # Å: displacement that measures an atom's force constant


@dataclass(frozen=True)
class CrystalChoice:
    """A crystal whose paths are drawn.

    Attributes:
        species: "Ni".
        structure: fcc, bcc, sc, diamond, b1, b2 or b3.
        planes: Planes that are opened and slid.
        surfaces: Further planes whose surfaces are drawn.
    """

    species: str
    structure: str
    planes: Sequence[tuple[int, int, int]]
    surfaces: Sequence[tuple[int, int, int]] = ()


@dataclass(frozen=True)
class Sizes:
    """How many paths of each family are drawn; of planes and surfaces, for each of them.

    A fifth of them are held out for the test and a tenth for validation.

    Attributes:
        openings: Halves moved apart, in slabs strained, stretched and rattled by chance.
        relaxed: Openings whose atoms have begun to relax.
        slips: Halves slid over each other along one direction at one gap.
        faults: Random stacking of the planes, one after the other slid to its fault.
        strains: The bulk along one direction of all six strains.
        rattles: One pattern of rattled atoms, from cold to twice the temperature.
        surfaces: Slabs far apart, strained and rattled.
        vacancies: Rattled cells that lack an atom.
        relaxed_slips: Slips along γ-lines whose gap and heights have begun to relax; none by default.
        cores: Dislocation dipoles, split and whole, whose atoms have begun to relax; none by default, for
            one of them has about a hundred atoms.
        frames: Structures along a path.
    """

    openings: int = 12
    relaxed: int = 4
    slips: int = 10
    faults: int = 8
    strains: int = 24
    rattles: int = 20
    surfaces: int = 12
    vacancies: int = 14
    relaxed_slips: int = 0
    cores: int = 0
    frames: int = 8

    def __post_init__(self) -> None:
        for item in fields(self):
            if not isinstance(getattr(self, item.name), int) or getattr(self, item.name) < (item.name == "frames"):
                raise InputError(f"{item.name} is {getattr(self, item.name)!r}; give a whole number of paths.")


def draw(
    potential: Potential,
    crystals: Sequence[CrystalChoice],
    sizes: Sizes | None = None,
    *,
    temperature: float = 300.0,
    thickness: float = 10.0,
    seed: int = 0,
    progress: Progress = silent,
) -> Dataset:
    """Draw unlabelled paths and split them into the three sets.

    The first path of each family is the ideal one, and is trained on: the openings and slips of the
    perfect crystal. All others differ by chance in strain, direction, gap and pattern of the
    thermal displacements, whose size is that of an Einstein oscillator with the potential's own
    force constant.

    Args:
        potential: Gives lattice and force constant; the teacher.
        crystals: One or more.
        sizes: How many paths.
        temperature: K.
        thickness: Least thickness of a slab, Å.
        seed: Of all random choices.
        progress: Called after each family.

    Raises:
        InputError: a crystal or plane is not valid.
        NotConverged: a crystal has no equilibrium.
    """
    sizes, rng = Sizes() if sizes is None else sizes, np.random.default_rng(seed)
    if not crystals or not temperature > 0:
        raise InputError(f"Paths need a crystal and a temperature above zero, not {temperature} K.")
    solids = [_solid(potential, choice, temperature, thickness) for choice in crystals]
    plans = [plan for solid in solids for plan in _plans(potential, solid, sizes)]
    paths = []
    for done, (family, origin, count, make) in enumerate(plans):
        made = (make(rng, index == 0) for index in range(count))
        paths += [StructurePath(family, tuple(structures), origin) for structures in made]
        progress("paths", done + 1, len(plans))
    return Dataset.dealt(paths, seed=seed)


_Maker = Callable[[np.random.Generator, bool], list[Atoms]]


def _plans(potential: Potential, solid: Solid, sizes: Sizes) -> Iterator[tuple[str, str, int, _Maker]]:
    """Family, origin, number of paths, and what makes one path."""

    def of(family: Callable[..., list[Atoms]], *arguments: object) -> _Maker:
        return lambda rng, ideal: family(*arguments, sizes.frames, rng, ideal)

    yield "strain", solid.name, sizes.strains, of(families.strain, solid)
    yield "rattle", solid.name, sizes.rattles, of(families.rattle, solid)
    yield "vacancy", solid.name, sizes.vacancies, of(families.vacancy, solid)
    yield REPULSION, solid.name, 3, of(families.repulsion, potential, solid)
    for cut in solid.cuts:
        yield "surface", cut.name, sizes.surfaces, of(families.surface, cut)
    for cut in solid.cuts[: solid.opened]:
        yield "opening", cut.name, sizes.openings, of(families.opening, cut)
        yield "relaxed opening", cut.name, sizes.relaxed, of(families.relaxed_opening, potential, cut)
        yield "slip", cut.name, sizes.slips, of(families.slip, cut)
        yield "fault", cut.name, sizes.faults, of(families.fault, cut)
        yield "relaxed slip", cut.name, sizes.relaxed_slips, of(glide.relaxed_slip, potential, cut)
        yield "core", cut.name, sizes.cores, of(glide.core, potential, cut)


def _solid(potential: Potential, choice: CrystalChoice, temperature: float, thickness: float) -> Solid:
    cell = equilibrium(potential, choice.species, choice.structure)
    cubic = Crystal.named(choice.species, choice.structure, conventional=True)
    side = (cell.get_volume() / len(cell) * len(cubic.build(np.ones(1)))) ** (1 / 3)
    amplitude = float(np.sqrt(BOLTZMANN_EV * temperature / _force_constant(potential, cell)))
    nearest = _nearest(cell)
    planes = list(dict.fromkeys((one[0], one[1], one[2]) for one in (*choice.planes, *choice.surfaces)))
    cuts = tuple(_cut(cell, plane, side, thickness, amplitude, choice.species) for plane in planes)
    name = f"{choice.species} {choice.structure}"
    return Solid(name, cell, nearest, amplitude, cuts, len(dict.fromkeys(map(tuple, choice.planes))))


def _cut(cell: Atoms, plane: tuple[int, int, int], side: float, thickness: float, amplitude: float, name: str) -> Cut:
    unit = cleavage_slab(cell, plane, 2, conventional=np.eye(3) * side)
    planes = max(4, int(np.ceil(thickness * unit.planes / unit.atoms.cell[2, 2])))
    slab = cleavage_slab(cell, plane, planes, conventional=np.eye(3) * side)
    return Cut(f"{name} ({' '.join(map(str, plane))})", slab, amplitude)


def _force_constant(potential: Potential, cell: Atoms) -> float:
    """Force on an atom over its displacement in a small supercell, eV/Å²."""
    atoms = cell * (2, 2, 2)
    atoms.positions[0, 0] += _PROBE
    constant = float(-potential.evaluate([atoms]).forces[0][0, 0] / _PROBE)
    if constant <= 0:
        formula = cell.get_chemical_formula()
        raise InputError(
            f"{formula} with potential {potential.name!r} is not stable: a displaced atom is not driven back."
        )
    return constant


def _nearest(cell: Atoms) -> float:
    """Distance of nearest neighbours, Å."""
    vectors: FloatArray = neighbour_pairs(cell, 2.0 * (cell.get_volume() / len(cell)) ** (1 / 3))[2]
    return float(np.linalg.norm(vectors, axis=1).min())
