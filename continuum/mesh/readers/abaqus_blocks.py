"""The option blocks of an Abaqus input file: a keyword line with its parameters, and its data lines.

Rules: Abaqus Analysis User's Guide, "Input syntax rules". Keywords and parameters are in any case, blanks in a
keyword do not count, a keyword line that ends with a comma continues in the next line, ** begins a comment.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from continuum.mesh.readers.reading import MeshError

_LINE_END = re.compile(r"\r\n|\r|\n")  # not those of Unicode: a comment may hold them


@dataclass(frozen=True)
class AbaqusBlock:
    """One option block.

    Attributes:
        file: Name of the file.
        line: Number of the keyword line.
        keyword: In capitals, with one blank between words, without the star.
        parameters: Values by the parameter's name in capitals, without quotation marks; "" without a value.
        rows: Number and text of the data lines.
        repeated: A parameter that is given twice; "" without one.
    """

    file: str
    line: int
    keyword: str
    parameters: dict[str, str]
    rows: list[tuple[int, str]] = field(default_factory=list)
    repeated: str = ""

    @property
    def key(self) -> str:
        """The keyword without blanks."""
        return self.keyword.replace(" ", "")

    def fields(self) -> Iterator[tuple[int, list[str]]]:
        """Number and entries of each data line; entries after the last comma are left out if empty."""
        for line, text in self.rows:
            entries = split(text)
            if entries and not entries[-1]:
                entries.pop()
            if entries:
                yield line, entries

    def fault(self, text: str, line: int | None = None) -> MeshError:
        """An error with the place in the file.

        Args:
            text: What is wrong, and the way out.
            line: Where; by default the keyword line.
        """
        return MeshError(f"{self.file}, line {self.line if line is None else line}: {text}")

    def allow(self, *names: str) -> None:
        """Raise `MeshError` if there is a parameter beside these, or one twice."""
        if self.repeated:
            raise self.fault(f"*{self.keyword} gives {self.repeated} twice; give it once.")
        for name in self.parameters:
            if name not in names:
                raise self.fault(
                    f"the parameter {name} of *{self.keyword} is not read; valid: {', '.join(names) or '(none)'}."
                )

    def needed(self, name: str) -> str:
        """The value of a parameter.

        Raises:
            MeshError: it is not given.
        """
        value = self.parameters.get(name, "")
        if not value:
            raise self.fault(f"*{self.keyword} has no {name}; write *{self.keyword}, {name}=...")
        return value

    def integer(self, entry: str, line: int) -> int:
        """An entry as a number of a node or an element.

        Raises:
            MeshError: it is not a positive whole number.
        """
        if not is_number(entry):
            raise self.fault(
                f"{entry!r} in *{self.keyword} is not the number of a node or an element; write a positive whole number.",
                line,
            )
        return int(entry)


def is_number(entry: str) -> bool:
    """Whether an entry is a number of a node or an element, and not a name."""
    return entry.isascii() and entry.isdigit() and 0 < len(entry.lstrip("0")) <= 18


def split(text: str) -> list[str]:
    """The entries between the commas, without quotation marks, in which commas are part of an entry."""
    if '"' not in text:
        return [entry.strip() for entry in text.split(",")]
    entries, quoted = [""], False
    for letter in text:
        quoted ^= letter == '"'
        if letter == "," and not quoted:
            entries.append("")
        else:
            entries[-1] += letter
    return [entry.replace('"', "").strip() for entry in entries]


def read_blocks(path: Path) -> list[AbaqusBlock]:
    """The blocks of a file, in its order.

    Raises:
        MeshError: it is not a text of keyword blocks.
    """
    data = path.read_bytes()
    if b"\0" in data:
        raise MeshError(f"The mesh file {path} is not a text file; write the input file of Abaqus (.inp) again.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    blocks: list[AbaqusBlock] = []
    lines = [(i, line.strip()) for i, line in enumerate(_LINE_END.split(text), 1)]
    lines = [(i, line) for i, line in lines if line and not line.startswith("**")]
    at = 0
    while at < len(lines):
        number, line = lines[at]
        at += 1
        if line.startswith("*"):
            while line.endswith(",") and at < len(lines) and not lines[at][1].startswith("*"):
                line += lines[at][1]
                at += 1
            blocks.append(_opened(path.name, number, line))
        elif not blocks:
            raise MeshError(
                f"{path.name}, line {number}: {line[:40]!r} stands before any keyword; an input file begins with one, such as *HEADING."
            )
        else:
            blocks[-1].rows.append((number, line))
    return blocks


def _opened(file: str, number: int, line: str) -> AbaqusBlock:
    keyword, *given = split(line[1:])
    parameters: dict[str, str] = {}
    repeated = ""
    for entry in given:
        name, _, value = entry.partition("=")
        name = " ".join(name.upper().split())
        repeated = name if name and name in parameters else repeated
        if name:
            parameters[name] = value.strip()
    return AbaqusBlock(file, number, " ".join(keyword.upper().split()), parameters, repeated=repeated)
