"""Keywords of an Abaqus input file that are not the mesh: which are refused, and how the others are reported."""

from collections.abc import Iterable
from difflib import get_close_matches

from continuum.mesh.readers.abaqus_blocks import AbaqusBlock

MESH = (
    "NODE",
    "ELEMENT",
    "NSET",
    "ELSET",
    "SURFACE",
    "TIE",
    "PART",
    "END PART",
    "ASSEMBLY",
    "END ASSEMBLY",
    "INSTANCE",
    "END INSTANCE",
    "SOLID SECTION",
)
"""Keywords that are read."""
_SILENT = {"HEADING", "PREPRINT"}
_WRITTEN_OUT = "write the file with all its nodes and elements (in Abaqus/CAE: Job > Write Input)"
_REFUSED = {
    "INCLUDE": "names another file, which is not followed, so that all that a run rests on is in one; put its lines here",
    "PARAMETER": f"computes values, which is not done here; {_WRITTEN_OUT}",
    "SYSTEM": f"sets other axes for the nodes, which is not read; {_WRITTEN_OUT}",
    "IMPORT": f"takes a mesh from another analysis, which is not read; {_WRITTEN_OUT}",
    "USER ELEMENT": "defines a type of element, which is not read; write solid elements",
    "SYMMETRIC MODEL GENERATION": f"makes a mesh from another one, which is not read; {_WRITTEN_OUT}",
} | {
    word: f"makes nodes or elements by a rule, which is not read; {_WRITTEN_OUT}"
    for word in ("NGEN", "NFILL", "NCOPY", "NMAP", "ELGEN", "ELCOPY")
}
_JOINING = {
    *(
        "EQUATION",
        "MPC",
        "EMBEDDED ELEMENT",
        "COUPLING",
        "KINEMATIC COUPLING",
        "DISTRIBUTING COUPLING",
        "KINEMATIC",
    ),
    *(
        "RIGID BODY",
        "CONTACT",
        "CONTACT PAIR",
        "CONTACT INCLUSIONS",
        "SHELL TO SOLID COUPLING",
        "CYCLIC SYMMETRY MODEL",
    ),
}
_OUTPUT = {
    *(
        "OUTPUT",
        "NODE OUTPUT",
        "ELEMENT OUTPUT",
        "CONTACT OUTPUT",
        "ENERGY OUTPUT",
        "RESTART",
        "NODE FILE",
        "EL FILE",
        "NODE PRINT",
    ),
    *(
        "EL PRINT",
        "FILE FORMAT",
        "MONITOR",
        "PRINT",
        "ELEMENT FILE",
        "ENERGY PRINT",
        "ENERGY FILE",
        "CONTACT FILE",
        "CONTACT PRINT",
    ),
}


def checked(blocks: Iterable[AbaqusBlock]) -> Iterable[AbaqusBlock]:
    """The blocks of the mesh.

    Raises:
        MeshError: a keyword that makes or hides parts of the mesh, or one that looks like a mistyped one of the mesh.
    """
    bare = {word.replace(" ", ""): word for word in MESH}
    refused = {word.replace(" ", ""): text for word, text in _REFUSED.items()}
    for block in blocks:
        if block.key in bare:
            yield block
        elif block.key in refused:
            raise block.fault(f"*{block.keyword} {refused[block.key]}.")
        elif not _known(block) and (near := _meant(block.key, bare)):
            raise block.fault(
                f"the keyword *{block.keyword} is not known; did you mean *{bare[near]}? Keywords are written in full."
            )


def _known(block: AbaqusBlock) -> bool:
    return any(block.key == word.replace(" ", "") for word in (*_SILENT, *_JOINING, *_OUTPUT))


def _meant(key: str, mesh: Iterable[str]) -> str | None:
    """The keyword of the mesh that is cut short or mistyped here."""
    cut = [word for word in mesh if len(key) >= 3 and word.startswith(key)]
    near = get_close_matches(key, mesh, n=1, cutoff=0.86)
    return next(iter(cut or near), None)


def ignored(blocks: Iterable[AbaqusBlock]) -> list[str]:
    """Sentences on what the file contains besides the mesh, with the lines."""
    first: dict[str, int] = {}
    for block in blocks:
        first.setdefault(block.keyword, block.line)
    kinds: tuple[list[str], list[str], list[str]] = ([], [], [])
    skipped = {word.replace(" ", "") for word in (*MESH, *_SILENT)} - {"SOLIDSECTION"}
    for word, line in first.items():
        bare = word.replace(" ", "")
        if bare not in skipped:
            which = 1 if bare in _bare(_JOINING) else 2 if bare in _bare(_OUTPUT) else 0
            kinds[which].append(f"*{word} (line {line})")
    texts = (
        "Physics in the file is not used, and given in the study's input instead: {}.",
        "Constraints and contact in the file are not used, and parts that they join must share nodes: {}.",
        "Output requests in the file are not used: {}.",
    )
    return [text.format(", ".join(words)) for text, words in zip(texts, kinds, strict=True) if words]


def _bare(words: Iterable[str]) -> set[str]:
    return {word.replace(" ", "") for word in words}
