"""What a row of a file is to the register: a new complaint, more about a known one, or a contradiction."""

import json
from collections.abc import Callable, Container, Iterable, Iterator, Sequence, Set
from datetime import datetime, tzinfo
from typing import Any

from dealtrack.core.complaint_state import make_complaint
from dealtrack.core.lifecycle import (
    ANNOTATIONS,
    CLOSING,
    DAY_UNKNOWN,
    LIMITS,
    MOMENTS,
    NO_DETAIL,
    STEPS,
    UNKNOWN_STEPS,
    Complaint,
    Detail,
    Kind,
    Transition,
    effective,
    former_moments,
)
from dealtrack.core.limits import previous_transition
from dealtrack.core.moments import (
    HOUR_UNKNOWN,
    ONE_SECOND,
    Moment,
    day_start,
    from_store,
    local_day,
    looks_hourless,
    show_moment,
    to_store,
)
from dealtrack.core.personal import PERSONAL, is_masked, mask
from dealtrack.core.policy import Policy
from dealtrack.core.vocabulary import CATEGORY, OTHER, OUTCOME
from dealtrack.errors import UnknownPolicy
from dealtrack.exchange.complaint_row import ComplaintRow
from dealtrack.exchange.histories import HistoryEntry, entry_in_file, with_platforms
from dealtrack.phrase import BadValue, Word, listed
from dealtrack.register.queries import Personal
from dealtrack.register.recorder import Proposal, Work

LATER_KINDS = (Kind.FORWARDED, Kind.COMPLETED, Kind.WITHDRAWN, Kind.REJECTED)
"""The kinds that a row may state after the receipt."""
DAY_LEARNT = "an import tells the day"
"""Why an import takes back that a complaint ended on a day that nobody wrote down."""

STATED = ("category", "seller", "owner", "policy", "summary")
"""The fields, beside number and platform, that a row states of a receipt."""


class Contradiction(BadValue):
    """A row says otherwise than the journal."""


def events_of(row: ComplaintRow) -> list[Proposal]:
    """Return what the columns of a row tell after the receipt."""
    moments = row.moments
    if len(moments) == 1 and not row.is_closed:
        return []
    proposals = [Proposal(kind, moments[kind], _ending(row, kind)) for kind in LATER_KINDS if kind in moments]
    if row.is_closed:
        last = proposals[-1].at if proposals else moments["received"]
        # With the moment of what came last, whichever that is kept at: it says nothing of its own.
        proposals.append(_closed(row, last._replace(day_only=True)))
    return proposals


def receipt_of(row: ComplaintRow, zone: tzinfo) -> tuple[Moment, dict[str, Any]]:
    """Return the moment and the detail of a row's receipt, without its platform and policy."""
    if row.history:
        _, at, stated = next(proposals_of(row.history, zone))
        return at, {name: value for name, value in stated.items() if name not in ("platform", "policy")}
    detail: dict[str, Any] = {"category": row.category}
    if row.category_word and row.category_word != row.category:
        detail["category_word"] = row.category_word
    if row.kept:
        detail["kept"] = row.kept
    for name in ("number", "seller", "owner", "summary"):
        value = getattr(row, name)
        if value is not None:
            detail[name] = value
    if row.limits:
        detail[LIMITS] = limits_of(row)
    return row.moments["received"], detail


def limits_of(row: ComplaintRow) -> dict[str, str]:
    """Return the limits that a row states, as they are stored; of a day alone its last second."""
    return {
        clock: to_store(moment.end - ONE_SECOND if moment.day_only else moment.start)
        for clock, moment in (row.limits or {}).items()
    }


