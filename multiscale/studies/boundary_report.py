"""What is reported of a grain boundary: its energy, its excess volume, and the other structures that were found."""

from coupling.units import ANGSTROM
from multiscale.runtime.records import Amount, Table
from multiscale.runtime.results import Results
from multiscale.stages.grain_boundary import BoundaryRecord

_SHOWN = 12


def report_boundary(results: Results, boundary: BoundaryRecord, key: str = "", *, headline: bool = False) -> None:
    """Numbers, a table of the structures that were found, and a note on how.

    Args:
        results: Takes them.
        boundary: The boundary.
        key: Before the names, where there are several interfaces.
        headline: Whether energy and volume stand at the top of the report.
    """
    add = results.add
    add(
        f"{key}boundary_energy",
        boundary.energy,
        "J/m^2",
        f"energy of the grain boundary {boundary.label}",
        headline=headline,
    )
    what = "by how much half more layers moved the boundary's energy"
    add(f"{key}boundary_energy_error", boundary.energy_error, "J/m^2", what)
    add(
        f"{key}excess_volume",
        boundary.excess_volume * ANGSTROM,
        "m",
        "excess volume of the boundary per area",
        headline=headline,
    )
    add(f"{key}disorientation", boundary.angle, "degrees", "least angle between the two grains")
    add(f"{key}boundary_candidates", len(boundary.found_energy), "", "different structures that were found")
    add(f"{key}boundary_turn", boundary.turn, "rad", "turn of the strained grain away from what was asked for")
    rows = tuple(
        (number + 1, Amount(float(energy), "J/m^2"), Amount(float(volume) * ANGSTROM, "m"), int(removed))
        for number, (energy, volume, removed) in enumerate(
            zip(boundary.found_energy[:_SHOWN], boundary.found_volume, boundary.found_removed, strict=False)
        )
    )
    caption = (
        "As they were found, in thin cells; the first is relaxed further between thicker grains. "
        f"{max(len(boundary.found_energy) - _SHOWN, 0)} more are not shown."
    )
    results.tables.append(
        Table("Structures of the boundary", ("structure", "energy", "excess volume", "atoms removed"), rows, caption)
    )
    shape = ("symmetric " if boundary.symmetric else "asymmetric ") if boundary.kind == "tilt" else ""
    lower, upper = (" ".join(f"{int(index)}" for index in plane) for plane in boundary.planes)
    axis = ", ".join(f"{component:.4f}" for component in boundary.axis)
    results.notes.append(
        f"{boundary.label}: {shape}{boundary.kind} boundary, ({lower}) of the lower grain on ({upper}) of the upper, {boundary.angle:.2f} "
        f"degrees about ({axis}). Shifts of the upper grain and numbers of atoms were searched; structures of larger cells "
        "than the coincidence cell were not."
    )
