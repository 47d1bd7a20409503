"""The signals by which a terminal (SIGINT) or a queue (SIGTERM) ends a command, turned into one exception."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM came."""


_RAISED = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated}


@contextmanager
def stoppable() -> Iterator[None]:
    """Let the first signal in the block raise `KeyboardInterrupt` or `Terminated`.

    What is done is then being kept, and all further ones are ignored; a launcher may send several. So are those that come
    after the block, when all has been said. A signal that was ignored before, as in the background, still is.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        _ignore()
        raise _RAISED[signal.Signals(number)]

    for number in _RAISED:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    try:
        yield
    finally:
        _ignore()


def _ignore() -> None:
    for number in _RAISED:
        signal.signal(number, signal.SIG_IGN)
