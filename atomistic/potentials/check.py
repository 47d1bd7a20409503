"""Whether a potential keeps the contract: checks that run on any backend."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.data import chemical_symbols, covalent_radii, reference_states
from scipy.spatial.transform import Rotation

from atomistic.potentials.check_capabilities import capability_checks
from atomistic.potentials.check_report import TOLERANCES, Check, PotentialReport, Tolerance, order_error
from coupling.contracts import Evaluation, FloatArray, Potential
from coupling.errors import InputError

PREFERRED = (29, 13, 28, 14, 26, 74, 6)
"""Elements whose crystals are tried first."""
CONTINUITY = 1e-3
"""Largest jump at the cutoff: eV, and eV/Å."""
LARGEST_FALL = 0.1
"""eV: how much the energy may fall anywhere while two atoms are pushed together."""


def check_potential(potential: Potential, structures: Sequence[Atoms] | None = None) -> PotentialReport:
    """Check derivatives, symmetries, batches and short range of a potential, and what it declares.

    Args:
        potential: Any potential; its arithmetic sets the tolerances.
        structures: Periodic structures without symmetry; by default strained and rattled crystals
            of up to two elements that the potential knows.

    Returns:
        One `Check` for each: forces, stress (where it is declared), translation, rotation, permutation, extensivity,
        batch, inputs, cutoff (where it is finite), repulsion; then that nothing undeclared is returned, and each
        capability that is declared.

    Raises:
        InputError: the structures cannot be evaluated, or no structures could be made for its elements.
    """
    structures = _crystals(potential) if structures is None else [atoms.copy() for atoms in structures]
    tolerance = TOLERANCES[potential.capabilities.dtype]
    found = [potential.evaluate([atoms]) for atoms in structures]
    checks = [Check("forces", _worst(_force_slope, potential, structures, found, tolerance), tolerance.slope)]
    if potential.capabilities.stress:
        checks.append(Check("stress", _worst(_stress_slope, potential, structures, found, tolerance), tolerance.slope))
    for name, compare in (
        ("translation", _translation), ("rotation", _rotation), ("permutation", _permutation),
        ("extensivity", _extensivity),
    ):  # fmt: skip
        checks.append(Check(name, _worst(compare, potential, structures, found), tolerance.deviation))
    checks.append(Check("batch", _batch(potential, structures, found), tolerance.deviation))
    checks.append(Check("inputs", _mutated(potential, structures), 0.0, "evaluate changes its arguments"))
    numbers = sorted({int(number) for atoms in structures for number in atoms.numbers})
    if np.isfinite(potential.cutoff):
        checks.append(Check("cutoff", max(_jump(potential, z) for z in numbers), CONTINUITY))
    checks.append(repulsion(potential, numbers))
    checks += capability_checks(potential, structures, found, tolerance)
    return PotentialReport(potential.name, tuple(checks))


def _crystals(potential: Potential) -> list[Atoms]:
    """Strained, rattled crystals of up to two of the potential's elements."""
    rng = np.random.default_rng(0)
    found: list[Atoms] = []
    for number in [z for z in PREFERRED if z in potential.elements] + sorted(potential.elements - set(PREFERRED)):
        reference = reference_states[number] or {}
        if reference.get("symmetry") in ("fcc", "bcc", "hcp", "diamond") and len(found) < 2:
            atoms = bulk(chemical_symbols[number]) * (2, 2, 1)
            atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
            atoms.set_cell(atoms.cell.array @ (np.eye(3) + rng.normal(scale=0.01, size=(3, 3))), scale_atoms=True)
            found.append(atoms)
    if not found:
        raise InputError(f"No crystal is known of an element of potential {potential.name!r}; give structures.")
    return found


def _worst(
    check: Callable[..., float], potential: Potential, structures: list[Atoms], found: list[Any], *more: object
) -> float:
    return max(check(potential, atoms, was, *more) for atoms, was in zip(structures, found, strict=True))


def _force_slope(potential: Potential, atoms: Atoms, was: Evaluation, tolerance: Tolerance) -> float:
    direction = np.random.default_rng(1).normal(size=atoms.positions.shape)
    steps = np.array(tolerance.steps)
    moved = [atoms.copy() for _ in range(len(steps) + 1)]
    for copy, h in zip(moved[1:], steps, strict=True):
        copy.positions += h * direction
    return order_error(potential.evaluate(moved).energies, -float(np.vdot(was.forces[0], direction)), steps)


def _stress_slope(potential: Potential, atoms: Atoms, was: Evaluation, tolerance: Tolerance) -> float:
    direction = np.random.default_rng(2).normal(size=(3, 3))
    steps = np.array(tolerance.steps) / 2
    bent = [atoms.copy() for _ in range(len(steps) + 1)]
    for copy, h in zip(bent[1:], steps, strict=True):
        copy.set_cell(atoms.cell.array @ (np.eye(3) + h * direction), scale_atoms=True)
    work = float(np.vdot(was.stresses[0], direction)) * atoms.get_volume()
    return order_error(potential.evaluate(bent).energies, work, steps)


