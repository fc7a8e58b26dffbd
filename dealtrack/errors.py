"""Every error that a user can meet: the docstring is the message, the class owns the exit status.

Exit statuses: 1 a check failed, 2 wrong usage or bad input, 3 the register cannot be used,
4 some rows of an import were refused.
"""

import inspect
from collections.abc import Callable, Iterable

from dealtrack.phrase import Phrase, either, in_language

CHECK_FAILED = 1
BAD_INPUT = 2
REGISTER_UNUSABLE = 3
ROWS_REFUSED = 4

SPOKEN = frozenset("fault hint instead known nearest option reason what".split())
"""The placeholders whose values are words of dealtrack's own, which are said in the user's language."""


def _as_it_is(text: str) -> str:
    return text


class DealtrackError(Exception):
    """Something went wrong."""

    exit_code = BAD_INPUT

    def __init__(self, **values: object) -> None:
        self.values = values
        super().__init__(self.message())

    @classmethod
    def template(cls) -> str:
        """Return the message in English, with the names of its values in braces."""
        return inspect.cleandoc(cls.__doc__ or "")

    def message(self, show: Callable[[object], str] = str, translate: Callable[[str], str] = _as_it_is) -> str:
        """Return the one or two lines for the user.

        `show` writes each value, such as a moment in local time; `translate` says the words in the user's language.
        """
        template = translate(self.template())
        said = {name: _said(name, value, translate) for name, value in self.values.items()}
        return template.format(**{name: show(value) for name, value in said.items()})


def _said(name: str, value: object, translate: Callable[[str], str]) -> object:
    if name in SPOKEN and isinstance(value, str) and not isinstance(value, Phrase):
        return translate(value)
    return in_language(value, translate)


def all_errors() -> list[type[DealtrackError]]:
    """Return the classes of errors, in the order of the catalogue."""
    return [value for value in globals().values() if isinstance(value, type) and DealtrackError in value.__bases__]


def suggestion(names: Iterable[str]) -> str:
    """Return a sentence that offers the nearest names, or nothing where there are none."""
    near = either(names)
    return Phrase(" Did you mean {names}?", names=near) if near else ""


# Bad input: what was asked for


class UnknownComplaint(DealtrackError):
    """There is no complaint {reference} in the register.{nearest}"""


class AmbiguousNumber(DealtrackError):
    """The number {number} stands for {count} complaints: {ids}. Name one by its register id."""


class BadReference(DealtrackError):
    """{text!r} is not a complaint: name one by its register id, as in 12, or with --number BJ-2016-001.
    Several are 3-7 or 3,5,9-12; - reads ids from standard input."""


class UnknownPlatform(DealtrackError):
    """Unknown platform: {name}.{nearest} 'dealtrack platform list' shows all; 'platform add' enters one."""


class UnlistedPlatform(DealtrackError):
    """{name} is not in the list of platforms.{nearest} --new-platform enters it with the complaint."""


class PlatformsListed(DealtrackError):
    """Policy {policy} is about the platforms of its list alone: 'dealtrack platform add' enters {name} there."""


class PlatformExists(DealtrackError):
    """The name {name} stands for the platform {known} already."""


class UnknownCategory(DealtrackError):
    """Unknown category: {name}.{nearest} Allowed: {allowed}."""


class UnknownOutcome(DealtrackError):
    """Unknown outcome: {name}.{nearest} Allowed: {allowed}.
    What is none of these is --outcome other, with --note to say what it was."""


class UnknownPolicy(DealtrackError):
    """Unknown policy: {name}.{nearest} 'dealtrack policy list' shows all."""


class PolicyDiffers(DealtrackError):
    """Policy {name} in force from {day} is in the register with other {what}; complaints are judged by it.
    What is new takes an in_force day of its own; 'policy adopt --corrected' puts right what was wrong."""


class UnknownCalendar(DealtrackError):
    """Unknown calendar: {name}.{nearest} Use a shipped name, a country code such as US or DE-BY, or a file."""


