"""A posterior in one file: labels, rows and widths; the potential itself stays where it is."""

import json
from dataclasses import asdict
from pathlib import Path
from zipfile import ZipFile

import numpy as np
from ase import Atoms

from atomistic.trust.design import KINDS, Design, Rows, require_linear
from atomistic.trust.evidence import Widths
from atomistic.trust.labels import Label, LabelSet
from atomistic.trust.posterior import Posterior
from coupling.contracts import Potential
from coupling.errors import InputError
from coupling.files import load_arrays, write_arrays

_MOST_INFLATED = 2  # `numpy.savez` does not compress


def save_posterior(posterior: Posterior, path: Path | str) -> None:
    """Write a posterior as a `.npz` file that is either whole or not there."""
    labels, rows = list(posterior.labels), posterior.designs
    record = {
        "potential": posterior.potential.name,
        "fingerprint": posterior.potential.fingerprint,
        "settings_hash": posterior.labels.settings_hash,
        "widths": asdict(posterior.widths),
        "weights": dict(posterior.weights),
        "inflation": posterior.inflation,
        "noises": posterior.noises,
    }
    arrays = {
        "record": np.array(json.dumps(record)),
        "groups": np.array([label.group for label in labels]),
        "paths": np.array([label.path for label in labels]),
        "sizes": np.array([len(label.structure) for label in labels]),
        "numbers": np.concatenate([label.structure.numbers for label in labels]),
        "positions": np.concatenate([label.structure.positions for label in labels]),
        "cells": np.array([label.structure.cell.array for label in labels]),
        "pbc": np.array([label.structure.pbc for label in labels]),
        "energies": np.array([label.energy for label in labels]),
        "forces": np.concatenate([label.forces for label in labels]),
        "stresses": np.array([label.stress for label in labels]),
        "counts": np.array([one.counts for one in rows]),
        "sites": np.concatenate([one.sites for one in rows]),
    }
    for k, kind in enumerate(KINDS):
        arrays[f"{kind}_lengths"] = np.array([len(one.rows[k]) for one in rows])
        arrays[f"{kind}_rows"] = np.concatenate([one.rows[k] for one in rows])
        arrays[f"{kind}_residuals"] = np.concatenate([one.residuals[k] for one in rows])
    write_arrays(Path(path), arrays, compressed=True)


def load_posterior(path: Path | str, potential: Potential) -> Posterior:
    """Read a posterior of this very potential.

    Raises:
        InputError: the file cannot be read, or belongs to another potential.
    """
    try:
        with ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
        if size > _MOST_INFLATED * Path(path).stat().st_size:
            raise ValueError(f"it would unpack to {size:.3g} bytes, and posteriors are stored as they are")
        arrays = load_arrays(Path(path))
        record = json.loads(str(arrays["record"]))
    except Exception as error:
        raise InputError(
            f"File {str(path)!r} cannot be read as a posterior: {' '.join(str(error).split())}."
        ) from error
    if record["fingerprint"] != potential.fingerprint:
        raise InputError(
            f"The posterior in {str(path)!r} belongs to potential {record['potential']!r} as it was then "
            f"({record['fingerprint'][:12]}), not to {potential.name!r} ({potential.fingerprint[:12]}); fit it again."
        )
    widths = Widths(**record["widths"] | {name: tuple(record["widths"][name]) for name in ("scales", "zeros")})
    labels = LabelSet(tuple(_labels(arrays, record["settings_hash"])))
    noises = record.get("noises")
    return Posterior(
        require_linear(potential), labels, tuple(_designs(arrays)), widths, record["weights"], record["inflation"],
        None if noises is None else tuple(noises),
    )  # fmt: skip


def _labels(arrays: dict[str, np.ndarray], settings: str) -> list[Label]:
    ends = np.cumsum(arrays["sizes"])[:-1]
    split = (np.split(arrays[name], ends) for name in ("numbers", "positions", "forces"))
    rest = (arrays[name] for name in ("cells", "pbc", "energies", "stresses", "groups"))
    paths = arrays.get("paths", np.full(len(arrays["groups"]), ""))
    return [
        Label(
            Atoms(numbers, positions, cell=cell, pbc=pbc),
            float(energy),
            forces,
            stress,
            str(group),
            settings,
            str(path),
        )
        for numbers, positions, forces, cell, pbc, energy, stress, group, path in zip(*split, *rest, paths, strict=True)
    ]


def _designs(arrays: dict[str, np.ndarray]) -> list[Design]:
    ends = {kind: np.cumsum(arrays[f"{kind}_lengths"])[:-1] for kind in KINDS}
    rows = zip(*(np.split(arrays[f"{kind}_rows"], ends[kind]) for kind in KINDS), strict=True)
    residuals = zip(*(np.split(arrays[f"{kind}_residuals"], ends[kind]) for kind in KINDS), strict=True)
    sites = np.split(arrays["sites"], np.cumsum(arrays["sizes"])[:-1])
    return [
        Design(Rows(*one), tuple(residual), counts, site, str(group))
        for one, residual, counts, site, group in zip(
            rows, residuals, arrays["counts"], sites, arrays["groups"], strict=True
        )
    ]
