"""Every error that a user can meet: the docstring is the message, the class has the exit status.

Exit statuses: 1 a check failed, 2 wrong usage or bad input, 3 the register cannot be used,
4 some rows of an import were refused, 5 done, but a mail was not accepted.
"""

import inspect
from collections.abc import Callable, Iterable
from typing import Self

from dealtrack.phrase import Phrase, Word, as_phrase, either, in_language

CHECK_FAILED = 1
BAD_INPUT = 2
REGISTER_UNUSABLE = 3
ROWS_REFUSED = 4
MAIL_REFUSED = 5

SPOKEN = frozenset("fault hint instead known nearest option reason what".split())
"""The placeholders whose values are words of dealtrack's own, which are translated for the user."""


class DealtrackError(Exception):
    """Something went wrong."""

    exit_code: int

    def __init__(self, **values: object) -> None:
        self.values = {
            name: Word(value) if name in SPOKEN and type(value) is str else value for name, value in values.items()
        }
        # A phrase, so that the message can still be translated where it is part of another one.
        super().__init__(Phrase(self.template(), **self.values))

    def __init_subclass__(cls, exit_code: int = BAD_INPUT) -> None:
        cls.exit_code = exit_code

    @classmethod
    def because(cls, reason: str, path: object, /, **values: object) -> Self:
        """Return the error about a file for a reason, which is a template of the values, or a phrase already."""
        return cls(path=path, reason=as_phrase(reason, values))

    @classmethod
    def template(cls) -> str:
        """Return the message in English, with the names of its values in braces."""
        return inspect.cleandoc(cls.__doc__ or "")

    def message(self, show: Callable[[object], str] = str, translate: Callable[[str], str] = str) -> str:
        """Return the one or two lines for the user.

        `show` writes each value, e.g. a moment in local time; `translate` gives the words in the user's language.
        """
        said = {name: show(in_language(value, translate)) for name, value in self.values.items()}
        return translate(self.template()).format(**said)


def all_errors() -> list[type[DealtrackError]]:
    """Return the classes of errors, in the order of the catalogue."""
    classes = [value for value in globals().values() if isinstance(value, type) and issubclass(value, DealtrackError)]
    return [each for each in classes if each is not DealtrackError]


def suggestion(names: Iterable[str]) -> str:
    """Return a sentence that offers the nearest names, or nothing where there are none."""
    near = either(names)
    return Phrase(" Did you mean {names}?", names=near) if near else ""


# Bad input: what was asked for


class UnknownComplaint(DealtrackError):
    """There is no complaint {reference} in the register.{nearest}"""


class AmbiguousNumber(DealtrackError):
    """Number {number} belongs to {count} complaints: {ids}. Give the ID of one of them."""


class BadReference(DealtrackError):
    """{text!r} is not a complaint. Give its ID, e.g. 12, or --number BJ-2016-001.
    For several, write 3-7 or 3,5,9-12; - reads IDs from standard input."""


class UnknownPlatform(DealtrackError):
    """Unknown platform: {name}.{nearest} See 'dealtrack platform list', or add it: 'dealtrack platform add'."""


class UnlistedPlatform(DealtrackError):
    """Platform {name} is not on the list.{nearest} Use --new-platform to add it with the complaint."""


class PlatformsListed(DealtrackError):
    """Policy {policy} covers listed platforms only. Add {name} first: 'dealtrack platform add'."""


class PlatformExists(DealtrackError):
    """The name {name} already belongs to the platform {known}. To join the two, use 'dealtrack platform merge'."""


class UnknownCategory(DealtrackError):
    """Unknown category: {name}.{nearest} Allowed: {allowed}."""


class UnknownOutcome(DealtrackError):
    """Unknown outcome: {name}.{nearest} Allowed: {allowed}.
    For any other outcome, use --outcome other and describe it with --note."""


class UnknownPolicy(DealtrackError):
    """Unknown policy: {name}.{nearest} 'dealtrack policy list' shows all policies."""


class PolicyDiffers(DealtrackError):
    """The register has policy {name}, in force from {day}, with different {what}, and judges complaints by it.
    A new rule needs an in_force day of its own; to correct an error, use 'dealtrack policy adopt --corrected'."""


class UnknownCalendar(DealtrackError):
    """Unknown calendar: {name}.{nearest} Use a bundled name, a country code such as US or DE-BY, or a file."""


class UnknownClock(DealtrackError):
    """Policy {policy} has no stage {name}. Its stages: {allowed}."""


class NoOfficeHours(DealtrackError):
    """Policy {policy} counts in working hours, but calendar {calendar} has no office_hours. Add the key to its file."""


class UnknownEvent(DealtrackError):
    """Policy {policy} names no event {name!r}.{nearest} Its events: {allowed}."""


