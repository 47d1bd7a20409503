"""Whether a potential delivers what it declares, and refuses what it does not."""

from collections.abc import Callable, Sequence

import numpy as np
from ase import Atoms
from ase.build import bulk
from ase.data import chemical_symbols, covalent_radii, reference_states

from atomistic.potentials.check_report import Check, Tolerance, order_error
from coupling.capabilities import require
from coupling.contracts import Evaluation, FloatArray, Potential
from coupling.errors import InputError

_MOVED = 0.1
"""Å that an atom is moved, to see how far it is felt."""
_SHARE = 0.1
"""eV by which another readout changes an energy, about."""


def capability_checks(
    potential: Potential, structures: Sequence[Atoms], found: Sequence[Evaluation], tolerance: Tolerance
) -> list[Check]:
    """One check or two of each capability that is declared, and one of those that are not.

    What is declared and fails to answer has an infinite value, and the error in its note.

    Args:
        potential: The potential.
        structures: Periodic structures without symmetry.
        found: Their evaluations, one by one.
        tolerance: Of the potential's arithmetic.
    """
    declared, checks = potential.capabilities, [_undeclared(potential, structures)]

    def add(name: str, largest: float, value: Callable[[], float]) -> None:
        checks.append(_checked(name, largest, value))

    def worst(compare: Callable[..., float], *more: object) -> Callable[[], float]:
        return lambda: max(compare(potential, atoms, was, *more) for atoms, was in zip(structures, found, strict=True))

    number = int(structures[0].numbers[0])
    if np.isfinite(declared.interaction_range):
        add("interaction range", tolerance.deviation, lambda: _felt_beyond(potential, number))
    if declared.site_energies:
        add("site energies", tolerance.deviation, worst(_site_energies))
    if declared.weighted_sites:
        add("weighted sites", tolerance.deviation, worst(_whole_sum))
        add("weighted forces", tolerance.slope, worst(_weighted_slope, tolerance))
    if declared.features:
        add("features", tolerance.deviation, worst(_features))
    lattice = [z for z in sorted({*structures[0].numbers.tolist()}) if _is_bravais(z)]
    if declared.differentiable_strain and lattice:
        crystal = bulk(chemical_symbols[lattice[0]])
        add("crystal law", tolerance.deviation, lambda: _law(potential, crystal))
        add("tangent", tolerance.slope, lambda: _tangent_slope(potential, crystal, tolerance))
    if declared.hessian:
        add(
            "hessian",
            tolerance.slope / 10,
            lambda: max(_hessian_slope(potential, one, tolerance) for one in structures),
        )
    if declared.point_charges:
        add("point charges", tolerance.slope, lambda: _charge_slope(potential, number, tolerance))
    if declared.total_charge:
        add("total charge", tolerance.deviation, lambda: _neutral(potential, number))
    if declared.trainable:
        add("network", tolerance.deviation, worst(_same_network))
    return checks


def _checked(name: str, largest: float, value: Callable[[], float]) -> Check:
    try:
        return Check(name, float(value()), largest)
    except Exception as error:  # a third party's code may raise anything
        return Check(name, np.inf, largest, f"it is declared, but {type(error).__name__}: {error}")


def _undeclared(potential: Potential, structures: Sequence[Atoms]) -> Check:
    """Number of undeclared things that are returned."""
    declared, count = potential.capabilities, 0.0
    for name in ("site_energies", "features"):
        if not {"site_energies": declared.site_energies, "features": declared.features}[name]:
            try:
                potential.evaluate(structures[:1], **{name: True})
                count += 1
            except InputError:
                pass
    if not declared.stress:
        count += bool(np.isfinite(potential.evaluate(structures[:1]).stresses).all())
    note = "it returns what it does not declare; declare it, or refuse it by `require_asked`"
    return Check("undeclared", count, 0.0, note)


