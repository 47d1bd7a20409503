"""Twenty loadings of known energy release rate: what `steady_growth` says of each, or why it says nothing."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from continuum.fenics import MPI
from continuum.materials import LinearElastic, Material
from continuum.mesh.specimen_mesh import read_mesh
from continuum.model import Bond, Prescribed
from continuum.post.fracture import steady_growth
from continuum.reference.adhesion import peel
from continuum.solver.problem import CohesiveProblem
from continuum.solver.record import Loading
from continuum.solver.stepping import pull
from continuum.specimens.blister import Blister
from continuum.specimens.butt_joint import ButtJoint
from continuum.specimens.compact_tension import CompactTension
from continuum.specimens.dcb import DoubleCantileverBeam
from continuum.specimens.peel import PeelStrip
from continuum.specimens.pullout import FibrePullout
from coupling.contracts import CohesiveLaw
from coupling.errors import InputError
from coupling.laws.bilinear import Bilinear
from coupling.laws.ppr import ParkPaulinoRoesler
from coupling.laws.tabulated import TabulatedLaw
from coupling.laws.uber import Uber
from coupling.laws.xu_needleman import XuNeedleman

WORK = 100.0
"""J/m²: of every law, and so the energy release rate of every crack that grows steadily."""
ALUMINIUM = LinearElastic.isotropic(70e9, 0.3)
PULLED = (Prescribed("end", "x"), Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5))


class Specimen(Protocol):
    """What writes its mesh."""

    def write(self, path: str | Path) -> None:
        """Write it, its sizes in mm here."""
        ...


@dataclass(frozen=True)
class Growth:
    """One loading: its name, and how it is made."""

    name: str
    run: Callable[[], Loading]


def loaded(
    specimen: Specimen,
    bodies: Sequence[str],
    bond: Bond,
    held: Sequence[Prescribed],
    final: float,
    *,
    steps: int = 40,
    stop: float = np.inf,
    material: Material = ALUMINIUM,
    kind: str | None = None,
) -> Loading:
    """The loading of a specimen, until so much area has opened, m² or m."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "specimen.msh"
        specimen.write(path)
        mesh = read_mesh(path, unit=1e-3, bodies=list(bodies), comm=MPI.COMM_SELF)
    problem = CohesiveProblem(mesh, dict.fromkeys(bodies, material), [bond], held, kind=kind)  # type: ignore[arg-type]
    return pull(problem, final, steps, stop=lambda record: bool(record.steps[-1].broken_area > stop))


def beam(
    law: CohesiveLaw,
    *,
    arm: float = 10,
    crack: float = 50,
    growth: float = 40,
    length: float = 150,
    final: float = 8e-4,
) -> Loading:
    """A double cantilever beam; lengths in mm, the opening in m."""
    specimen = DoubleCantileverBeam(
        length=length, arm=arm, crack=crack, growth=growth, fine=0.8, coarse=3.0, element="quadrilateral"
    )
    return loaded(specimen, ("upper", "lower"), Bond("bond", "upper", "lower", law), PULLED, final)


def compact(law: CohesiveLaw, crack: float = 20) -> Loading:
    """A compact specimen of 50 mm."""
    held = (Prescribed("back", "x"), *PULLED[1:])
    specimen = CompactTension(width=50, crack=crack, growth=20, fine=0.5, coarse=2.5)
    return loaded(specimen, ("upper", "lower"), Bond("bond", "upper", "lower", law), held, 4e-4)


def strip(law: CohesiveLaw, block: float | None) -> Loading:
    """A film of 2 mm lifted off a rigid base, or off a block."""
    specimen = PeelStrip(length=120, film=2, crack=25, growth=40, fine=0.6, coarse=3, block=block)
    bodies = ("film",) if block is None else ("film", "block")
    held = [Prescribed("pulled", "y", 1.0), Prescribed("end", "x")]
    held += [] if block is None else [Prescribed("base", "x"), Prescribed("base", "y")]
    return loaded(
        specimen, bodies, Bond("bond", "film", None if block is None else "block", law), held, 4e-3, stop=0.03
    )


def blister(law: CohesiveLaw) -> Loading:
    """A film drawn off a rigid base at its axis: the crack is a ring that becomes longer."""
    specimen = Blister(radius=60, film=3, debond=8, growth=25, fine=0.4, coarse=3)
    held = [Prescribed("axis", "x"), Prescribed("axis", "y", 1.0)]
    return loaded(specimen, ("film",), Bond("bond", "film", None, law), held, 3e-4, kind="axisymmetric")


def pullout(law: CohesiveLaw, length: float) -> Loading:
    """A fibre of 1 mm drawn out of a block."""
    specimen = FibrePullout(radius=1, matrix=6, length=length, free=2, fine=0.25, coarse=1.5)
    held = [Prescribed("axis", "x"), Prescribed("side", "y"), Prescribed("side", "x"), Prescribed("pulled", "y", 1.0)]
    return loaded(specimen, ("fibre", "matrix"), Bond("bond", "fibre", "matrix", law), held, 3e-4, kind="axisymmetric")


