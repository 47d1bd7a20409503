"""Install packages into the environment of the Python that runs this: with uv, or with pip where uv fails.

    ENV/bin/python tools/install.py ARGUMENTS

The arguments are those that `pip install` and `uv pip install` both know. uv comes from the package index as any other
package does. It does not read pip's settings, so that it is given where pip looks for packages.
"""

import os
import subprocess
import sys
from ast import literal_eval
from collections.abc import Callable, Mapping

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
UV = [sys.executable, "-m", "uv"]
SPELT = {
    "index-url": ("UV_DEFAULT_INDEX", " "),
    "extra-index-url": ("UV_INDEX", " "),
    "find-links": ("UV_FIND_LINKS", ","),
    "trusted-host": ("UV_INSECURE_HOST", " "),
    "timeout": ("UV_HTTP_TIMEOUT", " "),
    "cert": ("SSL_CERT_FILE", " "),
}
"""A setting of pip; what uv calls it, and what stands between its values."""

Run = Callable[[list[str], Mapping[str, str]], int]


def settings(listed: str) -> dict[str, str]:
    """Settings by name, from what `pip config list` prints: the environment's before those for install before all others."""
    found: dict[str, str] = {}
    for section in ("global.", "install.", ":env:."):
        for line in listed.splitlines():
            name, _, value = line.partition("=")
            if name.startswith(section):
                found[name.removeprefix(section)] = str(literal_eval(value))
    return found


def for_uv(pip: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """uv's variables for settings of pip.

    Args:
        pip: As `settings` gives them.
        own: The environment, whose variables for uv come first.
    """
    told = {
        variable: between.join(pip[name].split())
        for name, (variable, between) in SPELT.items()
        if pip.get(name) and variable not in own
    }
    if "UV_INDEX" in told:  # pip takes the best version of all its indexes, uv by default the first index that has any
        told["UV_INDEX_STRATEGY"] = own.get("UV_INDEX_STRATEGY", "unsafe-best-match")
    return told


def install(arguments: list[str], run: Run, environment: Mapping[str, str]) -> int:
    """Install with uv, and with pip where uv cannot be had or fails.

    Args:
        arguments: As `pip install` takes them.
        run: Runs a command in an environment and returns its exit status.
        environment: Of the commands.

    Returns:
        The exit status of what installed last.
    """
    if run([*PIP, "install", "--quiet", "--quiet", "--retries", "5", "uv"], environment) == 0:
        if run([*UV, "pip", "install", "--quiet", "--python", sys.executable, *arguments], environment) == 0:
            return 0
    sys.stderr.write("uv did not install this; pip tries now.\n")
    return run([*PIP, "install", "--quiet", "--retries", "5", *arguments], environment)


def from_pip(environment: Mapping[str, str]) -> dict[str, str]:
    """uv's variables for the settings that pip has here."""
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=True).stdout
    return for_uv(settings(listed), environment)


def _run(command: list[str], environment: Mapping[str, str]) -> int:
    return subprocess.run(command, env=dict(environment), check=False).returncode


if __name__ == "__main__":
    sys.exit(install(sys.argv[1:], _run, os.environ | from_pip(os.environ)))
