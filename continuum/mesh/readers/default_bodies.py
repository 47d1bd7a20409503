"""Which groups of cells are the bodies when none are named."""

import numpy as np

from continuum.mesh.readers.reading import IntArray


def default_bodies(groups: dict[str, IntArray], cells: int) -> tuple[list[str], list[str]]:
    """The groups that partition the cells: neither unions of others, nor parts of others, nor others' second names.

    Args:
        groups: Rows of cells by name, in the file's order.
        cells: Their number in the file.

    Returns:
        Names of the bodies, and a sentence for each group that is none.
    """
    rows = {name: np.unique(of) for name, of in groups.items()}
    within = {
        name: [other for other in rows if other != name and _inside(rows[other], rows[name], cells)] for name in rows
    }
    order = {name: place for place, name in enumerate(rows)}
    reasons: dict[str, str] = {}
    for name, inner in within.items():
        equal = [other for other in inner if len(rows[other]) == len(rows[name])]
        smaller = [other for other in inner if other not in equal]
        if any(order[other] > order[name] for other in equal):  # the name that was given last counts
            reasons[name] = f"is the same as {max(equal, key=order.__getitem__)}"
        elif smaller and len(np.unique(np.concatenate([rows[other] for other in smaller]))) == len(rows[name]):
            reasons[name] = f"is made of {', '.join(smaller)}"
    for name, inner in within.items():
        if name not in reasons:
            for other in inner:
                reasons.setdefault(other, f"is a part of {name}")
    notes = [
        f"The group {name} of cells {reason}; it is not a body unless it is named as one."
        for name, reason in reasons.items()
    ]
    return [name for name in rows if name not in reasons], notes


def _inside(part: IntArray, whole: IntArray, cells: int) -> bool:
    """Whether all rows of one group are in another."""
    if not len(part) or len(part) > len(whole) or part[0] < whole[0] or part[-1] > whole[-1]:
        return False
    mask = np.zeros(cells, dtype=bool)
    mask[whole] = True
    return bool(mask[part].all())
