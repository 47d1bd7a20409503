"""The errors that this project raises on purpose.

Each carries one clear sentence: the value, the valid choices, the way out. The command
line shows that sentence alone and leaves with the class's `exit_status`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches


class MultiscaleError(Exception):
    """Base of every error raised on purpose."""

    exit_status = 1


class InputError(MultiscaleError, ValueError):
    """The user's input cannot be used as it is: a value, a file, a name."""

    exit_status = 2


class MissingBackend(InputError, ImportError):
    """An optional library is not installed; the message names the extra that installs it."""


class NotConverged(MultiscaleError, RuntimeError):
    """A solver did not converge; the message says where the last good state was saved."""


class Refuted(MultiscaleError):
    """A result fails its own checks; it is kept where a failed run leaves it."""


class ForeignError(MultiscaleError, RuntimeError):
    """Code that is not of this project failed; the message gives its own words, the cause its own error."""


class NotFinite(MultiscaleError, ArithmeticError):
    """A potential's energy or force is not a number; the message names the potential and the structure."""


class Untrusted(MultiscaleError):
    """A run has come to a structure at which its potential is not to be trusted; the message says by what measure."""


class CountingError(MultiscaleError):
    """The counting identity of the ledger does not hold."""


class DoubleCounted(CountingError):
    """Some site's energy is counted more than once."""


class Uncounted(CountingError):
    """Some site's energy is counted less than once."""


def unknown_choice(what: str, value: object, choices: Iterable[object]) -> InputError:
    """The error for a name that is not among the valid ones.

    Args:
        what: What the name stands for, e.g. "physical group".
        value: The name as given.
        choices: The valid names.

    Returns:
        An `InputError` that names the value, the nearest valid name and all valid names.
    """
    names = sorted(str(choice) for choice in choices)
    near = get_close_matches(str(value), names, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return InputError(f"Unknown {what} {str(value)!r}; valid: {', '.join(names) or '(none)'}.{hint}")


@contextmanager
def foreign(what: str) -> Iterator[None]:
    """Report an error of code that is not of this project as that code's own.

    Args:
        what: Whose code the block runs, e.g. "calculator 'lj:LennardJones'".

    Raises:
        ForeignError: it raised, or tried to end the program; errors raised here on purpose pass as they are.
    """
    try:
        yield
    except MultiscaleError:
        raise
    except SystemExit as error:
        raise ForeignError(f"The {what} tried to end the program ({own_words(error)}).") from error
    except Exception as error:
        raise ForeignError(f"The {what} failed: {own_words(error)}.") from error


def own_words(error: BaseException) -> str:
    """Type and text of an error, on one line and without a full stop."""
    return one_line(f"{type(error).__name__}: {error}")


def one_line(words: str) -> str:
    """A text on one line and without a full stop, to be put into a sentence."""
    return " ".join(words.split()).rstrip(".:")
