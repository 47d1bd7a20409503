"""Calculators that fail on purpose, for the tests of the quantum engines."""

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
from ase.calculators.emt import EMT


class Counting(EMT):
    """Leaves a line for each calculation."""

    def __init__(self, log: str) -> None:
        super().__init__()
        self.log = Path(log)

    def calculate(self, *args, **kwargs):
        with self.log.open("a") as file:
            file.write("x")
        print("chatter on the standard output")
        super().calculate(*args, **kwargs)


class Dying(Counting):
    """Kills its process the first `times` times."""

    def __init__(self, log: str, times: int) -> None:
        super().__init__(log)
        self.times = times

    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        if len(self.log.read_text()) <= self.times:
            os._exit(3)


class Restless(Counting):
    """Converges only with enough damping."""

    def __init__(self, log: str, damping: float = 0.0) -> None:
        super().__init__(log)
        self.damping = damping

    def calculate(self, *args, **kwargs):
        if self.damping < 0.5:
            raise ArithmeticError("self-consistency was not reached")
        super().calculate(*args, **kwargs)


class Sleeping(Counting):
    """Answers so many times, then never, nor does what it started, which holds its pipes."""

    def __init__(self, log: str, answers: int = 0) -> None:
        super().__init__(log)
        self.answers = answers

    def calculate(self, *args, **kwargs):
        if self.answers:
            self.answers -= 1
            return EMT.calculate(self, *args, **kwargs)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen(["sleep", "600"], close_fds=False)
        with self.log.open("a") as file:
            file.write(f"{os.getpid()} {child.pid}")
        time.sleep(600)


class Failing(EMT):
    """Raises an error of its own."""

    def calculate(self, *args, **kwargs):
        raise RuntimeError("SCF diverged: cycle 40, see scf.out.")


class Leaving(EMT):
    """Ends the program, as command-line codes do."""

    def calculate(self, *args, **kwargs):
        raise SystemExit(7)


class Unmade(EMT):
    """Fails when it is made."""

    def __init__(self) -> None:
        raise RuntimeError("no licence")


class Brittle(EMT):
    """Ends its process for any structure that holds gold."""

    def calculate(self, atoms, *args, **kwargs):
        if 79 in atoms.numbers:
            os._exit(3)
        super().calculate(atoms, *args, **kwargs)


class Endless(EMT):
    """Answers with an energy that is no number for any structure that holds gold."""

    def calculate(self, atoms, *args, **kwargs):
        super().calculate(atoms, *args, **kwargs)
        if 79 in atoms.numbers:
            self.results["energy"] = float("nan")


class Misshapen(EMT):
    """Answers with one force too many."""

    def calculate(self, *args, **kwargs):
        super().calculate(*args, **kwargs)
        self.results["forces"] = np.vstack([self.results["forces"], np.zeros(3)])
