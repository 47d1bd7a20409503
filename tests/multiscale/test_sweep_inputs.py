"""Sweeps before anything runs: ranges, points, addresses, and what is refused."""

import copy

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from benchmarks.sweep_inputs import BAD, BASE
from coupling.errors import InputError
from multiscale.cli import app
from multiscale.inputs.changes import placed
from multiscale.inputs.consent import Consent
from multiscale.sweeps.engine import queue_cluster
from multiscale.sweeps.inputs import EngineInput, SweepInput
from multiscale.sweeps.plan import plan_of
from multiscale.sweeps.queues import QUEUES, Jobs
from multiscale.sweeps.ranges import BlockInput, Range, axes_of, combinations, numbers


def blocks(*items):
    return [BlockInput.model_validate(item) for item in items]


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ({"min": 0, "max": 1, "points": 5}, [0, 0.25, 0.5, 0.75, 1]),
        ({"min": 4, "max": 12, "points": 3}, [4, 8, 12]),
        ({"min": 1.0, "max": 100.0, "points": 3, "scale": "log"}, [1.0, 10.0, 100.0]),
        ({"min": "4 Å", "max": "6 Å", "points": 3}, ["4.0 Å", "5.0 Å", "6.0 Å"]),
        ({"min": "1 nm", "max": "20 Å", "points": 3}, ["1.0 nm", "1.5 nm", "2.0 nm"]),
        ({"min": 1, "max": 1000, "points": 4, "scale": "log", "whole": True}, [1, 10, 100, 1000]),
    ],
)
def test_grids(given, values):
    made = Range.model_validate(given).grid
    assert (made == values and list(map(type, made)) == list(map(type, values))) or given == {
        "min": 0,
        "max": 1,
        "points": 5,
    }


def test_a_latin_hypercube_has_one_point_in_each_stratum_and_a_sobol_sequence_too():
    for design in ("latin hypercube", "sobol"):
        keys = {"a": {"min": 0.0, "max": 1.0}, "b": {"min": "1 Å", "max": "1 nm", "scale": "log"}}
        (axis,) = axes_of(blocks({"design": design, "points": 16, "seed": 3, "keys": keys}))
        values, unit = numbers(axis.columns["b"])
        assert axis.name == "sample" and unit == "Å" and len(axis) == 16
        assert sorted(np.floor(np.array(axis.columns["a"]) * 16).astype(int)) == list(range(16))
        assert sorted(np.floor(np.log10(values) * 16).astype(int)) == list(range(16))


def test_blocks_are_crossed_and_the_last_axis_runs_fastest():
    axes = axes_of(blocks({"design": "paired", "keys": {"a": [1, 2], "b": ["x", "y"]}}, {"keys": {"c": [5, 6, 7]}}))
    assert [axis.name for axis in axes] == ["pair", "c"]
    points = combinations(axes)
    assert len(points) == 6 and points[0] == {"a": 1, "b": "x", "c": 5} and points[4] == {"a": 2, "b": "y", "c": 6}


def test_values_go_to_dotted_keys_and_the_base_stays():
    base = {"a": {"b": [{"c": 1}, {"c": 2}]}}
    before = copy.deepcopy(base)
    assert placed(base, {"a.b.1.c": 5, "d.e": 6}) == {"a": {"b": [{"c": 1}, {"c": 5}]}, "d": {"e": 6}}
    assert base == before
    with pytest.raises(InputError, match="has no 'c'"):
        placed({"a": "emt"}, {"a.c": 1})


def addresses(base, over, folder=None):
    return [
        task.address
        for task in plan_of(SweepInput.parse({"base": base, "over": over}, folder, consent=Consent(code=True))).tasks
    ]


def test_the_address_of_a_point_is_its_content(tmp_path):
    over = {"plane.layers": [6, 8]}
    first = addresses(BASE, over)
    assert len(set(first)) == 2
    assert addresses(BASE | {"title": "another"}, over) == first
    assert addresses(BASE, {"plane.layers": [8, 6]}) == first[::-1]
    assert addresses(BASE, {"plane.layers": [6, 6]}) == [first[0]] * 2
    assert addresses(BASE | {"openings": {"max": "0.6 nm"}}, over) == addresses(
        BASE | {"openings": {"max": "6e-10 m"}}, over
    )
    (tmp_path / "Ni.eam").write_text("one")
    stored = addresses(BASE | {"potential": "Ni.eam"}, over, tmp_path)
    assert addresses(BASE | {"potential": "Ni.eam"}, over, tmp_path) == stored
    (tmp_path / "Ni.eam").write_text("two")
    assert not set(addresses(BASE | {"potential": "Ni.eam"}, over, tmp_path)) & set(stored)


