"""Dask workers: on this machine, in a queue's jobs, or at a scheduler that runs already."""

import logging
import os
import shutil
import signal
import stat
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from coupling.errors import InputError, MultiscaleError, unknown_choice
from multiscale.sweeps.devices import RESOURCE, cluster_with, shares, visible_devices
from multiscale.sweeps.formats import require
from multiscale.sweeps.inputs import EngineInput
from multiscale.sweeps.queues import QUEUES, Jobs, asked
from multiscale.sweeps.watch import Watch

LOGS = "logs"
_CONNECT = "20s"
_CLOSE = 60.0  # seconds
_NO_MEMORY = "1 GiB"  # dask_jobqueue wants one; the directive is left out then, and the worker has no limit
_CERTIFICATE = ".tls"
# Distributed opens a web server whatever is asked for, at a fixed port and for all: here, at any free port and without pages
_WITHOUT_PAGES = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}


def check_engine(engine: EngineInput, formats: Sequence[str] = ()) -> None:
    """Raise `MissingBackend` unless the libraries of the wanted files are installed; load those of a queue.

    Raises:
        InputError: the workers of this machine ask for more GPUs than it has.
    """
    if engine.kind == "local":
        shares(visible_devices(), _workers(engine), _gpus(engine))
    if engine.kind in QUEUES:
        _dask_jobqueue()
    for name in formats:
        require(f".{name}")


def check_queue(engine: EngineInput) -> None:
    """Raise `InputError` for a partition that the queue does not have, where the queue is here and can be asked."""
    queue = QUEUES.get(engine.kind)
    if queue is None or engine.queue is None or not queue.partitions:
        return
    known = asked(queue.partitions)
    if known and not set(engine.queue.split(",")) <= set(known.split()):
        raise unknown_choice(f"queue or partition of {engine.kind} (engine.queue)", engine.queue, known.split())


@contextmanager
def connected(engine: EngineInput, folder: Path, tasks: int) -> Iterator[tuple[Any, Watch]]:
    """A `distributed.Client` whose workers compute the points, and the watch that ends a sweep without workers.

    Args:
        engine: Where.
        folder: The sweep's folder; logs of a queue's jobs go there.
        tasks: Number of points; no more workers are started.

    Raises:
        InputError: the scheduler or the queue cannot be reached.
    """
    import dask
    from distributed import Client

    settings = {
        "distributed.nanny.pre-spawn-environ.OMP_NUM_THREADS": engine.threads,
        "distributed.worker.daemon": False,  # a point may start processes of its own
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
        "distributed.admin.large-graph-warning-threshold": "1GB",
    }
    with (
        dask.config.set(settings),
        tempfile.TemporaryDirectory(prefix="sweep-", ignore_cleanup_errors=True) as scratch,
        _quiet(),
    ):
        try:
            jobs = Jobs(QUEUES[engine.kind], folder / LOGS) if engine.kind in QUEUES else None
            cluster = _cluster(engine, jobs, tasks, scratch)
            client = Client(cluster if cluster is not None else engine.address, timeout=_CONNECT)
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            if isinstance(error, MultiscaleError):
                raise
            raise InputError(
                f"engine: {engine.address or engine.kind} cannot be reached ({error}); check the block engine."
            ) from error
        try:
            yield client, Watch(client, engine.resources, jobs)
        finally:
            client.close()
            if cluster is not None:
                # a queue that does not answer; distributed asserts that each job is closed, and one may be about to start
                with suppress(TimeoutError, AssertionError):
                    cluster.close(timeout=_CLOSE)
            if jobs is not None:
                shutil.rmtree(jobs.logs / _CERTIFICATE, ignore_errors=True)


def _cluster(engine: EngineInput, jobs: Jobs | None, tasks: int, scratch: str) -> Any:
    if engine.kind == "scheduler":
        return None
    if jobs is None:
        return _local(engine, tasks, scratch)
    cluster = queue_cluster(engine, jobs)
    cluster.scale(min(engine.workers or 1, tasks))
    return cluster