class UnknownClock(DealtrackError):
    """Policy {policy} has no clock {name}. Its clocks: {allowed}."""


class UnknownCampaign(DealtrackError):
    """Unknown campaign: {name}.{nearest} Known: {allowed}. Your own stand in campaigns.toml in your folder."""


class UnknownWord(DealtrackError):
    """{what} cannot be {value!r}.{nearest} Allowed: {allowed}."""


class UnknownTopic(DealtrackError):
    """There is no guide and no command named {name}.{nearest} 'dealtrack help' lists the guides."""


class UnknownEvidence(DealtrackError):
    """Entry {seq} is no evidence of complaint {complaint}. {known}"""


class EvidenceAltered(DealtrackError):
    """Evidence {name} of complaint {complaint} {fault}: it is not what was attached. Look for it in a backup."""

    exit_code = CHECK_FAILED


class NothingToErase(DealtrackError):
    """There is no personal data of complaint {complaint} on file.{hint} Nothing was erased."""


class PersonalAltered(DealtrackError):
    """The personal data of complaint {complaint} is not what the journal tells of. Nothing was written.
    'dealtrack erase {complaint}' takes it away; then amend again. 'dealtrack verify' tells more."""


class NoTerminal(DealtrackError):
    """{what} needs a terminal. {instead}"""


class MissingExtra(DealtrackError):
    """{what} needs {package}, which is not installed. In dealtrack's source folder: pip install '.[{extra}]'."""


class MissingValue(DealtrackError):
    """{what} is missing. Give it with {option}."""


class EmptyValue(DealtrackError):
    """{name} was given empty. {instead}"""


class GivenTwice(DealtrackError):
    """{name} was given {count} times, and takes one value."""


class BadPhone(DealtrackError):
    """The phone is no telephone number: write it as 13800138000 or 010-65123456, or leave it out."""


class BadEmail(DealtrackError):
    """The e-mail is no address: write it as name@example.com, or leave it out."""


class BadMoment(DealtrackError):
    """{text!r} is not a moment{reason}. Write 2016-11-11 21:30, 11-11 21:30, yesterday 17:00 or now."""


class ClockAstray(DealtrackError):
    """The clock stands at {moment}, outside {first} to {last}. Set it right, or DEALTRACK_NOW where that is set."""


class BadDay(DealtrackError):
    """{text!r} is not a day{reason}. Write it as 2016-11-11."""


class DaysReversed(DealtrackError):
    """The days asked for end on {last}, before they begin on {first}. The earlier one goes with --from."""


class BadMonth(DealtrackError):
    """{text!r} is not a month. Write it as 2016-10, from 1970-01 to 2100-12."""


class BadSpan(DealtrackError):
    """{text!r} is not a span of time. Write hours as 4h, working days as 1wd."""


class BadCount(DealtrackError):
    """{text!r} is not a number of working days. Write a whole number from 1 to 9999."""


class BadCopies(DealtrackError):
    """{text!r} is not a number of backups to keep. Write a whole number from 1 to 9999."""


class BadHead(DealtrackError):
    """{text!r} is no head of a journal: that has 64 digits, 0 to 9 and a to f, of which the first 8 will do."""


class BadAmount(DealtrackError):
    """{text!r} is not an amount of money. Write it as 1299 or 1299.50."""


class BadText(DealtrackError):
    """{what} {reason}."""


class UnknownLanguage(DealtrackError):
    """Unknown language: {name}. English (en) and Chinese (zh) are spoken."""


class BadTimezone(DealtrackError):
    """Unknown time zone: {name}.{nearest} Write it as Asia/Shanghai."""


class OutsideCalendar(DealtrackError):
    """{day} lies outside the calendar, which runs from {first} to {last}."""


# Bad input: what the life of a complaint does not allow


class NotAllowed(DealtrackError):
    """Complaint {complaint} is {status}: it cannot be {kind}. Possible now: {allowed}."""


