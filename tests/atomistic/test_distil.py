"""Distillation: sets that share nothing, a training that can be interrupted, a student that has learnt."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, make_supercell
from ase.calculators.morse import MorsePotential

from atomistic import load_potential
from atomistic.decohesion.slab import boundary_tractions, cleavage_slab
from atomistic.distil import CrystalChoice, Dataset, Settings, Sizes, StructurePath, Student, compare, distil, draw
from atomistic.distil.assess import by_family, errors
from atomistic.distil.dataset import REPULSION
from atomistic.distil.families import Cut, Solid, offset, repulsion
from atomistic.distil.glide import core, relaxed_slip
from atomistic.distil.student import teaching
from atomistic.potentials.check import check_potential
from atomistic.potentials.neighbours import neighbour_pairs
from atomistic.potentials.serial import SerialPotential
from atomistic.potentials.zbl import SumPotential
from atomistic.properties.bulk import equilibrium
from coupling.contracts import Evaluation, Potential
from coupling.errors import InputError

FEW = Sizes(openings=3, relaxed=0, slips=3, faults=0, strains=4, rattles=4, surfaces=3, vacancies=0, frames=4)
COPPER = CrystalChoice("Cu", "fcc", [(1, 1, 1)])


@pytest.fixture(scope="module")
def dataset(eam: Potential) -> Dataset:
    return draw(eam, [COPPER], FEW, thickness=6.0).labelled(eam)


@pytest.fixture(scope="module")
def student(eam: Potential, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Student:
    settings = Settings(channels=16, epochs=26, batch=4, cutoff=4.0, learning_rate=0.01)
    return distil(eam, dataset, settings, folder=tmp_path_factory.mktemp("student"))


def places(paths: tuple[StructurePath, ...]) -> set[bytes]:
    structures = [one for path in paths for one in path.structures]
    return {np.round(np.vstack([one.cell.array, one.positions]), 6).tobytes() for one in structures}


def test_no_structure_is_in_two_sets_and_every_family_is_tested(eam: Potential) -> None:
    drawn = draw(eam, [COPPER], Sizes(frames=3), thickness=6.0)
    sets = [places(getattr(drawn, name)) for name in ("train", "valid", "test")]
    assert not (sets[0] & sets[2] or sets[0] & sets[1] or sets[1] & sets[2])
    families = {path.family for path in drawn}
    assert len(families) == 9
    for name in ("train", "valid", "test"):
        assert {path.family for path in getattr(drawn, name)} == families
    assert places(drawn.train) == places(draw(eam, [COPPER], Sizes(frames=3), thickness=6.0).train)
    assert places(drawn.train) != places(draw(eam, [COPPER], Sizes(frames=3), thickness=6.0, seed=1).train)


def test_the_ideal_paths_are_trained_on(dataset: Dataset) -> None:
    """The perfect crystal, opened: no path but this one has all atoms on their sites."""
    openings = [path for path in dataset.train if path.family == "opening"]
    (ideal,) = [path for path in openings if len(path.structures) == 2 * FEW.frames + 2]
    closed = ideal.structures[0]
    for atoms in ideal.structures:
        np.testing.assert_allclose(atoms.positions, closed.positions)
        np.testing.assert_allclose(atoms.cell.array[:2], closed.cell.array[:2])
    openings = np.array([atoms.cell[2, 2] for atoms in ideal.structures]) - closed.cell[2, 2]
    assert openings.min() < -0.1 and openings.max() == pytest.approx(6.0)
    assert np.abs(ideal.labels.forces[0]).max() < 1e-6


def test_the_frames_of_a_data_set_are_its_labels(dataset: Dataset) -> None:
    frames, (first, *_) = dataset.frames(), dataset.train
    assert len(frames) == sum(len(path.structures) for path in dataset)
    told = [(str(one.info["set"][0]), str(one.info["group"][0])) for one in frames]
    assert told[0] == ("train", first.family) and {name for name, _ in told} == {"train", "valid", "test"}
    energies = np.concatenate([path.labels.energies for path in dataset])
    np.testing.assert_array_equal([one.energies[0] for one in frames], energies)
    np.testing.assert_array_equal(frames[1].forces[0], first.labels.forces[1])


def test_rattles_have_the_size_of_the_temperature(eam: Potential) -> None:
    """Displacements grow with the root of the temperature."""
    cold, hot = (draw(eam, [COPPER], FEW, temperature=t, thickness=6.0) for t in (100.0, 400.0))
    ours, theirs = (next(path for path in one.train if path.family == "rattle").structures[-1] for one in (cold, hot))
    still = 2.0 * ours.positions - theirs.positions
    sites = Atoms("Cu8", still, cell=ours.cell, pbc=True)
    assert np.abs(eam.evaluate([sites]).forces[0]).max() < 1e-6


@pytest.mark.parametrize(
    ("structure", "plane", "slip"),
    [("fcc", (1, 1, 1), 6**-0.5), ("fcc", (1, 0, 0), 0.25), ("bcc", (1, 1, 0), 0.25), ("diamond", (1, 1, 1), 6**-0.5)],
)  # fmt: skip
def test_the_slip_that_makes_a_fault(structure: str, plane: tuple[int, int, int], slip: float) -> None:
    """fcc and diamond (111): a/√6 along ⟨112⟩; planes in the order ABAB: half of their offset."""
    slab = cleavage_slab(bulk("Cu", structure, a=4.0), plane, 6, conventional=4.0 * np.eye(3))
    assert np.linalg.norm(offset(slab)) == pytest.approx(4.0 * slip, rel=1e-6)


def test_random_stackings_keep_their_neighbours(eam: Potential) -> None:
    """In every fault of fcc (111) no two atoms come nearer than a slip takes them."""
    drawn = draw(eam, [COPPER], Sizes(faults=6, frames=4), temperature=1.0, thickness=8.0)
    faulted = [one for path in drawn if path.family == "fault" for one in path.structures]
    nearest = np.linalg.norm(neighbour_pairs(equilibrium(eam, "Cu", "fcc"), 4.0)[2], axis=1).min()
    for atoms in faulted:  # over a bridge √(1/3 + 1/8) a instead of a/√2, but for the heat of 1 K
        assert np.linalg.norm(neighbour_pairs(atoms, 4.0)[2], axis=1).min() > 0.99 * 0.957 * nearest


def test_relaxed_slips_lie_lower_than_rigid_ones(eam: Potential) -> None:
    """The γ-line with a gap that has begun to relax: lower energies, smaller tractions, the same slips."""
    cell = equilibrium(eam, "Cu", "fcc")
    slab = cleavage_slab(cell, (1, 1, 1), 6, conventional=(4 * cell.get_volume()) ** (1 / 3) * np.eye(3))
    relaxed = relaxed_slip(eam, Cut("Cu", slab, 0.1), 8, np.random.default_rng(0), True)
    slips = np.array([atoms.cell.array[2, :2] - slab.atoms.cell.array[2, :2] for atoms in relaxed])
    along = slips @ offset(slab) / np.linalg.norm(offset(slab)) ** 2
    np.testing.assert_allclose(slips, np.outer(along, offset(slab)), atol=1e-9)
    assert 0 < along[0] < 0.2 and 1.1 < along[-1] < 1.3 and (np.diff(along) > 0).all()
    rigid = [slab.opened(0.0, (s[0], s[1])) for s in slips]
    found, before = eam.evaluate(relaxed), eam.evaluate(rigid)
    assert (found.energies < before.energies).all()
    loads = [np.abs(boundary_tractions(one, e, slab.area)[:, 2]) for one, e in ((relaxed, found), (rigid, before))]
    assert (loads[0] < 0.5 * loads[1]).all()


@pytest.mark.parametrize(("structure", "plane", "side"), [("fcc", (1, 1, 1), 3.6), ("bcc", (1, 1, 0), 2.86)])
def test_cores_have_the_burgers_vector(
    emt: Potential, structure: str, plane: tuple[int, int, int], side: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slip across the glide plane: a lattice vector between the two dislocations, none at the period's ends."""
    slab = cleavage_slab(bulk("Cu", structure, a=side), plane, 4, conventional=side * np.eye(3))
    cut, burgers = Cut("Cu", slab, 0.1), slab.atoms.cell.array[0]
    (eased,) = core(emt, cut, 1, np.random.default_rng(0), True)
    monkeypatch.setattr("atomistic.distil.glide.EASING", 0)
    atoms = core(emt, cut, 8, np.random.default_rng(0), True)[0]
    repeats = np.round(atoms.cell.array @ np.linalg.inv(slab.atoms.cell.array)).astype(int)
    perfect = make_supercell(slab.atoms, repeats)
    moved, heights = atoms.positions - perfect.positions, perfect.positions[:, 2] - slab.atoms.cell[2, 2]
    places = np.linalg.solve(atoms.cell.array.T, perfect.positions.T)[0]
    for place, wanted in ((0.5, burgers), (0.0, np.zeros(3))):
        distance = np.abs((places - place + 0.5) % 1 - 0.5)
        rows = (np.flatnonzero(np.abs(heights - h) < 0.1) for h in (0.0, -slab.spacing))
        above, below = (moved[row[np.argmin(distance[row])]] for row in rows)
        assert np.linalg.norm(above - below - wanted) < 0.1 * np.linalg.norm(burgers)
    (rough,) = core(emt, cut, 1, np.random.default_rng(0), True)
    after, before = (np.abs(emt.evaluate([one]).forces[0]).max() for one in (eased, rough))
    assert after < 0.3 * before


