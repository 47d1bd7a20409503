"""A random MACE of few channels, saved, and its energies: run by path under a Python that has mace-torch.

Run as `PYTHON random_mace.py FILE`; structures (numbers, positions, cell) come as JSON, and energies go, in the last line.
"""

import json
import sys

import mace  # isort: skip (first: it lets the older e3nn read its own files)
import numpy as np
import torch
from ase import Atoms
from e3nn import o3
from mace import modules
from mace.calculators import MACECalculator

if __name__ == "__main__":
    sys.stderr.write(f"mace-torch {mace.__version__}\n")
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(3)
    block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
    model = modules.ScaleShiftMACE(
        r_max=4.0, num_bessel=4, num_polynomial_cutoff=5, max_ell=1, interaction_cls=block, interaction_cls_first=block,
        num_interactions=2, num_elements=2, hidden_irreps=o3.Irreps("4x0e + 4x1o"), MLP_irreps=o3.Irreps("4x0e"),
        atomic_energies=np.array([-1.0, -2.0]), avg_num_neighbors=12.0, atomic_numbers=[28, 29], correlation=2,
        gate=torch.nn.functional.silu, atomic_inter_scale=1.0, atomic_inter_shift=0.0,
    )  # fmt: skip
    torch.save(model, sys.argv[1])
    calculator = MACECalculator(model_paths=sys.argv[1], device="cpu", default_dtype="float64")
    given = [Atoms(numbers, positions, cell=cell, pbc=True) for numbers, positions, cell in json.load(sys.stdin)]
    energies = [float(calculator.get_potential_energy(one)) for one in given]
    sys.stdout.write("\n" + json.dumps(energies) + "\n")
