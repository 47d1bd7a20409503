"""Fields of the bodies as XDMF."""

from collections.abc import Sequence
from pathlib import Path

from continuum.fenics import PETSc, dolfinx
from continuum.post.interface_fields import InterfaceFields
from continuum.post.output import FieldWriter
from continuum.post.solute_fields import SoluteFields
from continuum.solver.problem import CohesiveProblem
from coupling.file_names import file_name


class XdmfWriter(FieldWriter):
    """Writes displacement and stress of each body as XDMF, a time value a state.

    Each file is open only while a state is written: it is whole between two states, and no rank that unwinds from an
    error of its own has to close it together with the others.

    Args:
        problem: The problem whose states are written.
        folder: Where `<body>.xdmf` and its `.h5` go; it must exist.

    Raises:
        OSError: the disk is full.
    """

    def __init__(self, problem: CohesiveProblem, folder: Path) -> None:
        super().__init__(problem)
        self.paths = {name: folder / f"{file_name(name)}.xdmf" for name in self.shown}
        self._open: list[dolfinx.io.XDMFFile] = []
        for name, path in self.paths.items():
            mesh = self.shown[name].function_space.mesh
            self._require_space(folder, mesh.geometry.x.nbytes + mesh.geometry.dofmaps[0].nbytes)
            self._opened(path, "w").write_mesh(mesh)
            self._close()

    def write(
        self, x: "PETSc.Vec", time: float, interfaces: Sequence[InterfaceFields], solute: SoluteFields | None = None
    ) -> None:
        """Write displacement and stress of the bodies at a state; see `FieldWriter`."""
        self.update(x)
        for name, path in self.paths.items():
            self._require_space(path.parent, self.shown[name].x.array.nbytes + self.stresses[name].x.array.nbytes)
            file = self._opened(path, "a")
            file.write_function(self.shown[name], time)
            file.write_function(self.stresses[name], time)
            self._close()  # not after an error, which may be this rank's alone

    def _opened(self, path: Path, mode: str) -> "dolfinx.io.XDMFFile":
        """An open file. A signal is raised once a call has returned; the file is ours before: to drop it would close it."""
        self._open.extend(map(dolfinx.io.XDMFFile, [self.problem.comm], [path], [mode]))
        return self._open[-1]

    def _close(self) -> None:
        self._open[-1].close()
        self._open.clear()