def _felt_beyond(potential: Potential, number: int) -> float:
    """Largest change of a force, eV/Å, beyond twice the interaction range, when the end of a row of atoms is moved."""
    spacing, reach = 2 * covalent_radii[number], 2 * potential.capabilities.interaction_range
    count = int(np.ceil((1.3 * reach + 2.0) / spacing)) + 2
    places = np.random.default_rng(5).normal(scale=0.05, size=(count, 3))
    places[:, 0] += spacing * np.arange(count)
    row, moved = Atoms([number] * count, places), Atoms([number] * count, places)
    moved.positions[0] += _MOVED / np.sqrt(3)
    before, after = potential.evaluate([row, moved]).forces
    far = np.linalg.norm(places - places[0], axis=1) > reach + _MOVED
    return float(np.abs(after - before)[far].max())


def _site_energies(potential: Potential, atoms: Atoms, was: Evaluation) -> float:
    (sites,) = potential.evaluate([atoms], site_energies=True).site_energies
    return abs(float(sites.sum() - was.energies[0])) / len(atoms) if sites.shape == (len(atoms),) else np.inf


def _whole_sum(potential: Potential, atoms: Atoms, was: Evaluation) -> float:
    """With all weights one: the energy (eV per atom), the forces, and the sum of the site energies."""
    total = require(potential, "weighted_sites").weighted_sites(atoms, np.ones(len(atoms)))
    energy, forces, sites = total.evaluate(atoms.positions)
    off = max(abs(energy - was.energies[0]), abs(sites.sum() - energy)) / len(atoms)
    return float(max(off, np.abs(forces - was.forces[0]).max()))


def _weighted_slope(potential: Potential, atoms: Atoms, was: Evaluation, tolerance: Tolerance) -> float:
    rng = np.random.default_rng(6)
    weights, direction = rng.random(len(atoms)), rng.normal(size=atoms.positions.shape)
    weights[0] = 0.0
    total = require(potential, "weighted_sites").weighted_sites(atoms, weights)
    steps = np.array(tolerance.steps)
    energies = np.array([total.evaluate(atoms.positions + h * direction)[0] for h in (0.0, *steps)])
    return order_error(energies, -float(np.vdot(total.evaluate(atoms.positions)[1], direction)), steps)


def _features(potential: Potential, atoms: Atoms, was: Evaluation) -> float:
    """Change by another readout, less what the derivatives predict: eV per atom, eV/Å, virial in eV per atom."""
    linear, rng, count = require(potential, "features"), np.random.default_rng(7), len(atoms)
    (sites,) = potential.evaluate([atoms], features=True).features
    (derivatives,) = linear.feature_derivatives([atoms])
    change = rng.normal(size=sites.shape[1])
    change *= _SHARE / max(float(np.abs(sites @ change).max()), 1e-12)
    shifts = {int(z): 0.1 for z in set(atoms.numbers.tolist())}
    now = linear.with_readout(change, shifts).evaluate([atoms])
    energy = now.energies[0] - was.energies[0] - sites.sum(0) @ change - 0.1 * count
    forces = now.forces[0] - was.forces[0] + (derivatives.positions @ change).reshape(-1, 3)
    virial = (now.stresses[0] - was.stresses[0]) * atoms.get_volume() - _tensor(derivatives.strain @ change)
    sums = np.abs(derivatives.sites - sites).max() * np.abs(change).max()
    return float(max(abs(energy) / count, np.abs(forces).max(), np.abs(virial).max() / count, sums))


def _tensor(six: FloatArray) -> FloatArray:
    return np.array([[six[0], six[5], six[4]], [six[5], six[1], six[3]], [six[4], six[3], six[2]]])


def _is_bravais(number: int) -> bool:
    return (reference_states[number] or {}).get("symmetry") in ("fcc", "bcc")


