"""What runs in a worker process: it makes ASE calculators, and answers for many structures a request.

Run by path, as `PYTHON served.py SOCKET PARENT`, under this Python or another: beside the package of the calculator it
needs numpy and ASE alone, and nothing of this project. A message is a JSON head and arrays of numbers; the answers hold
nothing else, so that whatever runs here cannot make the other side run anything. Requests do hold one pickle, of options.
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import pickle
import platform
import signal
import socket
import struct
import sys
import threading
import time
from hashlib import sha256
from typing import Any

import numpy as np

_LENGTH = struct.Struct("<4sQ")
_MAGIC = b"msc1"
_KINDS = ("<f8", "<i8", "|b1", "|u1")
_LONGEST_HEAD, _LARGEST_ARRAY = 1 << 26, 1 << 34  # bytes
_WATCH = 1.0  # s between looks at whether the parent lives


class Garbled(ValueError):
    """What came is no message."""


def send(pipe: socket.socket, head: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Send a head of JSON values and arrays of float64, int64, bool or uint8."""
    plain = {name: np.asarray(array, order="C") for name, array in arrays.items()}
    text = json.dumps([head, {name: [array.dtype.str, array.shape] for name, array in plain.items()}]).encode()
    pipe.sendall(b"".join([_LENGTH.pack(_MAGIC, len(text)), text, *(array.tobytes() for array in plain.values())]))


def receive(pipe: socket.socket) -> tuple[dict[str, Any], dict[str, Any]]:
    """The next head and its arrays.

    Raises:
        EOFError: the other side is gone.
        Garbled: it sent something else.
    """
    magic, length = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    if magic != _MAGIC or length > _LONGEST_HEAD:
        raise Garbled("it does not begin as a message does")
    head, listed = json.loads(_exactly(pipe, length))
    return head, {name: _array(pipe, kind, shape) for name, (kind, shape) in listed.items()}


def _array(pipe: socket.socket, kind: str, shape: list[int]) -> Any:
    if kind not in _KINDS or not all(isinstance(size, int) and size >= 0 for size in shape):
        raise Garbled(f"it holds an array of {kind!r} and {shape}")
    dtype, count = np.dtype(kind), 1
    for size in shape:
        count *= size
    if count * dtype.itemsize > _LARGEST_ARRAY:
        raise Garbled(f"it holds an array of {shape}")
    return np.frombuffer(_exactly(pipe, count * dtype.itemsize), dtype).reshape(shape)


def _exactly(pipe: socket.socket, size: int) -> bytearray:
    data = bytearray(size)
    rest = memoryview(data)
    while rest:
        got = pipe.recv_into(rest)
        if not got:
            raise EOFError("the other side is gone")
        rest = rest[got:]
    return data


def make(where: str, name: str, options: dict[str, Any]) -> Any:
    """What a class or function makes of options.

    Args:
        where: A module, or the path of a Python file.
        name: Of the class or function in it.
        options: Its keyword arguments.
    """
    if where.endswith(".py"):
        spec = importlib.util.spec_from_file_location(os.path.basename(where)[:-3], where)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(where)
    made = vars(module)[name]
    if option := next(iter(unread(made, options)), None):
        raise Unread(option, sorted(made.default_parameters))
    return made(**options)


class Unread(Exception):
    """An option that a calculator would ignore, and those that it reads."""

    def __init__(self, option: str, known: list[str]) -> None:
        super().__init__(option)
        self.option, self.known = option, known


def unread(made: Any, options: Any) -> list[str]:
    """The options that a calculator would accept and ignore, as most of ASE's do.

    Args:
        made: Its class. One that writes its options into another code's input may have any.
        options: Their names.
    """
    from ase.calculators.calculator import Calculator, FileIOCalculator

    if not isinstance(made, type) or not issubclass(made, Calculator):
        return []
    own: Any = made
    known, takes_any = set(own.default_parameters), False
    for of in (own, Calculator):
        for parameter in list(inspect.signature(of.__init__).parameters.values())[1:]:
            known.add(parameter.name)
            takes_any |= of is own and parameter.kind is parameter.VAR_KEYWORD
    if not takes_any or not own.default_parameters or issubclass(own, FileIOCalculator):
        return []
    return [option for option in options if option not in known]


def ask(calculator: Any, atoms: Any, *, stress: bool, sites: bool) -> dict[str, Any]:
    """Energy (eV) and forces (N, 3); where asked for, the stress (3, 3), eV/Å³, and site energies (N,).

    Args:
        calculator: An ASE calculator.
        atoms: One structure.
        stress: Whether it has one.
        sites: Whether site energies are wanted.
    """
    from ase.stress import voigt_6_to_full_3x3_stress

    atoms.calc = calculator
    found = {"sites": np.array(calculator.get_property("energies", atoms), dtype=float)} if sites else {}
    found["energy"] = _found(calculator, "energy", atoms) if sites else np.array(float(atoms.get_potential_energy()))
    found["forces"] = _found(calculator, "forces", atoms)
    if stress:
        tensor = _found(calculator, "stress", atoms)
        found["stress"] = voigt_6_to_full_3x3_stress(tensor) if tensor.shape == (6,) else tensor
    return found


def _found(calculator: Any, name: str, atoms: Any) -> Any:
    """A property of the atoms that the calculator was just asked about; asked for only where it did not come with that.

    With every question ASE compares the atoms with the last ones, which takes longer than the answer of a small cell.
    That results are of these atoms is known where ASE's own `get_property` clears them for others.
    """
    from ase.calculators.calculator import Calculator

    cleared = type(calculator).get_property is Calculator.get_property
    found = calculator.results.get(name) if cleared else None
    return np.array(calculator.get_property(name, atoms) if found is None else found, dtype=float)