def test_a_changed_function_has_another_address(tmp_path, monkeypatch):
    import importlib
    import sys

    base, over = {"study": "function", "call": "changing:f"}, {"arguments.x": ["1 nm", "2 nm"]}
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "changing.py").write_text("def f(x):\n    return {'a': x}\n")
    first = addresses(base, over, tmp_path)
    ready = SweepInput.parse({"base": base, "over": over}, tmp_path, consent=Consent(code=True))
    assert plan_of(ready).tasks[1].arguments == {"x": 2e-9}
    (tmp_path / "changing.py").write_text("def f(x):\n    return {'a': 2 * x}\n")
    importlib.invalidate_caches()
    assert not set(addresses(base, over, tmp_path)) & set(first)
    with pytest.raises(InputError, match=r"point 0 \(arguments.y = 1\).*takes: x"):
        addresses(base, {"arguments.y": [1]}, tmp_path)
    monkeypatch.delitem(sys.modules, "changing")


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence_and_leaves_nothing(name, tmp_path):
    place = tmp_path / "in"
    place.mkdir()
    file = place / "sweep.yaml"
    file.write_text(BAD[name] if isinstance(BAD[name], str) else yaml.safe_dump(BAD[name]), encoding="utf-8")
    answer = CliRunner().invoke(app, ["sweep", str(file)])
    assert answer.exit_code == 2, answer.output
    assert answer.stderr.startswith("Error: ") and answer.stderr.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == [place, file]


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ({"kind": "slurm"}, "needs workers"),
        ({"kind": "slurm", "workers": 2, "skip_directives": [" "]}, "an empty text"),
        ({"kind": "scheduler"}, "needs an address"),
        ({"walltime": "01:00:00"}, "walltime does not belong to kind: local"),
        ({"kind": "slurm", "workers": 2, "memory": "lots"}, "memory: 'lots' cannot be read"),
        ({"kind": "pbs", "workers": 2, "memory": "4 GiB", "walltime": "an hour"}, "walltime: 'an hour' cannot be read"),
        ({"mpi": {"ranks": 4, "launcher": "srun"}}, "where the number of ranks goes"),
        ({"resources": {"GPU": 0.0}}, "greater than zero"),
        ({"threads": 0}, "threads: 0"),
    ],
)
def test_engines_that_do_not_fit_are_refused(engine, message):
    with pytest.raises(InputError, match=message):
        SweepInput.parse({"base": BASE, "over": {"seed": [1]}, "engine": engine})


@pytest.mark.parametrize(
    ("kind", "submit", "lines"),
    [
        ("slurm", "sbatch", ["#SBATCH -p fast", "#SBATCH -A ours", "#SBATCH --cpus-per-task=8", "#SBATCH --mem=4G", "#SBATCH -t 01:00:00"]),
        ("pbs", "qsub", ["#PBS -q fast", "#PBS -A ours", "#PBS -l select=1:ncpus=8:mem=4096MB", "#PBS -l walltime=01:00:00"]),
        ("lsf", "bsub", ["#BSUB -q fast", "#BSUB -P \"ours\"", "#BSUB -n 8", "#BSUB -W 01:00"]),
        ("sge", "qsub", ["#$ -q fast", "#$ -P ours"]),
    ],
)  # fmt: skip
def test_the_job_says_what_the_block_says(kind, submit, lines, tmp_path, monkeypatch):
    (tmp_path / submit).write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / submit).chmod(0o755)
    block = {"kind": kind, "workers": 3, "threads": 2, "memory": "4 GiB", "queue": "fast", "account": "ours",
             "resources": {"GPU": 1.0}, "mpi": {"ranks": 4}, "directives": ["--gres=gpu:1"], "prologue": ["module load mpi"]}  # fmt: skip
    if kind == "lsf":
        block["walltime"] = "01:00"
    else:
        block["walltime"] = "01:00:00"
    engine = EngineInput.model_validate(block)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(InputError, match=f"needs the command {submit}"):
        queue_cluster(engine, Jobs(QUEUES[kind], tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    with queue_cluster(engine, Jobs(QUEUES[kind], tmp_path)) as cluster:
        script = cluster.job_script()
    for line in [
        *lines,
        "--gres=gpu:1",
        "export OMP_NUM_THREADS=2",
        "module load mpi",
        "--nthreads 1 --no-dashboard",
        "--resources 'GPU=1'",
    ]:
        assert line in script, script


@pytest.mark.parametrize(
    ("kind", "asked"), [("slurm", "#SBATCH --mem"), ("pbs", ":mem="), ("lsf", "#BSUB -M"), ("sge", "h_vmem")]
)
def test_memory_is_asked_for_only_where_it_is_given(kind, asked, tmp_path, monkeypatch):
    submit = QUEUES[kind].submit
    (tmp_path / submit).write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / submit).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = EngineInput.model_validate({"kind": kind, "workers": 2, "threads": 3})
    with queue_cluster(engine, Jobs(QUEUES[kind], tmp_path)) as cluster:
        script = cluster.job_script()
    assert asked not in script and "--memory-limit 0 --" in script  # TLS follows
    if kind == "pbs":
        assert "#PBS -l select=1:ncpus=3\n" in script


def test_sweeps_at_the_same_time_open_no_fixed_port_and_none_to_others(tmp_path, monkeypatch, recwarn):
    (tmp_path / "sbatch").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    engine = EngineInput.model_validate({"kind": "slurm", "workers": 1})
    jobs = Jobs(QUEUES["slurm"], tmp_path)
    with queue_cluster(engine, jobs) as one, queue_cluster(engine, jobs) as other:
        servers = [cluster.scheduler.http_server for cluster in (one, other)]
        assert [server.address for server in servers] == ["127.0.0.1"] * 2
        assert 8787 not in [server.port for server in servers]
    assert not [str(warning.message) for warning in recwarn if "already in use" in str(warning.message)]


def test_directives_that_a_site_refuses_are_left_out(tmp_path, monkeypatch):
    (tmp_path / "sbatch").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "sbatch").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    block = {"kind": "slurm", "workers": 2, "memory": "4 GiB", "skip_directives": ["--mem", "--cpus-per-task"]}
    with queue_cluster(EngineInput.model_validate(block), Jobs(QUEUES["slurm"], tmp_path)) as cluster:
        script = cluster.job_script()
    assert "--mem=" not in script and "--cpus-per-task" not in script and "#SBATCH -n 1" in script
    assert "--memory-limit 4.00GiB" in script
