"""Which GPUs each worker of this machine computes on: none of another's, as long as there are as many as workers.

Workers of a queue have the GPUs that the queue gives their jobs, and are left alone.
"""

import os
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coupling.errors import InputError

if TYPE_CHECKING:
    from distributed import LocalCluster

VISIBLE = "CUDA_VISIBLE_DEVICES"
RESOURCE = "GPU"
"""The resource of which a point says how many it uses."""


def visible_devices(environment: Mapping[str, str] = os.environ, nodes: Path = Path("/dev")) -> list[str]:
    """The GPUs of NVIDIA that this process may use, as `CUDA_VISIBLE_DEVICES` calls them; CUDA itself is not started.

    Args:
        environment: Its variables; a list there is taken as CUDA takes it, up to the first that is no device.
        nodes: Where the devices have their nodes.
    """
    told = environment.get(VISIBLE)
    if told is None:
        found = (re.fullmatch(r"nvidia(\d+)", path.name) for path in nodes.glob("nvidia*"))
        return sorted((match[1] for match in found if match), key=int)
    devices = []
    for name in (part.strip() for part in told.split(",")):
        if not name or name.startswith("-"):
            break
        devices.append(name)
    return devices


def shares(devices: Sequence[str], workers: int, each: int = 0) -> list[list[str]]:
    """The devices of each worker; empty lists where there is none.

    Args:
        devices: All.
        workers: How many share them.
        each: How many a point uses; 0 divides all, or, of fewer devices than workers, gives each worker one of them.

    Raises:
        InputError: a point uses more than there are for each worker.
    """
    if not devices:
        return [[] for _ in range(workers)]
    if each:
        if workers * each > len(devices):
            raise InputError(
                f"engine: {workers} workers with {each} GPU{'s' if each > 1 else ''} each are more than the {len(devices)} here; "
                f"take workers: {max(1, len(devices) // each)}, or leave resources out to let workers share a GPU."
            )
        return [list(devices[k * each : (k + 1) * each]) for k in range(workers)]
    if workers > len(devices):
        return [[devices[k % len(devices)]] for k in range(workers)]
    return [list(devices[k * len(devices) // workers : (k + 1) * len(devices) // workers]) for k in range(workers)]


def cluster_with(given: Sequence[Sequence[str]], **options: Any) -> "LocalCluster":
    """A cluster with a worker for each share of devices; a worker that is started again keeps its own.

    Args:
        given: The devices of each worker.
        **options: Those of `distributed.LocalCluster`.
    """
    from distributed import LocalCluster

    cluster = LocalCluster(n_workers=0, **options)
    cluster.new_worker_spec = partial(_with_devices, cluster.new_worker_spec, given)
    cluster.scale(len(given))
    return cluster


def _with_devices(plain: Any, given: Sequence[Sequence[str]]) -> dict[Any, Any]:
    """The specification of the next worker, by its number, with its own environment."""
    ((number, spec),) = plain().items()
    devices = given[int(number) % len(given)]
    environment = spec["options"].get("env") or {}
    own = environment | ({VISIBLE: ",".join(devices)} if devices else {})
    return {number: spec | {"options": spec["options"] | {"env": own}}}