class BadLimit(DealtrackError):
    """Invalid limit {text!r}. Write the stage and its deadline as forward=2016-11-12T12:00."""


class UnknownCampaign(DealtrackError):
    """Unknown campaign: {name}.{nearest} Known: {allowed}. Define your own in campaigns.toml in your folder."""


class UnknownSetting(DealtrackError):
    """Unknown setting: {name}.{nearest} 'dealtrack config list' shows all settings."""


class SettingRefused(DealtrackError):
    """{key} cannot be {value!r}: {reason}."""


class BadAddress(DealtrackError):
    """The address of the register is invalid: {reason}.{nearest}
    Write it as postgresql://HOST/DATABASE?office=NAME."""


class PasswordInAddress(DealtrackError):
    """The address contains a password, which others can see. Put it as HOST:PORT:DATABASE:USER:PASSWORD in {file}.
    A service file can hold it too. In a name, write @ as %40."""


class MissingOffice(DealtrackError):
    """The address {address} names no office. Add it, e.g. office=haidian after the question mark."""


class BadOffice(DealtrackError):
    """Invalid office {name!r}: {reason}."""


class NotForOffice(DealtrackError):
    """The office's file may not set {key}. Set it in your own settings, without --office."""


class NoOfficeFile(DealtrackError):
    """A register on a server has no file of settings for the office. Set it in your own settings, without --office."""


class UnknownFilter(DealtrackError):
    """There is no filter {name}.{nearest} To save one: dealtrack config set filters.{name} "--owner WHO"."""


class BadFilter(DealtrackError):
    """Filter {name}: {reason} Correct it: dealtrack config set filters.{name} "--owner WHO"."""


class UnknownWord(DealtrackError):
    """{what} cannot be {value!r}.{nearest} Allowed: {allowed}."""


class UnknownTopic(DealtrackError):
    """There is no guide or command named {name}.{nearest} 'dealtrack help' lists the guides."""


class UnknownEvidence(DealtrackError):
    """Entry {seq} is not evidence of complaint {complaint}. {known}"""


class EvidenceAltered(DealtrackError, exit_code=CHECK_FAILED):
    """Evidence {name} of complaint {complaint} {fault}. Recover the original from a backup."""


class NothingToErase(DealtrackError):
    """Complaint {complaint} has no personal data on file.{hint} Nothing was erased."""


class PersonalAltered(DealtrackError):
    """The personal data of complaint {complaint} does not match the journal. Nothing was written.
    Remove it with 'dealtrack erase {complaint}', then amend again; 'dealtrack verify' gives details."""


class NoLetter(DealtrackError):
    """Complaint {complaint} gets no {letter}: {reason}. No letter was written."""


class NoTerminal(DealtrackError):
    """{what} needs a terminal. {instead}"""


class MissingExtra(DealtrackError):
    """{what} needs {package}, which is not installed. In dealtrack's source folder, run: pip install '.[{extra}]'."""


class MissingValue(DealtrackError):
    """{what} is missing. Give {option}."""


class EmptyValue(DealtrackError):
    """{name} is empty. {instead}"""


class GivenTwice(DealtrackError):
    """{name} was given {count} times, but takes one value."""


class BadPhone(DealtrackError):
    """Invalid phone number. Write it as 13800138000 or 010-65123456, or leave it out."""


class BadEmail(DealtrackError):
    """Invalid e-mail address. Write it as name@example.com, or leave it out."""


class BadMoment(DealtrackError):
    """Invalid time {text!r}{reason}. Write 2016-11-11 21:30, 11-11 21:30, yesterday 17:00 or now."""


class ClockOutOfRange(DealtrackError):
    """This machine's time is {moment}, outside {first} to {last}. Set it, or correct DEALTRACK_NOW if that is set."""


class BadDay(DealtrackError):
    """Invalid date {text!r}{reason}. Write it as 2016-11-11."""


class DaysReversed(DealtrackError):
    """The period ends on {last}, before it begins on {first}. Give the earlier day with --from."""


class BadMonth(DealtrackError):
    """Invalid month {text!r}. Write it as 2016-10, from 1970-01 to 2100-12."""


class BadSpan(DealtrackError):
    """Invalid duration {text!r}. Write hours as 4h, working days as 1wd."""


class BadCount(DealtrackError):
    """Invalid number of working days {text!r}. Write a whole number from 1 to 9999."""


class BadCopies(DealtrackError):
    """Invalid number of backups {text!r}. Write a whole number from 1 to 9999."""


class BadHead(DealtrackError):
    """Invalid checksum {text!r}. It has 64 digits, 0 to 9 and a to f; the first 8 are enough."""


