"""The gathered figures of speed: their names, a part that fails, and what is not asked for."""

from benchmarks.speed import PARTS, measure

WANTED = """
network_7net0 network_l3i5 network_max_abs_diff_eV
eam_over_lammps_1k eam_over_lammps_10k eam_over_lammps_100k relax_over_lammps_10k eam_max_diff_eV_atom
dipole_bgfc_over_lammps_16k dipole_over_before
newton_symmetric_over_lu newton_over_bare_dolfinx dcb_steps
unknowns_3d seconds_per_newton_3d memory_GiB_3d growth_exponent_3d
threads_two_over_one help_seconds_over_python test_seconds_over_before
""".split()


def test_every_figure_has_one_part():
    assert sorted(key for keys in PARTS.values() for key in keys) == sorted(WANTED)


def test_a_part_that_fails_leaves_the_others(capfd):
    found, well = measure(parts={"no_such_benchmark": ("lost",), "speed_start": PARTS["speed_start"]})
    assert not well and found["lost"] is None and "no_such_benchmark" in found["notes"]
    assert found["help_seconds_over_python"] > 1
    assert found["test_seconds_over_before"] is None and "--tests" in found["notes"]["test_seconds_note"]
    assert found["roofline_fraction"] is None and found["notes"]["roofline_fraction"]


def test_a_part_without_a_figure_fails(capfd):
    found, well = measure(parts={"speed_start": ("help_seconds_over_python", "not_measured")})
    assert not well and found["not_measured"] is None and "not_measured" in found["notes"]["speed_start"]
