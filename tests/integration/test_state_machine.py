"""Random lives of complaints, held after each command against a model that counts by itself.

The model, and what it takes for granted where the guides are silent, is tests/plain_model.py. A short run is made
with every suite, a longer one in .ci/run; DEALTRACK_STATEFUL=EXAMPLES,STEPS makes one of any length, as in
DEALTRACK_STATEFUL=400,60 pytest -s tests/integration/test_state_machine.py
"""

import json
import os
import re
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from dealtrack.core.lifecycle import CORRECTABLE, Kind
from dealtrack.core.moments import Moment
from dealtrack.errors import DealtrackError
from dealtrack.register.opening import open_register
from dealtrack.register.recorder import Proposal, Work, recording
from tests.conftest import Clerk, Result, tries
from tests.plain_model import DAY, POLICIES, TABLE, Life, Model, live, moves

BEIJING = ZoneInfo("Asia/Shanghai")
EXAMPLES, STEPS = map(int, os.environ.get("DEALTRACK_STATEFUL", f"{tries(18)},30").split(","))
SECOND = timedelta(seconds=1)
ERAS = (
    datetime(2016, 9, 28, 10),
    datetime(2016, 11, 10, 16, 30),
    datetime(2026, 4, 13, 9),
    datetime(2026, 4, 16, 9),
    datetime(2026, 9, 17, 23, 59, 59),
    datetime(2026, 12, 24, 8),
)
PLATFORMS = ("JD", "Tmall", "Amazon")
CATEGORIES = ("quality", "delivery", "other")

VERDICTS = {"on time": "met", "late": "missed", "not yet due": "running", "not counted": "cancelled"}
"""What the screens call a verdict, and its key."""

