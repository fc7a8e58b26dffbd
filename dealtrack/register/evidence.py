"""Evidence files: what the journal tells of them, and their contents, kept with the register and copied out of it."""

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple

from dealtrack.core.file_names import lone_file_name
from dealtrack.core.lifecycle import Kind, Transition, effective
from dealtrack.errors import CannotRead, CannotWrite, EvidenceAltered, UnknownEvidence
from dealtrack.phrase import Phrase
from dealtrack.register import drafts, journal
from dealtrack.register.engine import Database
from dealtrack.register.evidence_files import EvidenceFault, EvidenceFiles
from dealtrack.register.sqlite.file import FOLDER, NO_FILE
from dealtrack.register.sqlite.folder import TO_READ
from dealtrack.register.store import Store

NAME_LIMIT = 200
NO_HASH = Phrase("has no content hash in the journal")
_HASH = re.compile("[0-9a-f]{64}")


class Exhibit(NamedTuple):
    """An evidence file as the journal tells of it; `size` in bytes, `at` in UTC.

    `present` tells whether a file of that size is stored; only a check of its hash tells more.
    """

    complaint: int
    seq: int
    name: str
    size: int
    sha256: str
    at: datetime
    actor: str
    present: bool


@dataclass(frozen=True, slots=True)
class CopiedEvidence:
    """How many evidence files a folder has now, how many of them are new in it, and what could not be copied."""

    count: int
    new: int
    faults: Sequence[str]


def exhibits(register: Store, history: Sequence[Transition]) -> list[Exhibit]:
    """Return the evidence of a complaint in order of entry; voided entries are left out."""
    entries = sorted([entry for entry in effective(history) if entry.kind is Kind.EVIDENCE], key=attrgetter("seq"))
    if not entries:
        return []
    digests = {str(entry.detail["sha256"]) for entry in entries}
    sizes = register.engine.evidence(register).sizes(filter(_is_hash, digests))
    return [_exhibit(entry, sizes) for entry in entries]


def _exhibit(entry: Transition, sizes: Mapping[str, int]) -> Exhibit:
    digest, size = entry.detail["sha256"], entry.detail["size"]
    # Whoever can write a register's file can write any path into it: only a plain file name is taken from it.
    name = safe_name(str(entry.detail["name"]))
    return Exhibit(
        entry.complaint, entry.seq, name, size, digest, entry.at, entry.actor, sizes.get(str(digest)) == size
    )


def find_exhibit(evidence: Sequence[Exhibit], complaint: int, seq: int) -> Exhibit:
    """Return the exhibit with an entry's number; raises UnknownEvidence."""
    for exhibit in evidence:
        if exhibit.seq == seq:
            return exhibit
    numbers = ", ".join(str(exhibit.seq) for exhibit in evidence)
    hint = Phrase("Its evidence entries: {numbers}.", numbers=numbers) if numbers else Phrase("It has no evidence.")
    raise UnknownEvidence(seq=seq, complaint=complaint, known=hint)


def keep_file(register: Store, source: Path) -> dict[str, Any]:
    """Keep a file's content with the register and return what the journal says of it: name, sha256 and size.

    A content that no entry then names does no harm. Raises CannotRead and CannotWrite.
    """
    files = register.engine.evidence(register)
    with _opened(source, files.largest) as chunks:
        digest, size = files.keep(chunks)
    return {"name": safe_name(source.name), "sha256": digest, "size": size}


def safe_name(name: str) -> str:
    """Return a file's base name as it is shown and saved: of one line, without controls, not hidden by a dot."""
    text = lone_file_name(name, "evidence")
    if len(text) > NAME_LIMIT:
        stem, dot, ending = text.rpartition(".")
        text = f"{stem[: NAME_LIMIT - 20]}…{dot}{ending}" if stem and len(ending) < 10 else text[:NAME_LIMIT]
    return text


@contextmanager
def _opened(source: Path, largest: int) -> Iterator[Iterator[bytes]]:
    """Open a plain file and give its content in chunks; raises CannotRead, so does the reading."""
    try:
        handle = os.open(source, TO_READ)
    except (OSError, ValueError) as error:
        # Windows opens no folder.
        reason = FOLDER if os.path.isdir(source) else getattr(error, "strerror", None) or str(error)  # noqa: PTH112
        raise CannotRead(path=source, reason=reason) from None
    with drafts.closing_file(handle):
        file = os.fstat(handle)
        if not stat.S_ISREG(file.st_mode):
            raise CannotRead(path=source, reason=FOLDER if stat.S_ISDIR(file.st_mode) else NO_FILE)
        _check_size(source, file.st_size, largest)
        yield _chunks(handle, source, largest)


