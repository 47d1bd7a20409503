"""Pairs of neighbours that are kept while atoms move: listed with a skin, and listed again once it is used up."""

from collections import deque
from collections.abc import Iterator, Sequence
from ctypes import byref, c_int64

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from atomistic.potentials.compiled.build import Library
from atomistic.potentials.neighbours import effective_cell
from coupling.contracts import FloatArray

SKIN = 0.6
"""Å beyond the cutoff to which pairs are listed."""
_SPARE = 4
"""Lists that are kept beyond those of the last call."""
_GUESS = 60
"""Pairs of an atom that there is room for at first."""


class PairList:
    """Each pair of neighbours once, in rows of the lesser atom, in an order that no earlier list changes.

    Pairs that are not listed stay beyond the cutoff while the cell is deformed by F and no atom moves farther than u from
    where F takes it, if s (cutoff + skin) - 2 u > cutoff, s the least singular value of F: what has not been listed is
    as far apart as that at least. For a cell that stays, u is half the skin.

    Args:
        library: The functions in C.
        cutoff: Å.
        counted: (N,) a pair is listed if either of its atoms counts; None for all.

    Attributes:
        begin: (N + 1,) where each atom's row begins.
        pairs: (P, 2) the other atom, and the number of the image of the cell that it is in.
        shifts: (images, 3) vectors of the images in the cell as it is now, Å.
        renewals: How often pairs were listed.
    """

    def __init__(self, library: Library, cutoff: float, counted: NDArray[np.bool_] | None = None) -> None:
        self.library, self.cutoff = library, cutoff
        self.counted = None if counted is None else np.ascontiguousarray(counted, dtype=np.uint8)
        self.begin, self.pairs = np.zeros(1, dtype=np.int64), np.zeros((_GUESS, 2), dtype=np.int32)
        self.images = np.zeros((64, 3), dtype=np.int64)
        self.shifts = np.zeros((0, 3))
        self.renewals = 0
        self._listed, self._cell, self._pbc = np.zeros((0, 3)), np.eye(3), np.zeros(3, dtype=np.uint8)

    def __len__(self) -> int:
        return int(self.begin[-1])

    @property
    def bytes(self) -> int:
        """Of memory."""
        return self.pairs.nbytes + self.begin.nbytes + self._listed.nbytes + 1024

    def holds(self, positions: FloatArray, cell: FloatArray, pbc: NDArray[np.bool_]) -> bool:
        """Whether all pairs of atoms that are within the cutoff are listed; see `update`."""
        if len(positions) != len(self._listed) or not np.array_equal(pbc, self._pbc):
            return False
        turn, least = np.eye(3), 1.0
        if not np.array_equal(cell, self._cell):
            turn = np.linalg.solve(self._cell, cell)
            least = float(np.linalg.svd(turn, compute_uv=False)[-1])
        spare = least * (self.cutoff + SKIN) - self.cutoff - 1e-9
        if spare <= 0:
            return False
        most = (spare / 2) ** 2
        longest = self.library.longest_way(
            len(positions), positions.ctypes.data, self._listed.ctypes.data, turn.ctypes.data, most
        )
        return bool(longest <= most)

    def update(self, positions: FloatArray, cell: FloatArray, pbc: NDArray[np.bool_]) -> None:
        """Make the list hold.

        Args:
            positions: (N, 3) Å, in or out of the cell.
            cell: (3, 3) vectors that span space, see `neighbours.effective_cell`.
            pbc: (3,) along which the structure is periodic.
        """
        if not self.holds(positions, cell, pbc):
            self._renew(positions, cell, np.array(pbc, dtype=np.uint8))
        self.shifts = np.ascontiguousarray(self.images.astype(float) @ cell)

    def _renew(self, positions: FloatArray, cell: FloatArray, pbc: NDArray[np.uint8]) -> None:
        count, inverse, images = len(positions), np.ascontiguousarray(np.linalg.inv(cell)), c_int64()
        self.begin = np.empty(count + 1, dtype=np.int64)
        room, most = max(len(self.pairs) * 11 // 10, _GUESS * count), 64
        while True:
            pairs, listed = np.empty((room, 2), dtype=np.int32), np.empty((most, 3), dtype=np.int64)
            found = self.library.list_pairs(
                count, positions.ctypes.data, cell.ctypes.data, inverse.ctypes.data, pbc.ctypes.data,
                None if self.counted is None else self.counted.ctypes.data, self.cutoff + SKIN, self.begin.ctypes.data,
                room, pairs.ctypes.data, most, listed.ctypes.data, byref(images),
            )  # fmt: skip
            if found < 0:
                raise MemoryError(f"The neighbours of {count} atoms do not fit into memory.")
            if found <= room and images.value <= most:
                break
            room, most = max(room, found), max(most, images.value)
        self.pairs = pairs if found > 0.8 * room else pairs[:found].copy()
        self.images = listed[: images.value].copy()
        self._listed, self._cell, self._pbc = positions.copy(), cell.copy(), pbc
        self.renewals += 1


class KeptLists:
    """The lists of the structures of the last calls, found again by what they hold.

    Structures come in the order of the last call, some of them left out: the list after the one that was found last is tried
    first. All tries of a call are about twice as many as its structures, so that a call of new ones takes no longer.

    Args:
        library: The functions in C.
        cutoff: Å.
        most: Bytes that all lists may have, but for the one in use.
    """

    def __init__(self, library: Library, cutoff: float, most: int = 1 << 30) -> None:
        self.library, self.cutoff, self.most = library, cutoff, most
        self.lists: deque[PairList] = deque()
        self._tries = 0

    def of(self, structures: Sequence[Atoms]) -> Iterator[tuple[Atoms, PairList]]:
        """Each structure and a list that holds for it; lists of so many structures are kept, and a few more."""
        used: list[PairList] = []
        self._tries, size = 2 * len(structures) + _SPARE, sum(one.bytes for one in self.lists)
        for atoms in structures:
            cell = effective_cell(atoms.cell.array, atoms.pbc)
            found = self._found(atoms, cell)
            if found is None:
                found = PairList(self.library, self.cutoff)
            size -= found.bytes
            found.update(atoms.positions, cell, atoms.pbc)
            size += found.bytes
            yield atoms, found
            while size > self.most and self.lists:
                size -= self.lists.pop().bytes
            if size > self.most:
                size -= found.bytes
            else:
                used.append(found)
        self.lists = deque([*used, *self.lists][: len(used) + _SPARE])

    def _found(self, atoms: Atoms, cell: FloatArray) -> PairList | None:
        for _ in range(min(len(self.lists), max(1, self._tries))):
            self._tries -= 1
            one = self.lists.popleft()
            if one.holds(atoms.positions, cell, atoms.pbc):
                return one
            self.lists.append(one)
        return None
