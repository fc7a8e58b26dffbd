"""Commands for what is kept beside the journal: evidence files, and personal data that is to go."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from dealtrack.cli.language import _, _n, say
from dealtrack.cli.options import At, ComplaintNames, Format, Note, Yes, option, read_complaints
from dealtrack.cli.output import next_line, print_records
from dealtrack.cli.session import Session, ask_to_go_on
from dealtrack.cli.terminal import print_line, tell, warn
from dealtrack.cli.transitions import NEEDED_REASON, NOTE, read_detail
from dealtrack.core.lifecycle import Kind
from dealtrack.core.text import safe_text
from dealtrack.errors import MissingValue, NoTerminal
from dealtrack.phrase import Phrase, Word, both, listed
from dealtrack.register.evidence import Exhibit, exhibits, find_exhibit, keep_file, save_file
from dealtrack.register.recorder import Proposal, Work
from dealtrack.register.register import Register

VIEWED = frozenset(
    ".avi .bmp .csv .doc .docx .flac .gif .heic .jpeg .jpg .m4a .mkv .mov .mp3 .mp4 .odp .ods .odt .ogg .pdf .png "
    ".ppt .pptx .rtf .tif .tiff .txt .wav .webm .webp .xls .xlsx".split()
)
"""The endings of files that a viewer shows; others might be run."""


def evidence(
    context: typer.Context,
    complaints: ComplaintNames,
    file: Annotated[list[str], option("PATH", "File to attach; repeatable.")],
    save: Annotated[int | None, option("SEQ", "Save a copy of the evidence with this entry number.")],
    to: Annotated[str, option("FILE", "Where to save the copy: a new file or a folder.")],
    open_: Annotated[int | None, option("SEQ", "Open the evidence with this entry number.")],
    at: At,
    note: Note,
    fmt: Format,
) -> None:
    """Attach evidence files; without --file, list them."""
    session: Session = context.obj
    if sum((bool(file), save is not None, open_ is not None)) > 1:
        context.fail(_("Only one of --file, --save and --open at a time"))
    with session.register() as register:
        named = read_complaints(register, *complaints)
        if not named:
            return
        if file:
            _attach(session, register, named, list(map(Path, file)), at, note, fmt)
            return
        attachments = [exhibit for id_ in named for exhibit in exhibits(register, register.history(id_))]
        if save is not None:
            if not to:
                raise MissingValue(what="Place for the copy", option="--to FILE")
            place = save_file(register, find_exhibit(attachments, named[0], save), Path(to))
            print(safe_text(str(place)))
        elif open_ is not None:
            _open(register, find_exhibit(attachments, named[0], open_))
        else:
            print_records(map(Exhibit._asdict, attachments), Exhibit._fields, fmt, zone=register.zone)


def _attach(
    session: Session, register: Register, named: list[int], files: list[Path], at: str, note: str, fmt: str
) -> None:
    moment = session.moment(at, register.zone)
    detail = read_detail((NOTE,), {"note": note})
    for id_ in named:
        register.history(id_)
    # The files are kept before an entry names them: others record while they are uploaded, and what no entry names
    # does no harm.
    proposals = [Proposal(Kind.EVIDENCE, moment, {**detail, **keep_file(register, file)}) for file in files]
    with session.recording(register) as recorder:
        recorded = [recorder.record(Work(id_, proposals)) for id_ in named]
    new = [exhibit for each in recorded for exhibit in exhibits(register, each.entries)]
    if fmt:
        print_records(map(Exhibit._asdict, new), Exhibit._fields, fmt, zone=register.zone)
        return
    for exhibit in new:
        size = _n("{count:,} byte", "{count:,} bytes", exhibit.size)
        line = _("complaint {id}: evidence {seq}, {name}, {size}")
        print_line(line.format(id=exhibit.complaint, seq=exhibit.seq, name=exhibit.name, size=size))
    session.advise(next_line(f"dealtrack evidence {' '.join(map(str, named[:8]))}"))


def _open(register: Register, exhibit: Exhibit) -> None:
    from shutil import which
    from subprocess import run

    from dealtrack.register.drafts import draft_folder

    instead = Phrase("Save a copy instead: dealtrack evidence {complaint} --save {seq} --to FILE.", **exhibit._asdict())
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoTerminal(what="--open", instead=instead)
    viewer = which("open" if sys.platform == "darwin" else "xdg-open")
    if viewer is None or Path(exhibit.name).suffix.lower() not in VIEWED:
        unseen = _("{name} is not a type of file that is safe to open", name=exhibit.name)
        why = _("No viewer was found") if viewer is None else unseen
        warn(f"{why}{_('.')} {say(instead)}")
        raise typer.Exit(2)
    with draft_folder() as folder:
        place = save_file(register, exhibit, folder)
        place.chmod(0o400)
        tell(_("opening a copy: {path}", path=place))
        run([viewer, str(place)], check=False)  # noqa: S603 - the system's own viewer, on a file of a kind it shows
        # The viewer may go on by itself, and is in need of the copy as long as somebody looks.
        tell(_("Press Enter when done; the copy is then removed."))
        sys.stdin.readline()


def erase(
    session: Session, complaints: ComplaintNames, reason: Annotated[str, option("TEXT", "Reason (required).")], yes: Yes
) -> None:
    """Permanently erase the consumer's personal data; the journal records the erasure."""
    from dealtrack.register.erasure import erase as erase_personal

    detail = read_detail((NEEDED_REASON,), {"reason": reason}, session.asks)
    with session.register() as register:
        named = read_complaints(register, *complaints)
        if not named:
            return
        if not yes and session.asks:
            ask_to_go_on(_("Permanently erase the personal data of {ids}?", ids=say(listed(map(str, named)))))
        with session.recording(register) as recorder:
            erasures = erase_personal(recorder, named, detail["reason"])
        remains = register.engine.remains(register)
    for id_, fields, *_rest in erasures:
        print_line(_("complaint {id}: {fields} erased", id=id_, fields=say(listed(map(Word, fields)))))
    for id_, _fields, in_entries, offices in erasures:
        if offices:
            text = _("The personal data of complaint {id} is also in another office, and is erased there: {offices}.")
            warn(text.format(id=id_, offices=say(listed(offices))))
        if in_entries:
            which = say(both(Phrase("the {field}", field=Word(field)) for field in in_entries))
            also = _("{fields} of complaint {id} also occurs in its entries, e.g. in its summary or notes")
            warn(also.format(fields=which, id=id_) + _(", which are never changed."))
    session.advise(_("evidence files and earlier backups are not changed"))
    if remains.in_archive:
        text = _(
            "The server's log (WAL), its archive and the server's own backups hold the data until they expire: ask who "
            "manages the server how long they are kept."
        )
        session.advise(text)
    for path in remains.drafts:
        warn(_("{path}, left by a killed command, may still hold the data; remove it.", path=path))
    if remains.in_log:
        warn(_("Another program is reading the register: the erased data leaves its files with the next entry."))
