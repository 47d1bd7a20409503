"""What a potential is good for, and what not: short cards for `multiscale potentials --card NAME`."""

from dataclasses import dataclass

from atomistic.potentials.registry import list_potentials, named_entry


@dataclass(frozen=True)
class Card:
    """A potential's card.

    Attributes:
        name: As listed by `list_potentials`, or a file's.
        description: One line.
        good_for: What its numbers can be used for.
        not_for: What they cannot be used for, with the figures that show it.
        source: The paper to cite.
    """

    name: str
    description: str
    good_for: str
    not_for: str
    source: str

    def __str__(self) -> str:
        rows = (("Good for", self.good_for), ("Not for", self.not_for), ("Source", self.source))
        return "\n".join((f"{self.name}: {self.description}", *(f"  {label}: {text}" for label, text in rows)))


_NEAR_EQUILIBRIUM = (
    "dislocations and twinning in fcc metals: intrinsic stacking faults are meaningless, {faults} mJ/m² for "
    "Al/Cu/Ni against 118/48/154 (PBE); atoms closer than about half a bond collapse without the ZBL prior"
)
_IRON = (
    "cleavage of iron: rigid (100) halves pass several maxima of traction ({maxima}) where PBE has one, 35.05 GPa at "
    "0.6 Å, and (110) parts for {work} instead of 5.13 J/m²"
)
_SEVENNET = "Park, Kim, Hwang, Han, J. Chem. Theory Comput. 20 (2024) 4857"
_GOOD = "equilibrium cells, elastic constants, surfaces and openings of most inorganic crystals, a first estimate"
_FACTS = {
    "7net-0": (
        _GOOD,
        _NEAR_EQUILIBRIUM.format(faults="8/-8/18")
        + "; shear constants are soft (C44 of W and Al 24 GPa); "
        + _IRON.format(maxima="23.6 and 22.4 GPa and smaller ones", work="2.50"),
        _SEVENNET,
    ),
    "7net-l3i5": (
        _GOOD + "; the most accurate of the wheel's models",
        _NEAR_EQUILIBRIUM.format(faults="20/-3/17")
        + "; some shear constants are soft (C44 of Al 15, W 84 GPa); "
        + _IRON.format(maxima="23.4 and 28.5 GPa were seen, and with 40 openings 24.6, 26.0 and 25.1", work="3.08"),
        _SEVENNET,
    ),
    "7net-mf-0": (_GOOD + ", at the PBE or the r2SCAN level", _NEAR_EQUILIBRIUM.format(faults="1/-6/11"), _SEVENNET),
    "chgnet": (
        _GOOD,
        _NEAR_EQUILIBRIUM.format(faults="8/-28/22") + "; forces off equilibrium are soft, 0.83 of DFT's",
        "Deng et al., Nat. Mach. Intell. 5 (2023) 1031",
    ),
    "gfn2-xtb": (
        "molecules, adhesion of molecules, geometries and non-covalent bonds",
        "metals and small periodic cells: one k-point alone, so that energies are not extensive",
        "Bannwarth, Ehlert, Grimme, J. Chem. Theory Comput. 15 (2019) 1652",
    ),
    "gfn1-xtb": (
        "molecules and their geometries",
        "metals and small periodic cells: one k-point alone, so that energies are not extensive",
        "Grimme, Bannwarth, Shushkov, J. Chem. Theory Comput. 13 (2017) 1989",
    ),
    "emt": (
        "tests and teaching: fast, smooth in the bulk, seven fcc metals",
        "published results: energy or force jumps, by 0.01 eV or eV/Å, where a pair leaves its range",
        "Jacobsen, Stoltze, Nørskov, Surf. Sci. 366 (1996) 394",
    ),
    "embedded": (
        "an accurate model where it matters (a defect, an interface), forces and energies on one ledger",
        "a buffer smaller than the decay of its own error: enlarge it until the result no longer changes",
        "the two potentials' own; Bernstein, Kermode, Csányi, Rep. Prog. Phys. 72 (2009) 026501",
    ),
    "zbl": (
        "the repulsion of nuclei closer than about half a bond, added to a network",
        "anything alone: it has no bonds",
        "Ziegler, Biersack, Littmark, The Stopping and Range of Ions in Solids (1985)",
    ),
    "coulomb": (
        "the electrostatics of fixed charges, added to a potential of short range that was fitted without them",
        "anything alone; networks trained on whole energies, which hold the electrostatics already",
        "Ewald, Ann. Phys. 369 (1921) 253",
    ),
    "d3": (
        "dispersion, added to a potential trained on a functional that lacks it; of that functional",
        "anything alone; potentials whose training energies hold dispersion already",
        "Grimme, Antony, Ehrlich, Krieg, J. Chem. Phys. 132 (2010) 154104",
    ),
    "sum": (
        "a network with the priors that it lacks",
        "terms that describe the same energy: it would be counted twice",
        "those of its terms",
    ),
    "*.eam.alloy": (
        "the metal and the properties that it was fitted to, millions of atoms",
        "other phases, other elements, oxides; compare two files before believing one",
        "the paper named in the file's first lines",
    ),
}
_UNKNOWN = (
    "what its authors have shown",
    "anything not checked: run check_potential and the properties",
    "its authors",
)


def card(name: str) -> Card:
    """The card of a potential.

    Args:
        name: A name of `list_potentials()`, or of a file or a class that `load_potential` takes.

    Raises:
        InputError: there is no such potential.
    """
    listed = next((entry for entry in list_potentials() if entry.name.lower() == name.lower()), None)
    entry = listed or named_entry(name)
    shared = "*.eam.alloy" if entry.kind == "eam" else entry.name
    return Card(name if listed is None else entry.name, entry.description, *_FACTS.get(shared, _UNKNOWN))
