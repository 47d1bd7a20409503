"""The sums over embedded atoms in C, with kept lists of neighbours."""

import ctypes
from collections.abc import Sequence
from threading import Lock
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.potentials.compiled.build import Library, library
from atomistic.potentials.compiled.pair_list import KeptLists, PairList
from atomistic.potentials.crystal_laws import EmbeddedLaw, refuse_compression
from atomistic.potentials.embedded_atom import EmbeddedAtom
from atomistic.potentials.embedded_sums import EmbeddedSums, NumpySums, WholeSums
from atomistic.potentials.neighbours import effective_cell
from coupling.capabilities import CrystalLaw, WeightedSites
from coupling.contracts import FloatArray

_CLOSE = np.dtype([("other", "i4"), ("image", "i4"), ("to_first", "f8"), ("to_second", "f8"), ("pair", "f8")])


class _Tables(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int64) for name in ("kinds", "distances", "densities")),
        *((name, ctypes.c_double) for name in ("cutoff", "distance_step", "density_step", "limit")),
        *((name, ctypes.c_void_p) for name in ("pairs", "embedding", "tails")),
    ]  # fmt: skip


class _Sums(ctypes.Structure):
    _fields_ = [
        ("atoms", ctypes.c_int64),
        *((name, ctypes.c_void_p) for name in (
            "x", "kinds", "begin", "pairs", "shifts", "weights", "density", "stiffness", "sites", "close", "close_begin",
        )),
    ]  # fmt: skip


class _Nearest(ctypes.Structure):
    _fields_ = [("first", ctypes.c_int64), ("second", ctypes.c_int64), ("distance2", ctypes.c_double)]


class CompiledTables:
    """The functions of a potential as C reads them.

    Args:
        functions: The potential's.
    """

    def __init__(self, functions: EmbeddedAtom) -> None:
        density, repulsion = functions.density_tables, functions.repulsion_tables
        kinds, embedding = len(density), functions.embedding_tables
        self._arrays = (
            np.array([[np.vstack([density[a][b].columns, repulsion[a][b].columns]).T for b in range(kinds)] for a in range(kinds)]),
            np.array([one.columns.T for one in embedding]),
            np.array([one.tail for one in embedding]),
        )  # fmt: skip
        pairs, pieces, _ = self._arrays
        self.all = _Tables(
            kinds, pairs.shape[2], pieces.shape[1], functions.cutoff, density[0][0].step, embedding[0].step,
            embedding[0].limit, *(array.ctypes.data for array in self._arrays),
        )  # fmt: skip