# When something happened: so long before now, at a telling moment or a second beside it, on a day alone, in the future.
WHEN = st.one_of(
    st.tuples(st.just("ago"), st.sampled_from((0, 0, 1, 60)), st.just(0)),
    st.tuples(st.just("ago"), st.just(0), st.just(0)),
    st.tuples(st.just("ago"), st.integers(0, 30_000), st.just(0)),
    st.tuples(st.just("ago"), st.integers(0, 4 * 86_400), st.just(0)),
    st.tuples(st.just("edge"), st.integers(0, 40), st.sampled_from((-1, 0, 1))),
    st.tuples(st.just("edge"), st.integers(0, 40), st.sampled_from((-1, 0, 1))),
    st.tuples(st.just("day"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("ahead"), st.sampled_from((1, 90_000)), st.just(0)),
)
PICK = st.integers(0, 12)
LIMIT = st.tuples(st.integers(0, 8), st.integers(-86_400, 20 * 86_400), st.booleans())
"""A limit of one of the clocks, or of none, so many seconds from now, or at the end of that day."""
COUNTS: Counter[str] = Counter()


class Registers(RuleBasedStateMachine):
    """One register, its model, and what a clerk may do to both."""

    made: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="stateful"))
        self.clerk = Clerk(self.folder / "home", self.folder / "register.db")
        shutil.copyfile(self.made, self.clerk.db)
        self.watching = sqlite3.connect(self.clerk.db)

    @initialize(era=st.sampled_from(ERAS))
    def begin(self, era: datetime) -> None:
        rows = self.watching.execute("SELECT day, worked FROM calendar_ruling WHERE day LIKE '2027%'")
        days = [(date.fromisoformat(day), worked) for day, worked in rows]
        plain = [(day, worked) for day, worked in days if worked != (day.weekday() < 5) or not worked]
        rest = {day for day, worked in plain if not worked}, {day for day, worked in plain if worked}
        ((seq,),) = self.watching.execute("SELECT max(seq) FROM transition")
        self.model = Model(era, rest, seq)
        self._tick(timedelta())
        now = ("ago", 0, 0)
        self.add(now, "green-channel", ("JD", "quality", True))
        self.add(("ago", 86_400, 0), "samr-complaint", ("Tmall", "delivery", True))
        self.add(now, "samr-report", ("JD", "other", False))

    def teardown(self) -> None:
        try:
            if hasattr(self, "model"):
                self._stands_on_its_journal()
        finally:
            self.watching.close()
            shutil.rmtree(self.folder)

    # Time

    @rule(seconds=st.one_of(st.integers(0, 90), st.integers(0, 20 * 3_600), st.integers(0, 3 * 86_400)))
    def time_passes(self, seconds: int) -> None:
        COUNTS["time passes"] += 1
        self._tick(timedelta(seconds=seconds))

    @rule(place=st.integers(0, 2), beside=st.sampled_from((0, 1)))
    def time_passes_to_an_edge(self, place: int, beside: int) -> None:
        COUNTS["time passes to a deadline"] += 1
        ahead = [edge for edge in self._edges() if edge > self.model.now]
        if ahead:
            self._tick(ahead[place % len(ahead)] + beside * SECOND - self.model.now)

    @rule(
        which=PICK,
        before=st.one_of(st.sampled_from((-1, 0, 1, 3_600)), st.integers(0, 60 * 3_600)),
        pause=st.one_of(st.integers(0, 90_000), st.integers(0, 6 * 86_400)),
        end=st.sampled_from(("resume", "resume", "resume", "complete", "withdraw", "")),
    )
    def pause_about_the_deadline(self, which: int, before: int, pause: int, end: str) -> None:
        """A pause so many seconds before a deadline, or one after it, and its end so much later, both told then."""
        complaint = self._named(which, "paused")
        own = [run for (of, *_), run in self._all_runs() if of == complaint and not run.ended]
        dues = [run.due for run in own if run.due]
        if not dues:
            return
        at = min(dues) - before * SECOND
        if at > self.model.now:
            self._tick(at - self.model.now)
        dated = ("ago", round((self.model.now - at).total_seconds()), 0)
        self._tell("pause", "paused", [complaint], dated, ("--reason", "appraisal"), named=True)
        self._tick(pause * SECOND)
        if end:
            told = {"resume": "resumed", "complete": "completed", "withdraw": "withdrawn"}[end]
            self._tell(end, told, [complaint], ("ago", 0, 0), named=True)

    # A complaint's life

    @rule(
        when=WHEN,
        policy=st.sampled_from((*["green-channel"] * 3, *["samr-complaint"] * 3, "samr-report", "uk-foi")),
        named=st.tuples(st.sampled_from(PLATFORMS), st.sampled_from(CATEGORIES), st.booleans()),
        limit=st.one_of(st.none(), st.none(), LIMIT),
    )
    def add(self, when: tuple[str, int, int], policy: str, named: tuple[str, str, bool], limit: Any = None) -> None:
        platform, category, numbered = named
        if self.model.last >= 7:
            return
        at = self._moment(when)
        detail: dict[str, Any] = {"platform": platform, "category": category, "policy": policy, "owner": "clerk"}
        words = ["--platform", platform, "--category", category, "--policy", policy, "--at", _typed(at)]
        if numbered:
            detail["number"] = f"BJ-{self.model.last + 1}"
            words += ["--number", detail["number"]]
        moment = self.model.settled(None, "received", at)
        refused = moment > self.model.now
        if limit:
            more, detail["limits"] = self._limit(policy, *limit)
            words += more
            refused |= self.model.refuses_limits(detail["limits"], moment, Life(values=detail, received=moment))
        self._command("add", refused, self.clerk.__call__, "add", *words)
        if not refused:
            self.model.add(moment, detail)
        self._looks_right()

    @rule(which=PICK, when=WHEN, kind=st.sampled_from(("accept", "forward", "forward", "complete", "complete")))
    def move_on(self, which: int, when: tuple[str, int, int], kind: str) -> None:
        self._tell(kind, {"accept": "accepted", "forward": "forwarded", "complete": "completed"}[kind], [which], when)

    @rule(which=PICK, when=WHEN)
    def complete_with_an_outcome(self, which: int, when: tuple[str, int, int]) -> None:
        words = ("--outcome", "advance-compensation", "--amount", "12.50")
        told = {"outcome": "advance-compensation", "amount": "12.50"}
        self._tell("complete", "completed", [which], when, words, told)

    @rule(which=PICK, when=WHEN, kind=st.sampled_from(("withdraw", "reject", "reopen", "reopen")))
    def end_or_reopen(self, which: int, when: tuple[str, int, int], kind: str) -> None:
        told = {"withdraw": "withdrawn", "reject": "rejected", "reopen": "reopened"}[kind]
        self._tell(kind, told, [which], when, ("--reason", "so it is"))

    @rule(which=PICK, when=WHEN)
    def pause(self, which: int, when: tuple[str, int, int]) -> None:
        self._tell("pause", "paused", [which], when, ("--reason", "appraisal"))

    @rule(which=PICK, when=WHEN, restart=st.booleans())
    def resume(self, which: int, when: tuple[str, int, int], restart: bool) -> None:
        words, detail = (("--restart",), {"restart": True}) if restart else ((), {})
        self._tell("resume", "resumed", [which], when, words, detail)

    @rule(which=PICK, when=WHEN, clock=st.integers(0, 2), by=st.sampled_from((1, 2, 15, 16)), again=st.booleans())
    def extend(self, which: int, when: tuple[str, int, int], clock: int, by: int, again: bool) -> None:
        complaint = self._named(which, "extended")
        running = [run.rule.name for (of, *_), run in self._all_runs() if of == complaint and not run.ended]
        name = running[0] if running and clock else ("forward", "mediate", "verify")[which % 3]
        words = ("--clock", name, "--by", by, "--reason", "intricate")
        self._tell("extend", "extended", [complaint], when, words, {"clock": name, "by": by}, named=True)
        if again:
            self._tell("extend", "extended", [complaint], ("ago", 0, 0), words, {"clock": name, "by": by}, named=True)

    @rule(which=PICK, before=st.sampled_from((-1, 0, 0, 1)), by=st.sampled_from((1, 2, 16)), again=st.booleans())
    def extend_at_the_deadline(self, which: int, before: int, by: int, again: bool) -> None:
        """An extension so many seconds before a deadline, told then, and perhaps another at once."""
        complaint = self._named(which, "extended")
        own = [run for (of, *_), run in self._all_runs() if of == complaint and not run.ended and run.due]
        ahead = [run for run in own if run.due - before * SECOND >= self.model.now]
        if not ahead:
            return
        self._tick(ahead[0].due - before * SECOND - self.model.now)
        name = ahead[0].rule.name
        words = ("--clock", name, "--by", by, "--reason", "intricate")
        for _ in range(2 if again else 1):
            self._tell("extend", "extended", [complaint], ("ago", 0, 0), words, {"clock": name, "by": by}, named=True)

    @rule(which=PICK, when=WHEN)
    def hand_on(self, which: int, when: tuple[str, int, int]) -> None:
        self._tell("hand-on", "handed-on", [which], when, ("--to", "bureau"))

    @rule(which=PICK, when=WHEN, final=st.booleans())
    def reply(self, which: int, when: tuple[str, int, int], final: bool) -> None:
        self._tell("reply", "replied", [which], when, ("--final" if final else "--interim",), {"final": final})

    @rule(which=PICK, when=WHEN, named=st.integers(0, 5))
    def event(self, which: int, when: tuple[str, int, int], named: int) -> None:
        """An event that the policy names, or now and then one that it does not."""
        complaint = self._named(which, "event")
        there = [life for id_, life, _ in self.model.shown(None, None) if id_ == complaint]
        rules = self.model.rules(there[0]) if there else []
        names = sorted({word[6:] for rule in rules for word in (*rule.start, *rule.stop) if word.startswith("event:")})
        name = [*names, "nothing-known"][named % (len(names) + 1)]
        self._tell("event", "event", [complaint], when, ("--name", name), {"name": name}, named=True)

    @rule(which=PICK, when=WHEN)
    def note(self, which: int, when: tuple[str, int, int]) -> None:
        self._tell("note", "noted", [which], when, ("--note", "called"))

    @rule(which=PICK, also=PICK, when=WHEN, kind=st.sampled_from(("forward", "complete", "pause", "resume")))
    def several_at_once(self, which: int, also: int, when: tuple[str, int, int], kind: str) -> None:
        told = {"forward": "forwarded", "complete": "completed", "pause": "paused", "resume": "resumed"}[kind]
        self._tell(kind, told, [which, also], when, ("--reason", "fair") if kind == "pause" else ())

    @rule(which=PICK, category=st.sampled_from(CATEGORIES), summary=st.sampled_from(("", "-", "late parcel")))
    def amend(self, which: int, category: str, summary: str) -> None:
        words = ["--category", category]
        detail: dict[str, Any] = {"category": category}
        if summary:
            words += ["--summary", summary]
            detail["summary"] = None if summary == "-" else summary
        self._tell("amend", "amended", [which], None, words, detail)

    @rule(which=PICK, limit=LIMIT)
    def amend_a_limit(self, which: int, limit: tuple[int, int, bool]) -> None:
        complaint = self._named(which, "amended")
        there = [life for id_, life, _ in self.model.shown(None, None) if id_ == complaint]
        words, stated = self._limit(there[0].values["policy"] if there else "green-channel", *limit)
        self._tell("amend", "amended", [complaint], None, words, {"limits": stated}, named=True)

    @rule(
        which=PICK,
        place=st.integers(0, 12),
        when=st.one_of(WHEN, st.tuples(st.just("near"), st.integers(-40_000, 40_000), st.just(0))),
    )
    def correct_a_moment(self, which: int, place: int, when: tuple[str, int, int]) -> None:
        """The moment of any entry that can be corrected, to any other, often one that is near."""
        complaint = self._named(which)
        there = [entry for entry in moves(self.model.history(complaint)) if entry.kind in CORRECTABLE]
        if not there:
            return
        entry = there[place % len(there)]
        at = entry.at + when[1] * SECOND if when[0] == "near" else self._moment(when, complaint)
        detail = {"moments": {entry.seq: self.model.settled_right(complaint, entry.seq, at)}}
        refused = self.model.refuses(complaint, "amended", self.model.now, detail)
        words = (complaint, f"--{entry.kind}", _typed(at), "--entry", entry.seq)
        self._command(f"amend --{entry.kind}", refused, self.clerk.__call__, "amend", *words)
        if not refused:
            self.model.tell(complaint, "amended", self.model.now, detail)
        self._looks_right()

    @rule(which=PICK, when=WHEN, kind=st.sampled_from((Kind.AMENDED, Kind.NOTED)))
    def tell_the_register_itself(self, which: int, when: tuple[str, int, int], kind: Kind) -> None:
        """What the command line dates now, the register may be told of an earlier moment."""
        complaint = self._named(which, kind.value)
        at = self._moment(when, complaint)
        detail: dict[str, Any] = {"outcome": "refund"} if kind is Kind.AMENDED else {"note": "seen"}
        moment = self.model.settled(complaint, kind.value, at)
        refused = self.model.refuses(complaint, kind.value, moment, detail)

        def record() -> Result:
            utc = moment.replace(tzinfo=BEIJING).astimezone(UTC)
            now = self.model.now.replace(tzinfo=BEIJING).astimezone(UTC)
            try:
                with open_register(self.clerk.db) as register, recording(register, now, "clerk") as recorder:
                    recorder.record(Work(complaint, (Proposal(kind, Moment(utc, utc, False), detail),)))
            except DealtrackError as error:
                return Result(error.exit_code, "", f"{error}\n")
            return Result(0, "", "")

        self._command(f"{kind.value} (register)", refused, record)
        if not refused:
            self.model.tell(complaint, kind.value, moment, detail)
        self._looks_right()

    @rule(which=PICK, place=st.one_of(st.none(), st.integers(0, 12)))
    def void(self, which: int, place: int | None) -> None:
        complaint = self._named(which)
        history = self.model.history(complaint)
        words: list[object] = [complaint, "--reason", "slip"]
        gone = {entry.detail["seq"] for entry in history if entry.kind == "voided"}
        stay = [entry.seq for entry in history if entry.kind != "voided" and entry.seq not in gone]
        seq = max(stay, default=0)
        if place is not None:
            # Any entry of the complaint, also one that voids or is voided, and one of another.
            seqs = [*(entry.seq for entry in history), 1]
            seq = seqs[place % len(seqs)]
            words += ["--seq", seq]
        detail = {"seq": seq}
        refused = self.model.refuses(complaint, "voided", self.model.now, detail)
        self._command("void", refused, self.clerk.__call__, "void", *words)
        if not refused:
            self.model.tell(complaint, "voided", self.model.now, detail)
        self._looks_right()

    # The register's own

    @precondition(lambda self: len(self.model.calendars) < 4 and self.model.last)
    @rule(ahead=st.integers(-15, 30), length=st.integers(1, 3), how=st.sampled_from(("off", "off", "worked", "plain")))
    def revise_the_calendar(self, ahead: int, length: int, how: str) -> None:
        first = self.model.now.date() + ahead * DAY
        days = [first + place * DAY for place in range(length)]
        name = f"amendment {len(self.model.calendars)}"
        span = f"{first}..{days[-1]}" if length > 1 else str(first)
        before = {key: (run.due, run.provisional, run.ended) for key, run in self._all_runs()}
        words = ("calendar", "amend", span, f"--{how}", "--name", name, "--source", "notice")
        shown = self._command("calendar amend (preview)", None, self.clerk.__call__, *words)
        done = self._command("calendar amend", False, self.clerk.__call__, *words, "--yes")
        old = self.model.calendars[-1]
        self.model.revise(days, how)
        new = self.model.calendars[-1]
        moved = {
            key[:2]
            for key, run in self._all_runs()
            if before[key][2] is None and before[key][:2] != (run.due, run.provisional)
        }
        told = _moved(done.out)
        assert told == moved == _moved(shown.out), (old, new)
        self._tells_who_would_be_judged_otherwise(done.out)
        self._looks_right()
        for place in range(-1, length + 4):
            self._view(datetime.combine(first + place * DAY, time()), None, 1)

    def _tells_who_would_be_judged_otherwise(self, out: str) -> None:
        """Those whom just this revision would judge otherwise are told, and none that the present calendar would not."""
        before, after = self.model.calendars[-2:]
        lines = re.findall(r"complaint (\d+) ([\w-]+): ended ([\w ]+), would now be ([\w ]+);", out)
        told = {(id_, name, VERDICTS.get(old, old), VERDICTS.get(new, new)) for id_, name, old, new in lines}
        may: set[tuple[str, str, str, str]] = set()
        must = set(may)
        for complaint in range(1, self.model.last + 1):
            history = self.model.history(complaint)
            runs = self.model.runs(history, None)
            by_old, by_new = self.model.runs(history, None, before), self.model.runs(history, None, after)
            for run, old_run, new_run in zip(runs, by_old, by_new, strict=True):
                if run.ended is None:
                    continue
                stands, was, would = (each.verdict(run.ended) for each in (run, old_run, new_run))
                line = (str(complaint), run.rule.name, stands, would)
                may |= {line} if stands != would else set()
                must |= {line} if stands != would and was != would else set()
        assert must <= told <= may

    @precondition(lambda self: len(self.model.calendars) > 1 and len(self.model.judged_anew) < 2)
    @rule()
    def judge_anew(self) -> None:
        before = {key: run.verdict(run.ended) for key, run in self._all_runs() if run.ended}
        done = self._command("recheck --include-closed", False, self.clerk.__call__, "recheck", "--include-closed")
        self.model.judge_anew()
        after = {key: run.verdict(run.ended) for key, run in self._all_runs() if run.ended}
        changed = sorted((str(key[0]), key[1], told, after[key]) for key, told in before.items() if after[key] != told)
        lines = re.findall(r"complaint (\d+) ([\w-]+): ([\w ]+) -> ([\w ]+)$", done.out, re.MULTILINE)
        assert (
            sorted(
                (*names, *(VERDICTS.get(word, word) for word in words))
                for names, words in ((line[:2], line[2:]) for line in lines)
            )
            == changed
        )
        self._looks_right()

    @precondition(lambda self: self.model.seq % 5 == 0)
    @rule()
    def rebuild(self) -> None:
        before = _dump(self.clerk.db)
        self._command("recheck --rebuild", None, self.clerk.__call__, "recheck", "--rebuild")
        assert _differing(before, _dump(self.clerk.db)) == []

    @rule(
        back=st.one_of(st.none(), st.integers(0, 15 * 86_400)),
        known=st.one_of(st.none(), st.integers(0, 15 * 86_400)),
        edge=st.one_of(st.none(), st.tuples(st.integers(0, 40), st.sampled_from((-1, 0, 1)))),
        days=st.integers(1, 3),
    )
    def look_back(self, back: int | None, known: int | None, edge: tuple[int, int] | None, days: int) -> None:
        moment = None if back is None else self.model.now - timedelta(seconds=back)
        if edge is not None:
            edges = self._edges()
            moment = edges[edge[0] % len(edges)] + edge[1] * SECOND if edges else moment
        by_then = None if known is None else self.model.now - timedelta(seconds=known)
        COUNTS["look back"] += 1
        self._view(moment, by_then, days)

    # Checking

    def _tick(self, step: timedelta) -> None:
        self.model.now += step
        self.clerk.now = self.model.now.replace(tzinfo=BEIJING).isoformat()
        self._looks_right()

    def _looks_right(self) -> None:
        self._view(None, None, 1)
        # As known at the last entry but some, and as it stood at a telling moment; both differ from step to step.
        told, edges = self.model.entries, self._edges()
        if told:
            self._view(None, told[-1 - self.model.seq % min(6, len(told))].recorded, 1)
            self._view(edges[self.model.seq * 7 % len(edges)] + self.model.seq % 2 * SECOND, None, 1)
        if self.model.last:
            self._portrait(1 + self.model.seq % self.model.last)

    def _view(self, moment: datetime | None, known: datetime | None, days: int) -> None:
        options: list[str] = []
        for name, value in (("--as-of", moment), ("--known-at", known)):
            if value is not None:
                options += [name, _typed(value)]
        seen_at = moment or known
        model = self.model
        until = model.until(days, seen_at or model.now, known)
        within = f"{days}wd"
        for words, expected in (
            (("list",), model.records(seen_at, known)),
            (("overdue",), model.watched("overdue", seen_at, known)),
            (("due", "--within", within), model.watched("running", seen_at, known, until)),
        ):
            COUNTS[f"{words[0]} compared"] += 1
            told = self.clerk(*words, "--format", "json", *options).ok()
            found = _plain(json.loads(told))
            assert found == expected, (words, options, _unlike(found, expected))

    def _portrait(self, complaint: int) -> None:
        model = self.model
        history = model.history(complaint)
        told = self.clerk("show", complaint, "--format", "json")
        shown = [held for held in model.records() if held["id"] == complaint]
        if not shown:
            assert told.status == 2
            return
        portrait = _plain(json.loads(told.ok()))
        assert [entry["seq"] for entry in portrait["history"]] == [entry.seq for entry in history]
        runs = model.runs(history, None)
        assert [
            (c["clock"], c["round"], c["started"], c["due"], c["ended"], c["verdict"], c["calendar_revision"])
            for c in portrait["clocks"]
            if c["started"]
        ] == [(r.rule.name, r.round, r.started, r.due, r.ended, r.verdict(model.now), r.revision) for r in runs]

    def _stands_on_its_journal(self) -> None:
        self.clerk("verify").ok()
        told = self.watching.execute("SELECT id, first_contact FROM complaint WHERE status <> 'voided' ORDER BY id")
        lives = self.model.shown(None, None)
        assert told.fetchall() == [(complaint, life.first_contact) for complaint, life, _ in lives]
        before = _dump(self.clerk.db)
        self.clerk("recheck", "--rebuild").ok()
        assert _differing(before, _dump(self.clerk.db)) == []

    # Doing

    def _command(self, name: str, refused: bool | None, run: Callable[..., Result], *words: object) -> Result:
        """Run a command; one that is refused, or `None` only looks, must leave the register's file as it was."""
        before = self._stamp()
        done = run(*words)
        outcome = {None: "looks", True: "refused", False: "done"}[refused]
        COUNTS[f"{name}: {outcome}"] += 1
        if refused:
            assert done.status == 2, (words, done)
            assert done.out == "" and 1 <= done.err.count("\n") <= 2
        else:
            assert done.status == 0, (words, done)
        if refused or (refused is None and "rebuild" not in name):
            assert self._stamp() == before, words
        return done

    def _stamp(self) -> tuple[object, ...]:
        """Return what changes with anything that another connection commits."""
        (stamp,) = self.watching.execute("PRAGMA data_version").fetchone()
        return stamp, *self.watching.execute("SELECT count(*), max(seq) FROM transition").fetchone()

    def _tell(
        self,
        command: str,
        kind: str,
        which: list[int],
        when: tuple[str, int, int] | None,
        words: Any = (),
        detail: dict[str, Any] | None = None,
        named: bool = False,
    ) -> None:
        complaints = list(dict.fromkeys(each if named else self._named(each, kind) for each in which))
        at = self.model.now if when is None else self._moment(when, complaints[0])
        moments = [self.model.settled(complaint, kind, at) for complaint in complaints]
        told = detail or {}
        refused = any(self.model.refuses(c, kind, m, told) for c, m in zip(complaints, moments, strict=True))
        dated = () if when is None else ("--at", _typed(at))
        name = command if len(which) == 1 else f"{command} (several)"
        self._command(name, refused, self.clerk.__call__, command, *complaints, *words, *dated)
        if not refused:
            for complaint, moment in zip(complaints, moments, strict=True):
                self.model.tell(complaint, kind, moment, told)
        self._looks_right()

    def _limit(self, policy: str, clock: int, ahead: int, ends: bool) -> tuple[list[str], dict[str, Any]]:
        """Return the words that state a limit, and what the journal then says of it."""
        names = sorted({rule.name for _, rules in POLICIES[policy] for rule in rules})
        name = [*names, "answer"][clock % (len(names) + 1)]
        limit = self.model.now + ahead * SECOND
        typed = _typed(limit.date() if ends else limit)
        if ends:
            limit = datetime.combine(limit.date(), time(23, 59, 59))
        return ["--limit", f"{name}={typed}"], {name: limit}

    def _named(self, which: int, kind: str = "") -> int:
        """Return a complaint, mostly one that allows this kind of entry, now and then one that is not there."""
        last = self.model.last
        if which >= 12 or not last:
            return last + 1
        fit = [c for c in range(1, last + 1) if kind and live(self.model.history(c)).status in TABLE[kind]]
        return fit[which % len(fit)] if fit and which % 4 else 1 + which % last

    def _moment(self, when: tuple[str, int, int], complaint: int | None = None) -> datetime | date:
        how, amount, beside = when
        now = self.model.now
        if how == "day":
            return now.date() - amount * DAY
        if how == "edge":
            edges = [edge for edge in self._edges(complaint) if edge <= now][-8:]
            return edges[-1 - amount % len(edges)] + beside * SECOND if edges else now
        return now + timedelta(seconds=amount if how == "ahead" else -amount)

    def _edges(self, of: int | None = None) -> list[datetime]:
        """Return the moments at which something changes, of one complaint or all: entries and deadlines."""
        told = self.model.entries if of is None else self.model.history(of)
        runs = [run.due for (complaint, *_), run in self._all_runs() if run.due and of in (None, complaint)]
        return sorted({*runs, *(entry.at for entry in told)})

    def _all_runs(self) -> Iterator[tuple[tuple[int, str, int], Any]]:
        for complaint in range(1, self.model.last + 1):
            for run in self.model.runs(self.model.history(complaint), None):
                yield (complaint, run.rule.name, run.round), run


