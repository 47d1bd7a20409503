"""Rows of lattice sites, found without a loop."""

import numpy as np

from continuum.mesh.lattice import rows_of


def test_rows_of_sites_and_of_none():
    rng = np.random.default_rng(0)
    for dimension in (2, 3):
        known = np.unique(rng.integers(-40, 40, (300, dimension)), axis=0)
        known = rng.permutation(known)
        wanted = np.concatenate([known[::3], known[:5] + 1000, -known[:50]])
        table = {tuple(site): row for row, site in enumerate(known.tolist())}
        assert rows_of(known, wanted).tolist() == [table.get(tuple(site), -1) for site in wanted.tolist()]
        assert rows_of(known[:0], wanted).tolist() == [-1] * len(wanted)