def test_repulsion_knows_no_absurd_energies(eam: Potential) -> None:
    """Structures that the teacher puts far above the crystal, as splines beyond their fit do, are left out."""

    class Steep:
        def evaluate(self, structures: list[Atoms]) -> Evaluation:
            found = eam.evaluate(structures)
            return replace(found, energies=200 * found.energies)

    cell = equilibrium(eam, "Cu", "fcc")
    solid = Solid("Cu fcc", cell, 2.5, 0.1, (), 0)
    mild, steep = (repulsion(one, solid, 6, np.random.default_rng(0), True) for one in (eam, Steep()))
    assert 0 < len(steep) < len(mild)
    excess = [200 * (eam.evaluate([one]).energies[0] / len(one) - eam.evaluate([cell]).energies[0]) for one in steep]
    assert max(excess) < 60


def test_arrays_bring_all_back(dataset: Dataset) -> None:
    again = Dataset.from_arrays(dataset.arrays())
    assert again.fingerprint == dataset.fingerprint
    assert [(p.family, p.origin, len(p.structures)) for p in again] == [
        (p.family, p.origin, len(p.structures)) for p in dataset
    ]
    assert errors(load_potential("emt"), again.test) == errors(load_potential("emt"), dataset.test)


def test_labels_are_the_teachers(eam: Potential, dataset: Dataset) -> None:
    found = errors(eam, [*dataset.train, *dataset.valid, *dataset.test])
    assert found.energy < 1e-6 and found.force < 1e-6 and found.stress < 1e-9  # meV, meV/Å, GPa
    assert teaching(eam, (29,)) is eam
    collapsing = SerialPotential("sticky", frozenset({29}), 6.0, "", MorsePotential(epsilon=1.0, rho0=0.5, r0=0.5))
    assert isinstance(teaching(collapsing, (29,)), SumPotential)


