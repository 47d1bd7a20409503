"""SevenNet networks with the split product against the same networks with e3nn's, same batch, in one process.

Run as `python -m benchmarks.speed_network [--json]`; one to five minutes on a CPU core. The two take turns; a time
is the median over the rounds of the ratio of one to the other. Memory is the peak of what torch has allocated in one
call, and for the figures of `predicted_memory` also how much the process grew.
"""

import copy
import ctypes
import sys
import time
from pathlib import Path

import numpy as np
import sevenn._keys as key
import torch
from ase import Atoms
from ase.build import bulk
from sevenn.nn.convolution import IrrepsConvolution
from torch.profiler import ProfilerActivity, profile

from atomistic import load_potential
from atomistic.potentials.batched import BatchedPotential, BatchOutput
from atomistic.potentials.neighbours import estimated_pairs
from atomistic.potentials.sevennet.convolution import Convolution
from atomistic.potentials.sevennet.loader import quiet
from atomistic.potentials.sevennet.model import SevenNetModel
from benchmarks.output import report
from coupling.units import EV_A3, GPA

NETWORKS = {"7net0": "7net-0", "l3i5": "7net-l3i5"}
ROUNDS = 9


class WithTheirs(torch.nn.Module):
    """A convolution with e3nn's product and one sum of whole messages, as it was before the split product.

    Args:
        convolution: Ours; its parameters are shared.
    """

    def __init__(self, convolution: Convolution) -> None:
        super().__init__()
        own = convolution.convolution
        theirs = IrrepsConvolution(own.irreps_in1, own.irreps_in2, own.irreps_out, [1], lazy_layer_instantiate=False)
        self.product = theirs.convolution.to(convolution.denominator)
        self.ours = convolution

    def forward(self, data: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Replace the node features by the sum of the messages to each node."""
        (to, source), features = data[key.EDGE_IDX], data[self.ours.key_x]
        weights = self.ours.weight_nn(data[self.ours.key_weight_input])
        message = self.product(features.index_select(0, source), data[self.ours.key_filter], weights)
        total = message.new_zeros(len(features), message.shape[1]).index_add(0, to, message)
        data[self.ours.key_x] = total / self.ours.denominator
        return data


def with_their_products(model: SevenNetModel) -> SevenNetModel:
    """The same network with e3nn's products."""
    theirs = copy.copy(model)
    theirs.network = copy.deepcopy(model.network)
    with quiet():
        for name, layer in list(theirs.network.named_children()):
            if isinstance(layer, Convolution):
                theirs.network.replace_module(name, WithTheirs(layer))
    return theirs


def batch() -> list[Atoms]:
    """Two cells of nickel, displaced: about as many pairs as the CPU takes at once."""
    cells = [bulk("Ni", a=3.52, cubic=True) * (1, 1, 3) for _ in range(2)]
    for seed, (atoms, width) in enumerate(zip(cells, (0.05, 0.1), strict=True)):
        atoms.rattle(width, seed=seed)
    return cells


def in_turns(ours: SevenNetModel, theirs: SevenNetModel) -> tuple[float, list[BatchOutput]]:
    """The median ratio of the times, and the results of both."""
    structures, ratios, found = batch(), [], []
    for _ in range(ROUNDS + 1):
        seconds, found = [], []
        for model in (ours, theirs):
            start = time.perf_counter()
            found.append(model(structures))
            seconds.append(time.perf_counter() - start)
        ratios.append(seconds[0] / seconds[1])
    return float(np.median(ratios[1:])), found


def allocated(model: SevenNetModel, structures: list[Atoms]) -> float:
    """Peak of what torch allocates in one call, bytes."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        model(structures)
    events = [one for one in seen.profiler.kineto_results.events() if one.name() == "[memory]"]
    return float(np.cumsum([one.nbytes() for one in sorted(events, key=lambda one: one.start_ns())]).max())


def grown(model: SevenNetModel, structures: list[Atoms]) -> float:
    """By how much the process's peak grows in one call, bytes; what it had freed before is returned first."""
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    model(structures)
    return _status("VmHWM") - before


def _status(name: str) -> float:
    (line,) = (one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith(name + ":"))
    return 1024.0 * int(line.split()[1])


def measure_network(short: str) -> dict[str, float]:
    """Time, differences and memory of one network in float32."""
    potential = load_potential(NETWORKS[short], device="cpu")
    assert isinstance(potential, BatchedPotential) and isinstance(potential.model, SevenNetModel)
    ours = potential.model
    theirs = with_their_products(ours)
    ratio, (one, other) = in_turns(ours, theirs)
    cell = bulk("Ni", a=3.52) * (3, 3, 3)
    pairs = estimated_pairs(cell, potential.cutoff)
    own, before = (allocated(model, [cell]) / pairs for model in (ours, theirs))
    return {
        f"network_{short}": ratio,
        f"diff_eV_{short}": float(np.abs(one.energies - other.energies).max()),
        f"diff_eV_A_{short}": float(np.abs(one.forces - other.forces).max()),
        f"diff_GPa_{short}": float(np.abs(one.stresses - other.stresses).max() * EV_A3 / GPA),
        f"network_memory_{short}": own / before,
        f"kB_per_pair_{short}": own / 1e3,
        f"kB_per_pair_before_{short}": before / 1e3,
        **{f"process_kB_per_pair_{short}_{count**3}_atoms": _process(potential, ours, count) for count in (3, 4, 5)},
        f"process_kB_per_pair_before_{short}_27_atoms": _process(potential, theirs, 3),
    }


def _process(potential: BatchedPotential, model: SevenNetModel, count: int) -> float:
    cell = bulk("Ni", a=3.52) * (count, count, count)
    return max(grown(model, [cell]) for _ in range(2)) / estimated_pairs(cell, potential.cutoff) / 1e3


def measure() -> dict[str, float]:
    """All figures; the differences are the largest of both networks."""
    torch.set_num_threads(1)
    figures = {name: value for short in NETWORKS for name, value in measure_network(short).items()}
    double = load_potential("7net-0", device="cpu", dtype="float64")
    cell = bulk("Ni", a=3.52) * (3, 3, 3)
    pairs = estimated_pairs(cell, double.cutoff)
    figures["float64_over_float32_memory_7net0"] = (
        allocated(double.model, [cell]) / pairs / 1e3 / figures["kB_per_pair_7net0"]
    )
    for unit in ("eV", "eV_A", "GPa"):
        figures[f"network_max_abs_diff_{unit}"] = max(figures.pop(f"diff_{unit}_{short}") for short in NETWORKS)
    return figures


if __name__ == "__main__":
    report(measure(), "--json" in sys.argv)
