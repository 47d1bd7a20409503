"""The counting argument in numbers: a chain of atoms, its naive and its excess law, and a bar that carries either.

Atoms on a line with Morse bonds to first and second neighbours, weaker where they cross the interface. The
interface's spacing is held open and all others stretch until the force is the same everywhere; the bulk is
the same chain without an interface at that force. What it shows is told in docs/theory.md.
"""

import sys

import numpy as np

from atomistic.decohesion.pulled import Rupture, bar_rupture, slab_rupture
from coupling.interface.excess import BulkBranch, Excess, SlabBranch, excess, slab_totals
from coupling.units import EV_A2, EV_A3

DEPTH, RATE, BOND, AREA, WEAK = 0.5, 1.5, 2.5, 6.0, 0.6  # eV, 1/Å, Å, Å² for each atom, share of a bond's strength
GAPS = np.concatenate([[-0.05], np.linspace(0.0, 1.0, 160) ** 1.5 * 6.0])
Shown = tuple[dict[int, SlabBranch], dict[int, Excess], dict[str, Rupture]]


def morse(r):
    """Energy (eV), its first and its second derivative of bonds of length r (Å)."""
    x = np.exp(-RATE * (r - BOND))
    return DEPTH * np.array([x**2 - 2 * x, 2 * RATE * (x - x**2), 2 * RATE**2 * (2 * x**2 - x)])


def chain(r: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Energy of a periodic chain with spacings r (N,), its gradient (N,) and Hessian (N, N)."""
    near, far = np.ones((2, len(r)))
    near[0] = far[0] = far[-1] = WEAK  # across the interface: its own spacing, and the two bonds over it
    (e1, f1, k1), (e2, f2, k2) = near * morse(r), far * morse(r + np.roll(r, -1))
    off = np.roll(np.eye(len(r)), 1, axis=1) * k2[:, None]
    hessian = np.diag(k1 + k2 + np.roll(k2, 1)) + off + off.T
    return float(e1.sum() + e2.sum()), f1 + f2 + np.roll(f2, 1), hessian


def pulled(count: int) -> SlabBranch:
    """A chain of `count` spacings in equilibrium at each gap; its traction at the interface and far from it."""
    r = bulk(np.zeros(1)).height.repeat(count)
    for _ in range(30):
        r -= np.linalg.solve(chain(r)[2], chain(r)[1])
    closed, rows = r[0], []
    for gap in GAPS:
        r[0] = closed + gap
        for _ in range(30):  # Newton: the other spacings, until their forces are the interface's
            energy, force, hessian = chain(r)
            r[1:] += np.linalg.solve(hessian[1:, 1:] - hessian[0, 1:], force[0] - force[1:])
        rows.append((r.sum(), energy, force[0] / AREA, force[count // 2] / AREA))
    return SlabBranch(GAPS, *np.array(rows).T, AREA, (count,))


def bulk(tractions: np.ndarray) -> BulkBranch:
    """One spacing of the chain without an interface at the same tractions (eV/Å³)."""
    d = np.full(len(tractions), BOND)
    for _ in range(30):
        (_, f1, k1), (_, f2, k2) = morse(d), morse(2 * d)
        d = d + (tractions * AREA - f1 - 2 * f2) / (k1 + 4 * k2)
    return BulkBranch(tractions, d, morse(d)[0] + morse(2 * d)[0], d)


def main(counts: tuple[int, ...] = (6, 12, 24), bar: int = 40) -> Shown:
    """Chains and laws by their number of spacings; how a chain of `bar` breaks: atoms, and bulk with either law."""
    slabs = {n: pulled(n) for n in counts}
    laws = {n: excess(slab, bulk(slab.traction)) for n, slab in slabs.items()}
    slab, law = slabs[counts[0]], laws[counts[0]]
    bars = {"atoms": slab_rupture(pulled(bar))}
    for name, columns in (("bulk + excess law", (law.opening, law.energy)), ("bulk + naive law", slab_totals(slab))):
        bars[name] = bar_rupture(GAPS, *columns, bulk(slab.traction), bar - 1, AREA)
    return slabs, laws, bars


if __name__ == "__main__":
    slabs, laws, bars = main()
    for n, slab in slabs.items():
        top, work = slab.traction.argmax(), laws[n].energy[-1] * EV_A2
        opening = f"naive {slab_totals(slab)[0][top]:.4f} Å, excess {laws[n].opening[top]:.4f} Å, work {work:.4f} J/m²"
        sys.stdout.write(f"{n} spacings: peak {slab.traction.max() * EV_A3 / 1e9:.4f} GPa, opening there: {opening}\n")
    for name, found in bars.items():
        sys.stdout.write(f"{name}: breaks at {found.elongation:.4f} Å, losing {found.work * EV_A2:.4f} J/m²\n")
