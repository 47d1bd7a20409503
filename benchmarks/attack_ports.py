"""Ports that a sweep opens: whether others reach them, or are let in."""

import os
import socket
import ssl
import time
from contextlib import suppress
from pathlib import Path
from threading import Thread

PAGES = ("/", "/health", "/status", "/metrics", "/info/main/workers.html", "/json/counts.json")
"""Of Distributed's web servers."""


def point(x: float) -> dict[str, float]:
    """A point of a sweep, long enough to be looked at."""
    time.sleep(2.0)
    return {"y": x}


def ports(place: Path) -> bool:
    """Listening ports of a sweep's processes beyond loopback, or that take whoever comes."""
    from multiscale import sweep

    seen: set[tuple[str, int]] = set()
    ended: list[bool] = []

    def look() -> None:
        while not ended:
            seen.update(listening(os.getpid()))
            time.sleep(0.2)

    watcher = Thread(target=look)
    before = listening(os.getpid())
    watcher.start()
    let_in: list[tuple[str, int]] = []

    def knock(*_: object) -> None:
        let_in.extend(port for port in seen - before if takes_anybody(*port))

    try:
        sweep(point, {"x": [1.0, 2.0]}, place / "s", engine={"workers": 1}, progress=knock)
    finally:
        ended.append(True)
        watcher.join()
    opened = seen - before
    return bool(let_in) or not opened or any(address != "127.0.0.1" for address, _ in opened)


def takes_anybody(address: str, number: int) -> bool:
    """Whether a port talks to somebody without a certificate: over TLS that asks for none, or in plain bytes.

    A web server that finds no page (status 404, or 400 for what is no request) has let nobody in.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError), socket.create_connection((address, number), timeout=2.0) as plain:
        with context.wrap_socket(plain) as held:
            if held.recv(1):
                return True
    return any(answered(address, number, page) for page in PAGES)


def answered(address: str, number: int, page: str) -> bool:
    """Whether a port answers a plain request for a page with anything but that there is none."""
    with (
        suppress(OSError),
        socket.create_connection((address, number), timeout=2.0) as plain,
    ):  # closed, gone, or silent
        plain.sendall(f"GET {page} HTTP/1.0\r\n\r\n".encode())
        status = plain.recv(64).split(b" ", 2)
        return bool(status[0]) and not (status[0].startswith(b"HTTP/") and status[1] in (b"400", b"404"))
    return False


def listening(root: int) -> set[tuple[str, int]]:
    """Address and number of the ports on which a process and its descendants listen (IPv4 and IPv6)."""
    family, parents = {root}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    sockets = {name for pid in family for name in _open_files(pid)}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                address, _, number = fields[1].partition(":")
                plain = (
                    ".".join(str(int(address[i : i + 2], 16)) for i in (6, 4, 2, 0)) if len(address) == 8 else address
                )
                found.add((plain, int(number, 16)))
    return found


def _open_files(pid: int) -> list[str]:
    found = []
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            found.append(os.readlink(link))
    except OSError:  # the process has ended, or closed it
        pass
    return found
