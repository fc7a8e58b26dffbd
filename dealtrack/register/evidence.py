"""Evidence files: kept beside the register under the hash of their content, and held against it."""

import json
import os
import re
import secrets
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from glob import escape
from hashlib import sha256
from pathlib import Path
from typing import Any

from dealtrack.core.file_names import lone_file_name
from dealtrack.core.lifecycle import Kind, Transition, effective
from dealtrack.errors import CannotRead, CannotWrite, EvidenceAltered, UnknownEvidence
from dealtrack.phrase import Phrase, Word
from dealtrack.register.connection import real_path, sync
from dealtrack.register.drafts import DRAFT, EVIDENCE_SUFFIX, only_file, part_of_register
from dealtrack.register.folder import CREATE, LINKS, READ, Folder
from dealtrack.register.store import Store

LARGEST = 1 << 30
"""The largest file that is taken, in bytes."""

CHUNK = 1 << 20
NAME_LIMIT = 200
_HASH = re.compile("[0-9a-f]{64}")
_COPY = re.compile(r"(.+?)(-schema[0-9]+|-replaced)?-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?")
"""The names of copies: those of `backup --keep`, from before an upgrade, and what a restore replaced."""

FOLDER = Phrase("it is a folder")


@dataclass(frozen=True, slots=True)
class Exhibit:
    """An evidence file as the journal tells of it; `size` in bytes, `at` in UTC.

    `present` tells whether a file of that size is held; only a check of its hash tells more.
    """

    complaint: int
    seq: int
    name: str
    size: int
    sha256: str
    at: datetime
    actor: str
    present: bool


def evidence_folder(register: Store) -> Path:
    """Return the folder of a register's evidence: beside its file, whatever link leads there.

    A copy that is named by its moment, and has no folder of its own, shares that of the name before the moment.
    """
    place = Path(os.path.realpath(register.path))
    own = place.with_name(f"{place.name}{EVIDENCE_SUFFIX}")
    copy = _COPY.fullmatch(place.stem)
    if copy is None or own.is_dir():
        return own
    shared = (path for path in place.parent.glob(f"{escape(copy[1])}.*") if path.name.endswith(EVIDENCE_SUFFIX))
    return min(shared, default=own)


def stored_path(register: Store, digest: str) -> Path:
    """Return where the file with a content hash is kept."""
    # What is no hash, in a register that somebody altered, leads nowhere.
    digest = digest if _HASH.fullmatch(str(digest)) else "0" * 64
    return evidence_folder(register) / digest[:2] / digest


def exhibits(register: Store, history: Sequence[Transition]) -> list[Exhibit]:
    """Return the evidence of a complaint in order of entry; voided entries are left out."""
    counted = [entry for entry in effective(history) if entry.kind is Kind.EVIDENCE]
    return [_exhibit(register, entry) for entry in sorted(counted, key=lambda entry: entry.seq)]


def _exhibit(register: Store, entry: Transition) -> Exhibit:
    detail = entry.detail
    digest, size = detail["sha256"], detail["size"]
    try:
        held = os.lstat(stored_path(register, digest))
        present = stat.S_ISREG(held.st_mode) and held.st_size == size
    except OSError:
        present = False
    # Who can write a register's file can write any name into it: here it is none but a file's own.
    name = safe_name(str(detail["name"]))
    return Exhibit(entry.complaint, entry.seq, name, size, digest, entry.at, entry.actor, present)


def find_exhibit(held: Iterable[Exhibit], complaint: int, seq: int) -> Exhibit:
    """Return the exhibit with an entry's number; raises UnknownEvidence."""
    known = list(held)
    for exhibit in known:
        if exhibit.seq == seq:
            return exhibit
    numbers = ", ".join(str(exhibit.seq) for exhibit in known)
    hint = Phrase("Its evidence: {numbers}.", numbers=numbers) if numbers else Phrase("It has none.")
    raise UnknownEvidence(seq=seq, complaint=complaint, known=hint)


def keep_file(register: Store, source: Path) -> dict[str, Any]:
    """Copy a file into the evidence folder and return what the journal says of it: name, sha256 and size.

    A copy that no entry then names does no harm. Raises CannotRead and CannotWrite.
    """
    digest, size = keep_in(evidence_folder(register), source)
    return {"name": safe_name(source.name), "sha256": digest, "size": size}


def keep_in(folder: Path, source: Path) -> tuple[str, int]:
    """Copy a file into a folder of evidence; return its hash and size.

    The copy is whole and on the disk when this returns. Raises CannotRead and CannotWrite.
    """
    with _opened(source) as handle, _store(folder) as root:
        part = f".{secrets.token_hex(8)}{DRAFT}"
        try:
            unnamed = root.unnamed_file()
            out = root.open(part, CREATE) if unnamed is None else unnamed
            try:
                digest, size = _copy(handle, out, source)
                os.fsync(out)
                if unnamed is not None:
                    root.name_file(unnamed, part)
            finally:
                os.close(out)
            _enter(root, part, digest)
        except OSError as error:
            raise CannotWrite(path=folder, reason=error.strerror or str(error)) from None
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
        handle = os.open(source, READ)
    except (OSError, ValueError) as error:
        # Windows opens no folder.
        reason = FOLDER if os.path.isdir(source) else getattr(error, "strerror", None) or str(error)  # noqa: PTH112
        raise CannotRead(path=source, reason=reason) from None
    try:
        held = os.fstat(handle)
        if not stat.S_ISREG(held.st_mode):
            kind = FOLDER if stat.S_ISDIR(held.st_mode) else Phrase("it is no plain file")
            raise CannotRead(path=source, reason=kind)
        if held.st_size > LARGEST:
            raise CannotRead(path=source, reason=_too_large(held.st_size))
        yield handle
    finally:
        os.close(handle)