def test_the_student_has_learnt(student: Student, dataset: Dataset) -> None:
    """On held-out paths, after seconds on a few structures: better than no forces and no energy differences."""
    every = student.errors["all"]
    usual = [path for path in dataset.test if path.family != REPULSION]
    energies = np.concatenate([path.labels.energies / [len(one) for one in path.structures] for path in usual])
    assert every.force < 0.8 * every.force_size
    assert every.energy < 0.5e3 * energies.std()
    assert set(student.errors) == {"all"} | {path.family for path in dataset.test}
    assert student.history[-1, 2] < student.history[0, 2]
    assert student.errors == by_family(student.potential, dataset)


def test_the_checkpoint_is_sevenns_own(student: Student) -> None:
    """Read without trust, and by sevenn's calculator with the same numbers; it is a smooth potential."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sevenn.calculator import SevenNetCalculator

        theirs = SevenNetCalculator(str(student.checkpoint), device="cpu")
    ours = load_potential(str(student.checkpoint), device="cpu")
    atoms = bulk("Cu", a=3.7) * (2, 2, 1)
    atoms.positions += np.random.default_rng(0).normal(scale=0.1, size=(4, 3))
    found = ours.evaluate([atoms])
    atoms.calc = theirs
    assert found.energies[0] == pytest.approx(atoms.get_potential_energy(), abs=2e-5)
    np.testing.assert_allclose(found.forces[0], atoms.get_forces(), atol=2e-4)
    np.testing.assert_allclose(found.stresses[0], atoms.get_stress(voigt=False), atol=1e-5)
    exact = load_potential(str(student.checkpoint), device="cpu", dtype="float64")
    report = check_potential(exact)
    for name in ("forces", "translation", "rotation", "permutation", "extensivity", "batch", "inputs", "cutoff"):
        assert report[name].passed


def test_an_interrupted_training_ends_with_the_same_weights(
    eam: Potential, dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import atomistic.distil.training as training

    monkeypatch.setattr(training, "_KEPT_EVERY", 0.0)
    settings = Settings(channels=4, lmax=1, epochs=3, cutoff=3.5)
    whole = distil(eam, dataset, settings, folder=tmp_path / "whole")

    def stopping(stage: str, done: int, total: int, note: str = "") -> None:
        if stage == "training" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        distil(eam, dataset, settings, folder=tmp_path / "parts", progress=stopping)
    assert not (tmp_path / "parts" / "student.pth").exists()
    epochs: list[int] = []
    parts = distil(
        eam, dataset, settings, folder=tmp_path / "parts", progress=lambda stage, done, *_: epochs.append(done)
    )
    assert epochs == [3]
    np.testing.assert_allclose(parts.history, whole.history, rtol=1e-6)
    assert parts.errors["all"].force == pytest.approx(whole.errors["all"].force, rel=1e-5)
    other = distil(eam, dataset, Settings(channels=4, lmax=1, epochs=1, cutoff=3.5), folder=tmp_path / "parts")
    assert other.epochs == 1


def test_radial_training_sees_what_the_network_says(eam: Potential, dataset: Dataset, tmp_path: Path) -> None:
    """Written-out energies, forces and stresses are those of sevenn's network, which differentiates."""
    from atomistic.distil.network import build, configuration, write_checkpoint
    from atomistic.distil.radial import RadialNetwork, joined

    config = configuration(dataset, Settings(channels=8, layers=1, lmax=1, fading=12), 5.5)
    network = build(config, 1)
    parts = dict(network.named_children())
    with torch.no_grad():  # large sums: SiLU is far from a straight line
        parts["0_self_interaction_2"].linear.weight.mul_(60)
    write_checkpoint(tmp_path / "student.pth", config, network.state_dict(), 0, "")
    exact = load_potential(str(tmp_path / "student.pth"), device="cpu", dtype="float64")
    model = RadialNetwork(network, config)
    paths = [path for path in dataset.train if path.family != REPULSION]
    structures = [path.structures[-1] for path in paths]
    found = exact.evaluate(structures)
    labels = zip(structures, found.energies, found.forces, found.stresses, strict=True)
    packed = joined([model.pack(*one) for one in labels])
    with torch.no_grad():
        energies, forces, stresses = model(packed)
    size = packed.forces.abs().max()
    assert size > 0.05
    torch.testing.assert_close(energies, packed.energies, atol=3e-6, rtol=0)
    torch.testing.assert_close(forces, packed.forces, atol=1e-3 * float(size), rtol=0)
    torch.testing.assert_close(stresses, packed.stresses, atol=1e-3 * float(packed.stresses.abs().max()), rtol=0)


