"""Specimens of finite elements, for scripts: a mesh, materials, laws, supports and loads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coupling.contracts import FloatArray, Progress, silent
from coupling.errors import InputError
from coupling.units import SI_FACTORS, parse_quantity

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from continuum.materials import Material
    from continuum.mesh.specimen_mesh import SpecimenMesh
    from continuum.model import Bond
    from continuum.solver.problem import CohesiveProblem
    from continuum.solver.record import Loading
    from coupling.laws.law import Law


def read_mesh(path: str | Path, *, unit: str, bodies: Sequence[str] | None = None) -> "SpecimenMesh":
    """A mesh file with named groups; see `continuum.mesh.specimen_mesh.read_mesh`.

    Args:
        path: A file of Gmsh, of Abaqus, or any that meshio reads.
        unit: Unit of its coordinates: "m", "mm", "um", "nm", "Å".
        bodies: Groups of cells that are the bodies; None: all groups of cells.

    Raises:
        InputError: the file cannot be read, or has no such unit or bodies.
    """
    from continuum.mesh.file import read_file
    from continuum.mesh.specimen_mesh import read_mesh as read
    from coupling.errors import unknown_choice

    if unit not in SI_FACTORS["length"]:
        raise unknown_choice("unit of length", unit, SI_FACTORS["length"])
    names = list(bodies) if bodies is not None else list(read_file(Path(path)).cells)
    return read(path, unit=SI_FACTORS["length"][unit], bodies=names)


class Specimen:
    """Bodies joined by cohesive interfaces; its ledger is checked when it is made, before anything is solved.

    Args:
        mesh: The mesh.
        material: Of all bodies, or by body.
        laws: A law by interface, called by its group of facets or "plus|minus"; with a group the normal points into
            the mesh's first body. A `Bond` in place of a law says everything itself.
        hold: Components held by boundary: {"end": "x", "bottom": "xy"}.
        load: Component and factor by boundary: {"load_upper": ("y", 0.5)}.
        options: Further arguments of `continuum.solver.problem.CohesiveProblem`: kind, order, counting.

    Raises:
        InputError: mesh, materials, laws and boundaries do not fit together.
        DoubleCounted, Uncounted: the ledger does not add up; the message says where.
    """

    def __init__(
        self,
        mesh: "SpecimenMesh",
        material: "Material | Mapping[str, Material]",
        laws: "Mapping[str, Law | Bond]",
        *,
        hold: Mapping[str, str] | None = None,
        load: Mapping[str, tuple[str, float]],
        **options: Any,
    ) -> None:
        from continuum.model import Prescribed
        from continuum.solver.problem import CohesiveProblem

        materials = material if isinstance(material, Mapping) else dict.fromkeys(mesh.bodies, material)
        prescribed = [Prescribed(group, component) for group, held in (hold or {}).items() for component in held]
        prescribed += [Prescribed(group, component, factor) for group, (component, factor) in load.items()]
        bonds = [_bond(mesh, name, law) for name, law in laws.items()]
        self.problem: CohesiveProblem = CohesiveProblem(mesh, materials, bonds, prescribed, **options)

    def ledger(self) -> str:
        """Who counts what, before the loading, as a table."""
        return self.problem.counting.ledger.table(unit="J")

    def pull(self, opening: str | float, steps: int = 30, *, progress: Progress = silent, **options: Any) -> "Pulled":
        """Load the specimen up to an opening.

        Args:
            opening: With its unit ("56 nm"), or in m.
            steps: Number of nominal steps; they are cut, and grow where no error shows.
            progress: Called with the progress of the work.
            **options: Further arguments of `continuum.solver.stepping.pull`.

        Raises:
            NotConverged: the loading was not followed.
            Refuted: its energies do not balance, or its loads do no work; see `continuum.solver.diagnostics.assess`.
        """
        from continuum.solver.diagnostics import BALANCE, assess
        from continuum.solver.stepping import pull
        from coupling.findings import refute

        far = float(opening) if isinstance(opening, int | float) else parse_quantity(opening, "length")
        last: list[Any] = []

        def keep(step: Any, x: Any) -> None:
            last[:] = [x.copy()]

        loading = pull(self.problem, far, steps, progress=progress, on_step=keep, **options)
        refute(assess(loading, options.get("balance", BALANCE)))
        return Pulled(self.problem, loading, last[-1])


@dataclass(frozen=True)
class Pulled:
    """The equilibrium states of a loading.

    Attributes:
        problem: The specimen's problem.
        loading: All states.
        state: The vector of unknowns at the last one.
    """

    problem: "CohesiveProblem"
    loading: "Loading"
    state: Any

    @property
    def opening(self) -> FloatArray:
        """(n,) load parameter: the opening of the loads, m."""
        return self.loading.column("load")

    @property
    def load(self) -> FloatArray:
        """(n,) N (3D, axisymmetric) or N/m."""
        return self.loading.column("force")

    @property
    def peak_load(self) -> float:
        """N (3D, axisymmetric) or N/m."""
        return float(self.load.max())

    @property
    def energy_release_rate(self) -> float:
        """G_c from the finite elements' energy balance alone, J/m².

        Raises:
            InputError: the crack has not grown enough.
        """
        from continuum.post.fracture import released_energy_per_area

        return released_energy_per_area(self.loading)

    def ledger(self) -> str:
        """Who counts what at the last state, with the energies that the solver found, J (3D, axisymmetric) or J/m."""
        unit = "J" if self.problem.kind in ("3D", "axisymmetric") else "J/m"
        return self.problem.counting.ledger.table(self.problem.ledger_rows(self.state), unit=unit)

    def plot(self, path: str | Path | None = None) -> "Figure":
        """Load against opening; written to a file if one is named."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6, 4), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        solid = self.problem.kind in ("3D", "axisymmetric")
        axes.plot(self.opening * 1e9, self.load, marker=".")
        axes.set(xlabel="opening / nm", ylabel=f"load / {'N' if solid else 'N/m'}")
        if path is not None:
            figure.savefig(path)
        return figure


def _bond(mesh: "SpecimenMesh", name: str, law: "Law | Bond") -> "Bond":
    from continuum.model import Bond

    if isinstance(law, Bond):
        return law
    plus, bar, minus = name.partition("|")
    if bar:
        return Bond(None, plus, minus, law)
    bodies = list(mesh.bodies)
    if len(bodies) != 2:
        raise InputError(
            f"The mesh has {len(bodies)} bodies ({', '.join(bodies)}), so the sides of {name!r} are not known; call the interface "
            '"plus|minus", or give a Bond.'
        )
    return Bond(name, bodies[0], bodies[1], law)
