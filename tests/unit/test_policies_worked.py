"""The policies in data/policies, case by case: each deadline is counted by hand from its source, the count in its comment.

Counted days stand in the comments as `day(nth)`. The calendars that matter, read off the notices:

China 2016: 1-7 Oct off, Sat 8 and Sun 9 Oct worked. 2017: Mon 2 Jan off.
China 2014 (Beijing): 7-12 Nov off, Sat 15 Nov worked.
China 2020: Sun 19 Jan worked, 24 Jan - 2 Feb off.
China 2026: Sat 14 Feb worked, 16-20 and 23 Feb off, Sat 28 Feb worked; Mon 6 Apr off; 1-5 May off, Sat 9 May worked;
Fri 19 Jun off; Sun 20 Sep worked, Fri 25 Sep off; 1-7 Oct off, Sat 10 Oct worked.
United Kingdom 2023, any part: 7 and 10 Apr, 1 and 8 May, 29 May, 12 Jul (Northern Ireland), 7 Aug (Scotland), 28 Aug,
30 Nov (Scotland), 25 and 26 Dec; 2024: 1 Jan, 2 Jan (Scotland).
United States 2024: Mon 27 May, Mon 11 Nov.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.clocks import Clock, Verdict, judge, verdict
from dealtrack.core.lifecycle import Kind, Transition
from dealtrack.core.limits import check_extension, check_pause
from dealtrack.core.moments import local_day, show_due, to_store
from dealtrack.core.policy import ClockRule, Policy, Roll, Unit, version_for
from dealtrack.errors import CannotExtend, CannotPause, UnknownClock
from dealtrack.sources.calendars import load_calendar
from dealtrack.sources.policies import load_policy

DATA = Path(__file__).parents[2] / "data"
NO_USER = DATA / "no-such-folder"

PLACES = {
    "green-channel": ("cn-beijing", "Asia/Shanghai"),
    "samr-complaint": ("cn-beijing", "Asia/Shanghai"),
    "samr-report": ("cn-beijing", "Asia/Shanghai"),
    "odr": ("cn-beijing", "Asia/Shanghai"),
    "consumer-law-46": ("cn-beijing", "Asia/Shanghai"),
    "penalty-procedure": ("cn-beijing", "Asia/Shanghai"),
    "advertising-law-53": ("cn-beijing", "Asia/Shanghai"),
    "petitions": ("cn-beijing", "Asia/Shanghai"),
    "shanghai-consumer": ("cn-shanghai", "Asia/Shanghai"),
    "zhejiang-consumer": ("cn-hangzhou", "Asia/Shanghai"),
    "penalty-publication": ("cn-beijing", "Asia/Shanghai"),
    "online-trading": ("cn-hangzhou", "Asia/Shanghai"),
    "us-dot": ("US", "America/New_York"),
    "ofgem": ("uk", "Europe/London"),
    "ofcom": ("uk", "Europe/London"),
    "fca-payments": ("uk", "Europe/London"),
    "kr-grievance": ("kr", "Asia/Seoul"),
    "cpgrams": ("IN", "Asia/Kolkata"),
    "consumidor-gov-br": ("BR", "America/Sao_Paulo"),
    "uk-foi": ("uk", "Europe/London"),
    "fca-disp": ("uk", "Europe/London"),
    "cfpb": ("US", "America/New_York"),
    "made-up": ("cn-beijing", "Asia/Shanghai"),
}


@cache
def calendar_named(name: str) -> WorkingCalendar:
    return WorkingCalendar(load_calendar(name, DATA, NO_USER), 1)


@dataclass(frozen=True)
class Case:
    """A history, the clock that is looked at, and its deadline with its verdict, both counted by hand."""

    policy: str
    clock: str
    history: str
    due: str
    told: Verdict | None = None
    round: int = 1

    def __str__(self) -> str:
        return f"{self.policy} {self.clock}: {self.history} -> {self.due}"


def moment(text: str, zone: ZoneInfo) -> datetime:
    """A day alone is ten in the morning."""
    local = datetime.fromisoformat(text if " " in text else f"{text} 10:00")
    return local.replace(tzinfo=zone).astimezone(UTC)


def history_of(text: str, zone: ZoneInfo) -> list[Transition]:
    """`received 2016-11-01, extended 2016-11-02 complete 3`: what happened, when; an extension's clock and length.

    A reply bears its kind, `replied:final 2016-11-02`, an event its name, `event:clue-found 2016-11-02`, and a merge the
    day on which the further complaint was received, `joined:2016-11-01 2016-11-02`.
    """
    entries = []
    for seq, part in enumerate(text.split(", "), 1):
        what, when, *rest = part.split(" ")
        kind, _, name = what.partition(":")
        details: dict[str, dict[str, object]] = {"replied": {"final": name == "final"}, "event": {"name": name}}
        detail = details.get(kind, {})
        if kind == "joined":
            detail = {"from": 2, "received": to_store(moment(name, zone))}
        if kind == "extended":
            detail = {"clock": rest[0], "by": int(rest[1])}
        elif rest:
            when = f"{when} {rest[0]}"
        at = moment(when, zone)
        entries.append(Transition(seq, 1, Kind(kind), at, at, "clerk", detail))
    return entries


def run_of(policies: list[Policy], case: Case) -> tuple[Clock, ZoneInfo]:
    calendar_name, zone_name = PLACES[case.policy]
    zone = ZoneInfo(zone_name)
    history = history_of(case.history, zone)
    policy = version_for(policies, local_day(history[0].at, zone))
    clocks = judge(history, policy, lambda _: calendar_named(calendar_name), zone)
    return next(clock for clock in clocks if (clock.name, clock.round) == (case.clock, case.round)), zone


def check(policies: list[Policy], case: Case) -> None:
    clock, zone = run_of(policies, case)
    assert (show_due(clock.due, zone) if clock.due else "none") == case.due
    if clock.ended is None:
        assert case.told in (None, Verdict.PAUSED)
        if clock.due is None:
            assert verdict(clock, datetime(2026, 1, 1, tzinfo=UTC)) is Verdict.PAUSED
        else:
            assert verdict(clock, clock.due) is Verdict.RUNNING
            assert verdict(clock, clock.due + timedelta(seconds=1)) is Verdict.OVERDUE
    else:
        assert verdict(clock, clock.ended) is case.told


MET, MISSED, CANCELLED, PAUSED = Verdict.MET, Verdict.MISSED, Verdict.CANCELLED, Verdict.PAUSED

GREEN_CHANNEL = [
    # Month end: Mon 31 Oct is day zero, Tue 1 Nov(1).
    Case("green-channel", "forward", "received 2016-10-31", "2016-11-01"),
    # Tue 1(1), Wed 2(2).
    Case("green-channel", "complete", "received 2016-10-31, forwarded 2016-10-31 15:00", "2016-11-02"),
    # Year end: Fri 30 Dec, 31 Dec - 2 Jan off, Tue 3 Jan(1).
    Case("green-channel", "forward", "received 2016-12-30", "2017-01-03"),
    # National Day: Fri 30 Sep, 1-7 Oct off, Sat 8(1), Sun 9(2).
    Case("green-channel", "complete", "received 2016-09-30, forwarded 2016-09-30 17:00", "2016-10-09"),
    # The last second of the due day is on time, the next is not.
    Case("green-channel", "forward", "received 2016-11-01, forwarded 2016-11-02 23:59:59", "2016-11-02", MET),
    Case("green-channel", "forward", "received 2016-11-01, forwarded 2016-11-03 00:00:00", "2016-11-02", MISSED),
    # Pause (Tue 15, Thu 17]: Tue 15(1), Wed 16 and Thu 17 not counted, Fri 18(2).
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-15, resumed 2016-11-17",
        "2016-11-18",
    ),
    # Pause and end on one day: nothing lies in (15, 15]. Tue 15(1), Wed 16(2).
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-15 11:00, resumed 2016-11-15 15:00",
        "2016-11-16",
    ),
    # Pause over a weekend, (Fri 11, Mon 14]: Fri 11(1), Mon 14 not counted, Tue 15(2).
    Case(
        "green-channel",
        "complete",
        "received 2016-11-10, forwarded 2016-11-10, paused 2016-11-11, resumed 2016-11-14",
        "2016-11-15",
    ),
    # Pause over a holiday, (Fri 30 Sep, Sat 8 Oct]: Fri 30(1), Sat 8 not counted, Sun 9(2).
    Case(
        "green-channel",
        "complete",
        "received 2016-09-29, forwarded 2016-09-29, paused 2016-09-30, resumed 2016-10-08",
        "2016-10-09",
    ),
    # Two pauses, (15, 16] and (17, 18]: Tue 15(1), 16 out, 17(2), which is the due day when the second begins: what was
    # left of it is given back on the 18th.
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-15, resumed 2016-11-16, paused 2016-11-17, "
        "resumed 2016-11-18",
        "2016-11-18",
    ),
    # While paused there is no deadline.
    Case("green-channel", "complete", "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-15", "none", PAUSED),
    # Completed out of a pause, (Tue 15, Fri 18]: 15(1), 16-18 out, Mon 21(2).
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-15, completed 2016-11-18",
        "2016-11-21",
        MET,
    ),
    # Due Wed 16; a pause on Thu 17 excuses nothing.
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-17, resumed 2016-11-18, completed 2016-11-18 16:00",
        "2016-11-16",
        MISSED,
    ),
    # Nor does one that has not ended: the clock stays overdue.
    Case("green-channel", "complete", "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-17", "2016-11-16"),
    # Three days in all: 15(1), 16(2), 17(3).
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, forwarded 2016-11-14, extended 2016-11-15 complete 1",
        "2016-11-17",
    ),
    # Resolved at first contact: forwarding is not needed, and two days are counted from the receipt. But where it was
    # late by then, it stays so.
    Case("green-channel", "forward", "received 2016-11-14, completed 2016-11-15", "2016-11-15", CANCELLED),
    Case("green-channel", "forward", "received 2016-11-14, completed 2016-11-16", "2016-11-15", MISSED),
    # Due Wed 16. A pause on that day: the deadline is the end of Fri 18, when it is resumed.
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-16, resumed 2016-11-18",
        "2016-11-18",
    ),
    # Resumed on Sat 19: the end of Mon 21. Longer by one, Tue 22.
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-16 23:59:59, resumed 2016-11-19",
        "2016-11-21",
    ),
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-16, resumed 2016-11-19, "
        "extended 2016-11-21 complete 1",
        "2016-11-22",
    ),
    # Resumed on the same day: nothing was lost, nothing is given back.
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, forwarded 2016-11-14, paused 2016-11-16, resumed 2016-11-16 17:00",
        "2016-11-16",
    ),
    # Withdrawn on Tue 15 before it was forwarded, reopened on Mon 21: Tue 22(1).
    Case(
        "green-channel",
        "forward",
        "received 2016-11-14, withdrawn 2016-11-15, reopened 2016-11-21",
        "2016-11-22",
        round=2,
    ),
    # Completed then without being forwarded: two days from the reopening, 22(1), 23(2).
    Case(
        "green-channel",
        "complete",
        "received 2016-11-14, withdrawn 2016-11-15, reopened 2016-11-21, completed 2016-11-24",
        "2016-11-23",
        MISSED,
    ),
    Case("green-channel", "complete", "received 2016-11-14, completed 2016-11-16", "2016-11-16", MET),
    # Reopened Mon 21: 22(1), 23(2); the first round, due Wed 16, stays missed.
    *(
        Case(
            "green-channel",
            "complete",
            "received 2016-11-14, forwarded 2016-11-14, completed 2016-11-17, reopened 2016-11-21, "
            "completed 2016-11-23",
            due,
            told,
            round_,
        )
        for round_, due, told in ((1, "2016-11-16", MISSED), (2, "2016-11-23", MET))
    ),
]

# Order 20 for receipts to Tue 14 April 2026, Order 121 for those from Wed 15 April on.
ACCEPTED_EARLY = "received 2026-04-14, accepted 2026-04-23"
ACCEPTED_LATE = "received 2026-04-15, accepted 2026-04-23"
REOPENED = "completed 2026-06-22, reopened 2026-07-01"
SAMR_COMPLAINT = [
    # 15(1), 16(2), 17(3), 20(4), 21(5), 22(6), 23(7).
    Case("samr-complaint", "accept", "received 2026-04-14 23:59:59", "2026-04-23"),
    # 16(1), 17(2), 20(3), 21(4), 22(5), 23(6), 24(7).
    Case("samr-complaint", "accept", "received 2026-04-15 00:00:00", "2026-04-24"),
    # 45 working days: April 24-30 (1-5); May 6-9 (6-9), 11-29 (10-24); June 1-18 (25-38), 22-26 (39-43), 29, 30(45).
    Case("samr-complaint", "mediate", ACCEPTED_EARLY, "2026-06-30"),
    # 60 calendar days: to 30 Apr 7, to 31 May 38, to Mon 22 Jun 60.
    Case("samr-complaint", "mediate", ACCEPTED_LATE, "2026-06-22"),
    # The last second of each.
    Case("samr-complaint", "mediate", f"{ACCEPTED_EARLY}, completed 2026-06-30 23:59:59", "2026-06-30", MET),
    Case("samr-complaint", "mediate", f"{ACCEPTED_LATE}, completed 2026-06-23 00:00:00", "2026-06-22", MISSED),
    # A decision not to accept is a decision within the seven days, and mediation is not needed.
    Case("samr-complaint", "accept", "received 2026-04-14, rejected 2026-04-23", "2026-04-23", MET),
    Case("samr-complaint", "accept", "received 2026-04-14, rejected 2026-04-24", "2026-04-23", MISSED),
    # Order 20, pause over Labour Day, (30 Apr, 7 May]: 6 and 7 May are not counted, so 30 June + 2: 1 Jul, 2 Jul.
    Case("samr-complaint", "mediate", f"{ACCEPTED_EARLY}, paused 2026-04-30, resumed 2026-05-07", "2026-07-02"),
    # Order 121 art. 22, an appraisal from 20 May to 3 June is 14 calendar days: 22 Jun + 14 = Mon 6 Jul.
    Case("samr-complaint", "mediate", f"{ACCEPTED_LATE}, paused 2026-05-20, resumed 2026-06-03", "2026-07-06"),
    # Art. 45: 20 Apr + 60 (10 to 30 Apr, 41 to 31 May) = Fri 19 Jun, Dragon Boat to Sun 21: to the day after it.
    Case("samr-complaint", "mediate", "received 2026-04-15, accepted 2026-04-20", "2026-06-22"),
    # 12 May + 60 (19 to 31 May, 49 to 30 Jun) = Sat 11 Jul, a plain weekend: it stays.
    Case("samr-complaint", "mediate", "received 2026-05-07, accepted 2026-05-12", "2026-07-11"),
    # 2 Aug + 60 (29 to 31 Aug, 59 to 30 Sep) = Thu 1 Oct, National Day to 7 Oct: Thu 8 Oct.
    Case("samr-complaint", "mediate", "received 2026-07-30, accepted 2026-08-02", "2026-10-08"),
    # 5 Aug + 60 = Sun 4 Oct, enclosed by the holiday: Thu 8 Oct too.
    Case("samr-complaint", "mediate", "received 2026-07-30, accepted 2026-08-05", "2026-10-08"),
    # 9 Aug + 60 = Thu 8 Oct itself, a day worked.
    Case("samr-complaint", "mediate", "received 2026-07-30, accepted 2026-08-09", "2026-10-08"),
    # Reopened under the same version: Order 121 counts 60 days from 1 July (30 to 31 Jul): 30 Aug.
    Case("samr-complaint", "mediate", f"{ACCEPTED_LATE}, {REOPENED}", "2026-08-30", None, 2),
    # Received under Order 20 and reopened under Order 121: the version of the receipt stays, 45 working days from
    # 1 July: 2, 3 (2), 6-31 (22), August 3-28 (42), 31(43), September 1, 2(45).
    Case("samr-complaint", "mediate", f"{ACCEPTED_EARLY}, {REOPENED}", "2026-09-02", None, 2),
]

SAMR_REPORT = [
    # 14-17 Jan(4), Sun 19(5), 20-23(9), 3-7 Feb(14), 10(15).
    Case("samr-report", "verify", "received 2020-01-13", "2020-02-10"),
    Case("samr-report", "verify", "received 2020-01-13, accepted 2020-02-10 23:59:59", "2020-02-10", MET),
    Case("samr-report", "verify", "received 2020-01-13, rejected 2020-02-11 00:00:00", "2020-02-10", MISSED),
    # 15 more: 11-14 Feb(4), 17-21(9), 24-28(14), Mon 2 Mar(15).
    Case("samr-report", "verify", "received 2020-01-13, extended 2020-02-03 verify 15", "2020-03-02"),
    # Pause (20 Jan, 3 Feb]: 21, 22, 23 Jan and 3 Feb are out, so 10 Feb + 4: 11, 12, 13, Fri 14.
    Case("samr-report", "verify", "received 2020-01-13, paused 2020-01-20, resumed 2020-02-03", "2020-02-14"),
    # An extension within a pause, and after it: 4 + 15 more than 10 Feb: 14 Feb, then 17-21(5), 24-28(10), 2-6 Mar(15).
    Case(
        "samr-report",
        "verify",
        "received 2020-01-13, paused 2020-01-20, extended 2020-01-21 verify 15, resumed 2020-02-03",
        "2020-03-06",
    ),
    # Month end under Order 121: 8, 9, Sat 10 Oct(3), 12-16(8), 19-23(13), 26, 27(15).
    Case("samr-report", "verify", "received 2026-09-30", "2026-10-27"),
    # Both orders give fifteen days: from 14 April 15-17(3), 20-24(8), 27-30(12), 6-8 May(15); from 15 April one later.
    Case("samr-report", "verify", "received 2026-04-14", "2026-05-08"),
    Case("samr-report", "verify", "received 2026-04-15", "2026-05-09"),
]

ODR = [
    # 6, 7, 8, Sat 9 May(4), 11-15(9), 18(10).
    Case("odr", "complete", "received 2026-04-30", "2026-05-18"),
    # A holiday is day zero like any other.
    Case("odr", "complete", "received 2026-05-02", "2026-05-18"),
    # Spring Festival: Sat 14 Feb(1), 24-27(5), Sat 28(6), 2-5 Mar(10).
    Case("odr", "complete", "received 2026-02-13", "2026-03-05"),
    # Month end: Sat 28 Feb(1), 2-6 Mar(6), 9-12(10).
    Case("odr", "complete", "received 2026-02-27", "2026-03-12"),
    # Pause (Fri 8, Mon 11 May]: Sat 9 and Mon 11 are out, so Mon 18 + 2: Wed 20.
    Case("odr", "complete", "received 2026-04-30, paused 2026-05-08, resumed 2026-05-11", "2026-05-20"),
    # Reopened Wed 20 May: 21, 22(2), 25-29(7), 1-3 Jun(10).
    Case("odr", "complete", "received 2026-04-30, completed 2026-05-18, reopened 2026-05-20", "2026-06-03", None, 2),
    Case("odr", "complete", "received 2026-04-30, withdrawn 2026-05-11", "2026-05-18", CANCELLED),
    Case("odr", "complete", "received 2026-04-30, withdrawn 2026-05-19", "2026-05-18", MISSED),
]

CONSUMER_LAW = [
    # 23 Jan(1), 3-7 Feb(6), 10(7).
    Case("consumer-law-46", "handle", "received 2020-01-22", "2020-02-10"),
    # Received on a make-up Sunday: 20-23 Jan(4), 3-5 Feb(7).
    Case("consumer-law-46", "handle", "received 2020-01-19", "2020-02-05"),
    # Sat 8, Sun 9 Oct(2), 10-14(7).
    Case("consumer-law-46", "handle", "received 2016-09-30, completed 2016-10-14 23:59:59", "2016-10-14", MET),
    # APEC: 13, 14, Sat 15 Nov(3), 17-20(7).
    Case("consumer-law-46", "handle", "received 2014-11-06, completed 2014-11-21", "2014-11-20", MISSED),
    # To accept it is not to handle it; a decision not to accept it, which the consumer is told, is.
    Case(
        "consumer-law-46",
        "handle",
        "received 2016-09-30, accepted 2016-10-08, completed 2016-10-17",
        "2016-10-14",
        MISSED,
    ),
    Case("consumer-law-46", "handle", "received 2016-09-30, rejected 2016-10-14", "2016-10-14", MET),
    # Month end: 1-4 Sep(4), 7-9(7).
    Case("consumer-law-46", "handle", "received 2026-08-31", "2026-09-09"),
    # Pause (2, 4 Sep]: 3 and 4 are out, so 9 + 2: Fri 11.
    Case("consumer-law-46", "handle", "received 2026-08-31, paused 2026-09-02, resumed 2026-09-04", "2026-09-11"),
]

UK_FOI = [
    # 3-6 Oct(4), 9-13(9), 16-20(14), 23-27(19), Mon 30(20).
    Case("uk-foi", "complete", "received 2023-10-02", "2023-10-30"),
    # A Sunday is day zero: 2-6(5), 9-13(10), 16-20(15), 23-27(20).
    Case("uk-foi", "complete", "received 2023-10-01", "2023-10-27"),
    # Christmas and both days of January: 18-22 Dec(5), 27-29(8), 3-5 Jan(11), 8-12(16), 15-18(20).
    Case("uk-foi", "complete", "received 2023-12-15", "2024-01-18"),
    # 12 July is a holiday in Northern Ireland: 20-23 Jun(4), 26-30(9), 3-7 Jul(14), 10, 11(16), 13, 14(18), 17, 18(20).
    Case("uk-foi", "complete", "received 2023-06-19", "2023-07-18"),
    # St Andrew's Day: 9, 10 Nov(2), 13-17(7), 20-24(12), 27-29(15), 1 Dec(16), 4-7(20).
    Case("uk-foi", "complete", "received 2023-11-08", "2023-12-07"),
    # Month end and Easter: 3-6 Apr(4), 11-14(8), 17-21(13), 24-28(18), 2, 3 May(20).
    Case("uk-foi", "complete", "received 2023-03-31", "2023-05-03"),
    # A fees notice on Thu 5 Oct, paid Thu 12: as a pause of those days, 6, 9, 10, 11, 12 are out, so Mon 30 + 5:
    # 31, 1, 2, 3, Mon 6 Nov.
    Case("uk-foi", "complete", "received 2023-10-02, paused 2023-10-05, resumed 2023-10-12", "2023-11-06"),
    # S. 10(2) leaves out the day of the notice too: entered as a pause from the evening before, the 5th is out, Tue 7.
    Case("uk-foi", "complete", "received 2023-10-02, paused 2023-10-04 23:59, resumed 2023-10-12", "2023-11-07"),
    # British Summer Time ended on 29 October; the day of 30 October still ends at its own midnight.
    Case("uk-foi", "complete", "received 2023-10-02, completed 2023-10-30 23:59:59", "2023-10-30", MET),
    Case("uk-foi", "complete", "received 2023-10-02, completed 2023-10-31 00:00:00", "2023-10-30", MISSED),
]

FCA_DISP = [
    # 25 Aug(1), Mon 28 off, 29, 30(3). Eight weeks are 56 days: 7 to 31 Aug, 37 to 30 Sep, 19 Oct.
    Case("fca-disp", "summary", "received 2023-08-24", "2023-08-30"),
    Case("fca-disp", "final", "received 2023-08-24", "2023-10-19"),
    # 29 Dec(1), 3, 4 Jan(3); 3 to 31 Dec, 34 to 31 Jan, 22 Feb.
    Case("fca-disp", "summary", "received 2023-12-28", "2024-01-04"),
    Case("fca-disp", "final", "received 2023-12-28", "2024-02-22"),
    # To 31 Jan 27, to 29 Feb 56: a leap day.
    Case("fca-disp", "final", "received 2024-01-04", "2024-02-29"),
    # Month end: 29 to 29 Feb, 27 March.
    Case("fca-disp", "final", "received 2024-01-31", "2024-03-27"),
    Case("fca-disp", "summary", "received 2024-01-31", "2024-02-05"),
    # To Christmas Day, which moves nothing: 1 to 31 Oct, 31 to 30 Nov, 25 Dec.
    Case("fca-disp", "final", "received 2023-10-30", "2023-12-25"),
    # No pause stops it.
    Case("fca-disp", "final", "received 2023-08-24, paused 2023-08-25, resumed 2023-09-01", "2023-10-19"),
    Case("fca-disp", "summary", "received 2023-08-24, paused 2023-08-25, resumed 2023-09-01", "2023-08-30"),
    Case("fca-disp", "summary", "received 2023-08-24, completed 2023-08-31", "2023-08-30", MISSED),
    # A written response that says why there is no final one yet is enough.
    Case("fca-disp", "final", "received 2023-08-24, replied:interim 2023-10-19", "2023-10-19", MET),
    Case("fca-disp", "final", "received 2023-08-24, replied:final 2023-10-20", "2023-10-19", MISSED),
    Case("fca-disp", "final", "received 2023-08-24, completed 2023-10-19 23:59:59", "2023-10-19", MET),
]

CFPB = [
    # Fri 24 May, Memorial Day on Mon 27, Tue 28(1).
    Case("cfpb", "forward", "received 2024-05-24", "2024-05-28"),
    # Sat 9 Nov, Veterans Day on Mon 11, Tue 12(1).
    Case("cfpb", "forward", "received 2024-11-09", "2024-11-12"),
    # 10 days until 18 January 2012, 15 from the 19th on: 18 + 10 = 28 January, 19 + 15 = 3 February.
    Case("cfpb", "respond", "received 2012-01-18, forwarded 2012-01-18", "2012-01-28"),
    Case("cfpb", "respond", "received 2012-01-19, forwarded 2012-01-19", "2012-02-03"),
    Case("cfpb", "respond", "received 2011-07-21, forwarded 2011-07-22", "2011-08-01"),
    # 28 May + 15: 3 to 31 May, 12 June.
    Case("cfpb", "respond", "received 2024-05-24, forwarded 2024-05-28", "2024-06-12"),
    # Answered "In progress", which stops the 15 days: 28 May + 60: 3 to 31 May, 33 to 30 Jun, Sat 27 July: nothing moves it.
    Case("cfpb", "final", "received 2024-05-24, forwarded 2024-05-28, replied:interim 2024-06-10", "2024-07-27"),
    Case("cfpb", "respond", "received 2024-05-24, forwarded 2024-05-28, replied:interim 2024-06-12", "2024-06-12", MET),
    Case(
        "cfpb", "respond", "received 2024-05-24, forwarded 2024-05-28, replied:final 2024-06-13", "2024-06-12", MISSED
    ),
    # Month end, leap year: 31 Jan + 60: 29 to 29 Feb, Sun 31 March.
    Case("cfpb", "final", "received 2024-01-31, forwarded 2024-01-31, replied:interim 2024-02-15", "2024-03-31"),
    Case("cfpb", "respond", "received 2024-01-31, forwarded 2024-01-31", "2024-02-15"),
    # Pause (6, 10 June] is 4 days: 3 Jun + 15 = 18, + 4 = Sat 22.
    Case(
        "cfpb",
        "respond",
        "received 2024-06-03, forwarded 2024-06-03, paused 2024-06-06, resumed 2024-06-10",
        "2024-06-22",
    ),
    # Clocks went forward on 10 March: the day of 24 March ends at its own midnight.
    Case(
        "cfpb",
        "respond",
        "received 2024-03-08, forwarded 2024-03-09, completed 2024-03-24 23:59:59",
        "2024-03-24",
        MET,
    ),
    Case(
        "cfpb",
        "respond",
        "received 2024-03-08, forwarded 2024-03-09, completed 2024-03-25 00:00:00",
        "2024-03-24",
        MISSED,
    ),
]

MEDIATION_ENDED = f"{ACCEPTED_LATE}, event:mediation-ended 2026-05-08"
CLUE_FOUND = f"{ACCEPTED_LATE}, event:clue-found 2026-05-08"
SAMR_OTHERS = [
    # Mediation ended on Fri 8 May: Sat 9(1), 11-15(6), 18(7).
    Case("samr-complaint", "notify", f"{MEDIATION_ENDED}, replied:final 2026-05-18 23:59:59", "2026-05-18", MET),
    Case("samr-complaint", "notify", f"{MEDIATION_ENDED}, replied:final 2026-05-19 00:00:00", "2026-05-18", MISSED),
    # The end of mediation stops its own clock: due Mon 22 June, and under Order 20 Tue 30 June.
    Case("samr-complaint", "mediate", MEDIATION_ENDED, "2026-06-22", MET),
    Case("samr-complaint", "mediate", f"{ACCEPTED_EARLY}, event:mediation-ended 2026-07-01", "2026-06-30", MISSED),
    # Under Order 20: 1-3 July(3), 6-9(7).
    Case("samr-complaint", "notify", f"{ACCEPTED_EARLY}, event:mediation-ended 2026-06-30", "2026-07-09"),
    # A clue: Sat 9(1), 11-15(6), 18-22(11), 25-28(15); fifteen more: 29(16), 1-5 June(21), 8-12(26), 15-18(30).
    Case("samr-complaint", "verify", CLUE_FOUND, "2026-05-28"),
    Case("samr-complaint", "verify", f"{CLUE_FOUND}, event:clue-verified 2026-05-29", "2026-05-28", MISSED),
    Case("samr-complaint", "verify", f"{CLUE_FOUND}, extended 2026-05-28 verify 15", "2026-06-18"),
    # Order 20 art. 31, a named reporter: 15-17 Jan(3), Sun 19(4), 20(5).
    Case("samr-report", "notify", "received 2020-01-13, accepted 2020-01-14", "2020-01-20"),
    Case(
        "samr-report",
        "notify",
        "received 2020-01-13, event:not-opened 2020-01-14, replied:final 2020-01-21, rejected 2020-01-21 11:00",
        "2020-01-20",
        MISSED,
    ),
    Case(
        "samr-report",
        "notify",
        "received 2020-01-13, accepted 2020-01-14, event:anonymous 2020-01-15",
        "2020-01-20",
        MET,
    ),
    # Order 121 art. 35, a further report of Wed 6 May, merged on the 7th: 7, 8(2), Sat 9(3), 11-15(8), 18-22(13), 25, 26(15);
    # without it 16, 17(2), 20-24(7), 27-30(11), 6-8(14), Sat 9 May(15). Order 20 knows no such thing: 15-17 Apr(3), 20-24(8),
    # 27-30(12), 6-8 May(15).
    Case("samr-report", "verify", "received 2026-04-15", "2026-05-09"),
    Case("samr-report", "verify", "received 2026-04-15, joined:2026-05-06 2026-05-07", "2026-05-26"),
    Case("samr-report", "verify", "received 2026-04-14, joined:2026-05-06 2026-05-07", "2026-05-08"),
    # Too late to help: the term had passed when the further report came.
    Case(
        "samr-report",
        "verify",
        "received 2026-04-15, joined:2026-05-11 2026-05-12, accepted 2026-05-13",
        "2026-05-09",
        MISSED,
    ),
    # Order 121 art. 33: 6-8 May(3), Sat 9(4), 11-13(7).
    Case("samr-report", "agree", "received 2026-04-28, event:competence-disputed 2026-04-30", "2026-05-13"),
    Case(
        "samr-report",
        "agree",
        "received 2026-04-28, event:competence-disputed 2026-04-30, event:competence-settled 2026-05-14",
        "2026-05-13",
        MISSED,
    ),
]

PUBLICATION = "penalty-publication"
PENALTY_PUBLICATION = [
    # 14-18 Sep(5), Sun 20(6), 21-24(10), Fri 25 off, 28-30(13), 1-7 Oct off, 8, 9(15), Sat 10(16), 12-15(20).
    Case(PUBLICATION, "publish", "received 2026-09-11, event:decided 2026-09-11", "2026-10-15"),
    # No pause stops it.
    Case(
        PUBLICATION,
        "publish",
        "received 2026-09-11, event:decided 2026-09-11, paused 2026-09-14, resumed 2026-09-18",
        "2026-10-15",
    ),
    # Fri 13 Feb(1), Sat 14(2), to the 23rd off, 24-27(6), Sat 28(7), 2-4 Mar(10).
    Case(PUBLICATION, "push", "received 2026-02-12, event:decided-elsewhere 2026-02-12", "2026-03-04"),
    # 5, 6 Mar(2), 9-13(7), 16-18(10).
    Case(
        PUBLICATION,
        "assist",
        "received 2026-02-12, event:decided-elsewhere 2026-02-12, event:pushed 2026-03-04, event:published 2026-03-19",
        "2026-03-18",
        MISSED,
    ),
    # Fri 3 Apr(1), Mon 6 off, 7, 8(3).
    Case(PUBLICATION, "remove", "received 2026-02-12, event:decision-changed 2026-04-02", "2026-04-08"),
]

CHANGED = "received 2026-09-18, event:information-changed 2026-09-18"
ONLINE_TRADING = [
    # Sun 20 Sep(1), 21-24(5), Fri 25 off, 28-30(8), 1-7 Oct off, 8, 9(10).
    Case("online-trading", "update", CHANGED, "2026-10-09"),
    # No pause stops it.
    Case("online-trading", "update", f"{CHANGED}, paused 2026-09-21, resumed 2026-09-23", "2026-10-09"),
    # Sun 20(1), 21, 22(3).
    Case("online-trading", "submit", f"{CHANGED}, event:change-reported 2026-09-23", "2026-09-22", MISSED),
    # 23, 24(2), 28-30(5), 8, 9 Oct(7).
    Case("online-trading", "check", f"{CHANGED}, event:change-reported 2026-09-22", "2026-10-09"),
    # 1-5 May off: Wed 6(1).
    *(
        Case(
            "online-trading",
            "publish",
            f"received 2026-04-30, event:measure-decided 2026-04-30, event:measure-published {day}",
            "2026-05-06",
            told,
        )
        for day, told in (("2026-05-06 23:59:59", MET), ("2026-05-07 00:00:00", MISSED))
    ),
]

US_DOT = [
    # 31 Jan + 30: 29 to 29 Feb, 1 March; + 60: Sun 31 March.
    Case("us-dot", "acknowledge", "received 2024-01-31", "2024-03-01"),
    Case("us-dot", "answer", "received 2024-01-31", "2024-03-31"),
    Case("us-dot", "acknowledge", "received 2024-01-31, replied:interim 2024-03-01 23:59:59", "2024-03-01", MET),
    # An interim reply is no substantive answer.
    Case(
        "us-dot",
        "answer",
        "received 2024-01-31, replied:interim 2024-03-01, replied:final 2024-04-01 00:00:00",
        "2024-03-31",
        MISSED,
    ),
    # No pause stops it.
    Case("us-dot", "answer", "received 2024-01-31, paused 2024-02-05, resumed 2024-02-20", "2024-03-31"),
]

OFGEM = [
    # Fri 25 Aug, Mon 28 off, Tue 29(1).
    Case("ofgem", "resolve", "received 2023-08-25, completed 2023-08-29 23:59:59", "2023-08-29", MET),
    Case("ofgem", "resolve", "received 2023-08-25, completed 2023-08-30 00:00:00", "2023-08-29", MISSED),
    # 56 days: 7 to 31 Aug, 37 to 30 Sep, 19 Oct.
    Case("ofgem", "refer", "received 2023-08-24", "2023-10-19"),
    Case("ofgem", "refer", "received 2023-08-24, replied:final 2023-10-20", "2023-10-19", MISSED),
    Case("ofgem", "refer", "received 2023-08-24, paused 2023-08-25, resumed 2023-09-01", "2023-10-19"),
]

OFCOM = [
    # 56 days: 23 to 30 Apr, 54 to 31 May, 2 June. From 8 April on 42: 22 to 30 Apr, 20 May.
    Case("ofcom", "refer", "received 2026-04-07", "2026-06-02"),
    Case("ofcom", "refer", "received 2026-04-08", "2026-05-20"),
    Case("ofcom", "refer", "received 2026-04-08, replied:final 2026-05-20 23:59:59", "2026-05-20", MET),
    # An interim reply does not tell of dispute resolution.
    Case(
        "ofcom", "refer", "received 2026-04-08, replied:interim 2026-05-04, completed 2026-05-21", "2026-05-20", MISSED
    ),
    Case("ofcom", "refer", "received 2026-04-08, paused 2026-04-09, resumed 2026-04-20", "2026-05-20"),
]

FCA_PAYMENTS = [
    # 25 Aug(1), Mon 28 off, 29 Aug - 1 Sep(5), 4-8(10), 11-15(15).
    Case("fca-payments", "answer", "received 2023-08-24", "2023-09-15"),
    Case("fca-payments", "answer", "received 2023-08-24, replied:interim 2023-09-18", "2023-09-15", MISSED),
    # After a holding response: 18-22(20), 25-29(25), 2-6 Oct(30), 9-13(35).
    Case("fca-payments", "final", "received 2023-08-24, replied:interim 2023-09-15", "2023-10-13"),
    Case(
        "fca-payments",
        "final",
        "received 2023-08-24, replied:interim 2023-09-15, replied:final 2023-10-14",
        "2023-10-13",
        MISSED,
    ),
    Case("fca-payments", "answer", "received 2023-08-24, paused 2023-08-25, resumed 2023-09-01", "2023-09-15"),
]

CPGRAMS = [
    # 60 days: 2 to 31 July, 33 to 31 Aug, 27 Sep. From 30 July 2021 on 45: 1 to 31 July, 32 to 31 Aug, 13 Sep.
    Case("cpgrams", "answer", "received 2021-07-29", "2021-09-27"),
    Case("cpgrams", "answer", "received 2021-07-30", "2021-09-13"),
    # 45: 5 to 31 July, 36 to 31 Aug, 9 Sep. From 27 July 2022 on 30: 4 to 31 July, 26 Aug.
    Case("cpgrams", "answer", "received 2022-07-26", "2022-09-09"),
    Case("cpgrams", "answer", "received 2022-07-27", "2022-08-26"),
    # 30: 9 to 31 Aug, 21 Sep. From 23 August 2024 on 21: 8 to 31 Aug, 13 Sep.
    Case("cpgrams", "answer", "received 2024-08-22", "2024-09-21"),
    Case("cpgrams", "answer", "received 2024-08-23, replied:interim 2024-09-13 23:59:59", "2024-09-13", MET),
    Case("cpgrams", "answer", "received 2024-08-23, replied:interim 2024-09-14 00:00:00", "2024-09-13", MISSED),
    # Pause (26, 28 Aug] of 2 days.
    Case("cpgrams", "answer", "received 2024-08-23, paused 2024-08-26, resumed 2024-08-28", "2024-09-15"),
]

KR_GRIEVANCE = [
    # Eight hours of the office: 10-12(2), 13-18(7), Tue 9-10(8).
    Case("kr-grievance", "accept", "received 2026-03-09 10:00", "2026-03-10 10:00"),
    # Half an hour on Fri 27, Mon 30: 9-12(3.5), 13-17:30(8).
    Case("kr-grievance", "accept", "received 2026-03-27 17:30, accepted 2026-03-30 17:30:00", "2026-03-30 17:30", MET),
    Case(
        "kr-grievance", "accept", "received 2026-03-27 17:30, accepted 2026-03-30 17:30:01", "2026-03-30 17:30", MISSED
    ),
    # The first day is day 1: Mon 9 - Fri 13(5), 16, 17(7); on Sat 14 it does not count: 16-20(5), 23, 24(7).
    Case("kr-grievance", "handle", "received 2026-03-09, accepted 2026-03-09", "2026-03-17"),
    Case("kr-grievance", "handle", "received 2026-03-13, accepted 2026-03-14", "2026-03-24"),
    # 30, 31(2), 1-3 Apr(5), 6, 7(7).
    Case("kr-grievance", "handle", "received 2026-03-30, accepted 2026-03-30", "2026-04-07"),
    # An inquiry on the spot (11, 13]: 9-11(3), 12 and 13 out, 16-19(7).
    Case(
        "kr-grievance",
        "handle",
        "received 2026-03-09, accepted 2026-03-09, paused 2026-03-11, resumed 2026-03-13",
        "2026-03-19",
    ),
    # Seven more: 18-20(10), 23-26(14).
    Case(
        "kr-grievance",
        "handle",
        "received 2026-03-09, accepted 2026-03-09, extended 2026-03-16 handle 7",
        "2026-03-26",
    ),
]

CONSUMIDOR = [
    # 5 to 31 Dec, Sun 5 Jan; 9 to 29 Feb, 1 March.
    Case("consumidor-gov-br", "answer", "received 2024-12-26", "2025-01-05"),
    Case("consumidor-gov-br", "answer", "received 2024-02-20, replied:interim 2024-03-01 23:59:59", "2024-03-01", MET),
    Case("consumidor-gov-br", "answer", "received 2024-02-20, replied:final 2024-03-02 00:00:00", "2024-03-01", MISSED),
    Case("consumidor-gov-br", "answer", "received 2024-02-20, paused 2024-02-21, resumed 2024-02-26", "2024-03-01"),
]

PENALTY = "penalty-procedure"
OPENED = "received 2026-03-02, accepted 2026-03-02"
PENALTY_PROCEDURE = [
    # 3-6 Mar(4), 9-13(9), 16-20(14), Mon 23(15).
    Case(PENALTY, "verify", "received 2026-03-02", "2026-03-23"),
    Case(PENALTY, "verify", "received 2026-03-02, rejected 2026-03-24", "2026-03-23", MISSED),
    # Fifteen more: 24-27(19), 30 Mar - 3 Apr(24), Mon 6 off, 7-10(28), 13, 14(30).
    Case(PENALTY, "verify", "received 2026-03-02, extended 2026-03-20 verify 15", "2026-04-14"),
    # Appraisal (10, 15 Apr]: 1-3 Apr(3), Mon 6 off, 7-10(7), 13-15 out, 16, 17(9), 20-24(14), 27(15).
    Case(PENALTY, "verify", "received 2026-03-31, paused 2026-04-10, resumed 2026-04-15", "2026-04-27"),
    # 90 days: 8 to 31 Mar, 38 to 30 Apr, 69 to 31 May, 90 on Sun 21 June, in Dragon Boat (19-21): Mon 22.
    Case(PENALTY, "decide", "received 2026-03-02, accepted 2026-03-23", "2026-06-22"),
    # 29 to 31 Mar, 59 to 30 Apr, 90 on Sun 31 May, a plain weekend, which moves nothing.
    Case(PENALTY, "decide", OPENED, "2026-05-31"),
    # Thirty more: Tue 30 June.
    Case(PENALTY, "decide", f"{OPENED}, extended 2026-05-20 decide 30", "2026-06-30"),
    # A test (10, 30 Mar] of 20 days: 31 May + 20 = Sat 20 June, in Dragon Boat: Mon 22.
    Case(PENALTY, "decide", f"{OPENED}, paused 2026-03-10, resumed 2026-03-30", "2026-06-22"),
    # 28 to 31 Jul, 59 to 31 Aug, 89 to 30 Sep, 90 on Thu 1 Oct: National Day to the 7th, Thu 8.
    *(
        Case(PENALTY, "decide", f"received 2026-07-01, accepted 2026-07-03, completed {day}", "2026-10-08", told)
        for day, told in (("2026-10-08 23:59:59", MET), ("2026-10-09 00:00:00", MISSED))
    ),
]

ADVERTISING = "advertising-law-53"
ADVERTISING_LAW = [
    # 1-5 May off, 6-8(3), Sat 9(4), 11-13(7).
    Case(ADVERTISING, "handle", "received 2026-04-30", "2026-05-13"),
    Case(ADVERTISING, "handle", "received 2026-04-30, rejected 2026-05-13 23:59:59", "2026-05-13", MET),
    # To accept it is not to handle it.
    Case(ADVERTISING, "handle", "received 2026-04-30, accepted 2026-05-06, completed 2026-05-14", "2026-05-13", MISSED),
    # Sat 10 Oct is worked and day zero: 12-16(5), 19, 20(7).
    Case(ADVERTISING, "handle", "received 2026-10-10", "2026-10-20"),
    # Pause (2, 4 Sep]: 1, 2(2), 3 and 4 out, 7-11(7).
    Case(ADVERTISING, "handle", "received 2026-08-31, paused 2026-09-02, resumed 2026-09-04", "2026-09-11"),
]

ACCEPTED_PETITION = "received 2026-06-04, accepted 2026-06-10"
PETITIONS = [
    # 4 + 15: Fri 19 June, Dragon Boat, which moves nothing.
    Case("petitions", "notify", "received 2026-06-04", "2026-06-19"),
    Case("petitions", "notify", "received 2026-06-04, forwarded 2026-06-19 23:59:59", "2026-06-19", MET),
    Case("petitions", "notify", "received 2026-06-04, accepted 2026-06-20", "2026-06-19", MISSED),
    # 60 days: 20 to 30 June, 51 to 31 Jul, Sun 9 Aug; thirty more: 22 to 31 Aug, 8 Sep.
    Case("petitions", "decide", ACCEPTED_PETITION, "2026-08-09"),
    Case("petitions", "decide", f"{ACCEPTED_PETITION}, extended 2026-08-01 decide 30", "2026-09-08"),
    # A review is asked for on 20 Aug: 11 to 31 Aug, 30 on Sat 19 Sep.
    Case(
        "petitions",
        "review",
        f"{ACCEPTED_PETITION}, completed 2026-08-01, reopened 2026-08-20, event:review-requested 2026-08-20 11:00",
        "2026-09-19",
    ),
    # Pause (1, 11 July] of 10 days: 9 + 10.
    Case("petitions", "decide", f"{ACCEPTED_PETITION}, paused 2026-07-01, resumed 2026-07-11", "2026-08-19"),
]

SHANGHAI = [
    # As under the advertising law: 6-8(3), Sat 9(4), 11-13(7).
    Case("shanghai-consumer", "handle", "received 2026-04-30", "2026-05-13"),
    Case("shanghai-consumer", "handle", "received 2026-04-30, accepted 2026-05-14", "2026-05-13", MISSED),
    # 60 days: 18 to 31 May, 48 to 30 June, Sun 12 July; with a pause of 10 days Wed 22.
    Case("shanghai-consumer", "mediate", "received 2026-04-30, accepted 2026-05-13", "2026-07-12"),
    Case(
        "shanghai-consumer",
        "mediate",
        "received 2026-04-30, accepted 2026-05-13, paused 2026-06-01, resumed 2026-06-11",
        "2026-07-22",
    ),
]

ZHEJIANG = [
    # 6-8 May(3), Sat 9(4), Mon 11(5), 12-15(9), Mon 18(10).
    Case("zhejiang-consumer", "accept", "received 2026-04-30", "2026-05-11"),
    Case("zhejiang-consumer", "accept", "received 2026-04-30, rejected 2026-05-12", "2026-05-11", MISSED),
    Case("zhejiang-consumer", "handle", "received 2026-04-30", "2026-05-18"),
    # Pause (2, 4 Sep]: 1, 2(2), 3 and 4 out, 7-11(7), 14-16(10).
    Case("zhejiang-consumer", "handle", "received 2026-08-31, paused 2026-09-02, resumed 2026-09-04", "2026-09-16"),
]

WORKED = [
    *(*GREEN_CHANNEL, *SAMR_COMPLAINT, *SAMR_REPORT, *ODR, *CONSUMER_LAW, *UK_FOI, *FCA_DISP, *CFPB),
    *(*PENALTY_PROCEDURE, *ADVERTISING_LAW, *PETITIONS, *SHANGHAI, *ZHEJIANG, *SAMR_OTHERS, *PENALTY_PUBLICATION),
    *(*ONLINE_TRADING, *US_DOT, *OFGEM, *OFCOM, *FCA_PAYMENTS, *CPGRAMS, *CONSUMIDOR, *KR_GRIEVANCE),
]


@pytest.mark.parametrize("case", WORKED, ids=str)
def test_worked_case(case: Case) -> None:
    check(load_policy(case.policy, DATA, NO_USER), case)


def test_every_policy_of_the_table_has_four_cases_with_a_pause_and_a_month_end() -> None:
    for policy in (path.stem for path in (DATA / "policies").glob("*.toml")):
        cases = [case for case in WORKED if case.policy == policy]
        assert len(cases) >= 4, policy
        assert any("paused" in case.history for case in cases), policy
        assert any(case.due[:7] != case.history.split(" ")[1][:7] for case in cases), policy


def test_both_orders_are_told_apart_by_the_day_of_receipt_alone() -> None:
    for name, shown in (("samr-complaint", 2), ("samr-report", 2)):
        versions = load_policy(name, DATA, NO_USER)
        assert len(versions) == shown
        for day, source in ((date(2026, 4, 14), "Order 20"), (date(2026, 4, 15), "Order 121")):
            assert source in version_for(versions, day).source


# Units, rolls and closing times, of a policy that is made up. `unit length roll`: from, due.

NONE, NEXT, AFTER = Roll.NONE, Roll.NEXT_WORKING_DAY, Roll.AFTER_STATUTORY_HOLIDAY
DAY, WEEK, MONTH = Unit.CALENDAR_DAY, Unit.WEEK, Unit.MONTH

UNITS = [
    # The corresponding day, or the month's last (art. 202).
    (MONTH, 1, NONE, "2026-01-31", "2026-02-28"),
    (MONTH, 1, NONE, "2024-01-31", "2024-02-29"),
    (MONTH, 1, NONE, "2026-02-28", "2026-03-28"),
    (MONTH, 2, NONE, "2025-12-31", "2026-02-28"),
    (MONTH, 1, NONE, "2026-08-31", "2026-09-30"),
    (MONTH, 12, NONE, "2024-02-29", "2025-02-28"),
    (MONTH, 1, NONE, "2025-11-30", "2025-12-30"),
    (MONTH, 1, NONE, "2025-12-01", "2026-01-01"),
    # Sat 28 February 2026 is worked: nothing rolls it.
    (MONTH, 1, NEXT, "2026-01-31", "2026-02-28"),
    # Thu 1 October, National Day to the 7th.
    (MONTH, 1, NONE, "2026-09-01", "2026-10-01"),
    (MONTH, 1, NEXT, "2026-09-01", "2026-10-08"),
    (MONTH, 1, AFTER, "2026-09-01", "2026-10-08"),
    # Sat 11 July, a plain weekend.
    (MONTH, 1, NONE, "2026-06-11", "2026-07-11"),
    (MONTH, 1, NEXT, "2026-06-11", "2026-07-13"),
    (MONTH, 1, AFTER, "2026-06-11", "2026-07-11"),
    # Sun 3 May within Labour Day, 1-5 May.
    (MONTH, 1, NONE, "2026-04-03", "2026-05-03"),
    (MONTH, 1, NEXT, "2026-04-03", "2026-05-06"),
    (MONTH, 1, AFTER, "2026-04-03", "2026-05-06"),
    # Sat 9 May is worked.
    (MONTH, 1, NEXT, "2026-04-09", "2026-05-09"),
    # Fri 19 June, Dragon Boat, which the notice announces from 19 to 21 June.
    (MONTH, 1, NEXT, "2026-05-19", "2026-06-22"),
    (MONTH, 1, AFTER, "2026-05-19", "2026-06-22"),
    # Eight weeks from Wed 5 and Thu 6 August.
    (WEEK, 8, NEXT, "2026-08-05", "2026-09-30"),
    (WEEK, 8, NONE, "2026-08-06", "2026-10-01"),
    (WEEK, 8, AFTER, "2026-08-06", "2026-10-08"),
    (WEEK, 1, NEXT, "2026-12-23", "2026-12-30"),
    # Tue 17 February, Spring Festival to Mon 23.
    (DAY, 3, NONE, "2026-02-14", "2026-02-17"),
    (DAY, 3, NEXT, "2026-02-14", "2026-02-24"),
    (DAY, 3, AFTER, "2026-02-14", "2026-02-24"),
    # Sun 15 February is the first day of the holiday that the notice announces.
    (DAY, 1, AFTER, "2026-02-14", "2026-02-24"),
    (DAY, 1, NEXT, "2026-02-14", "2026-02-24"),
    # Sun 22 February is enclosed by it.
    (DAY, 8, AFTER, "2026-02-14", "2026-02-24"),
    (DAY, 30, NONE, "2026-01-31", "2026-03-02"),
]


def made_up(rule: ClockRule) -> list[Policy]:
    return [Policy("made-up", "Made up", date(2000, 1, 1), "nobody", "nothing", (rule,))]


def rule_of(unit: Unit, length: int, roll: Roll = NONE, closes: time | None = None) -> ClockRule:
    start, stop = frozenset({Kind.RECEIVED}), frozenset({Kind.COMPLETED})
    return ClockRule("answer", start, stop, length, unit, roll, closes)


@pytest.mark.parametrize(("unit", "length", "roll", "start", "due"), UNITS)
def test_units_and_rolls(unit: Unit, length: int, roll: Roll, start: str, due: str) -> None:
    check(made_up(rule_of(unit, length, roll)), Case("made-up", "answer", f"received {start}", due))


@pytest.mark.parametrize(
    ("unit", "length", "roll", "history", "due"),
    [
        # Two months from 31 January in one count, not 28 February and a month.
        (MONTH, 1, NONE, "received 2026-01-31, extended 2026-02-02 answer 1", "2026-03-31"),
        (WEEK, 1, NONE, "received 2026-01-31, extended 2026-02-02 answer 1", "2026-02-14"),
        # Two days out: 28 February + 2.
        (MONTH, 1, NONE, "received 2026-01-31, paused 2026-02-10, resumed 2026-02-12", "2026-03-02"),
        # Three days out: Sat 31 Jan + 7 = 7 Feb, + 3 = Tue 10.
        (WEEK, 1, NONE, "received 2026-01-31, paused 2026-02-03, resumed 2026-02-06", "2026-02-10"),
        # 29 September + 2, then rolled past National Day.
        (MONTH, 1, NEXT, "received 2026-08-29, paused 2026-09-10, resumed 2026-09-12", "2026-10-08"),
        # An extension of another clock lengthens nothing.
        (MONTH, 1, NONE, "received 2026-01-31, extended 2026-02-02 other 1", "2026-02-28"),
    ],
)
def test_pauses_and_extensions_in_other_units(unit: Unit, length: int, roll: Roll, history: str, due: str) -> None:
    check(made_up(rule_of(unit, length, roll)), Case("made-up", "answer", history, due))


@pytest.mark.parametrize(
    ("completed", "told"),
    [("2026-04-16 17:30:00", MET), ("2026-04-16 17:30:01", MISSED), ("2026-04-16 00:00:00", MET)],
)
@pytest.mark.parametrize("unit", list(Unit)[:2])
def test_the_closing_time_ends_the_due_day(unit: Unit, completed: str, told: Verdict) -> None:
    rule = rule_of(unit, 1, closes=time(17, 30))
    # Received after closing time: the day of the start is not counted, whatever its hour.
    case = Case("made-up", "answer", f"received 2026-04-15 18:00, completed {completed}", "2026-04-16 17:30", told)
    check(made_up(rule), case)


# What a policy allows


def _extension(policy: str, clock: str, history: str, by: int, at: str) -> None:
    calendar_name, zone_name = PLACES[policy]
    zone = ZoneInfo(zone_name)
    entries = history_of(history, zone)
    version = version_for(load_policy(policy, DATA, NO_USER), local_day(entries[0].at, zone))
    runs = judge(entries, version, lambda _: calendar_named(calendar_name), zone)
    check_extension(
        1, version, runs, entries, {"clock": clock, "by": by}, moment(at, zone), calendar_named(calendar_name), zone
    )


@pytest.mark.parametrize(
    ("policy", "clock", "history", "by", "at"),
    [
        ("samr-report", "verify", "received 2020-01-13", 15, "2020-02-10 23:59:59"),
        ("samr-report", "verify", "received 2020-01-13", 1, "2020-01-14"),
        # No limit is named, so none is kept.
        ("green-channel", "complete", "received 2016-11-14, forwarded 2016-11-14", 30, "2016-11-15"),
        (
            "green-channel",
            "complete",
            "received 2016-11-14, forwarded 2016-11-14, extended 2016-11-15 complete 1, extended 2016-11-16 complete 1",
            1,
            "2016-11-17",
        ),
    ],
)
def test_extensions_that_are_allowed(policy: str, clock: str, history: str, by: int, at: str) -> None:
    _extension(policy, clock, history, by, at)


@pytest.mark.parametrize(
    ("policy", "clock", "history", "by", "at", "why"),
    [
        ("samr-report", "verify", "received 2020-01-13", 16, "2020-01-14", "at most 15 working days"),
        ("samr-report", "verify", "received 2020-01-13", 15, "2020-02-11 00:00:00", "had already passed"),
        (
            "samr-report",
            "verify",
            "received 2020-01-13, extended 2020-01-14 verify 5",
            5,
            "2020-01-15",
            "allows one extension",
        ),
        (
            "samr-report",
            "verify",
            "received 2020-01-13, accepted 2020-01-14",
            5,
            "2020-01-15",
            "it has not begun, or has ended",
        ),
        ("fca-disp", "final", "received 2023-08-24", 1, "2023-08-25", "allows no extension"),
        ("green-channel", "complete", "received 2016-11-14", 1, "2016-11-14 11:00", "it has not begun, or has ended"),
    ],
)
def test_extensions_that_are_refused(policy: str, clock: str, history: str, by: int, at: str, why: str) -> None:
    with pytest.raises(CannotExtend, match=why):
        _extension(policy, clock, history, by, at)


def test_a_clock_that_the_policy_lacks_is_not_extended() -> None:
    with pytest.raises(UnknownClock, match="verify"):
        _extension("samr-report", "complete", "received 2020-01-13", 1, "2020-01-14")


@pytest.mark.parametrize(("policy", "may_pause"), [("green-channel", True), ("uk-foi", True), ("fca-disp", False)])
def test_pauses_that_the_policy_knows(policy: str, may_pause: bool) -> None:
    calendar_name, zone_name = PLACES[policy]
    zone = ZoneInfo(zone_name)
    version = load_policy(policy, DATA, NO_USER)[-1]
    runs = judge(history_of("received 2023-08-24", zone), version, lambda _: calendar_named(calendar_name), zone)
    if may_pause:
        check_pause(1, version, runs)
    else:
        with pytest.raises(CannotPause, match="policy fca-disp"):
            check_pause(1, version, runs)
