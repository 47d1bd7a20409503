"""The equilibria of the concurrent study as they are written: atoms with their marks, and fields on the meshes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from continuum.post.vtkhdf import BlockFields, VtkHdfFile
from coupling.contracts import FloatArray
from multiscale.inputs.base import Output
from multiscale.runtime.context import RunContext
from multiscale.runtime.records import RunFile
from multiscale.runtime.results import Results
from multiscale.stages.atoms_out import write_atoms
from multiscale.studies.concurrent.loading import Probe

if TYPE_CHECKING:
    from atomistic.frames import Frames
    from multiscale.concurrent.compare import Solved
    from multiscale.concurrent.solution import ConcurrentSolution
    from multiscale.concurrent.states import MeshState

FIELDS = "fields.vtkhdf"
_MARKS = "region 0 is whole, 1 blended, 2 carried along, beta the continuum's share"


@dataclass(frozen=True)
class Shown:
    """The equilibria along the loading.

    Attributes:
        atoms: (k) those of all atoms, of none nothing, and of each method with atoms, by name.
        meshes: (k) those of each method with a mesh, by name.
        loads: (k) the loads; None where there is none.
    """

    atoms: "Mapping[str, tuple[Frames, ...]]"
    meshes: "Mapping[str, tuple[MeshState, ...]]"
    loads: tuple[float, ...] | None = None


def shown(atoms: "Sequence[ConcurrentSolution]", solved: "Sequence[Solved]", probe: Probe | None) -> Shown:
    """What is written of the solutions.

    Args:
        atoms: All atoms along the loading; empty where they were not solved.
        solved: Each method along the loading.
        probe: What the load is.
    """
    from multiscale.concurrent.states import atoms_of, mesh_of

    paths = {"all_atoms": tuple(atoms)} | {f"{k}_{one.case.method}": one.path for k, one in enumerate(solved, 1)}
    loads = None if probe is None else [probe.said(k) for k in range(len(probe.loads))]
    framed = {
        name: tuple(atoms_of(one, loads[k] if loads else None) for k, one in enumerate(path))
        for name, path in paths.items() if path and path[0].method.atomistic is not None
    }  # fmt: skip
    meshed = {
        name: tuple(map(mesh_of, path))
        for name, path in paths.items() if path and path[0].method.continuum is not None
    }  # fmt: skip
    return Shown(framed, meshed, None if probe is None else probe.loads)


def write_shown(results: Results, found: Shown, output: Output, context: RunContext) -> None:
    """Write a file of atoms for each method, and one of all meshes, as the input asks for."""
    for name, frames in found.atoms.items():
        write_atoms(results, output, context, name, frames, f"the atoms of {name} in equilibrium; {_MARKS}")
    if not found.meshes or output.fields == "none":
        return
    if output.fields == "xdmf":
        results.notes.append(
            "The fields of coupled methods are written as VTKHDF alone; take output: {fields: vtkhdf}."
        )
        return
    context.on_root(lambda: write_meshes(context.folder / FIELDS, found.meshes, found.loads))
    what = "meshes in Å with displacement_A, stress_GPa, energy_density_eV_A3; time counts the loads"
    results.files.append(RunFile(FIELDS, what))


def write_meshes(path: Path, meshes: "Mapping[str, Sequence[MeshState]]", loads: Sequence[float] | None) -> None:
    """Write a block a method and a step a load.

    Args:
        path: The file.
        meshes: (k) the meshes of each method along the loading.
        loads: (k) the loads; None where there is none.
    """
    file = VtkHdfFile(path)
    for step in range(len(next(iter(meshes.values())))):
        said = {} if loads is None else {"load": loads[step]}
        blocks = {name: _block(states[step], states[step - 1] if step else None) for name, states in meshes.items()}
        file.append(float(step + 1), blocks, **said)


def _block(state: "MeshState", last: "MeshState | None") -> BlockFields:
    """The fields; with the mesh, where it is not that of the load before."""
    grid = state.grid
    same = last is not None and all(
        np.array_equal(*pair) for pair in ((last.grid.points, grid.points), (last.grid.cells, grid.cells))
    )
    points: dict[str, FloatArray] = {"displacement_A": state.displacement, "beta": state.beta}
    cells = {"fraction": state.fraction, "stress_GPa": state.stress, "energy_density_eV_A3": state.energy_density}
    return BlockFields(points, cells, None if same else grid)
