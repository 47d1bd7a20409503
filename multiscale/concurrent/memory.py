"""What the fully atomistic problem needs, told before anything of it is made."""

from atomistic.potentials.memory import available_memory
from coupling.errors import InputError
from multiscale.concurrent.problem import Problem

BYTES_PER_ATOM = 9.0e3
"""By how much a process grows at its peak as all atoms of a plane box are solved, embedded atoms of iron: 9.07 kB an atom at
65,000 atoms, more in smaller boxes, mostly the factors of the preconditioner (`python -m benchmarks.right_concurrent`);
rounded down, so that nothing is refused that would fit."""


def atoms_memory(problem: Problem) -> float:
    """Bytes that solving with all atoms of the box needs: their number × `BYTES_PER_ATOM`."""
    return problem.atoms * BYTES_PER_ATOM


def require_atoms_fit(problem: Problem) -> None:
    """Raise `InputError` if the fully atomistic problem does not fit in the memory that is left."""
    needed, available = atoms_memory(problem), available_memory("cpu")
    if needed > available:
        raise InputError(
            f"All {problem.atoms} atoms of the box need about {needed / 2**30:.3g} GiB, and {available / 2**30:.3g} GiB "
            "are available; set `reference: none` to solve without them, or take a smaller box."
        )