def joint(law: CohesiveLaw) -> Loading:
    """A butt joint: all of it opens at once, and no crack grows."""
    held = [Prescribed("bottom", "x"), Prescribed("bottom", "y"), Prescribed("top", "x"), Prescribed("top", "y", 1.0)]
    return loaded(ButtJoint(1.0, 1.0, 1.0, 0.25), ("upper", "lower"), Bond("bond", "upper", "lower", law), held, 3e-5)


def tabulated(source: CohesiveLaw) -> TabulatedLaw:
    """A law's own samples."""
    opening = source.final_opening * np.concatenate([[-0.02, -0.01], np.linspace(0, 1, 80) ** 2])
    value = source.evaluate(np.outer(opening, [1.0, 0.0, 0.0]))
    return TabulatedLaw(opening, value.energy, value.traction[:, 0])


UBER = Uber(WORK, 2e-6, 1e13)
XN = XuNeedleman(WORK, 2e-6, 4e-6)
LINEAR = Bilinear(WORK, 20e6, 20e6 / 5e-7)
STRONG = Bilinear(WORK, 40e6, 40e6 / 2e-7)
LONG = Bilinear(WORK, 4e6, 4e6 / 2e-6)
PARK = ParkPaulinoRoesler(WORK, 20e6, WORK, 20e6)
CASES = (
    Growth("DCB, UBER", lambda: beam(UBER)),
    Growth("DCB, Xu-Needleman, short crack", lambda: beam(XN, crack=30)),
    Growth("DCB, bilinear", lambda: beam(LINEAR)),
    Growth("DCB, strong bilinear", lambda: beam(STRONG, growth=30, final=6e-4)),
    Growth("DCB, tabulated", lambda: beam(tabulated(XN))),
    Growth("DCB, PPR", lambda: beam(PARK)),
    Growth("DCB, thin arms", lambda: beam(XN, arm=5, crack=30, final=1.2e-3)),
    Growth("DCB, thick arms", lambda: beam(LINEAR, arm=20, final=5e-4)),
    Growth("DCB, crack that meets the end", lambda: beam(XN, length=80, growth=28, final=2e-3)),
    Growth("DCB, crack that meets the end, bilinear", lambda: beam(LINEAR, length=80, growth=28, final=2e-3)),
    Growth("DCB, crack shorter than its zone", lambda: beam(LONG, crack=10, growth=25, length=60, final=1.5e-3)),
    Growth("DCB, growth shorter than its zone", lambda: beam(LONG, final=2.5e-4)),
    Growth("compact tension, UBER", lambda: compact(UBER)),
    Growth("compact tension, bilinear", lambda: compact(LINEAR, 25)),
    Growth("film on a rigid base, bilinear", lambda: strip(LINEAR, None)),
    Growth("film on a block, Xu-Needleman", lambda: strip(XN, 10)),
    Growth(
        "film peeled at a right angle",
        lambda: peel(Bilinear(WORK, 5e6, 2.5e6 / 1e-6), 1e9, 0.3, 2e-4, length=3.0).loading,
    ),
    Growth("blister under a point load", lambda: blister(LINEAR)),
    Growth("pull-out", lambda: pullout(XuNeedleman(WORK, 1e-6, 2e-6), 25.0)),
    Growth("butt joint", lambda: joint(XN)),
)


LONGEST = "film peeled at a right angle"
"""Of the cases."""


def verdict(case: Growth) -> tuple[float, float] | str:
    """G_c and its spread, J/m²; or the reason for which there is none."""
    try:
        found = steady_growth(case.run())
    except InputError as reason:
        return str(reason)
    return found.energy_release_rate, found.spread


def judged(name: str) -> tuple[str, tuple[float, float] | str]:
    """A case's name and its verdict."""
    return name, verdict(next(case for case in CASES if case.name == name))


def measure() -> dict[str, object]:
    """All figures."""
    return figures({case.name: verdict(case) for case in CASES})


def figures(verdicts: Mapping[str, tuple[float, float] | str]) -> dict[str, object]:
    """How many values miss the truth by more than their spread, how many are withheld, and all of them."""
    given = {name: one for name, one in verdicts.items() if not isinstance(one, str)}
    wrong = [name for name, (value, spread) in given.items() if abs(value - WORK) > spread]
    return {
        "gc_wrong": len(wrong),
        "gc_cases": len(verdicts),
        "gc_withheld": len(verdicts) - len(given),
        "gc_median_spread": float(np.median([spread / value for value, spread in given.values()])),
        "gc_wrong_names": wrong,
        "gc_values": {name: list(one) if not isinstance(one, str) else one for name, one in verdicts.items()},
    }