def _moved(out: str) -> set[tuple[int, str]]:
    """Return the clocks that a revision says it moves; no complaint here runs the same clock twice at once."""
    found = re.findall(r"^complaint (\d+) ([\w-]+): (?!ended).* -> ", out, re.MULTILINE)
    return {(int(complaint), name) for complaint, name in found}


def _typed(at: datetime | date) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if isinstance(at, datetime) else f"{at:%Y-%m-%d}"


def _plain(told: Any) -> Any:
    """Return records with their moments as naive local time."""
    if isinstance(told, dict):
        return {key: _plain(value) for key, value in told.items()}
    if isinstance(told, list):
        return [_plain(value) for value in told]
    if isinstance(told, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00", told):
        return datetime.fromisoformat(told[:-6])
    return told


def _unlike(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[Any]:
    """Return where two lists of records differ: what was found, what was expected."""
    if [record["id"] for record in found] != [record["id"] for record in expected]:
        return [found, expected]
    pairs = zip(found, expected, strict=True)
    return [
        (one["id"], key, one.get(key, "?"), other.get(key, "?"))
        for one, other in pairs
        for key in {**one, **other}
        if one.get(key, "?") != other.get(key, "?")
    ]


def _dump(path: Path) -> dict[str, list[Any]]:
    """Return every row of every table."""
    with closing(sqlite3.connect(path)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return {table: list(db.execute(f'SELECT * FROM "{table}"')) for table in tables}


def _differing(before: dict[str, list[Any]], after: dict[str, list[Any]]) -> list[Any]:
    return [
        (table, [row for row in rows if row not in after[table]], [row for row in after[table] if row not in rows])
        for table, rows in before.items()
        if rows != after[table]
    ]


def test_a_register_agrees_with_the_plain_model(made_register: Path) -> None:
    Registers.made = made_register
    COUNTS.clear()
    run_state_machine_as_test(
        Registers,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize="DEALTRACK_STATEFUL" not in os.environ,
            suppress_health_check=list(HealthCheck),
        ),
    )
    for name, count in sorted(COUNTS.items()):
        print(f"{count:7} {name}")
    done = sum(count for name, count in COUNTS.items() if "compared" not in name)
    print(f"{done:7} steps in all")
    assert done > EXAMPLES


@pytest.mark.parametrize("year", [2016, 2017, 2026])
def test_the_models_rest_days_are_those_of_another_library(year: int) -> None:
    months = {2016: (9, 12), 2017: (1, 6), 2026: (1, 12)}[year]
    model = Model(datetime(year, 1, 1), (set(), set()), 1)
    day = date(year, months[0], 1)
    while day.year == year and day.month <= months[1]:
        assert model.calendars[0].worked(day) == chinese_calendar.is_workday(day), day
        day += DAY