def test_a_student_of_one_layer_learns_an_embedded_atom_model(eam: Potential, dataset: Dataset, tmp_path: Path) -> None:
    """In seconds, on held-out paths; forces and energies."""
    from atomistic.distil.radial import train_radial

    settings = Settings(
        channels=16, layers=1, lmax=1, cutoff=6.0, fading=12, epochs=20, batch=4, learning_rate=0.01, huber=0.1
    )
    student = distil(eam, dataset, settings, folder=tmp_path / "one")
    every = student.errors["all"]
    assert every.force < 0.6 * every.force_size
    with pytest.raises(InputError, match="one layer and one element"):
        train_radial(dataset, Settings(), 5.0)


def test_comparison_of_a_teacher_with_itself(eam: Potential) -> None:
    rows = compare(eam, eam, "Cu", "fcc", [(1, 1, 1)], layers=6, faults=False)
    assert [row.name for row in rows][:4] == ["lattice parameter", "C11", "C12", "C44"]
    assert all(row.relative_error == 0 for row in rows)


def bad_datasets() -> Iterator[tuple[str, str]]:
    yield "channels", "quartered"
    yield "lmax", "out of range"
    yield "minutes", "greater than zero"
    yield "cutoff", "reaches no neighbour"


@pytest.mark.parametrize(("name", "message"), bad_datasets())
def test_settings_that_make_no_network_are_refused(name: str, message: str) -> None:
    value = {"channels": 10, "lmax": 5, "minutes": -1.0, "cutoff": 0.5}[name]
    with pytest.raises(InputError, match=message):
        Settings(**{name: value})