def _too_large(size: int) -> str:
    return Phrase("it has {size:,} bytes, and {largest:,} are the most", size=size, largest=LARGEST)


@contextmanager
def _store(folder: Path) -> Iterator[Folder]:
    """Open the evidence folder, making it where there is none; raises CannotWrite."""
    kept = ExitStack()
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync(folder.parent)
        root = kept.enter_context(Folder.opened(folder))
    except OSError as error:
        reason = LINK_INSTEAD if error.errno in LINKS else error.strerror or str(error)
        raise CannotWrite(path=folder, reason=reason) from None
    with kept:
        yield root


LINK_INSTEAD = Phrase("a symbolic link or a file stands where its folder should")


def _copy(handle: int, out: int, source: Path) -> tuple[str, int]:
    """Copy a file and return the hash and the size of what was copied; raises CannotRead."""
    known, size = sha256(), 0
    while chunk := _read(handle, source):
        size += len(chunk)
        if size > LARGEST:
            raise CannotRead(path=source, reason=_too_large(size))
        known.update(chunk)
        _write(out, chunk)
    return known.hexdigest(), size


def _read(handle: int, source: Path) -> bytes:
    try:
        return os.read(handle, CHUNK)
    except OSError as error:
        raise CannotRead(path=source, reason=error.strerror or str(error)) from None


def _write(out: int, chunk: bytes) -> None:
    rest = memoryview(chunk)
    while rest:
        rest = rest[os.write(out, rest) :]


def _enter(root: Folder, part: str, digest: str) -> None:
    """Move a whole copy to the place of its hash; one that stands there already is of the same content."""
    with suppress(FileExistsError):
        root.make(digest[:2])
    with root.inner(digest[:2]) as shelf:
        # A link or an altered file in its place is replaced, not followed.
        root.move(part, shelf, digest)


def save_file(register: Store, exhibit: Exhibit, target: Path) -> Path:
    """Copy an exhibit out, into a folder under its own name or to a new file, and return where it went.

    Nothing is overwritten. Raises EvidenceAltered where it is missing or not of its hash, and CannotWrite.
    """
    name = lone_file_name(exhibit.name, "evidence", for_windows=sys.platform == "win32")
    place = target / name if os.path.isdir(target) else target  # noqa: PTH112  # of a name too long as well
    reason = part_of_register(real_path(place))
    if reason:
        raise CannotWrite(path=place, reason=reason)
    fault = content_fault(register, exhibit.sha256)
    if fault:
        raise EvidenceAltered(name=exhibit.name, complaint=exhibit.complaint, fault=fault)
    stored = stored_path(register, exhibit.sha256)
    try:
        with only_file(place) as out, _opened(stored) as handle:
            digest, _ = _copy(handle, out, stored)
            if digest != exhibit.sha256:
                raise EvidenceAltered(name=exhibit.name, complaint=exhibit.complaint, fault="was altered")
    except FileExistsError:
        raise CannotWrite(path=place, reason="it exists already; name another file") from None
    except (OSError, ValueError) as error:
        raise CannotWrite(path=place, reason=getattr(error, "strerror", None) or str(error)) from None
    return place


def content_fault(register: Store, digest: str) -> str | None:
    """Return what is wrong with the stored file of a content hash, None where it is whole."""
    return fault_in(evidence_folder(register), digest)


def fault_in(folder: Path, digest: str) -> str | None:
    """Return what is wrong with the file of a content hash in a folder of evidence, None where it is whole."""
    if not _HASH.fullmatch(str(digest)):
        return Phrase("bears no content hash in the journal")
    try:
        with Folder.opened(folder) as root, root.inner(digest[:2]) as shelf:
            handle = shelf.open(digest, READ)
    except FileNotFoundError:
        return Phrase("is missing")
    except OSError as error:
        if error.errno in LINKS:
            return Phrase("is a symbolic link, or stands in one")
        return Phrase("cannot be read ({fault})", fault=Word(error.strerror or str(error)))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return Phrase("is no plain file")
        known = sha256()
        while chunk := os.read(handle, CHUNK):
            known.update(chunk)
    except OSError as error:
        return Phrase("cannot be read ({fault})", fault=Word(error.strerror or str(error)))
    finally:
        os.close(handle)
    return None if known.hexdigest() == digest else Phrase("was altered")


def evidence_faults(register: Store) -> list[str]:
    """Check every evidence file that the journal tells of, voided entries aside, against its hash."""
    faults: dict[str, str | None] = {}
    found: list[str] = []
    for digest, label in told(register):
        if digest not in faults:
            faults[digest] = content_fault(register, digest)
        if faults[digest]:
            found.append(Phrase("{label} {fault}", label=label, fault=faults[digest]))
    return found


def told(register: Store) -> Iterator[tuple[str, str]]:
    """Yield the content hash of each evidence file that the journal tells of, voided entries aside, and what it is."""
    connection = register.connection
    voided = {
        json.loads(detail)["seq"]
        for (detail,) in connection.execute("SELECT detail FROM transition WHERE kind = ?", (Kind.VOIDED.value,))
    }
    rows = connection.execute(
        "SELECT seq, complaint, detail FROM transition WHERE kind = ? ORDER BY seq", (Kind.EVIDENCE.value,)
    )
    for seq, complaint, text in rows:
        if seq not in voided:
            detail = json.loads(text)
            yield (
                detail["sha256"],
                Phrase(
                    "evidence {name} of complaint {complaint} (entry {seq})",
                    name=detail["name"],
                    complaint=complaint,
                    seq=seq,
                ),
            )