def news_of(
    row: ComplaintRow,
    history: Sequence[Transition],
    now: datetime,
    zone: tzinfo,
    platform: str,
    name_of: Callable[[str], str],
) -> list[Proposal]:
    """Return the transitions that a row adds to a known complaint; raises Contradiction.

    `platform` is the row's under the name that the register knows it by, as `name_of` gives those of its history. A
    row that tells when a complaint ended takes back that it did so on a day that nobody wrote down.
    """
    in_file = [with_platforms(entry, name_of) for entry in row.history]
    history, amendments = _with_amendments(history, in_file, now)
    counted = effective(history)
    replaced = [entry for entry in counted if entry.detail.get(DAY_UNKNOWN) and not CLOSING.isdisjoint(row.moments)]
    entries = [entry for entry in counted if entry not in replaced]
    details = [entry.detail for entry in entries]
    # A file from before a moment was corrected says no more than what was known then.
    recorded_before = [
        _without_mark(entry_in_file(entry._replace(at=at)))
        for entry in entries
        for at in (entry.at, *former_moments(details, entry.kind, entry.seq))
    ]
    later = list(zip(in_file, proposals_of(in_file, zone), strict=True))[1:]
    news = [each for entry, each in later if _without_mark(entry) not in recorded_before]
    words: dict[str, set[str]] = {}
    for detail in (*(entry.detail for entry in entries), *(entry.detail for entry in news)):
        for name, value in detail.items():
            words.setdefault(name, set()).add(str(value))
    # An entry made before a word was known to stand for an outcome keeps that word.
    words["outcome"] = {*words.get("outcome", ()), *(OUTCOME.match(word) or word for word in words.get("outcome", ()))}
    stated: dict[str, str | None] = {name: getattr(row, name) for name in STATED}
    stated["platform"] = platform
    if not row.category_word or row.category_word in words.get("category_word", ()):
        stated["category"] = None
    complaint = make_complaint(history[0].complaint, history)
    for name, value in stated.items():
        if value is not None and value not in words.get(name, ()):
            raise _against(name, value, getattr(complaint, name))
    proposals = [Proposal(Kind.VOIDED, _exact(now), {"seq": entry.seq, "reason": DAY_LEARNT}) for entry in replaced]
    proposals += [*amendments, *news]
    for kind in (Kind.RECEIVED, *LATER_KINDS):
        moment = row.moments.get(kind.value)
        if moment is None:
            continue
        recorded = [entry.at for entry in entries if entry.kind is kind]
        former = former_moments(details, kind)
        recorded += [entry.at.start for entry in news if entry.kind is kind]
        if not recorded:
            proposals.append(Proposal(kind, moment, _ending(row, kind)))
        elif not any(_agrees(moment, at, zone) for at in (*former, *recorded)):
            moments = {"at": show_moment(moment.start, zone), "held": show_moment(recorded[-1], zone)}
            raise Contradiction("{kind} is {at} in the file but {held} in the register", kind=kind, **moments)
    if limits := _new_limits(row, entries, zone):
        proposals.append(Proposal(Kind.AMENDED, _exact(now), {LIMITS: limits}))
    has_ended = not CLOSING.isdisjoint([*(entry.kind for entry in entries), *(entry.kind for entry in news)])
    if row.is_closed and not has_ended:
        bar = previous_transition(entries, Kind.COMPLETED)
        proposals.append(_closed(row, _exact(bar.at if bar else now)))
    if not any(proposal.kind is Kind.COMPLETED for proposal in proposals):
        for name in ("outcome", "amount"):
            value = getattr(row, name)
            if value is not None and value not in words.get(name, ()):
                raise _against(name, value, getattr(complaint, name))
    return proposals


def _new_limits(row: ComplaintRow, entries: Sequence[Transition], zone: tzinfo) -> dict[str, str]:
    """Return the limits of a row that a complaint never had; raises Contradiction where it has another one."""
    stated = [entry.detail[LIMITS] for entry in entries if LIMITS in entry.detail]
    new = {}
    for clock, limit in limits_of(row).items():
        known = [limits[clock] for limits in stated if clock in limits]
        if not known:
            new[clock] = limit
        elif limit not in known:
            stored = known[-1] and show_moment(from_store(known[-1]), zone)
            raise _against(f"{clock}_limit", show_moment(from_store(limit), zone), stored)
    return new


