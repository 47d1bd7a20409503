"""The reference of all input files, made from their schemas: a page for each kind of input, with every key."""

from multiscale.cli.answers import kinds
from multiscale.cli.beginning import model_of
from multiscale.inputs.keys import Block, InputKey, blocks_of

_HEAD = "| key | takes | unit | default | meaning |\n|---|---|---|---|---|"
_ABOUT = """# Input files

Every key of every input file, made from the schemas that check them. `multiscale keys KIND` prints the same in a terminal,
`multiscale new KIND` writes a file with it, `multiscale schema KIND` is its JSON Schema for editors.

In a path NAME stands for a name of yours, N for a number counted from 0; these are the dotted keys of sweeps and of
`--set`. A key without a default must be given where it is *needed*, and else has no effect where it is left out, unless its
meaning says otherwise.

**Units.** A number with a unit is written as text, `12 nm`; a space stands between the two, and `N/mm³`, `N/mm^3`, `J/m2` are
read as well. With `units: SI`, `mm-MPa` or `nm-GPa` at the head of an input a bare number is in that system's unit of its
kind, and all results, curves and tables of the run are written in that system. Fields for ParaView stay in SI, as do saved
laws. A plain number, of which the column *takes* says so, is always in the unit that stands beside it.

| quantity | SI | mm-MPa | nm-GPa |
|---|---|---|---|
"""


def pages() -> dict[str, str]:
    """The pages in Markdown by file name; the first lists the others."""
    made = {f"inputs/{kind}.md": _page(kind) for kind in kinds()}
    listed = "\n".join(f"- [{kind}](inputs/{kind}.md): {blocks_of(model_of(kind))[0].meaning}" for kind in kinds())
    return {"inputs.md": f"{_ABOUT}{_systems()}\n\n{listed}\n"} | made


def _systems() -> str:
    from coupling.units import UNIT_SYSTEMS

    quantities = next(iter(UNIT_SYSTEMS.values()))
    return "\n".join(
        f"| {name} | {' | '.join(f'`{system[name]}`' for system in UNIT_SYSTEMS.values())} |" for name in quantities
    )


def _page(kind: str) -> str:
    model = model_of(kind)
    parts = [f"# Input of {kind}", f"`multiscale new {kind}` writes one to begin with."]
    for block in blocks_of(model):
        parts += [*_heading(block), block.meaning, "\n".join([_HEAD, *map(_row, block.keys)])]
    return "\n\n".join(parts) + "\n"


def _heading(block: Block) -> list[str]:
    if not block.path:
        return []
    return [f"## `{block.path}`" + (f", {block.label}" if block.label else "")]


def _row(key: InputKey) -> str:
    default = "*needed*" if key.required else f"`{key.default}`" if key.default else ""
    cells = (f"`{key.name}`", key.kind, key.unit, default, key.meaning)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"
