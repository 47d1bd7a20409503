"""The house rules: who imports whom, and that light imports stay light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("coupling", "atomistic", "continuum", "multiscale")
MAY_IMPORT = {
    "coupling": set(),
    "atomistic": {"coupling"},
    "continuum": {"coupling"},
    "multiscale": {"coupling", "atomistic", "continuum"},
}
SOURCES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def offences(room: str, source: str) -> set[str]:
    return imported(ast.parse(source)) & (set(ROOMS) - {room} - MAY_IMPORT[room])


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_rooms_import_only_what_they_may(path):
    room = path.relative_to(ROOT).parts[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not imported(tree) & (set(ROOMS) - {room} - MAY_IMPORT[room])
    if room == "coupling":
        foreign = imported(tree) - set(sys.stdlib_module_names) - {"coupling", "numpy", "scipy"}
        assert not foreign, f"coupling may use numpy and scipy only, not {foreign}"
    calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    assert "print" not in calls
    assert not any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.walk(tree))
    assert path.stem not in {"utils", "helpers", "manager"}


def test_a_forbidden_import_would_be_seen():
    assert offences("coupling", "from continuum.mesh.specimen_mesh import read_mesh") == {"continuum"}
    assert offences("continuum", "def f():\n    import atomistic.decohesion.rigid_path") == {"atomistic"}


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import pkgutil, coupling\nfor m in pkgutil.walk_packages(coupling.__path__, 'coupling.'): __import__(m.name)",
         ("torch", "dolfinx", "ase", "petsc4py", "mpi4py", "matplotlib")),
        ("import atomistic", ("torch", "sevenn", "dolfinx")),
        ("import continuum", ("dolfinx", "petsc4py", "torch")),
        ("import multiscale, multiscale.cli", ("torch", "dolfinx", "matplotlib", "ase")),
    ],
    ids=ROOMS,
)  # fmt: skip
def test_light_imports_stay_light(statement, forbidden):
    script = (
        f"{statement}\nimport sys\nloaded = [m for m in {forbidden!r} if m in sys.modules]\nassert not loaded, loaded"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", script], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_without_the_wheel_s_own_module_fenicsx_is_still_found():
    """A conda FEniCSx has no `dolfinx_solver`: importing the room must not need it."""
    script = (
        "import sys, dolfinx_solver\n"
        "class Hide:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'dolfinx_solver': raise ModuleNotFoundError(name, name=name)\n"
        "del sys.modules['dolfinx_solver']\n"
        "sys.meta_path.insert(0, Hide())\n"
        "import continuum.fenics\n"
        "assert 'dolfinx_solver' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
