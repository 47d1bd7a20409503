"""No code outside `atomistic.potentials` probes a potential: what it can is declared (`coupling.capabilities`)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("coupling", "atomistic", "continuum", "multiscale")
SOURCES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
OUTSIDE = [path for path in SOURCES if ROOT / "atomistic" / "potentials" not in path.parents]
PROBES = {"getattr", "hasattr", "isinstance", "issubclass", "type", "vars", "dir", "callable"}
NAMES = re.compile(
    r"_?(potentials?|low|high|bare|inner|teacher|student|cheap|accurate|larger|linear|tunable|calculator|start|samples?)"
)
"""What potentials are called, where no annotation says it."""
MAKERS = {"load_potential", "embed", "require", "with_readout", "with_all_layers", "with_network", "mean_potential"}
"""What returns a potential."""
INTERNALS = {"model", "calculator", "dtype", "__dict__", "__class__"}
"""Of potentials; whoever needs them asks for a capability."""


def class_bases(tree: ast.AST) -> Iterator[tuple[str, set[str], set[str]]]:
    """Name, names of the bases, and names of the methods that evaluate structures."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            methods = {
                item.name for item in node.body
                if isinstance(item, ast.FunctionDef)
                and [arg.arg for arg in item.args.args[:2]] == ["self", "structures"]
            }  # fmt: skip
            yield node.name, {base.id for base in node.bases if isinstance(base, ast.Name)}, methods


def potential_classes() -> set[str]:
    """All classes of potentials, by what they evaluate or derive from."""
    found = {"Calculator"}
    classes = [one for path in SOURCES for one in class_bases(ast.parse(path.read_text(encoding="utf-8")))]
    while True:
        more = {name for name, bases, methods in classes if "evaluate" in methods or bases & (found - {"Calculator"})}
        if more <= found:
            return found
        found |= more


POTENTIALS = potential_classes()


def names_of(node: ast.AST | None) -> set[str]:
    """Identifiers in an annotation or a class expression, quoted ones too."""
    if node is None:
        return set()
    found: set[str] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            found |= set(re.findall(r"\w+", one.value))
        elif isinstance(one, ast.Name | ast.Attribute):
            found.add(last_name(one))
    return found


def annotated(tree: ast.AST) -> set[str]:
    """Arguments, variables and fields of a file that are annotated as potentials."""
    pairs = [(one.arg, one.annotation) for one in ast.walk(tree) if isinstance(one, ast.arg)]
    pairs += [
        (one.target.id if isinstance(one.target, ast.Name) else one.target.attr, one.annotation)
        for one in ast.walk(tree) if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name | ast.Attribute)
    ]  # fmt: skip
    return {name for name, annotation in pairs if names_of(annotation) & POTENTIALS}


def last_name(node: ast.AST) -> str:
    """`d` of a.b.c.d, a[...].d, d[...]; "" of anything else."""
    if isinstance(node, ast.Subscript):
        return last_name(node.value)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def probes(source: str) -> list[str]:
    """Where a file probes a potential."""
    tree = ast.parse(source)
    known = annotated(tree)

    def is_potential(node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            return last_name(node.func) in MAKERS
        name = last_name(node)
        return name in known or bool(NAMES.fullmatch(name))

    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PROBES and node.args:
            classes = names_of(node.args[1]) if node.func.id in ("isinstance", "issubclass") else set()
            if is_potential(node.args[0]) or classes & POTENTIALS:
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
        elif isinstance(node, ast.MatchClass) and names_of(node.cls) & POTENTIALS:
            found.append(f"line {node.lineno}: case {ast.unparse(node.cls)}")
        elif isinstance(node, ast.Attribute) and node.attr in INTERNALS and is_potential(node.value):
            found.append(f"line {node.lineno}: {ast.unparse(node)}")
    return found


@pytest.mark.parametrize("path", OUTSIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_potential_is_probed(path: Path) -> None:
    assert probes(path.read_text(encoding="utf-8")) == []


def test_the_classes_of_potentials_are_known() -> None:
    engines = {"BatchedPotential", "SerialPotential", "EmbeddedAtomPotential", "ZBL", "Coulomb", "QuantumPotential"}
    wrappers = {"SumPotential", "Scaled", "Embedded", "RememberedFeatures", "ResumablePotential", "Wrapped"}
    assert {"Potential", "LinearPotential"} | engines | wrappers <= POTENTIALS
    assert not {"Structure", "Evaluation", "CauchyBornLaw", "CohesiveLaw"} & POTENTIALS


@pytest.mark.parametrize(
    "line",
    [
        "getattr(potential, 'dtype', 'float64')",
        "hasattr(self.low, 'evaluate_in_charges')",
        "hasattr(getattr(potential, 'model', None), 'network')",
        "isinstance(found, QuantumPotential)",
        "isinstance(found, (int, batched.BatchedPotential))",
        "def f(given: 'Potential | None'): return hasattr(given, 'with_readout')",
        "def f(ones: Sequence[LinearPotential]): return callable(ones[0].with_readout) or vars(ones[0])",
        "class A:\n    held: Potential\n    def f(self): return type(self.held)",
        "match one:\n    case SumPotential(): pass",
        "potential.model.layers",
        "start = posterior.potential.with_readout(change, {})\nhasattr(start.model, 'network')",
        "isinstance(load_potential('emt'), object)",
        "def f(one: Potential): return one.calculator",
    ],
)
def test_each_way_of_probing_would_be_seen(line: str) -> None:
    assert len(probes(line)) >= 1


@pytest.mark.parametrize(
    "line",
    [
        "potential.capabilities.stress and require(potential, 'stress')",
        "getattr(potential.capabilities, name)",
        "isinstance(value, Mapping) and hasattr(law, 'final_slip')",
        "def f(law: CohesiveLaw): return getattr(law, 'kind')",
    ],
)
def test_what_is_no_probing_passes(line: str) -> None:
    assert probes(line) == []
