"""Evidence files: kept next to the register, each under the hash of its content; copied out, and with backups."""

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from glob import escape
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from dealtrack.core.file_names import lone_file_name
from dealtrack.core.lifecycle import Kind, Transition, effective
from dealtrack.errors import CannotRead, CannotWrite, EvidenceAltered, UnknownEvidence
from dealtrack.phrase import Phrase, Word
from dealtrack.register import drafts, journal
from dealtrack.register.engine import Database
from dealtrack.register.folder import LINKS, TO_CREATE, TO_READ, Folder
from dealtrack.register.sqlite.file import FOLDER, NO_FILE, real_path
from dealtrack.register.store import Store

LARGEST = 1 << 30
"""The largest file that is taken, in bytes."""

NAME_LIMIT = 200
_HASH = re.compile("[0-9a-f]{64}")
_COPY = re.compile(r"(.+?)(-schema[0-9]+|-replaced)?-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?")
"""The names of copies: those of `backup --keep`, from before an upgrade, and what a restore replaced."""

LINK_INSTEAD = Phrase("there is a symbolic link or a file in place of its folder")


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
    faults: list[str]


def evidence_folder(register: Store) -> Path:
    """Return the folder of a register's evidence: beside its file, whatever link leads there.

    A copy that is named by its moment, and has no folder of its own, shares that of the name before the moment.
    """
    place = real_path(register.path)
    own = folder_of(place)
    copy = _COPY.fullmatch(place.stem)
    if copy is None or own.is_dir():
        return own
    shared = (path for path in place.parent.glob(f"{escape(copy[1])}.*") if path.name.endswith(drafts.EVIDENCE_SUFFIX))
    return min(shared, default=own)


def folder_of(copy: Path) -> Path:
    """Return the folder with the evidence of a register or of a copy of it, at this very path."""
    return copy.with_name(f"{copy.name}{drafts.EVIDENCE_SUFFIX}")


def _stored_path(register: Store, digest: str) -> Path:
    # Where somebody has altered the register, and this is no hash, the path is one at which nothing is.
    digest = digest if _HASH.fullmatch(str(digest)) else "0" * 64
    return evidence_folder(register) / digest[:2] / digest


def exhibits(register: Store, history: Sequence[Transition]) -> list[Exhibit]:
    """Return the evidence of a complaint in order of entry; voided entries are left out."""
    entries = [entry for entry in effective(history) if entry.kind is Kind.EVIDENCE]
    return [_exhibit(register, entry) for entry in sorted(entries, key=lambda entry: entry.seq)]


def _exhibit(register: Store, entry: Transition) -> Exhibit:
    digest, size = entry.detail["sha256"], entry.detail["size"]
    try:
        file = os.lstat(_stored_path(register, digest))
        present = stat.S_ISREG(file.st_mode) and file.st_size == size
    except OSError:
        present = False
    # Whoever can write a register's file can write any path into it: only a plain file name is taken from it.
    name = safe_name(str(entry.detail["name"]))
    return Exhibit(entry.complaint, entry.seq, name, size, digest, entry.at, entry.actor, present)


def find_exhibit(evidence: Sequence[Exhibit], complaint: int, seq: int) -> Exhibit:
    """Return the exhibit with an entry's number; raises UnknownEvidence."""
    for exhibit in evidence:
        if exhibit.seq == seq:
            return exhibit
    numbers = ", ".join(str(exhibit.seq) for exhibit in evidence)
    hint = Phrase("Its evidence entries: {numbers}.", numbers=numbers) if numbers else Phrase("It has no evidence.")
    raise UnknownEvidence(seq=seq, complaint=complaint, known=hint)


def keep_file(register: Store, source: Path) -> dict[str, Any]:
    """Copy a file into the evidence folder and return what the journal says of it: name, sha256 and size.

    A copy that no entry then names does no harm. Raises CannotRead and CannotWrite.
    """
    digest, size = _keep(evidence_folder(register), source)
    return {"name": safe_name(source.name), "sha256": digest, "size": size}


def _keep(folder: Path, source: Path) -> tuple[str, int]:
    """Copy a file into a folder of evidence; return its hash and size.

    The copy is whole and on the disk when this returns. Raises CannotRead and CannotWrite.
    """
    with _opened(source) as handle, _made_folder(folder) as root, drafts.disk_faults(CannotWrite, path=folder):
        part = f".{os.urandom(8).hex()}{drafts.DRAFT}"
        try:
            unnamed = root.unnamed_file()
            with drafts.closing_file(root.open(part, TO_CREATE) if unnamed is None else unnamed) as out:
                digest, size = _copy(handle, out, source)
                os.fsync(out)
                if unnamed is not None:
                    root.name_file(unnamed, part)
            # A file that stands there already is of the same content; a link or an altered file is replaced.
            with suppress(FileExistsError):
                root.make(digest[:2])
            with root.inner(digest[:2]) as inner:
                root.move(part, inner, digest)
        finally:
            with suppress(FileNotFoundError):
                root.remove(part)
    return digest, size


def safe_name(name: str) -> str:
    """Return a file's base name as it is shown and saved: of one line, without controls, not hidden by a dot."""
    text = lone_file_name(name, "evidence")
    if len(text) > NAME_LIMIT:
        stem, dot, ending = text.rpartition(".")
        text = f"{stem[: NAME_LIMIT - 20]}…{dot}{ending}" if stem and len(ending) < 10 else text[:NAME_LIMIT]
    return text