class BeforePrevious(DealtrackError):
    """Complaint {complaint} cannot be {kind} at {at}: it was {previous} later, at {previous_at}."""


class CannotPause(DealtrackError):
    """Complaint {complaint} cannot be paused: none of the clocks that policy {policy} runs for it may be paused."""


class CannotRestart(DealtrackError):
    """The clocks of complaint {complaint} cannot begin anew: policy {policy} knows no restart. Leave --restart out."""


class FarExtension(DealtrackError):
    """An extension of {clock} by {by} is far beyond its own {length}. Where it is meant, --yes does it."""


class CannotExtend(DealtrackError):
    """Clock {clock} of complaint {complaint} cannot be extended{reason}."""


class CannotVoid(DealtrackError):
    """Entry {seq} of complaint {complaint} cannot be voided: {reason}."""


class InFuture(DealtrackError):
    """{at} is in the future: what has not happened yet cannot be recorded (it is {now})."""


class BadHistory(DealtrackError):
    """The history of complaint {complaint} cannot be read at entry {seq}: {reason}."""

    exit_code = REGISTER_UNUSABLE


class BadEntry(DealtrackError):
    """The journal was altered at entry {seq}: it holds what no entry can. 'dealtrack verify' tells the way back."""

    exit_code = REGISTER_UNUSABLE


# Bad input: files and rules


class BadCalendarFile(DealtrackError):
    """Calendar {path}: {reason}."""


class BadNoticeFile(DealtrackError):
    """Notice {path}: {reason}."""


class IssueDayUnknown(DealtrackError):
    """{other} rules {day} otherwise than {notice}, whose day of issue is not known. Import that with --issued DAY."""


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


class MissingColumn(DealtrackError):
    """{path} has no column {column} for {field}; its header: {header}. Say which it is: {instead}."""


class CannotRead(DealtrackError):
    """Cannot read {path}: {reason}."""


class CannotWrite(DealtrackError):
    """Cannot write {path}: {reason}."""

    exit_code = REGISTER_UNUSABLE


# The register cannot be used


class BackupFailed(DealtrackError):
    """No backup was made at {path}: {reason}."""

    exit_code = REGISTER_UNUSABLE


class NotRestored(DealtrackError):
    """The register {path} was not restored from {backup}: {reason}."""

    exit_code = REGISTER_UNUSABLE


class RegisterMissing(DealtrackError):
    """There is no register at {path}. Make one with 'dealtrack init', or name another with --db."""

    exit_code = REGISTER_UNUSABLE


class RegisterExists(DealtrackError):
    """There is a register at {path} already; nothing was changed. Name another place with --db."""


class NotARegister(DealtrackError):
    """{path} is not a dealtrack register: {reason}. Name the right file with --db."""

    exit_code = REGISTER_UNUSABLE


class RegisterNewer(DealtrackError):
    """The register {path} was made by a newer dealtrack (schema {found}; this one knows {known}). Upgrade dealtrack."""

    exit_code = REGISTER_UNUSABLE


class RegisterOlder(DealtrackError):
    """The register {path} has schema {found}, older than {known}, and cannot be brought up to date: {reason}."""

    exit_code = REGISTER_UNUSABLE


class RegisterAltered(DealtrackError):
    """The register {path} cannot be used: its schema was altered at {names}; nothing was written.
    Keep it as evidence, and go back to the last backup that 'dealtrack verify' finds whole."""

    exit_code = REGISTER_UNUSABLE


class RegisterLocked(DealtrackError):
    """The register {path} has been busy for {seconds} seconds. Another dealtrack is writing: try again shortly."""

    exit_code = REGISTER_UNUSABLE


class TooFewFiles(DealtrackError):
    """Only {allowed} files may be open at once here, and dealtrack needs {needed}. Allow more: ulimit -n 256."""

    exit_code = REGISTER_UNUSABLE


class RegisterUnusable(DealtrackError):
    """The register {path} cannot be used: {reason}."""

    exit_code = REGISTER_UNUSABLE