class BadAmount(DealtrackError):
    """Invalid amount {text!r}. Write it as 1299 or 1299.50."""


class BadText(DealtrackError):
    """{what} {reason}."""


class UnknownLanguage(DealtrackError):
    """Unknown language: {name}. Supported: en, zh."""


class BadTimezone(DealtrackError):
    """Unknown time zone: {name}.{nearest} Write it as Asia/Shanghai."""


class OutsideCalendar(DealtrackError):
    """{day} is outside the calendar, which runs from {first} to {last}."""


# Bad input: what the life of a complaint does not allow


class NotAllowed(DealtrackError):
    """Complaint {complaint} is {status} and cannot be {kind}. Possible now: {allowed}."""


class BeforePrevious(DealtrackError):
    """Complaint {complaint} cannot be {kind} at {at}: it was {previous} later, at {previous_at}."""


class CannotPause(DealtrackError):
    """Complaint {complaint} cannot be paused: policy {policy} allows no pause of its current deadlines."""


class CannotRestart(DealtrackError):
    """The deadlines of complaint {complaint} cannot restart: policy {policy} does not allow it. Omit --restart."""


class FarExtension(DealtrackError):
    """Extending {clock} by {by} goes far beyond its length of {length}. To do it anyway, add --yes."""


class CannotExtend(DealtrackError):
    """The {clock} deadline of complaint {complaint} cannot be extended{reason}."""


class CannotMerge(DealtrackError):
    """Complaint {complaint} cannot be merged into {into}: {reason}."""


class CannotTransfer(DealtrackError):
    """Complaint {complaint} cannot be transferred: {reason}."""


class WasTransferred(DealtrackError):
    """Complaint {complaint} was transferred to office {office} and cannot be {kind} here.
    As long as it waits there, 'dealtrack void {complaint}' takes it back; afterwards that office returns it."""


class OwnOffice(DealtrackError):
    """The complaints are in office {office} already. Name another office with --to."""


class UnknownReceiver(DealtrackError):
    """There is no office {name} to transfer to.{nearest} Offices: {allowed}."""


class NotTakenOver(DealtrackError, exit_code=ROWS_REFUSED):
    """Complaint {complaint} of office {office} was not taken over, and still waits. {reason}
    Office {office} can take it back ('dealtrack void {complaint}'), mend it and transfer it again."""


class LimitTooEarly(DealtrackError):
    """The {clock} limit {limit} lies before the receipt at {received}."""


class CannotVoid(DealtrackError):
    """Entry {seq} of complaint {complaint} cannot be undone: {reason}."""


class CannotCorrect(DealtrackError):
    """The time ({kind}) of complaint {complaint} cannot be corrected: {reason}."""


class CannotUndo(DealtrackError):
    """'undo' does not take back your last command: {reason}."""


class NothingToUndo(DealtrackError):
    """No entry by {actor} is left to undo. To undo a particular entry: 'dealtrack void ID --entry N'."""


class InFuture(DealtrackError):
    """{at} is in the future (it is now {now}). Only what has already happened can be recorded."""


