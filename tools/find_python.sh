#!/usr/bin/env bash
# Print a Python 3.12-3.14 with venv: from PATH, else from pyenv. Fail with one sentence if there is none.
set -u

fits() {
    "$1" -c 'import sys, venv, ensurepip; sys.exit(not (3, 12) <= sys.version_info[:2] <= (3, 14))' >/dev/null 2>&1
}

for name in ${PYTHON:-} python3.12 python3.13 python3.14 python3 python; do
    found=$(command -v "$name" 2>/dev/null) && fits "$found" && { echo "$found"; exit 0; }
done
roots="${PYENV_ROOT:-$HOME/.pyenv}"
command -v pyenv >/dev/null 2>&1 && roots="$roots $(pyenv root 2>/dev/null)"
for root in $roots; do
    for found in "$root"/versions/3.12*/bin/python "$root"/versions/3.13*/bin/python "$root"/versions/3.14*/bin/python; do
        [ -x "$found" ] && fits "$found" && { echo "$found"; exit 0; }
    done
done
echo "No Python 3.12, 3.13 or 3.14 (with venv) was found on PATH or under pyenv; install one, or name it: make PYTHON=/path/to/python3.12" >&2
exit 1