def _local(engine: EngineInput, tasks: int, scratch: str) -> Any:
    from distributed import LocalCluster

    workers = min(_workers(engine), max(1, tasks))
    options = {
        "threads_per_worker": 1,
        "processes": True,
        "memory_limit": _bytes(engine.memory) if engine.memory else 0,
        "resources": engine.resources or None,
        "host": "127.0.0.1",
        "security": _certified(),
        "scheduler_kwargs": _WITHOUT_PAGES,
        "local_directory": scratch,
        "silence_logs": logging.CRITICAL,
    }
    if not (devices := visible_devices()):
        return LocalCluster(n_workers=workers, **options)
    return cluster_with(shares(devices, workers, _gpus(engine)), **options)


def _workers(engine: EngineInput) -> int:
    """How many of this machine: as many as are asked for, else as cores and GPUs allow."""
    if engine.workers:
        return engine.workers
    cores = len(os.sched_getaffinity(0)) // (engine.threads * (engine.mpi.ranks if engine.mpi else 1))
    devices, each = len(visible_devices()), _gpus(engine)
    return max(1, min(cores, devices // each) if devices and each else cores)


def _gpus(engine: EngineInput) -> int:
    return int((engine.resources or {}).get(RESOURCE, 0))


def _dask_jobqueue() -> Any:
    """The package, without the handler that it installs on import: Ctrl-C then ended every program with status 0."""
    kept = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, kept)
    return dask_jobqueue


def queue_cluster(engine: EngineInput, jobs: Jobs) -> Any:
    """A cluster of a queue's jobs, none submitted yet; each has one worker that computes one point at a time.

    Args:
        engine: What a job asks for.
        jobs: Takes note of them.

    Raises:
        InputError: the queue's command is not on this machine.
    """
    submit = jobs.queue.submit
    if not any((Path(place) / submit).is_file() for place in os.environ.get("PATH", "").split(os.pathsep)):
        raise InputError(
            f"engine: kind: {engine.kind} needs the command {submit}, which is not here; start on a login node of the cluster."
        )
    extra = ["--nthreads", "1", "--no-dashboard"]
    if engine.resources:
        amounts = " ".join(f"{name}={amount:g}" for name, amount in engine.resources.items())
        extra += ["--resources", f"'{amounts}'"]
    cores, skipped, more = engine.threads * (engine.mpi.ranks if engine.mpi else 1), list(engine.skip_directives), {}
    if engine.memory is None:
        extra += ["--memory-limit", "0"]
        skipped += [jobs.queue.memory] if jobs.queue.memory else []
        more = {"resource_spec": f"select=1:ncpus={cores}"} if engine.kind == "pbs" else {}
    cluster = getattr(_dask_jobqueue(), jobs.queue.cluster)
    return cluster(
        job_cls=jobs.watched(cluster.job_cls),
        cores=cores,
        processes=1,
        memory=engine.memory or _NO_MEMORY,
        job_directives_skip=skipped,
        job_extra_directives=engine.directives,
        job_script_prologue=[
            f"export OMP_NUM_THREADS={engine.threads}",
            "export DASK_DISTRIBUTED__WORKER__HTTP__ROUTES='[]'",
            *engine.prologue,
        ],
        worker_extra_args=extra,
        log_directory=str(jobs.logs),
        security=_certified(),
        shared_temp_directory=str(_private(jobs.logs)),
        scheduler_options=_WITHOUT_PAGES,
        **_accounting(engine),
        **more,
    )


def _certified() -> Any:
    """TLS with a certificate of this sweep's own: a process without it, on this machine or another, is not let in."""
    from distributed import Security

    return Security.temporary()


def _private(folder: Path) -> Path:
    """Where jobs find the certificate, on the file system that they share: readable by the user alone."""
    place = folder / _CERTIFICATE
    place.mkdir(mode=stat.S_IRWXU, parents=True, exist_ok=True)
    return place


def _accounting(engine: EngineInput) -> dict[str, str]:
    """What the queues call by different names, where it is given."""
    account = "project" if engine.kind in ("lsf", "sge") else "account"
    given = {"queue": engine.queue, "walltime": engine.walltime, account: engine.account}
    return {name: value for name, value in given.items() if value is not None}


def _bytes(memory: str) -> int:
    from dask.utils import parse_bytes

    return int(parse_bytes(memory))


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence Dask's messages about workers lost and found; what matters is in the journal."""
    names = [name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "dask_jobqueue")]
    logs = [logging.getLogger(name) for name in ("distributed", *names)]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
