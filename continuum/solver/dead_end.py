"""Where a loading leads on by no control."""

from continuum.mesh.inspect import RESOLVING
from continuum.solver.record import Loading
from coupling.errors import NotConverged


class DeadEnd(NotConverged):
    """No equilibrium without load, or no control that leads on from a state.

    All ranks raise it together, unlike what a law raises on one.
    """


def resolution(record: Loading) -> str:
    """What was measured of the process zone's resolution, where it is too coarse."""
    facets = int(record.column("zone_facets").max())
    if not 0 < facets < RESOLVING:
        return ""
    return (
        f" Never more than {facets} facets lay in the process zone, and {RESOLVING} resolve it: refine the mesh there, or "
        "coarsen the law."
    )
