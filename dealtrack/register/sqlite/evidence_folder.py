"""The evidence of a register in a file: a folder beside it, with a file for each content."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from glob import escape
from hashlib import sha256
from pathlib import Path

from dealtrack.errors import CannotWrite
from dealtrack.phrase import Phrase, Word
from dealtrack.register import drafts
from dealtrack.register.evidence_files import EvidenceFault, checked
from dealtrack.register.sqlite.file import real_path
from dealtrack.register.sqlite.folder import LINKS, TO_CREATE, TO_READ, Folder

LARGEST = 1 << 30
_COPY = re.compile(r"(.+?)(-schema[0-9]+|-replaced)?-[0-9]{8}T[0-9]{6}Z(-[0-9]+)?")
"""The names of copies: those of `backup --keep`, from before an upgrade, and what a restore replaced."""

LINK_INSTEAD = Phrase("there is a symbolic link or a file in place of its folder")


def evidence_folder(register: Path) -> Path:
    """Return the folder of the evidence of a register, or of a copy: beside its file, whatever link leads there.

    A copy that is named by its moment, and has no folder of its own, shares that of the name before the moment.
    """
    place = real_path(register)
    own = folder_of(place)
    copy = _COPY.fullmatch(place.stem)
    if copy is None or own.is_dir():
        return own
    shared = (path for path in place.parent.glob(f"{escape(copy[1])}.*") if path.name.endswith(drafts.EVIDENCE_SUFFIX))
    return min(shared, default=own)


def folder_of(copy: Path) -> Path:
    """Return the folder with the evidence of a register or of a copy of it, at this very path."""
    return copy.with_name(f"{copy.name}{drafts.EVIDENCE_SUFFIX}")


class EvidenceFolder:
    """A folder of contents, which is made when the first one is kept."""

    largest = LARGEST

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, chunks: Iterator[bytes]) -> tuple[str, int]:
        """Write a content to a file; one that stands there already is replaced."""
        digest, size = sha256(), 0
        with self._made() as root, drafts.disk_faults(CannotWrite, path=self.path):
            part = f".{os.urandom(8).hex()}{drafts.DRAFT}"
            try:
                unnamed = root.unnamed_file()
                with drafts.closing_file(root.open(part, TO_CREATE) if unnamed is None else unnamed) as out:
                    for chunk in chunks:
                        size += len(chunk)
                        digest.update(chunk)
                        drafts.write_all(out, chunk)
                    os.fsync(out)
                    if unnamed is not None:
                        root.name_file(unnamed, part)
                name = digest.hexdigest()
                # A file that stands there already is of the same content; a link or an altered file is replaced.
                with suppress(FileExistsError):
                    root.make(name[:2])
                with root.inner(name[:2]) as inner:
                    root.move(part, inner, name)
            finally:
                with suppress(FileNotFoundError):
                    root.remove(part)
        return name, size

    def read(self, digest: str) -> Iterator[bytes]:
        """Yield the content of a file; no link is followed."""
        return checked(self._chunks(digest), digest)

    def sizes(self, digests: Iterable[str]) -> dict[str, int]:
        """Return the sizes of those files that are there."""
        sizes = {}
        for digest in digests:
            with suppress(OSError):
                file = os.lstat(self.path / digest[:2] / digest)
                if stat.S_ISREG(file.st_mode):
                    sizes[digest] = file.st_size
        return sizes

    def faults(self, digests: Iterable[str]) -> dict[str, Phrase]:
        """Read files, and return what is wrong with them."""
        faults = {}
        for digest in digests:
            try:
                for _ in self.read(digest):
                    pass
            except EvidenceFault as fault:
                faults[digest] = fault.reason
        return faults

    def _chunks(self, digest: str) -> Iterator[bytes]:
        try:
            with Folder.opened(self.path) as root, root.inner(digest[:2]) as inner:
                handle = inner.open(digest, TO_READ)
            with drafts.closing_file(handle):
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise EvidenceFault(Phrase("is not a regular file"))
                while chunk := os.read(handle, drafts.CHUNK):
                    yield chunk
        except FileNotFoundError:
            raise EvidenceFault(Phrase("is missing")) from None
        except OSError as error:
            if error.errno in LINKS:
                raise EvidenceFault(Phrase("is a symbolic link, or lies behind one")) from None
            raise EvidenceFault(Phrase("cannot be read ({fault})", fault=Word(error.strerror or str(error)))) from None

    @contextmanager
    def _made(self) -> Iterator[Folder]:
        """Open the folder, making it where there is none; raises CannotWrite."""
        stack = ExitStack()
        try:
            if not self.path.exists():
                self.path.mkdir(mode=0o700, exist_ok=True)
                drafts.share(self.path, self.path.parent)
                drafts.sync(self.path.parent)
            root = stack.enter_context(Folder.opened(self.path))
        except OSError as error:
            reason = LINK_INSTEAD if error.errno in LINKS else error.strerror or str(error)
            raise CannotWrite(path=self.path, reason=reason) from None
        with stack:
            yield root
