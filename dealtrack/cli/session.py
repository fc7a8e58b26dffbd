"""One call of a command: its register, the present moment, and the user who calls."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, date, datetime, tzinfo
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

from dealtrack.cli.language import _, is_english, name_platforms, say
from dealtrack.cli.terminal import tell, warn
from dealtrack.core.moments import FIRST_YEAR, LAST_YEAR, ONE_DAY, Moment, day_start, show_moment
from dealtrack.core.text import clean_input, first_few, safe_text
from dealtrack.core.vocabulary import NAME
from dealtrack.errors import (
    CannotWrite,
    ClockOutOfRange,
    DaysReversed,
    DealtrackError,
    NeedsFile,
    NotTheLogin,
    RegisterUnusable,
)
from dealtrack.phrase import Phrase
from dealtrack.register.address import read_address
from dealtrack.register.engine import Address
from dealtrack.register.opening import open_register
from dealtrack.register.queries import View
from dealtrack.register.register import Register
from dealtrack.settings import NOW_VARIABLE, Settings, now, user_folder, variable

if TYPE_CHECKING:
    from dealtrack.register.engine import Upgrade
    from dealtrack.register.recorder import Recorder, RecordingResult

LONGEST_VALUE = 1000
"""How much of a value of an error message is shown, paths aside: no more of what somebody typed or forged."""

YES = frozenset({"y", "yes", "是"})
NO = frozenset({"n", "no", "否"})

SERVERS = "servers"
"""The folder, in the user's own, of notes on registers on servers."""
MARK_DIGITS = 8

_shown_in: list[tzinfo] = [UTC]
_Answer = TypeVar("_Answer")


def show_value(value: object) -> str:
    """Write a value of an error message: a moment in the register's time zone, the rest as a text of one line."""
    if isinstance(value, datetime):
        return show_moment(value, _shown_in[0])
    # Where a file stands, standard input may.
    text = _("standard input") if value == "standard input" else safe_text(str(value))
    return text if len(text) <= LONGEST_VALUE or isinstance(value, Path) else f"{text[:LONGEST_VALUE]}…"