def _law(potential: Potential, crystal: Atoms) -> float:
    """The law beside the energy (eV) and the Kirchhoff stress P Fᵀ (eV) of strained cells."""
    law = require(potential, "differentiable_strain").crystal_law(crystal)
    gradients = np.eye(3) + 0.02 * np.random.default_rng(8).normal(size=(3, 3, 3))
    energies, stresses = law.evaluate(gradients)
    cells = [crystal.copy() for _ in gradients]
    for cell, gradient in zip(cells, gradients, strict=True):
        cell.set_cell(crystal.cell.array @ gradient.T, scale_atoms=True)
    found = potential.evaluate(cells)
    kirchhoff = law.volume * stresses @ gradients.transpose(0, 2, 1)
    virials = found.stresses * np.array([cell.get_volume() for cell in cells])[:, None, None]
    return float(max(np.abs(law.volume * energies - found.energies).max(), np.abs(kirchhoff - virials).max()))


def _tangent_slope(potential: Potential, crystal: Atoms, tolerance: Tolerance) -> float:
    law, rng = require(potential, "differentiable_strain").crystal_law(crystal), np.random.default_rng(9)
    at, along, by = np.eye(3) + 0.02 * rng.normal(size=(3, 3)), rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    steps = np.array(tolerance.steps) / 2
    stresses = law.evaluate(np.array([at + h * along for h in (0.0, *steps)]))[1]
    slope = float(np.einsum("ij,ijkl,kl", by, law.tangents(at[None])[0], along)) * law.volume
    return order_error(law.volume * np.einsum("nij,ij->n", stresses, by), slope, steps)


def _hessian_slope(potential: Potential, atoms: Atoms, tolerance: Tolerance) -> float:
    """Change of the gradient when all atoms move, by central differences: its difference from H u over H u.

    Relative, not by its order in the step: tabulated functions have kinks in their second derivative.
    """
    step, along = min(tolerance.steps), np.random.default_rng(11).normal(size=atoms.positions.shape)
    moved = [atoms.copy(), atoms.copy()]
    for one, h in zip(moved, (step, -step), strict=True):
        one.positions += h * along
    ahead, behind = potential.evaluate(moved).forces
    change = require(potential, "hessian").hessian(atoms) @ along.ravel()
    return float(np.linalg.norm((behind - ahead).ravel() / (2 * step) - change) / np.linalg.norm(change))


def _charge_slope(potential: Potential, number: int, tolerance: Tolerance) -> float:
    """Of two atoms and a charge, all moved."""
    charged, rng, bond = require(potential, "point_charges"), np.random.default_rng(10), 2.2 * covalent_radii[number]
    pair = Atoms([number, number], [[0.0, 0.0, 0.0], [bond, 0.0, 0.0]])
    charges, places = np.array([0.3]), np.array([[bond / 2, 1.5 * bond, 0.2]])
    of_atoms, of_charge = rng.normal(size=(2, 3)), rng.normal(size=(1, 3))
    steps, energies = np.array(tolerance.steps), []
    for h in (0.0, *steps):
        moved = pair.copy()
        moved.positions += h * of_atoms
        energies.append(charged.evaluate_in_charges(moved, charges, places + h * of_charge)[0])
    _, forces, pulls, _ = charged.evaluate_in_charges(pair, charges, places)
    return order_error(np.array(energies), -float(np.vdot(forces, of_atoms) + np.vdot(pulls, of_charge)), steps)


def _neutral(potential: Potential, number: int) -> float:
    """An atom without a charge beside the potential itself, eV; infinite if a charge changes nothing."""
    atom, ions = Atoms([number]), require(potential, "total_charge")
    own, neutral, ion = (
        float(one.evaluate([atom]).energies[0]) for one in (potential, ions.with_charge(0), ions.with_charge(1))
    )
    return abs(neutral - own) if ion != neutral else np.inf


def _same_network(potential: Potential, atoms: Atoms, was: Evaluation) -> float:
    """The potential with its own network handed back to it."""
    tunable = require(potential, "trainable")
    now = tunable.with_network(tunable.network(), potential.fingerprint).evaluate([atoms])
    return float(max(abs(now.energies[0] - was.energies[0]) / len(atoms), np.abs(now.forces[0] - was.forces[0]).max()))