def test_datasets_that_cannot_be_dealt_are_refused(eam: Potential) -> None:
    path = StructurePath("mine", (Atoms("Cu", cell=[3, 3, 3], pbc=True),))
    with pytest.raises(InputError, match="no structures"):
        Dataset.dealt([path, path])
    with pytest.raises(InputError, match="whole number"):
        Sizes(slips=-1)
    with pytest.raises(InputError, match="need a crystal"):
        draw(eam, [])


def test_messages_begin_with_a_spread_of_one_over_the_usual_structures(dataset: Dataset) -> None:
    """Repulsive structures weigh a hundredth and have no say; sevenn's own beginning is nowhere near one."""
    from torch_geometric.loader import DataLoader

    from atomistic.distil.network import build, configuration
    from atomistic.distil.training import _graphs, _spread_messages

    settings = Settings(channels=16, cutoff=4.0)
    graphs = _graphs(dataset.train, 4.0)
    weights = {graph["data_weight"]["force"] for graph in graphs}
    assert weights == {0.01, 1.0}
    usual = [graph for graph in graphs if graph["data_weight"]["force"] == 1.0]

    def spreads(network: torch.nn.Module) -> list[float]:
        network.set_is_batch_data(True)
        seen: list[torch.Tensor] = []
        linears = [network.get_submodule(f"{layer}_self_interaction_2").linear for layer in range(2)]
        hooks = [
            linear.register_forward_hook(lambda *call: seen.append(call[2].detach()[:, :16])) for linear in linears
        ]
        network(next(iter(DataLoader(usual, batch_size=len(usual)))))
        for hook in hooks:
            hook.remove()
        return [float(one.std(0).mean()) for one in seen]

    network = build(configuration(dataset, settings, 4.0), 0)
    assert max(spreads(network)) < 0.7
    _spread_messages(network, graphs, settings)
    assert spreads(network) == pytest.approx([1.0, 1.0], rel=1e-4)
