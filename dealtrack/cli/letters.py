"""Letters about complaints, to platforms and to consumers: what they say, their files, and their entries."""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

from dealtrack import settings
from dealtrack.cli.complaint_view import standing_in
from dealtrack.cli.language import _, _n, _p, current_language, say, say_field
from dealtrack.cli.options import ComplaintNames, Yes, flag, option, read_complaints
from dealtrack.cli.output import LETTER_FORMATS, check_word, print_records
from dealtrack.cli.session import Session, ask_to_go_on
from dealtrack.cli.terminal import print_line, warn
from dealtrack.core.clocks import Clock
from dealtrack.core.deadlines import LAST_SECOND
from dealtrack.core.file_names import file_names
from dealtrack.core.lifecycle import CLOSING, STATUS_AFTER, Complaint, Kind, Status, effective
from dealtrack.core.moments import local_day, show_moment
from dealtrack.core.personal import PERSONAL, mask
from dealtrack.core.policy import HOURS, Unit
from dealtrack.core.policy_text import length_text
from dealtrack.core.standing import Lateness
from dealtrack.core.text import safe_text
from dealtrack.core.vocabulary import LETTERS
from dealtrack.errors import MissingExtra, MissingValue, NoLetter
from dealtrack.exchange.files import grouped, write_new_files
from dealtrack.phrase import Phrase, Word
from dealtrack.register.queries import Filter, Personal, View
from dealtrack.register.recorder import Proposal, Work
from dealtrack.register.register import Register

if TYPE_CHECKING:
    from dealtrack.exchange.templates import Values

WRITTEN_KEYS = ("letter", "to", "complaints", "file")

FIELDS = ("number", "platform", "category", "seller", "owner", "handler", "status", "outcome", "amount", "summary")
"""The fields of a complaint that a template may name, besides its id, its moments and its deadline."""

WHOLE = "_whole"
"""What ends the name of a value that is personal data unmasked."""


def letter(
    session: Session,
    complaints: ComplaintNames,
    kind: Annotated[str, option("KIND", "Kind of letter: reminder, receipt or result.")],
    out: Annotated[str, option("DIR", "Folder for the letters.")],
    copy_template: Annotated[bool, flag("Copy the template of this kind into your templates folder, to change it.")],
    yes: Yes,
    fmt: Annotated[str, option("FORMAT", "Format of the letters: docx or html.", "--format")] = "docx",
) -> None:
    """Write letters: reminders to platforms, receipts and results to consumers; the history records them."""
    if not kind:
        raise MissingValue(what="Kind of letter", option="--kind reminder")
    check_word("--kind", kind, LETTERS)
    check_word(Phrase("Format of the letters"), fmt, LETTER_FORMATS)
    if copy_template:
        shipped, own = template_places(session, kind, fmt)
        write_new_files({own: shipped.read_bytes()})
        print_line(str(own))
        return
    if not out:
        raise MissingValue(what="Folder for the letters", option="--out DIR")
    with session.reading("", "") as (register, view):
        letters = Letters(session, register, view, kind, fmt)
        letters.make(read_complaints(register, *complaints))
    files = letters.files(Path(out))
    asks = session.asks and not yes
    if asks and files:
        letters.print(files)
        ask_to_go_on(_n("Write {count} letter?", "Write {count} letters?", len(files)), default=True)
    letters.write(files)
    if not asks:
        letters.print(files)


def template_places(session: Session, kind: str, fmt: str) -> tuple[Path, Path]:
    """Return where the template of a letter is that is shipped, and where the office's own one would be."""
    name = f"{kind}.{fmt}"
    own = session.settings.value("templates") or settings.user_folder() / "templates"
    return settings.data_folder() / "templates" / current_language() / name, Path(own) / name


class Letter(NamedTuple):
    """A letter that is made: whom it is to, the complaints that it is about, its name, what its file holds."""

    to: str
    complaints: tuple[int, ...]
    name: str
    content: bytes