@contextmanager
def _opened(source: Path) -> Iterator[int]:
    """Open a plain file to be read; raises CannotRead."""
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
        _check_size(source, file.st_size)
        yield handle


def _check_size(source: Path, size: int) -> None:
    if size > LARGEST:
        reason = Phrase("it has {size:,} bytes; the maximum is {largest:,}", size=size, largest=LARGEST)
        raise CannotRead(path=source, reason=reason)


@contextmanager
def _made_folder(folder: Path) -> Iterator[Folder]:
    """Open the evidence folder, making it where there is none; raises CannotWrite."""
    stack = ExitStack()
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            drafts.share(folder, folder.parent)
            drafts.sync(folder.parent)
        root = stack.enter_context(Folder.opened(folder))
    except OSError as error:
        reason = LINK_INSTEAD if error.errno in LINKS else error.strerror or str(error)
        raise CannotWrite(path=folder, reason=reason) from None
    with stack:
        yield root


def _copy(handle: int, out: int, source: Path) -> tuple[str, int]:
    """Copy a file and return the hash and the size of what was copied; raises CannotRead, and OSError in writing."""
    digest, size = sha256(), 0
    while True:
        with drafts.disk_faults(CannotRead, path=source):
            chunk = os.read(handle, drafts.CHUNK)
        if not chunk:
            return digest.hexdigest(), size
        size += len(chunk)
        _check_size(source, size)
        digest.update(chunk)
        drafts.write_all(out, chunk)


def save_file(register: Store, exhibit: Exhibit, target: Path) -> Path:
    """Copy an exhibit out, into a folder under its own name or to a new file, and return where it went.

    Nothing is overwritten. Raises EvidenceAltered where it is missing or not of its hash, and CannotWrite.
    """
    name = lone_file_name(exhibit.name, "evidence", for_windows=sys.platform == "win32")
    place = target / name if os.path.isdir(target) else target  # noqa: PTH112  # of a name too long as well
    reason = drafts.part_of_register(real_path(place))
    if reason:
        raise CannotWrite(path=place, reason=reason)
    fault = fault_in(evidence_folder(register), exhibit.sha256)
    if fault:
        raise EvidenceAltered(name=exhibit.name, complaint=exhibit.complaint, fault=fault)
    stored = _stored_path(register, exhibit.sha256)
    try:
        with drafts.only_file(place) as out, _opened(stored) as handle:
            digest, _ = _copy(handle, out, stored)
            if digest != exhibit.sha256:
                raise EvidenceAltered(name=exhibit.name, complaint=exhibit.complaint, fault="was altered")
    except FileExistsError:
        raise CannotWrite(path=place, reason="it already exists; name another file") from None
    except (OSError, ValueError) as error:
        raise CannotWrite(path=place, reason=getattr(error, "strerror", None) or str(error)) from None
    return place


def fault_in(folder: Path, digest: str) -> str:
    """Return what is wrong with the file of a content hash in a folder of evidence, nothing where it is whole."""
    if not _HASH.fullmatch(str(digest)):
        return Phrase("has no content hash in the journal")
    try:
        with Folder.opened(folder) as root, root.inner(digest[:2]) as inner:
            handle = inner.open(digest, TO_READ)
        with drafts.closing_file(handle):
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return Phrase("is not a regular file")
            content = sha256()
            while chunk := os.read(handle, drafts.CHUNK):
                content.update(chunk)
    except FileNotFoundError:
        return Phrase("is missing")
    except OSError as error:
        if error.errno in LINKS:
            return Phrase("is a symbolic link, or lies behind one")
        return Phrase("cannot be read ({fault})", fault=Word(error.strerror or str(error)))
    return "" if content.hexdigest() == digest else Phrase("was altered")


def evidence_faults(register: Store) -> list[str]:
    """Check every evidence file that the journal tells of, voided entries aside, against its hash."""
    fault_of = cache(partial(fault_in, evidence_folder(register)))
    entries = list(evidence_entries(register.database))
    return [
        Phrase("{label} {fault}", label=label, fault=fault) for digest, label in entries if (fault := fault_of(digest))
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
        yield detail["sha256"], label


def copy_evidence(register: Store, sources: Iterable[Path], target: Path) -> CopiedEvidence:
    """Bring every evidence file that the journal tells of into a folder, from the first other one that has it whole.

    What is there already, and whole, is left alone. Raises CannotWrite.
    """
    labels: dict[str, str] = {}
    for digest, label in evidence_entries(register.database):
        labels.setdefault(digest, label)
    missing = {digest: label for digest, label in labels.items() if fault_in(target, digest)}
    folders, new = list(sources), 0
    faults: list[str] = []
    for digest, label in missing.items():
        fault: str = Phrase("is missing")
        for source in folders:
            if not (fault := _copy_along(source, target, digest)):
                new += 1
                break
        if fault:
            faults.append(Phrase("{label} {fault}", label=label, fault=fault))
    return CopiedEvidence(len(labels) - len(faults), new, faults)


def _copy_along(source: Path, target: Path, digest: str) -> str:
    """Copy one file of evidence; return what is wrong with it, nothing where it was copied."""
    fault = fault_in(source, digest)
    if fault:
        return fault
    try:
        copy, _ = _keep(target, source / digest[:2] / digest)
    except CannotRead as error:
        return Phrase("cannot be read ({fault})", fault=error.values["reason"])
    return "" if copy == digest else Phrase("was altered")
