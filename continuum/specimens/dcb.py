"""The double cantilever beam: two arms joined along a ligament, pulled apart at one end."""

from dataclasses import dataclass
from pathlib import Path

from coupling.errors import InputError


@dataclass(frozen=True)
class DoubleCantileverBeam:
    """Dimensions, in the unit that the mesh file is to have.

    Attributes:
        length: Length of the arms.
        arm: Height of one arm.
        crack: Length of the initial crack, from the loaded end.
        growth: Length ahead of the crack tip that is meshed finely.
        fine: Element size there; resolve the law's process zone with it.
        coarse: Largest element size.
        grading: Growth of the element size per distance from the fine part.
    """

    length: float
    arm: float
    crack: float
    growth: float
    fine: float
    coarse: float
    grading: float = 0.15

    def write(self, path: str | Path) -> None:
        """Mesh the specimen with first-order triangles and write a Gmsh file.

        Physical groups: bodies `upper`, `lower`; interface `bond`; `precrack`; boundaries
        `load_upper`, `load_lower` (the loaded end) and `end` (the far end). The crack runs along
        +x on y = 0.

        Raises:
            InputError: the crack and its growth do not fit into the length.
        """
        if not 0 < self.crack < self.crack + self.growth < self.length:
            raise InputError(
                f"A crack of {self.crack:g} growing by {self.growth:g} does not fit into a length of "
                f"{self.length:g}; make the specimen longer."
            )
        import gmsh

        gmsh.initialize(interruptible=False)
        try:
            gmsh.option.setNumber("General.Terminal", 0)
            gmsh.option.setNumber("General.NumThreads", 1)
            self._build(gmsh.model)
            gmsh.model.mesh.generate(2)
            gmsh.option.setNumber("Mesh.Binary", 0)
            gmsh.write(str(path))
        finally:
            gmsh.finalize()

    def _build(self, model) -> None:  # type: ignore[no-untyped-def]
        geo = model.geo
        stations = (0.0, self.crack, self.crack + self.growth, self.length)
        middle = [geo.addPoint(x, 0.0, 0.0) for x in stations]
        on_axis = [geo.addLine(a, b) for a, b in zip(middle[:-1], middle[1:], strict=True)]
        groups: dict[str, tuple[int, list[int]]] = {"precrack": (1, on_axis[:1]), "bond": (1, on_axis[1:])}
        ends = []
        for name, side in (("upper", 1), ("lower", -1)):
            left, right = (geo.addPoint(x, side * self.arm, 0.0) for x in (0.0, self.length))
            load, end = geo.addLine(left, middle[0]), geo.addLine(middle[-1], right)
            outer = geo.addLine(right, left)
            loop = geo.addCurveLoop([load, *on_axis, end, outer])
            groups[f"load_{name}"] = (1, [load])
            groups[name] = (2, [geo.addPlaneSurface([loop])])
            ends.append(end)
        groups["end"] = (1, ends)
        geo.synchronize()
        for name, (dimension, entities) in groups.items():
            model.addPhysicalGroup(dimension, entities, name=name)
        self._size(model, on_axis[1])

    def _size(self, model, fine_line: int) -> None:  # type: ignore[no-untyped-def]
        field = model.mesh.field
        distance, size = field.add("Distance"), field.add("Threshold")
        field.setNumbers(distance, "CurvesList", [fine_line])
        field.setNumber(distance, "Sampling", max(100, int(2 * self.growth / self.fine)))
        field.setNumber(size, "InField", distance)
        for key, value in (
            ("SizeMin", self.fine),
            ("SizeMax", self.coarse),
            ("DistMin", 4 * self.fine),
            ("DistMax", 4 * self.fine + (self.coarse - self.fine) / self.grading),
        ):
            field.setNumber(size, key, value)
        field.setAsBackgroundMesh(size)
        for option in ("MeshSizeExtendFromBoundary", "MeshSizeFromPoints", "MeshSizeFromCurvature"):
            import gmsh

            gmsh.option.setNumber(f"Mesh.{option}", 0)