class Session:
    """One call of a command."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.is_quiet = False
        self.may_ask = True
        self._login = ""
        self.result: RecordingResult | None = None
        """What the call has done to the register so far."""
        self.status = 0
        """The exit status of what was done, where the output then fails."""

    @cached_property
    def address(self) -> Address:
        """Return where the register lies; raises what `read_address` raises."""
        return read_address(self.settings.value("register"))

    @property
    def path(self) -> Path:
        """Return the file of the register; raises NeedsFile for one on a server."""
        if not isinstance(self.address, Path):
            raise NeedsFile(address=self.address)
        return self.address

    @property
    def notes(self) -> Path:
        """Return the file beside which notes of the register are kept: its own, or for a server one of the user's.

        The folder of the latter is made. Raises CannotWrite and HomeUnknown.
        """
        if isinstance(self.address, Path):
            return self.address
        from hashlib import sha256

        from dealtrack.register.drafts import make_folder

        folder = user_folder() / SERVERS
        if reason := make_folder(folder):
            raise CannotWrite(path=folder, reason=reason)
        # The same office may be on several servers.
        mark = sha256(str(self.address).encode()).hexdigest()[:MARK_DIGITS]
        return folder / f"{self.address.office}-{mark}"

    @property
    def may_have_register(self) -> bool:
        """Tell whether there is a file at the register's place; a server is not asked."""
        return not isinstance(self.address, Path) or self.address.is_file()

    @property
    def asks(self) -> bool:
        """Tell whether the command may ask questions: on a terminal, without --no-input."""
        return self.may_ask and sys.stdin.isatty() and sys.stderr.isatty()

    def advise(self, text: str) -> None:
        """Print advice, such as the command that usually follows, on standard error; nothing under --quiet."""
        if not self.is_quiet:
            tell(text)

    def may_apply(self, question: str, yes: bool) -> bool:
        """Tell whether what was shown may be written: by --yes, or once a person agrees; raises typer.Abort."""
        if not (yes or self.asks):
            warn(_("Preview only. Re-run with --yes to apply."))
            return False
        if not yes:
            ask_to_go_on(question)
        return True

    @property
    def names_register(self) -> bool:
        """Tell whether an option, the environment or the settings name a register; otherwise it is the user's own."""
        return self.settings.setting("register").origin != "default"

    @cached_property
    def now(self) -> datetime:
        """Return the moment of the call, in UTC; raises BadMoment and ClockOutOfRange."""
        moment = now()
        # What is entered by such a clock no calendar reaches, and no later entry may bear an earlier moment.
        if not FIRST_YEAR <= moment.year <= LAST_YEAR:
            raise ClockOutOfRange(moment=moment.isoformat(), first=FIRST_YEAR, last=LAST_YEAR)
        return moment

    @property
    def actor(self) -> str:
        """Return who calls: on a server the login, once the register is open. Raises BadText and NotTheLogin."""
        setting = self.settings.setting("actor")
        if self._login and setting.origin == "default":
            return self._login
        name = clean_input(setting.value, Phrase("User name"), NAME)
        if self._login and name != self._login:
            raise NotTheLogin(login=self._login, actor=name)
        return name

    @contextmanager
    def register(self, one_state: bool = False) -> Iterator[Register]:
        """Open the register for the block; one of an older schema is brought up to date, which is said once.

        With `one_state` the block sees one state of it throughout, and can write nothing.
        """
        with (
            open_register(self.address, now=lambda: self.now) as register,
            register.one_state() if one_state else nullcontext(),
        ):
            self._login = register.database.login
            with suppress(RegisterUnusable):
                # A register whose facts are damaged can still be made again from its journal.
                _shown_in[0] = register.zone
                if not is_english():
                    name_platforms(register.platforms)
            if register.upgrade:
                _tell(register.upgrade)
            if (count := register.engine.count_names(register)) > 1:
                text = _(
                    "The register's file has {count} names (hard links): entries made through another name may be "
                    "missing."
                )
                warn(text.format(count=count))
            yield register
            if self.result and self.result.ahead:
                text = _("This computer's clock is behind the register's last entry; new entries are dated {moment}.")
                warn(text.format(moment=show_value(self.result.ahead)))
            if self.result and self.result.server_time and not variable(NOW_VARIABLE):
                text = _(
                    "This computer's time is wrong: on the server it is {moment}. Set it right; deadlines that "
                    "follow from what you recorded now may be wrong: 'dealtrack undo' takes it back."
                )
                warn(text.format(moment=show_value(self.result.server_time)))
            if self.result and self.result.passed_over:
                text = _("IDs skipped because they already have personal data: {ids}; see 'dealtrack verify'.")
                warn(text.format(ids=first_few(self.result.passed_over)))

    @contextmanager
    def recording(self, register: Register) -> "Iterator[Recorder]":
        """Record for the block what is done now by who calls, all or nothing, and keep the result."""
        # Commands that only read need not wait for what writes.
        from dealtrack.register.recorder import recording

        with recording(register, self.now, self.actor) as recorder:
            yield recorder
        self.result = recorder.result()

    @contextmanager
    def rehearsal(self, register: Register) -> "Iterator[Recorder]":
        """Record for the block as `recording` does, but write nothing; raises what recording raises."""
        from dealtrack.register.recorder import NothingWritten, recording

        with suppress(NothingWritten), recording(register, self.now, self.actor) as recorder:
            yield recorder
            raise NothingWritten

    @contextmanager
    def reading(self, as_of: str, known_at: str) -> Iterator[tuple[Register, View]]:
        """Open the register for a command that only reads, in one state of it, with the view to see it in.

        Of a day alone, its first second is meant; of a moment that has not come yet it is said so. Raises BadMoment.
        """
        with self.register(one_state=True) as register:
            times = (self.moment(text, register.zone).start if text else None for text in (as_of, known_at))
            view = View.of(self.now, *times)
            if view.is_ahead:
                text = _("{moment} is in the future: shown as if nothing happens until then.")
                warn(text.format(moment=show_moment(view.moment, register.zone)))
            yield register, view

    def moment(self, text: str | None, zone: tzinfo) -> Moment:
        """Return the moment that was typed, or now where none was; raises BadMoment."""
        if not text:
            return Moment(self.now, self.now, False)
        from dealtrack.core.day_times import parse_moment  # what a text means is asked only where one was typed

        return parse_moment(text, self.now, zone)

    def received_span(self, first: str, last: str, zone: tzinfo) -> tuple[datetime | None, datetime | None]:
        """Return the moments, in UTC, at which the days that were typed begin and have ended; raises DaysReversed."""
        since, until = self.received_days(first, last, zone)
        return day_start(since, zone) if since else None, day_start(until + ONE_DAY, zone) if until else None

    def received_days(self, first: str, last: str, zone: tzinfo) -> tuple[date | None, date | None]:
        """Return the first and the last of the days that were typed, None where none was; raises DaysReversed."""
        if not (first or last):
            return None, None
        from dealtrack.core.day_times import parse_day

        since, until = (parse_day(text, self.now, zone) if text else None for text in (first, last))
        if since and until and until < since:
            raise DaysReversed(last=until, first=since)
        return since, until