def _check_size(source: Path, size: int, largest: int) -> None:
    if size > largest:
        reason = Phrase("it has {size:,} bytes; the maximum is {largest:,}", size=size, largest=largest)
        raise CannotRead(path=source, reason=reason)


def _chunks(handle: int, source: Path, largest: int) -> Iterator[bytes]:
    size = 0
    while True:
        with drafts.disk_faults(CannotRead, path=source):
            chunk = os.read(handle, drafts.CHUNK)
        if not chunk:
            return
        size += len(chunk)
        # It may grow while it is read.
        _check_size(source, size, largest)
        yield chunk


def save_file(register: Store, exhibit: Exhibit, target: Path) -> Path:
    """Copy an exhibit out, into a folder under its own name or to a new file, and return where it went.

    Nothing is overwritten. Raises EvidenceAltered where it is missing or not of its hash, and CannotWrite.
    """
    name = lone_file_name(exhibit.name, "evidence", for_windows=sys.platform == "win32")
    place = target / name if os.path.isdir(target) else target  # noqa: PTH112  # of a name too long as well
    reason = drafts.part_of_register(Path(os.path.realpath(place)))
    if reason:
        raise CannotWrite(path=place, reason=reason)
    files = register.engine.evidence(register)
    try:
        with drafts.only_file(place) as out:
            for chunk in _read(files, exhibit.sha256):
                drafts.write_all(out, chunk)
    except EvidenceFault as fault:
        raise EvidenceAltered(name=exhibit.name, complaint=exhibit.complaint, fault=fault.reason) from None
    except FileExistsError:
        raise CannotWrite(path=place, reason="it already exists; name another file") from None
    except (OSError, ValueError) as error:
        raise CannotWrite(path=place, reason=getattr(error, "strerror", None) or str(error)) from None
    return place


def _read(files: EvidenceFiles, digest: str) -> Iterator[bytes]:
    """Yield the content of what the journal calls a hash; raises EvidenceFault."""
    if not _is_hash(digest):
        raise EvidenceFault(NO_HASH)
    yield from files.read(digest)


def _is_hash(digest: object) -> bool:
    # Whoever can write to a register can write anything in its place.
    return _HASH.fullmatch(str(digest)) is not None


def _faults(files: EvidenceFiles, digests: Iterable[str]) -> dict[str, Phrase]:
    """Return what is wrong with contents."""
    of_kind: dict[bool, list[str]] = {True: [], False: []}
    for digest in digests:
        of_kind[_is_hash(digest)].append(digest)
    faults = files.faults(of_kind[True]) if of_kind[True] else {}
    return dict.fromkeys(of_kind[False], NO_HASH) | faults


def evidence_faults(register: Store) -> list[str]:
    """Check every evidence file that the journal tells of, voided entries aside, against its hash."""
    entries = list(evidence_entries(register.database))
    faults = _faults(register.engine.evidence(register), {digest: None for digest, _ in entries})
    return [
        Phrase("{label} {fault}", label=label, fault=faults[digest]) for digest, label in entries if digest in faults
    ]


def evidence_entries(database: Database) -> Iterator[tuple[str, str]]:
    """Yield the content hash of each evidence file that the journal tells of, voided entries aside, and what it is."""
    condition = "complaint IN (SELECT complaint FROM transition WHERE complaint IS NOT NULL AND kind = ?)"
    histories = journal.histories(database, condition, [Kind.EVIDENCE.value])
    entries = [entry for history in histories for entry in effective(history) if entry.kind is Kind.EVIDENCE]
    for seq, complaint, _, _, _, _, detail in sorted(entries):
        name = detail["name"]
        label = Phrase(
            "evidence {name} of complaint {complaint} (entry {seq})", name=name, complaint=complaint, seq=seq
        )
        yield str(detail["sha256"]), label


def copy_evidence(register: Store, sources: Sequence[EvidenceFiles], target: EvidenceFiles) -> CopiedEvidence:
    """Bring every evidence file that the journal tells of to a place, from the first source that has it whole.

    What is there already, and whole, is left alone. Raises CannotWrite.
    """
    labels: dict[str, str] = {}
    for digest, label in evidence_entries(register.database):
        labels.setdefault(digest, label)
    missing, new = _faults(target, labels), 0
    for source in sources:
        faults = _faults(source, missing)
        for digest in missing.keys() - faults.keys():
            try:
                target.keep(_read(source, digest))
                new += 1
            except EvidenceFault as fault:
                # Somebody has altered it meanwhile.
                faults[digest] = fault.reason
        missing = faults
    left_out = [
        Phrase("{label} {fault}", label=labels[each], fault=missing[each]) for each in labels if each in missing
    ]
    return CopiedEvidence(len(labels) - len(missing), new, left_out)
