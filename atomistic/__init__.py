"""What atoms say: potentials, structures and the properties that follow from them.

Importing this package loads no backend; torch, sevenn and matscipy come with the first
potential that needs them.
"""

from atomistic.potentials import list_potentials, load_potential

__all__ = ["list_potentials", "load_potential"]
