"""The mean volume of a crystal at constant pressure and temperature by LAMMPS: its integrator, no code shared."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from ase.data import atomic_masses, chemical_symbols

from atomistic.dynamics import jackknifed
from atomistic.potentials.eam_files import kind_of
from benchmarks.lammps_shear import lammps_without_output

_EVERY = 5


def lammps_lattice(
    file: Path, species: str, lattice: float, cells: int, temperature: float, steps: int, *, step: float = 2.5e-3, seed: int = 1
) -> tuple[float, float]:  # fmt: skip
    """Mean lattice parameter of an fcc crystal, and its standard error, Å.

    The volume's mean is the intercept of its regression on the pressure inside, whose mean is none.

    Args:
        file: The potential's.
        species: The element.
        lattice: Lattice parameter to begin with, Å.
        cells: Cubic cells each way.
        temperature: K.
        steps: Time steps; the first tenth is left out.
        step: ps.
        seed: Of the velocities.
    """
    engine = lammps_without_output()
    with TemporaryDirectory(prefix="lattice-") as folder:
        samples = Path(folder) / "samples"
        for line in (
            "units metal", "boundary p p p", "atom_style atomic", f"lattice fcc {lattice:.17g}",
            f"region box block 0 {cells} 0 {cells} 0 {cells}", "create_box 1 box", "create_atoms 1 box",
            f"mass 1 {atomic_masses[chemical_symbols.index(species)]}", f"pair_style {kind_of(file.name)}",
            f"pair_coeff * * {file} {species}", f"velocity all create {2 * temperature} {seed} mom yes rot no",
            f"timestep {step}", f"fix move all npt temp {temperature} {temperature} 0.1 iso 0 0 0.3 mtk yes",
            "variable size equal vol", "compute heat all temp", "compute push all pressure heat",
            f"fix kept all ave/time {_EVERY} 1 {_EVERY} v_size c_push file {samples}", f"run {steps}",
        ):  # fmt: skip
            engine.command(line)
        engine.close()
        _, volume, pressure = np.loadtxt(samples).T
    begin = len(volume) // 10
    volume, pressure = volume[begin:], pressure[begin:]

    def mean(v: np.ndarray, p: np.ndarray) -> float:
        return float(np.cbrt((v.mean() - np.cov(v, p)[0, 1] / p.var(ddof=1) * p.mean()) / cells**3))

    return jackknifed(mean, volume, pressure)
