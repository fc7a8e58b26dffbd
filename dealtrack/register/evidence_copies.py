"""Evidence files copied along with the register: to a backup, and back from one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dealtrack.errors import CannotRead
from dealtrack.phrase import Phrase
from dealtrack.register.evidence import fault_in, keep_in, told
from dealtrack.register.store import Store


def folder_of(copy: Path) -> Path:
    """Return the folder that holds the evidence of a register or of a copy of it, at this very path."""
    return copy.with_name(f"{copy.name}.evidence")


@dataclass(frozen=True, slots=True)
class Copied:
    """How many evidence files a folder holds now, how many of them are new in it, and what could not be copied."""

    held: int
    new: int
    faults: list[str]


def copy_evidence(register: Store, sources: Sequence[Path], target: Path) -> Copied:
    """Bring every evidence file that the journal tells of into a folder, from the first other one that has it whole.

    What is there already, and whole, is left alone. Raises CannotWrite.
    """
    labels: dict[str, str] = {}
    for digest, label in told(register):
        labels.setdefault(digest, label)
    held = new = 0
    faults: list[str] = []
    for digest, label in labels.items():
        if fault_in(target, digest) is None:
            held += 1
            continue
        fault: str = Phrase("is missing")
        for source in sources:
            fault = _copy(source, target, digest)
            if not fault:
                held, new = held + 1, new + 1
                break
        if fault:
            faults.append(Phrase("{label} {fault}", label=label, fault=fault))
    return Copied(held, new, faults)


def _copy(source: Path, target: Path, digest: str) -> str:
    """Copy one file of evidence; return what is wrong with it, nothing where it was copied."""
    fault = fault_in(source, digest)
    if fault:
        return fault
    try:
        known, _ = keep_in(target, source / digest[:2] / digest)
    except CannotRead as error:
        return Phrase("cannot be read ({fault})", fault=error.values["reason"])
    return "" if known == digest else Phrase("was altered")