def facts_of(calculator: Any) -> dict[str, Any]:
    """What a calculator declares, and the environment that it runs in.

    A maker may put `facts` on it: `elements`, `cutoff`, `interaction_range` and what else its numbers depend on.
    """
    cutoff = getattr(calculator, "cutoff", None)
    known = {"cutoff": float(cutoff)} if isinstance(cutoff, (int, float)) else {}
    properties = [str(name) for name in calculator.implemented_properties]
    return known | dict(getattr(calculator, "facts", {})) | {"properties": properties, "environment": environment()}


def environment() -> dict[str, str]:
    """Versions of Python and of every distribution that is loaded, and hashes of loaded files that none brought."""
    ours = os.path.dirname(os.path.abspath(__file__))
    standard = os.path.dirname(os.path.abspath(os.__file__))
    brought, found = _distributions(), {"python": platform.python_version()}
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None) or ours
        if "site-packages" in file or "dist-packages" in file:
            found.update(brought.get(name.partition(".")[0], {}))
        elif file.endswith(".py") and os.path.isfile(file) and not file.startswith((ours, standard + os.sep)):
            with open(file, "rb") as source:
                found["file of " + name] = sha256(source.read()).hexdigest()
    return found


def _distributions() -> dict[str, dict[str, str]]:
    """Of each module at the top the distributions that bring it, with their versions, as the folders of Python's path say.

    `importlib.metadata.packages_distributions` says the same, in seconds.
    """
    found: dict[str, dict[str, str]] = {}
    for folder in filter(os.path.isdir, sys.path):
        for entry in sorted(os.listdir(folder)):
            name, kind = os.path.splitext(entry)
            listed = os.path.join(folder, entry, {".dist-info": "RECORD", ".egg-info": "top_level.txt"}.get(kind, ""))
            if kind in (".dist-info", ".egg-info") and os.path.isfile(listed):
                with open(listed, encoding="utf-8", errors="replace") as lines:
                    tops = {line.partition("/")[0].partition(",")[0].partition(".")[0].strip() for line in lines}
                title, _, version = name.partition("-")
                for top in tops:
                    found.setdefault(top, {}).setdefault(title, version)
    return found


class Server:
    """One calculator at a time, made anew where others are asked for or where it failed.

    Args:
        pipe: To the parent.
    """

    def __init__(self, pipe: socket.socket) -> None:
        self.pipe = pipe
        self._held: dict[bytes, Any] = {}

    def serve(self) -> None:
        """Answer requests until the pipe closes; an error is an answer too."""
        while True:
            try:
                head, arrays = receive(self.pipe)
            except EOFError:
                return
            try:
                calculator = self._calculator(arrays["maker"].tobytes())
                facts = facts_of(calculator) if head["facts"] else None
            except Unread as error:
                send(self.pipe, {"unread": error.option, "known": error.known}, {})
            except (Exception, SystemExit) as error:
                send(self.pipe, {"unmade": f"{type(error).__name__}: {error}"}, {})
            else:
                if facts is not None:
                    send(self.pipe, {"facts": facts}, {})
                self._answer(calculator, head, arrays)

    def _calculator(self, maker: bytes) -> Any:
        if maker not in self._held:
            self._held = {}
            self._held = {maker: make(*pickle.loads(maker))}
        return self._held[maker]

    def _answer(self, calculator: Any, head: dict[str, Any], arrays: dict[str, Any]) -> None:
        """One message a structure; the first that fails is the last."""
        from ase import Atoms

        ends = np.cumsum(arrays["counts"])
        for k, (end, count) in enumerate(zip(ends, arrays["counts"])):  # noqa: B905 (older Pythons have no strict)
            own = slice(end - count, end)
            atoms = Atoms(
                arrays["numbers"][own], arrays["positions"][own].copy(), cell=arrays["cells"][k], pbc=arrays["pbc"][k]
            )
            charged = "charges" in arrays
            try:
                if charged:
                    calculator.set_point_charges(arrays["charges"], arrays["places"])
                found = self._asked(calculator, atoms, stress=bool(arrays["stress"][k]), sites=head["sites"])
                if charged:
                    found["charge_forces"] = np.array(calculator.charge_forces, dtype=float)
                finite = all(np.isfinite(one).all() for one in found.values())
                failed = None if finite else "the energy, a force or the stress is not a number"
            except (Exception, SystemExit) as error:
                failed, found = f"{type(error).__name__}: {error}", {}
            if failed is not None:
                self._held = {}
                send(self.pipe, {"failed": failed, "finite": not found}, {})
                return
            send(self.pipe, {}, found)

    @staticmethod
    def _asked(calculator: Any, atoms: Any, *, stress: bool, sites: bool) -> dict[str, Any]:
        """As `ask`; without a stress where the code has none for this cell or this mode, whatever it announces."""
        if stress and "stress" in calculator.implemented_properties:
            try:
                return ask(calculator, atoms, stress=True, sites=sites)
            except (NotImplementedError, AttributeError):
                pass
        return ask(calculator, atoms, stress=False, sites=sites)


def _end_with(parent: int) -> None:
    """End this process, and all that it started, when the parent does: it may be computing and not look at the pipe."""
    while os.getppid() == parent:
        time.sleep(_WATCH)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.abspath(path or ".") != here]  # put there for a script
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.set_inheritable(False)  # else what a calculator starts keeps it open
    threading.Thread(target=_end_with, args=(int(sys.argv[2]),), daemon=True).start()
    Server(channel).serve()