def _with_amendments(
    history: Sequence[Transition], in_file: Iterable[HistoryEntry], now: datetime
) -> tuple[list[Transition], list[Proposal]]:
    """Return a history with the moments that a file corrects in it, and the proposals that correct them.

    A correction is of the entry that has the moment which the file says it had; of any other, it is left to tell that.
    """
    entries, proposals = list(history), []
    recorded = [entry_in_file(entry) for entry in history]
    for entry in in_file:
        if MOMENTS not in entry.detail or entry in recorded:
            continue
        counted = {(each.kind, to_store(each.at)): each.seq for each in effective(entries)}
        keys = [(each["kind"], each["was"]) for each in entry.detail[MOMENTS]]
        if all(key in counted for key in keys):
            numbered = [{**each, "seq": counted[key]} for each, key in zip(entry.detail[MOMENTS], keys, strict=True)]
            detail = {**entry.detail, MOMENTS: numbered}
            proposals.append(Proposal(entry.kind, _exact(entry.at), detail))
            entries.append(Transition(entries[-1].seq + 1, entries[0].complaint, entry.kind, entry.at, now, "", detail))
    return entries, proposals


def adds_nothing(
    row: ComplaintRow, complaint: Complaint, personal: Personal | None, platform: str, zone: tzinfo
) -> bool:
    """Tell whether all that a row says is what a complaint now is: `news_of` and `personal_news` would find nothing.

    Where it says otherwise they tell what that means: it may have been so once.
    """
    if row.history or platform != complaint.platform or (row.is_closed and complaint.is_open):
        return False
    if row.category_word is not None and row.category != complaint.category:
        return False
    for name in ("seller", "owner", "policy", "summary", "outcome", "amount"):
        value = getattr(row, name)
        if value is not None and value != getattr(complaint, name):
            return False
    for name, moment in row.moments.items():
        at = getattr(complaint, name)
        if at is None or not _agrees(moment, at, zone):
            return False
    if row.limits and json.loads(complaint.limits or "{}") != limits_of(row):
        return False
    named = personal_of(row)
    if named is None:
        return True
    return personal is not None and all(new is None or new == old for new, old in zip(named, personal, strict=True))


def check_same_row(
    row: ComplaintRow, history: Sequence[Transition], news: Personal | None, stored: Personal | None
) -> None:
    """Check that a row is of the complaint that an earlier row of its file told of: same person, same words.

    `news` is what it would make of the personal data `stored`. Raises Contradiction.
    """
    if news is not None:
        names = [name for name in PERSONAL if getattr(news, name) != getattr(stored or Personal(), name)]
        raise Contradiction("the file and the register differ in {names}", names=listed(map(Word, names)))
    if row.category != OTHER or row.category_word is None or CATEGORY.match(row.category_word) == OTHER:
        return
    words = {entry.detail.get(name) for entry in history for name in ("category", "category_word")}
    if row.category_word not in words:
        first = history[0].detail
        raise _against("category", row.category_word, first.get("category_word", first.get("category")))


def personal_of(row: ComplaintRow) -> Personal | None:
    """Return the personal data that a row tells, None where it tells none."""
    if row.consumer or row.phone or row.email or row.address:
        return Personal(row.consumer, row.phone, row.email, row.address)
    return None


def check_policy_name(name: str) -> None:
    """Check that what somebody else wrote is the name of a policy and no path; raises UnknownPolicy."""
    if not name.replace("-", "").replace("_", "").isalnum():
        raise UnknownPolicy(name=name, nearest="")


def is_same_person(named: Personal | None, stored: Personal | None) -> bool:
    """Tell whether a row names the person of a complaint: one of the fields is the same; or names nobody."""
    return named is None or (stored is not None and any(map(_is_same, PERSONAL, named, stored)))


def is_another_person(named: Personal, stored: Personal, history: Sequence[Transition]) -> bool:
    """Tell whether a row names another person than a complaint does: no field is the same, and one is otherwise.

    What a clerk entered may be the right name of the same person.
    """
    pairs = zip(named, stored, strict=True)
    if any(map(_is_same, PERSONAL, named, stored)) or not any(new and old for new, old in pairs):
        return False
    telling = [entry for entry in history if "personal" in entry.detail]
    return bool(telling) and "source" in telling[-1].detail


def _is_same(name: str, new: str | None, old: str | None) -> bool:
    if new is None or old is None:
        return False
    return new == old or mask(name, old) == new or mask(name, new) == old


