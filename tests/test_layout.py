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


def collective_files(tree: ast.AST) -> set[str]:
    """Calls of readers and writers of ASE that are not told to leave the other ranks alone."""
    froms = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and (n.module or "").startswith("ase.io")]
    names = {alias.asname or alias.name for node in froms for alias in node.names}
    calls = [
        n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in names
    ]
    told = {
        id(call)
        for call in calls
        for key in call.keywords
        if (key.arg, ast.unparse(key.value)) == ("parallel", "False")
    }
    return {ast.unparse(call.func) for call in calls if id(call) not in told}


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
    assert not collective_files(tree), "ASE's readers and writers wait for all ranks unless they get parallel=False"


def test_a_forbidden_import_would_be_seen():
    assert offences("coupling", "from continuum.mesh.specimen_mesh import read_mesh") == {"continuum"}
    assert offences("continuum", "def f():\n    import atomistic.decohesion.rigid_path") == {"atomistic"}


def test_a_reader_that_waits_for_all_ranks_would_be_seen():
    source = "from ase.io import read, write\nread('a', index=0)\nwrite('b', atoms, parallel=False)"
    assert collective_files(ast.parse(source)) == {"read"}


@pytest.mark.parametrize(
    ("statement", "forbidden"),
    [
        ("import pkgutil, coupling\nfor m in pkgutil.walk_packages(coupling.__path__, 'coupling.'): __import__(m.name)",
         ("torch", "dolfinx", "ase", "petsc4py", "mpi4py", "matplotlib")),
        ("import atomistic", ("torch", "sevenn", "dolfinx")),
        ("import continuum", ("dolfinx", "petsc4py", "torch")),
        ("import multiscale, multiscale.cli", ("torch", "dolfinx", "matplotlib", "ase", "numpy", "pydantic", "rich")),
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
