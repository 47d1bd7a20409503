"""The same study as study.yaml, in Python: potential, law, specimen, fracture."""

from pathlib import Path

import numpy as np

from atomistic import load_potential
from atomistic.interface import cleavage_slab
from atomistic.paths import default_openings, rigid_path
from atomistic.properties.bulk import equilibrium
from atomistic.properties.elastic import elastic_constants
from continuum.fracture import released_energy_per_area
from continuum.materials import LinearElastic
from coupling.elasticity import grain_rotation
from continuum.mesh import read_mesh
from continuum.model import Bond, Prescribed
from continuum.problem import CohesiveProblem
from continuum.stepping import Loading, pull
from coupling.cohesive import rigid_law
from coupling.laws.tabulated import TabulatedLaw


def main(potential_name: str = "7net-l3i5", planes: int = 12, opening: float = 56e-9) -> tuple[TabulatedLaw, Loading]:
    """The law, and the record of the loading."""
    potential = load_potential(potential_name)
    crystal = equilibrium(potential, "Ni", "fcc", conventional=True)
    slab = cleavage_slab(crystal, (1, 1, 1), planes, x=np.array([1, 1, -2]))
    law = rigid_law(rigid_path(potential, slab, default_openings()))
    grain = LinearElastic(elastic_constants(potential, crystal).stiffness_voigt)
    grain = grain.rotated(grain_rotation([1, 1, -2], [1, 1, 1]))
    mesh = read_mesh(Path(__file__).with_name("dcb.msh"), unit=1e-9, bodies=["upper", "lower"])
    loads = [Prescribed("load_upper", "y", 0.5), Prescribed("load_lower", "y", -0.5), Prescribed("end", "x")]
    problem = CohesiveProblem(mesh, {"upper": grain, "lower": grain}, [Bond("bond", "upper", "lower", law)], loads)
    return law, pull(problem, opening, 30)


if __name__ == "__main__":
    import sys

    law, record = main()
    released = released_energy_per_area(record)
    sys.stdout.write(f"work of separation {law.work_of_separation:.4g} J/m², G_c from the specimen {released:.4g} J/m²\n")