class LetterItem(NamedTuple):
    """What a line of a letter is about: a complaint, one of its clocks, and by how much it is late, as `7 wd`."""

    complaint: Complaint
    clock: Clock | None
    late: str = ""


class Letters:
    """Makes letters of one kind out of a view of the register, then writes and records them."""

    def __init__(self, session: Session, register: Register, view: View, kind: str, fmt: str) -> None:
        """Raises MissingExtra and BadTemplate."""
        for module, package in (("docxtpl", "docxtpl"), ("jinja2", "Jinja2")):
            if find_spec(module) is None and (fmt == "docx" or module == "jinja2"):
                raise MissingExtra(what="A letter", package=package, extra="letters")
        from dealtrack.exchange.templates import read_template

        self._session, self._register, self._view, self._kind, self._format = session, register, view, kind, fmt
        shipped, own = template_places(session, kind, fmt)
        self._template = own if own.is_file() else shipped
        self._source = read_template(self._template)
        self._letters: list[Letter] = []

    def make(self, ids: Sequence[int]) -> None:
        """Make a letter about each complaint; of a reminder none where nothing is overdue. Raises NoLetter."""
        late: dict[int, list[LetterItem]] = {}
        for each in self._register.overdue(Filter(), self._view) if self._kind == "reminder" else ():
            item = LetterItem(each.complaint, each.clock, each.late)
            late.setdefault(each.complaint.id, []).append(item)
        for id_ in ids:
            standing = standing_in(self._register, id_, self._register.history(id_), self._view)
            complaint = standing.complaint
            if reason := self._fault(complaint):
                raise NoLetter(complaint=id_, letter=Word(self._kind), reason=reason)
            whose = "-".join(filter(None, (str(id_), complaint.number)))
            if self._kind != "reminder":
                to = mask("consumer", (self._register.personal(id_) or Personal()).consumer)
                # The last stage is what the consumer waits for.
                clock = next((clock for clock in reversed(standing.clocks) if clock.due), None)
                self._add(to or "", whose, [LetterItem(complaint, clock)])
            elif id_ in late:
                self._add(complaint.platform, whose, late[id_])
            else:
                warn(_("Nothing of complaint {id} is overdue: no reminder.", id=id_))

    def make_by(self, by: str, latenesses: Iterable[Lateness]) -> None:
        """Make a reminder to each platform or owner of what is overdue."""
        for to, group in grouped(latenesses, lambda late: getattr(late.complaint, by) or _("nobody")).items():
            items = [LetterItem(each.complaint, each.clock, each.late) for each in group]
            self._add(to, say_field(by, to), items)

    def _fault(self, complaint: Complaint) -> Phrase | None:
        """Return why there can be no letter of the kind about a complaint as it stands."""
        if complaint.status is Status.VOIDED:
            return Phrase("it was undone")
        if complaint.withdrawn and self._kind != "reminder":
            return Phrase("it was withdrawn")
        if self._kind == "receipt":
            if complaint.rejected:
                return Phrase("it was not accepted")
            awaits = any(Kind.ACCEPTED in rule.stop for rule in self._register.policy_of(complaint).clocks)
            if awaits and complaint.status is Status.RECEIVED:
                return Phrase("it is not accepted yet")
        if self._kind == "result" and complaint.is_open:
            return Phrase("it is not completed yet")
        return None

    def _add(self, to: str, whose: str, items: Sequence[LetterItem]) -> None:
        from dealtrack.exchange.templates import render

        day = local_day(self._view.moment, self._register.zone)
        complaints = list(map(self._values, items))
        values = {
            "letterhead": [safe_text(line) for line in self._session.settings.value("letterhead")],
            "date": _long_day(day),
            "to": safe_text(say_field("platform", to)),
            "clerk": safe_text(self._session.actor),
            "complaint": complaints[0],
            "complaints": complaints,
        }
        ids = tuple(dict.fromkeys(item.complaint.id for item in items))
        name = f"{_p('letter', self._kind)}-{whose}-{day.isoformat()}"
        self._letters.append(Letter(to, ids, name, render(self._template, self._source, values)))

    def _values(self, item: LetterItem) -> "Values":
        """Return what a template may name of a complaint: words as people read them, personal data only when named."""
        from dealtrack.exchange.templates import Values

        complaint, register = item.complaint, self._register
        endings = [entry for entry in effective(register.history(complaint.id)) if entry.kind in CLOSING]
        texts = {
            **{name: say_field(name, str(getattr(complaint, name) or "")) for name in FIELDS},
            **{str(kind): self._day(getattr(complaint, kind)) for kind in STATUS_AFTER},
            "reason": str(endings[-1].detail.get("reason", "")) if endings else "",
            "stage": _(item.clock.name) if item.clock else "",
            "due": self._due(item.clock),
            "late": _late_words(item.late),
        }

        def personal(field: str, is_whole: bool) -> str:
            text = getattr(register.personal(complaint.id) or Personal(), field)
            return safe_text((text if is_whole else mask(field, text)) or "")

        masked = {field: partial(personal, field, False) for field in PERSONAL}
        whole = {f"{field}{WHOLE}": partial(personal, field, True) for field in PERSONAL}
        safe = {name: safe_text(text) for name, text in texts.items()}
        return Values({"id": complaint.id, **safe}, {**masked, **whole})

    def _day(self, moment: datetime | None) -> str:
        return _long_day(local_day(moment, self._register.zone)) if moment else ""

    def _due(self, clock: Clock | None) -> str:
        """Return when a clock is due: the day, and the hour where it does not end with the day."""
        if clock is None or clock.due is None:
            return ""
        due, zone = self._day(clock.due), self._register.zone
        if clock.unit in HOURS or clock.due.astimezone(zone).time() != LAST_SECOND:
            due += show_moment(clock.due, zone)[10:]
        return _("{due} (provisional)", due=due) if clock.provisional else due

    def files(self, folder: Path) -> dict[Path, Letter]:
        """Return the letters by the files that they are to have in a folder; no two have the same."""
        names = file_names(made.name for made in self._letters)
        return {folder / f"{names[made.name]}.{self._format}": made for made in self._letters}

    def write(self, files: Mapping[Path, Letter]) -> None:
        """Write the letters, and record those that are of the present; raises CannotWrite."""
        # The files are whole on the disk before an entry names them.
        write_new_files({path: made.content for path, made in files.items()})
        if files and not self._view.is_present:
            warn(_("The histories do not record these letters: they show the register at another time."))
        elif files:
            self._record(files.values())

    def _record(self, letters: Iterable[Letter]) -> None:
        with self._session.register() as register:
            moment = self._session.moment("", register.zone)
            with self._session.recording(register) as recorder:
                for made in letters:
                    digest = sha256(made.content).hexdigest()
                    detail = {"letter": self._kind, "sha256": digest, "format": self._format}
                    for id_ in made.complaints:
                        # One that is written once more is no other letter.
                        if not any(
                            detail.items() <= entry.detail.items() for entry in effective(register.history(id_))
                        ):
                            recorder.record(Work(id_, (Proposal(Kind.LETTER, moment, detail),)))

    def print(self, files: Mapping[Path, Letter]) -> None:
        """Print whom each letter is to, what it is about, and its file."""
        is_shown = sys.stdout.isatty()
        records = [
            {
                "letter": self._kind,
                "to": say_field("platform", made.to) if is_shown else made.to,
                "complaints": ", ".join(map(str, made.complaints)),
                "file": str(path),
            }
            for path, made in files.items()
        ]
        print_records(records, WRITTEN_KEYS, zone=self._register.zone)


def _late_words(late: str) -> str:
    count, _space, unit = late.partition(" ")
    # Before a working day or hour has gone by, it is late by none.
    words = length_text(int(count or 0), Unit.HOUR if unit == "h" else Unit.WORKING_DAY)
    return say(words) if count.strip("0") else ""


def _long_day(day: date) -> str:
    """Return a day as letters write it."""
    return _("{year}-{month:02}-{day:02}", year=day.year, month=day.month, day=day.day)