def _deviation(now: Evaluation, energy: float, forces: FloatArray, stress: FloatArray, volume: float) -> float:
    """Largest of the energy's (eV per atom), the forces' (eV/Å) and the virial's (eV per atom)."""
    n = len(forces)
    virial = 0.0 if np.isnan(stress).all() else np.abs(now.stresses[0] - stress).max() * volume / n
    return float(max(abs(now.energies[0] - energy) / n, np.abs(now.forces[0] - forces).max(), virial))


def _translation(potential: Potential, atoms: Atoms, was: Evaluation) -> float:
    moved = atoms.copy()
    moved.positions += np.array([0.37, -1.1, 2.3])
    moved.wrap()
    found = potential.evaluate([moved])
    return _deviation(found, was.energies[0], was.forces[0], was.stresses[0], atoms.get_volume())


def _rotation(potential: Potential, atoms: Atoms, was: Evaluation) -> float:
    turn = Rotation.from_rotvec([0.4, -0.8, 1.3]).as_matrix()
    turned = atoms.copy()
    turned.set_cell(atoms.cell.array @ turn.T, scale_atoms=True)
    found = potential.evaluate([turned])
    stress = turn @ was.stresses[0] @ turn.T
    return _deviation(found, was.energies[0], was.forces[0] @ turn.T, stress, atoms.get_volume())


def _permutation(potential: Potential, atoms: Atoms, was: Evaluation) -> float:
    order = np.roll(np.arange(len(atoms)), 1)
    found = potential.evaluate([atoms[order]])
    return _deviation(found, was.energies[0], was.forces[0][order], was.stresses[0], atoms.get_volume())


def _extensivity(potential: Potential, atoms: Atoms, was: Evaluation) -> float:
    found = potential.evaluate([atoms * (1, 1, 2)])
    forces = np.tile(was.forces[0], (2, 1))
    return _deviation(found, 2 * was.energies[0], forces, was.stresses[0], 2 * atoms.get_volume())


def _batch(potential: Potential, structures: list[Atoms], found: list[Evaluation]) -> float:
    mixed = [*structures, *(atoms * (2, 1, 1) for atoms in structures), *structures]
    together = potential.evaluate(mixed)

    def deviations() -> Iterator[float]:
        for k, was in [*enumerate(found), *enumerate(found, start=2 * len(found))]:
            here = slice(k, k + 1)
            one = Evaluation(together.energies[here], together.forces[here], together.stresses[here], was.cost)
            yield _deviation(one, was.energies[0], was.forces[0], was.stresses[0], mixed[k].get_volume())

    return max(deviations())


def _mutated(potential: Potential, structures: list[Atoms]) -> float:
    """How many arrays of the inputs an evaluation changes."""
    given = [atoms.copy() for atoms in structures]
    potential.evaluate(given)
    pairs = (
        (getattr(now, name), getattr(was, name))
        for now, was in zip(given, structures, strict=True)
        for name in ("numbers", "positions", "cell", "pbc")
    )
    changed = sum(not np.array_equal(np.asarray(now), np.asarray(was)) for now, was in pairs)
    return float(changed + sum(now.calc is not None for now in given))


def _jump(potential: Potential, number: int) -> float:
    """Change of energy (eV) and force (eV/Å) of a pair across the cutoff, within 1e-5 of it."""
    distances = potential.cutoff * np.array([1 - 1e-5, 1 + 1e-5])
    found = potential.evaluate([_pair(number, d) for d in distances])
    return float(max(abs(np.diff(found.energies)[0]), np.abs(found.forces[0] - found.forces[1]).max()))


def repulsion(potential: Potential, numbers: Sequence[int]) -> Check:
    """Push two like atoms from 0.7 to 0.4 of a bond, tens of eV uphill: the energy must not fall.

    Args:
        potential: Any potential.
        numbers: Atomic numbers to try.
    """
    falls = {}
    for number in numbers:
        distances = 2 * covalent_radii[number] * np.linspace(0.7, 0.4, 16)
        energies = potential.evaluate([_pair(number, d) for d in distances]).energies
        falls[number] = float(np.max(np.maximum.accumulate(energies) - energies))
    worst = max(falls, key=falls.__getitem__)
    note = (
        f"two {chemical_symbols[worst]} atoms pushed together gain {falls[worst]:.3g} eV and would collapse; "
        "add the ZBL prior: SumPotential((potential, ZBL()))"
    )
    return Check("repulsion", falls[worst], LARGEST_FALL, note)


def _pair(number: int, distance: float) -> Atoms:
    return Atoms([number, number], [[0.0, 0.0, 0.0], [distance, 0.0, 0.0]])