class BadHistory(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The history of complaint {complaint} cannot be read at entry {seq}: {reason}."""


class BadEntry(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The journal was altered at entry {seq}: its content is invalid. 'dealtrack verify' shows how to recover."""


# Bad input: files and rules


class BadCalendarFile(DealtrackError):
    """Calendar {path}: {reason}."""


class BadNoticeFile(DealtrackError):
    """Notice {path}: {reason}."""


class IssueDayUnknown(DealtrackError):
    """{other} and {notice} differ on {day}; the issue day of the latter is unknown. Import it with --issued DAY."""


class IssueDaysEqual(DealtrackError):
    """{notice} and {other}, both issued on {issued}, differ on {day}. Import the narrower one with --scope TEXT."""


class BadPolicyFile(DealtrackError):
    """Policy {path}: {reason}."""


class BadPlatformFile(DealtrackError):
    """List of platforms {path}: {reason}."""


class BadCampaignFile(DealtrackError):
    """Campaigns {path}: {reason}."""


class BadMappingFile(DealtrackError):
    """Mapping {path}: {reason}."""


class BadSettings(DealtrackError):
    """Settings {path}: {reason}. Correct the file; 'dealtrack help settings' describes it."""


class HomeUnknown(DealtrackError):
    """The home folder of this user is unknown. Name a folder of your own with DEALTRACK_HOME."""


class BadTemplate(DealtrackError):
    """Template {path}: {reason}. 'dealtrack help letters' names what a template may hold."""


class MissingColumn(DealtrackError):
    """{path} has no column {column} for {field}; its header: {header}. Name the column: {instead}."""


class CannotRead(DealtrackError):
    """Cannot read {path}: {reason}."""


class CannotWrite(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """Cannot write {path}: {reason}."""


# Mail


class MailNotAccepted(DealtrackError, exit_code=MAIL_REFUSED):
    """The mail to {recipients} was not accepted: {reason}.
    Check the settings mail.smtp, mail.sendmail and mail.user; the next call sends it again."""


# The register cannot be used


class BackupFailed(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """No backup was made at {path}: {reason}."""


class NotRestored(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The register {path} was not restored from {backup}: {reason}."""


class NotMoved(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The register {path} was not moved to {place}: {reason}. Nothing was made there."""


class MoveUncertain(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """It is not known whether the register {path} was moved to {place}: {reason}. Record in neither of them yet.
    Run the move again: if it says that there is already a register, it was moved; record only there from then on."""


class RegisterMissing(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """There is no register at {path}. Create one with 'dealtrack init', or name another with --db."""


class RegisterExists(DealtrackError):
    """There is already a register at {path}. Nothing was changed. Name another place."""


class NotARegister(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """{path} is not a dealtrack register: {reason}. Name the right file with --db."""


class RegisterNewer(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The register {path} was made by a newer dealtrack (schema {found}; this one reads {known}). Upgrade dealtrack."""


class RegisterOlder(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The register {path} has schema {found}, older than {known}, and cannot be upgraded. {reason}"""


class RegisterAltered(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The register {path} cannot be used: its schema was altered at {names}. Nothing was written.
    Keep this file as evidence, and restore the last backup that passes 'dealtrack verify'."""


class RegisterLocked(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The register {path} has been busy for {seconds} seconds. Another dealtrack is writing: try again shortly."""


class NotConnected(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """No connection to {address}: {reason}.
    {instead}"""


class OfficeOlder(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """Office {office} at {address} has schema {found}, older than {known}, and must be upgraded first.
    The server administrator runs 'dealtrack office upgrade', once for all offices."""


class OfficeNotUpgraded(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """Office {office} was not upgraded: {reason}. Nothing was changed in it."""


class UnknownOffice(RegisterMissing, exit_code=REGISTER_UNUSABLE):
    """There is no office {office} at {address}, or your login has no right to it.
    Check its name; the server administrator adds offices and rights ('dealtrack help sharing')."""


class NotAnOffice(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """Schema {office} at {address} is not a dealtrack register. Name another office.
    The server administrator creates one: 'dealtrack office add NAME'."""


class NotPermitted(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """Your login may not do this in {address}: {reason}. Nothing was written.
    The server administrator allows it: 'dealtrack office grant LOGIN --role clerk' (or keeper, for a keeper's work)."""


class NotAdministrator(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The login {login} may not manage offices at {address}: {reason}. Nothing was changed.
    Log in as the server administrator or, with CREATEROLE, as who added the office; to add one, with CREATE as well."""


class NotTheLogin(DealtrackError):
    """The journal of a register on a server names your login there, {login}, and not {actor}. Nothing was written.
    Unset DEALTRACK_ACTOR or the setting actor, or log in as {actor}."""


class NeedsServer(DealtrackError):
    """Offices are on a PostgreSQL server, and {address} is a file. Name the server with --db postgresql://HOST/DATABASE."""


class OfficeRolesExist(DealtrackError):
    """The server already has the role {role}: an office of this name is in another database, or was removed.
    Choose another name, or remove the roles that begin with {office}_ (DROP ROLE)."""


class NoOfficeRoles(DealtrackError):
    """Office {office} has no roles to grant. The server administrator makes them: 'dealtrack office add {office}'."""


class NoLogin(DealtrackError):
    """The server has no login {login}. Create it with 'createuser --pwprompt {login}', then grant the role again."""


class NothingToRevoke(DealtrackError):
    """Nothing was revoked: {reason}.{nearest}"""


class NeedsFile(DealtrackError):
    """This is done with a register in a file, and {address} is on a server. Make a copy: 'dealtrack backup FILE'."""


class ServerLost(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The connection to {address} was lost: {reason}. Nothing was recorded: try again."""


class ServerLostAfterwards(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The connection to {address} was lost before the result could be shown: {reason}."""


class RecordingUncertain(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The connection to {address} was lost during the last step: {reason}. It may have been recorded.
    Before you enter it again, look: 'dealtrack show ID', or 'dealtrack list --sort -id' for new complaints."""


class TooFewFiles(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """Only {allowed} files may be open at once here, and dealtrack needs {needed}. Allow more: ulimit -n 256."""


class RegisterUnusable(DealtrackError, exit_code=REGISTER_UNUSABLE):
    """The register {path} cannot be used: {reason}."""