class _Workspace:
    """Room that sums need beside their results; it grows as it must."""

    def __init__(self) -> None:
        self.close = np.empty(0, dtype=_CLOSE)

    def room(self, pairs: int) -> NDArray[Any]:
        if len(self.close) < pairs:
            self.close = np.empty(pairs * 11 // 10, dtype=_CLOSE)
        return self.close


class CompiledSums:
    """Embedded atoms summed in C: numbers that do not depend on what was evaluated before.

    Args:
        functions: The potential's.
        library: The functions in C.
    """

    kind: str = "compiled"
    libraries: tuple[str, ...] = ("numpy",)

    def __init__(self, functions: EmbeddedAtom, library: Library) -> None:
        self.functions, self.library, self.tables = functions, library, CompiledTables(functions)
        self._lists, self._workspace, self._lock = KeptLists(library, functions.cutoff), _Workspace(), Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return embedded_sums, (self.functions,)  # another machine may have no compiler

    def whole(self, structures: Sequence[Atoms]) -> list[WholeSums]:
        """Of all atoms of each structure."""
        with self._lock:
            return [
                _summed(
                    self.library, self.tables, self._workspace, pairs, atoms.positions,
                    self.functions.kinds(atoms.numbers).astype(np.int32), None,
                )
                for atoms, pairs in self._lists.of(structures)
            ]  # fmt: skip

    def sites(self, atoms: Atoms, weights: FloatArray) -> "CompiledSites":
        """Σ w_i e_i of atoms at any positions."""
        return CompiledSites(self, atoms, weights)

    def crystal(self, atoms: Atoms) -> "CompiledLaw":
        """A periodic cell of one atom as a function of F."""
        return CompiledLaw(self, atoms)


def embedded_sums(functions: EmbeddedAtom) -> EmbeddedSums:
    """What sums the functions of a potential: C, or numpy where there is no compiler."""
    compiled = library()
    return NumpySums(functions) if compiled is None else CompiledSums(functions, compiled)


def _summed(
    library: Library, tables: CompiledTables, workspace: _Workspace, pairs: PairList, positions: FloatArray,
    kinds: NDArray[np.int32], weights: FloatArray | None,
) -> WholeSums:  # fmt: skip
    count, nearest = len(positions), _Nearest()
    scratch, begin = np.zeros((3, count)), np.empty(count + 1, dtype=np.int64)
    forces, virial = np.zeros((count, 3)), np.zeros(6)
    sums = _Sums(count, *(None if array is None else array.ctypes.data for array in (
        positions, kinds, pairs.begin, pairs.pairs, pairs.shifts, weights, *scratch, workspace.room(len(pairs)), begin,
    )))  # fmt: skip
    energy = library.embedded_sums(
        ctypes.byref(tables.all), ctypes.byref(sums), forces.ctypes.data, virial.ctypes.data, ctypes.byref(nearest)
    )
    closest = (nearest.first, nearest.second, float(np.sqrt(nearest.distance2)))
    return WholeSums(energy, forces, virial, scratch[2], closest)


class CompiledSites:
    """As `site_sums.EmbeddedSites`.

    Args:
        sums: The potential's.
        structure: Atoms in a cell.
        weights: (N,) w_i.
    """

    def __init__(self, sums: CompiledSums, structure: Atoms, weights: FloatArray) -> None:
        self._library, self._tables, self._workspace = sums.library, sums.tables, _Workspace()
        self.weights = np.array(weights, dtype=float)
        self._made_of = sums, structure, self.weights
        self._kinds = sums.functions.kinds(structure.numbers).astype(np.int32)
        self._cell, self._pbc = effective_cell(structure.cell.array, structure.pbc), structure.pbc.copy()
        self.pairs = PairList(sums.library, sums.functions.cutoff, self.weights != 0)

    def __reduce__(self) -> tuple[Any, ...]:
        return _sites_of, self._made_of

    def evaluate(self, positions: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """See `WeightedSites`."""
        positions = np.ascontiguousarray(positions, dtype=float)
        self.pairs.update(positions, self._cell, self._pbc)
        found = _summed(self._library, self._tables, self._workspace, self.pairs, positions, self._kinds, self.weights)
        return found.energy, found.forces, found.sites


class CompiledLaw(EmbeddedLaw):
    """As `crystal_laws.EmbeddedLaw`.

    Args:
        sums: The potential's.
        crystal: A periodic cell of one atom.
    """

    def __init__(self, sums: CompiledSums, crystal: Atoms) -> None:
        super().__init__(sums.functions, crystal)
        self.vectors = np.ascontiguousarray(self.vectors)
        self._library, self._tables, self._made_of = sums.library, sums.tables, (sums, crystal)

    def __reduce__(self) -> tuple[Any, ...]:
        return _law_of, self._made_of

    def evaluate(self, gradients: FloatArray) -> tuple[FloatArray, FloatArray]:
        """See `CrystalLaw`.

        Raises:
            InputError: the crystal is compressed beyond the neighbours that are listed.
        """
        energies, stresses = np.zeros(len(gradients)), np.zeros((len(gradients), 3, 3))
        self._sum(gradients, energies, stresses, None)
        return energies / self.volume, stresses / self.volume

    def tangents(self, gradients: FloatArray) -> FloatArray:
        """See `CrystalLaw`.

        Raises:
            InputError: the crystal is compressed beyond the neighbours that are listed.
        """
        energies, stresses = np.zeros(len(gradients)), np.zeros((len(gradients), 3, 3))
        found = np.zeros((len(gradients), 3, 3, 3, 3))
        self._sum(gradients, energies, stresses, found)
        return found / self.volume

    def _sum(
        self, gradients: FloatArray, energies: FloatArray, stresses: FloatArray, tangents: FloatArray | None
    ) -> None:
        gradients = np.ascontiguousarray(gradients, dtype=float)
        room = np.empty(max(len(self.vectors), 1) * self._library.bond_bytes, dtype=np.uint8)
        shortest = self._library.crystal_sums(
            ctypes.byref(self._tables.all), int(self.kind[0]), len(gradients), gradients.ctypes.data, len(self.vectors),
            self.vectors.ctypes.data, self.lengths.ctypes.data, room.ctypes.data, energies.ctypes.data,
            stresses.ctypes.data, None if tangents is None else tangents.ctypes.data,
        )  # fmt: skip
        refuse_compression(shortest)


def _sites_of(sums: EmbeddedSums, structure: Atoms, weights: FloatArray) -> WeightedSites:
    return sums.sites(structure, weights)


def _law_of(sums: EmbeddedSums, crystal: Atoms) -> CrystalLaw:
    return sums.crystal(crystal)
