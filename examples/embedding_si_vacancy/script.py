"""The vacancy in silicon in Python: a quantum engine around it, a cheap potential elsewhere, one ledger."""

import numpy as np

from atomistic import load_potential
from atomistic.embedding.bonding import termination
from atomistic.embedding.buffer import BufferTable, buffer_table
from atomistic.embedding.model import embed
from atomistic.embedding.quantum import QuantumPotential
from atomistic.embedding.rules import Defects
from atomistic.properties.bulk import equilibrium
from coupling.contracts import Potential
from coupling.ledger import LedgerValue

BUFFER = 2.6  # Å


def main(
    low: Potential, high: Potential, repeats: int = 3, radii: tuple[float, ...] = (0.5, 2.6, 3.9)
) -> tuple[LedgerValue, BufferTable]:
    """The ledger of the embedded vacancy; the force errors of the first buffers against the largest's cluster."""
    atoms = equilibrium(low, "Si", "diamond", conventional=True).repeat(repeats)
    del atoms[len(atoms) // 2]
    atoms.rattle(0.02, seed=0)
    model = embed(low, high, {"vacancy": Defects(0.0)}, buffer=BUFFER, ends="hydrogen")
    ledger = model.ledger(atoms)
    (region,), _ = model.regions(atoms)
    best = embed(low, high, {"vacancy": Defects(0.0)}, buffer=radii[-1], ends="hydrogen").evaluate([atoms]).forces[0]
    table = buffer_table(
        low, high, atoms, region.atoms, radii[:-1], termination("hydrogen"), reference=np.asarray(best)
    )
    return ledger, table


if __name__ == "__main__":
    import sys

    engine = QuantumPotential("gfn1-xtb", accuracy=0.1)
    try:
        ledger, table = main(load_potential("7net-0", dtype="float64"), engine)
    finally:
        engine.close()
    for row in ledger.rows:
        sys.stdout.write(
            f"{row.counting_number:+d} {row.owner} ({row.region}, {row.sites:g} sites): {row.energy:.4f} eV\n"
        )
    sys.stdout.write(f"sum {ledger.energy:.4f} eV\n")
    for radius, atoms, error in zip(table.radius, table.atoms, table.difference, strict=True):
        sys.stdout.write(
            f"buffer {radius:g} Å, {atoms} atoms: largest force error {error:.3f} eV/Å; the cheap model alone {table.cheap:.3f}\n"
        )