def _tell(upgrade: "Upgrade") -> None:
    """Say that the register was brought up to date; that it could not be, only to a person: cron would say it daily."""
    if upgrade.backup:
        text = _("the register was upgraded from schema {found} to {known}; backup of the previous one: {backup}")
        warn(text.format(found=upgrade.old, known=upgrade.new, backup=upgrade.backup))
        text = _(
            "its calendar and policies are unchanged: 'dealtrack calendar refresh' and 'dealtrack doctor' show "
            "what this version would change"
        )
        warn(text)
    elif sys.stderr.isatty():
        text = _("The register stays at schema {found} and takes no entries. {reason}")
        warn(text.format(found=upgrade.old, reason=say(upgrade.reason or "")))
    else:
        return
    tell_changes(upgrade.changes)


def tell_changes(changes: Sequence[Phrase]) -> None:
    """Say what rules that changed since a register was written to have made of its complaints."""
    if changes:
        tell(_("the rules have changed since then; these complaints (by ID) are judged differently:"))
    for change in changes:
        tell(f"  {say(change)}")


def ask(label: str, default: str | None = "") -> str:
    """Ask on standard error; an empty answer is the default, and asks again where that is None. Raises typer.Abort."""
    return str(typer.prompt(label, default, err=True, show_default=bool(default), prompt_suffix=_(": ")))


def ask_for(label: str, read: Callable[[str], _Answer]) -> _Answer:
    """Ask until what is answered can be read, and return that; raises typer.Abort."""
    while True:
        text = ask(label).strip()
        try:
            if text:
                return read(text)
        except DealtrackError as error:
            tell(error.message(show_value, _))


def ask_to_go_on(question: str, default: bool = False) -> None:
    """Ask a question that is to be answered with yes before anything is written; raises typer.Abort."""
    if not is_agreed(question, default):
        raise typer.Abort


def is_agreed(question: str, default: bool = False) -> bool:
    """Ask until it is answered with yes or no, in either language, or nothing: the default. Raises typer.Abort."""
    return bool(choice(question, default))


def choice(question: str, default: bool, most: int = 0) -> bool | int:
    """Ask a question as `is_agreed` does, to which a number from 1 to `most` is an answer too. Raises typer.Abort."""
    prompt = f"{safe_text(question)} [{'Y/n' if default else 'y/N'}]"
    while True:
        answer = ask(prompt).strip().casefold()
        if not answer:
            return default
        if answer in YES or answer in NO:
            return answer in YES
        if answer.isdecimal() and 1 <= int(answer[:5]) <= most:
            return int(answer)
        tell(_("Answer y for yes or n for no."))