def personal_news(
    named: Personal, stored: Personal | None, history: Sequence[Transition]
) -> tuple[Personal | None, list[str]]:
    """Return a complaint's personal data with what a row adds, None where that is nothing, and the fields kept.

    What a clerk entered or amended last stands, and is kept where a row says otherwise; only what is missing, or stored
    masked, is then taken from the row. What an import brought in follows the file. A masked value adds nothing to the
    whole one.
    """
    telling = [entry for entry in history if "personal" in entry.detail]
    by_clerk = bool(telling) and "source" not in telling[-1].detail
    right = (stored or Personal())._asdict()
    kept: list[str] = []
    for name in PERSONAL:
        new, old = getattr(named, name), right[name]
        if new is None or new == old or (old is not None and mask(name, old) == new):
            continue
        if by_clerk and old is not None and not (is_masked(name, old) and mask(name, new) == old):
            kept.append(name)
        elif by_clerk and old is None and telling[-1].kind is Kind.AMENDED and stored is not None:
            # The clerk may have emptied the field.
            kept.append(name)
        else:
            right[name] = new
    personal = Personal(**right)
    return (personal if personal != (stored or Personal()) else None), kept


def _exact(at: datetime) -> Moment:
    return Moment(at, at, False)


def proposals_of(history: Iterable[HistoryEntry], zone: tzinfo) -> Iterator[Proposal]:
    """Yield the entries of a history as proposals: whether the hour of one is known stands in its moment too."""
    previous: datetime | None = None
    for entry in history:
        is_hourless = entry.detail.get(HOUR_UNKNOWN, looks_hourless(entry.at, previous, zone))
        yield Proposal(entry.kind, _exact(entry.at)._replace(day_only=is_hourless), entry.detail)
        previous = previous if entry.kind in ANNOTATIONS else entry.at


def _without_mark(entry: HistoryEntry) -> HistoryEntry:
    """Return an entry without the mark that earlier releases did not make, to be held against others."""
    return entry._replace(detail={name: value for name, value in entry.detail.items() if name != HOUR_UNKNOWN})


def _against(name: str, value: str, stored: str | None) -> Contradiction:
    words = {"name": Word(name), "value": value, "held": Word("none") if stored is None else repr(stored)}
    return Contradiction("{name} is {value!r} in the file but {held} in the register", **words)


def _agrees(stated: Moment, at: datetime, zone: tzinfo) -> bool:
    if not stated.day_only or stated.start == stated.end:
        return stated.start == at
    # Days of a mapping with a zone of its own were once taken for days of the register's.
    return stated.start <= at < stated.end or at == day_start(local_day(stated.start, zone), zone)


def _closed(row: ComplaintRow, at: Moment) -> Proposal:
    return Proposal(Kind.COMPLETED, at, {**_ending(row, Kind.COMPLETED), DAY_UNKNOWN: True})


def _ending(row: ComplaintRow, kind: Kind) -> Detail:
    if kind is not Kind.COMPLETED:
        return NO_DETAIL
    return {name: value for name, value in (("outcome", row.outcome), ("amount", row.amount)) if value is not None}


def awaited_steps(versions: Iterable[Policy]) -> Set[str]:
    """Return the steps that matter to a policy, given its versions: the forwarding, and those by which clocks go."""
    triggers = (rule.start | rule.stop for version in versions for rule in version.clocks)
    return {Kind.FORWARDED} | frozenset[str]().union(*triggers).intersection(STEPS)


def work_of(
    row: ComplaintRow,
    stated: dict[str, Any],
    awaited: Container[str],
    now: datetime,
    zone: tzinfo,
    name_of: Callable[[str], str],
) -> Work:
    """Return a new complaint of a row, of whose receipt is `stated` what the row itself does not say.

    `awaited` are the steps that matter to its policy; `name_of` gives the name of the platform that a text stands for.
    Raises Contradiction.
    """
    at, detail = receipt_of(row, zone)
    detail = {**stated, **detail}
    if unknown := [kind.value for kind in row.unknown_steps if kind in awaited]:
        detail[UNKNOWN_STEPS] = unknown
    if row.history:
        received = Transition(1, 0, Kind.RECEIVED, at.start, now, "", detail)
        later = news_of(row, [received], now, zone, name_of(row.platform), name_of)
    else:
        later = events_of(row)
    # What was decided before a moment was corrected, as an extension, was allowed by the moment of then.
    is_history = any(MOMENTS in entry.detail for entry in row.history or ())
    return Work(None, [Proposal(Kind.RECEIVED, at, detail), *later], personal_of(row), is_history)
