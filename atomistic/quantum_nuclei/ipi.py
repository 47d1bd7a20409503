"""The same path integral by i-PI (Kapil et al., Comput. Phys. Commun. 236 (2019) 214), whose direct force field asks any `Potential`.

i-PI is the extra `ipi`. All beads of a step are one batch of the potential; nothing goes through sockets or files. It
serves to compare with: replicas, constraints, restarts and centroid planes are those of the own driver.
"""

from collections.abc import Sequence
from contextlib import chdir, redirect_stdout
from io import StringIO
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from ase import Atoms
from scipy import constants as physics

from atomistic.dynamics.ring_polymer import RingPolymer
from atomistic.quantum_nuclei.path_integral import RingSamples, ring_step
from coupling.contracts import FloatArray, Potential, Progress, silent
from coupling.errors import InputError, MissingBackend
from coupling.units import ANGSTROM, EV

_BOHR: float = physics.value("Bohr radius") / ANGSTROM
_HARTREE: float = physics.value("Hartree energy") / EV
_MASS: float = physics.atomic_mass / physics.electron_mass
_INPUT = """
<simulation verbosity='quiet' safe_stride='1000000'>
<ffdirect name='potential'><pes>dummy</pes><batch_size>{beads}</batch_size></ffdirect>
<output></output>
<prng><seed>{seed}</seed></prng>
<system>
<beads natoms='{atoms}' nbeads='{beads}'><q shape='({beads},{coordinates})'>{places}</q><m shape='({atoms})'>{masses}</m>
<names shape='({atoms})'>{names}</names></beads>
<cell shape='(3,3)'>{cell}</cell>
<initialize nbeads='{beads}'><velocities mode='thermal' units='kelvin'>{temperature}</velocities></initialize>
<ensemble><temperature units='kelvin'>{temperature}</temperature></ensemble>
<forces><force forcefield='potential'></force></forces>
<motion mode='dynamics'><fixcom>False</fixcom><dynamics mode='nvt'><timestep units='femtosecond'>{step}</timestep>
<thermostat mode='pile_l'><tau units='femtosecond'>{tau}</tau><pile_lambda>{internal}</pile_lambda></thermostat>
</dynamics></motion>
</system>
</simulation>
"""


def ipi_path_integral(
    potential: Potential,
    atoms: Atoms,
    ring: RingPolymer,
    *,
    steps: int,
    step: float | None = None,
    every: int = 1,
    seed: int = 0,
    progress: Progress = silent,
) -> RingSamples:
    """One ring polymer moved by i-PI at the same temperature, beads and frictions; its free ring is propagated exactly.

    Args:
        potential: The potential.
        atoms: Where all beads begin.
        ring: Temperature, beads and thermostat.
        steps: How many.
        step: Time step, s; None takes a safe one.
        every: Steps between samples.
        seed: Of velocities and noise.
        progress: Told after each step.

    Raises:
        MissingBackend: i-PI is not installed.
        InputError: the ring is not propagated exactly.
    """
    try:
        from ipi.engine.simulation import Simulation
    except ImportError as error:
        raise MissingBackend("i-PI is not installed; pip install 'multiscale-coupling[ipi]'.") from error
    if ring.propagation != "exact" or steps < 1 or every < 1:
        raise InputError(
            f"i-PI is asked for {steps} steps of {ring.propagation!r} propagation, sampled each {every}; give propagation='exact' and "
            "one step or more."
        )
    step = ring_step(potential, atoms, ring) if step is None else step
    driver = _Driver(potential, atoms)

    def use(simulation: Any) -> None:
        simulation.fflist["potential"].driver = driver

    with TemporaryDirectory() as folder, chdir(folder), redirect_stdout(StringIO()):
        simulation = Simulation.load_from_xml(_input(atoms, ring, step, seed), post_init_hook=use)
        (system,) = simulation.syslist
        rows = []
        for done in range(1, steps + 1):
            system.motion.step(step=done)
            if done % every == 0:
                rows.append([float(system.properties[name][0]) for name in ("kinetic_td", "kinetic_cv", "potential")])
            progress("i-PI", done, steps)
        simulation.stop()
    primitive, virial, energy = _HARTREE * np.array(rows).T[:, :, None]
    return RingSamples(ring, 3 * len(atoms), np.array([primitive + energy, virial + energy, energy]))


class _Driver:
    """What i-PI's direct force field calls: cells and places in bohr, answers in Hartree's units."""

    def __init__(self, potential: Potential, atoms: Atoms) -> None:
        self._potential, self._like = potential, atoms

    def __call__(
        self, cells: FloatArray | Sequence[FloatArray], places: FloatArray | Sequence[FloatArray]
    ) -> tuple[float, FloatArray, FloatArray, str] | list[tuple[float, FloatArray, FloatArray, str]]:
        if not isinstance(cells, list):
            return self._answers([np.asarray(cells)], [np.asarray(places)])[0]
        return self._answers(cells, list(places))

    def _answers(
        self, cells: Sequence[FloatArray], places: Sequence[FloatArray]
    ) -> list[tuple[float, FloatArray, FloatArray, str]]:
        like = self._like
        structures = [
            Atoms(like.numbers, _BOHR * np.asarray(place), cell=_BOHR * np.asarray(cell).T, pbc=like.pbc)
            for cell, place in zip(cells, places, strict=True)
        ]
        found = self._potential.evaluate(structures)
        force = _HARTREE / _BOHR
        return [
            (float(energy) / _HARTREE, np.asarray(forces) / force, np.zeros((3, 3)), "")
            for energy, forces in zip(found.energies, found.forces, strict=True)
        ]


def _input(atoms: Atoms, ring: RingPolymer, step: float, seed: int) -> str:
    """i-PI's input: numbers in atomic units, lists in brackets."""

    def listed(values: FloatArray) -> str:
        return "[" + ", ".join(f"{float(value):.17g}" for value in np.ravel(values)) + "]"

    cell = np.asarray(atoms.cell)
    if abs(np.linalg.det(cell)) < 1e-6:
        cell = np.eye(3) * 1e3  # i-PI needs one, of what has none
    return _INPUT.format(
        beads=ring.beads, atoms=len(atoms), coordinates=3 * len(atoms), seed=seed,
        places=listed(np.tile(atoms.positions.ravel() / _BOHR, ring.beads)), masses=listed(atoms.get_masses() * _MASS),
        names="[" + ", ".join(atoms.get_chemical_symbols()) + "]", cell=listed(cell.T / _BOHR),
        temperature=ring.temperature, step=step * 1e15, tau=1e15 / ring.friction, internal=ring.internal,
    )  # fmt: skip
