"""The nation's register: its journal seals those of all offices, and its check holds them against the seals.

An office's chain tells that an entry was changed, unless whoever changed it computed all later hashes anew, or cut the
last entries off, for which he must be a superuser of the server. The hash of an entry that was sealed tells that too.
"""

from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import NamedTuple

from dealtrack.core.clocks import Verdict, verdict, verdict_of_run
from dealtrack.core.moments import to_store
from dealtrack.core.runs import End
from dealtrack.core.standing import Lateness, Standing
from dealtrack.phrase import Phrase
from dealtrack.register import journal
from dealtrack.register.address import NATION
from dealtrack.register.engine import Database, SealCheck, SelectStatement
from dealtrack.register.journal import Event
from dealtrack.register.postgres import comparison
from dealtrack.register.postgres.office_reader import OfficeReader, check_moments
from dealtrack.register.postgres.rights import VIEWED_TABLES, view_name
from dealtrack.register.postgres.values import quoted
from dealtrack.register.projection import clock_of, complaint_of
from dealtrack.register.queries import (
    CLOCK,
    COMPLAINT,
    COMPLAINT_WIDTH,
    IS_OPEN,
    Filter,
    View,
    complaint_with_clocks,
    conditions,
)
from dealtrack.register.recorder import Recorder
from dealtrack.register.register import Register
from dealtrack.register.store import Store

Heads = dict[str, tuple[int, str]]
"""The last entry of each office's journal, by the office: its number, and its hash in hexadecimal."""


def heads_of_offices(offices: OfficeReader) -> Heads:
    """Return the last entry of each office's journal, of one that cannot be read the one that was sealed last."""
    last = "SELECT {name}, seq, encode(hash, 'hex') FROM {schema}.transition ORDER BY seq DESC LIMIT 1"
    heads = {office: (seq, hash_) for office, seq, hash_ in offices.rows(last)}
    sealed = last_seal(offices.database)
    return heads | {office: sealed[office] for office in offices.faults.keys() & sealed.keys()}


def seal(recorder: Recorder, heads: Heads) -> bool:
    """Record the heads of all offices in the nation's journal; tell whether that was done, as one had changed."""
    if heads == last_seal(recorder.register.database):
        return False
    recorder.event(Event.SEALED, {"heads": {office: [*head] for office, head in heads.items()}})
    return True


def last_seal(database: Database) -> Heads:
    """Return the heads that were sealed last; none before the first seal."""
    row = database.row(
        f"SELECT {journal.COLUMNS} FROM transition WHERE complaint IS NULL AND kind = ? ORDER BY seq DESC LIMIT 1",
        (Event.SEALED.value,),
    )
    return _heads(journal.entry_of(row)) if row else {}


def _heads(entry: journal.Entry) -> Heads:
    return {office: (seq, hash_) for office, (seq, hash_) in entry.detail["heads"].items()}


def broken_since_last(offices: OfficeReader) -> list[Phrase]:
    """Return which offices' journals do not hold what was sealed last: a look at one entry of each.

    At last that the nation's views are missing, as they go with an office that is dropped.
    """
    heads = last_seal(offices.database)
    same_entry = "SELECT {name} FROM {schema}.transition WHERE seq = ? AND encode(hash, 'hex') = ?"
    whole = {office for (office,) in offices.rows(same_entry, lambda office: heads.get(office, (0, "")))}
    faults = [
        Phrase(
            "office {office}: entry {seq} is no longer as it was sealed; 'dealtrack verify' with the national register "
            "shows more",
            office=office,
            seq=heads[office][0],
        )
        for office in sorted(heads.keys() - whole - offices.faults.keys())
    ]
    views = "SELECT count(*) FROM pg_views WHERE schemaname = ? AND viewname = ANY(?)"
    ((count,),) = offices.database.rows(views, (NATION, [view_name(table) for table in VIEWED_TABLES]))
    if offices.names and count < len(VIEWED_TABLES):
        faults.append(
            Phrase("the views over all offices are missing: the server administrator runs 'dealtrack office upgrade'")
        )
    return faults


def check_seals(register: Store) -> SealCheck:
    """Return what is wrong with each office's chain and its guards, and where it does not hold what was ever sealed."""
    database = register.database
    sealed: dict[str, dict[int, str]] = {}
    for entry in journal.events(database, [Event.SEALED]):
        for office, (seq, hash_) in _heads(entry).items():
            # Where two seals differ, one of them differs from the journal too: the earlier one is the older witness.
            sealed.setdefault(office, {}).setdefault(seq, hash_)
    offices = OfficeReader(database)
    faults: list[str] = [
        Phrase("office {office}: its register was sealed, and is gone or closed to your login", office=office)
        for office in sorted(sealed.keys() - {*offices.present})
    ]
    for office in offices.present:
        has_schema = office in offices.names
        # Whatever its version, the journal is the same.
        with offices.reading(office):
            of_office = [*_journal_faults(database, office, sealed.get(office, {}))]
            of_office += comparison.schema_faults(database, office) if has_schema else []
            faults += (office_fault(office, fault) for fault in of_office)
    return SealCheck(faults, [office_fault(*fault) for fault in offices.faults.items()])


def office_fault(office: str, fault: str) -> Phrase:
    """Return what is wrong with an office, as a phrase that names it."""
    return Phrase("office {office}: {fault}", office=office, fault=fault)


def _journal_faults(database: Database, office: str, sealed: dict[int, str]) -> Iterator[str]:
    journal_of_office = f"{quoted(office)}.transition"
    hashes, ((broken,),), ((last,),) = database.trip(
        (
            SelectStatement(
                f"SELECT seq, encode(hash, 'hex') FROM {journal_of_office} WHERE {database.dialect.among('seq')}",
                (database.listed(sealed),),
            ),
            SelectStatement(f"SELECT {quoted(office)}.first_break()"),
            SelectStatement(f"SELECT coalesce(max(seq), 0) FROM {journal_of_office}"),
        )
    )
    if broken is not None:
        yield Phrase("the journal was altered at entry {seq}", seq=broken)
    kept: dict[int, str] = dict(hashes)
    for seq in sorted(sealed):
        if seq > last:
            yield Phrase(
                "the journal ends at entry {last}, but entry {seq} was sealed: its last entries were cut off",
                last=last,
                seq=seq,
            )
            break
        if kept.get(seq) != sealed[seq]:
            first = max([each for each in sealed if each < seq], default=0) + 1
            yield Phrase(
                "the journal was rewritten: entry {seq} or one before it, from {first} on, is not as it was sealed",
                seq=seq,
                first=first,
            )
            break


class OfficeFigures(NamedTuple):
    """What an office made of complaints: how many, how many are open, and the runs of one clock by their verdicts.

    `on_time_rate` is the part of those on time of the runs that ended or are past their deadline, those that were
    cancelled aside; None without any. `clock` is None for an office without a run.
    """

    office: str
    complaints: int
    open: int
    clock: str | None
    on_time: int
    done_late: int
    open_late: int
    on_time_rate: float | None


# A summary is text that somebody wrote, and what an import is known by is made of one.
_COMPLAINT = COMPLAINT.replace("c.summary", "NULL").replace("c.import_key", "NULL")


def clock_names(offices: OfficeReader) -> list[str]:
    """Return the names of all clocks that complaints of offices ever had."""
    rows = offices.rows("SELECT {name}, k.name FROM {schema}.clock k GROUP BY 2")
    return sorted({name for _, name in rows})


def complaints(offices: OfficeReader, register: Register, query: Filter, view: View) -> Iterator[tuple[str, Standing]]:
    """Yield the complaints that a filter chooses of all offices, each with its office, by office and id, as they stand.

    They have no summaries. A clock that has not begun is expected by the calendar and the policies of the nation's
    register, and left out where it does not have the policy. A row that cannot be read is left out.
    """
    condition, values = conditions(query, offices.database)
    for office in offices.names:
        schema = quoted(office)
        select = (
            f"SELECT {_COMPLAINT}, {CLOCK} FROM {schema}.complaint c LEFT JOIN {schema}.clock k ON k.complaint = c.id "
            f"WHERE {condition} ORDER BY c.id, k.name, k.round"
        )
        with offices.reading(office):
            for _, rows in groupby(offices.database.stream(select, values), key=itemgetter(0)):
                with offices.reading(office):
                    complaint, runs = complaint_with_clocks(list(rows))
                    check_moments(chain(complaint, *runs))
                    if complaint.policy in register.policies:
                        yield office, register.standing(complaint, runs, view)
                    else:
                        latest = {run.name: run for run in runs}
                        yield office, Standing(complaint, tuple(latest.values()), view.moment, tuple(runs))


def overdue(offices: OfficeReader, register: Register, query: Filter, view: View) -> Iterator[tuple[str, Lateness]]:
    """Yield the overdue clocks of all offices, each with its office, the earliest deadline first, as they stand now.

    Days late are counted by the calendar of the nation's register. A row that cannot be read is left out.
    """
    condition, values = conditions(query, offices.database)
    running = (
        f"SELECT {{name}}, {_COMPLAINT}, {CLOCK} FROM {{schema}}.clock k "
        "JOIN {schema}.complaint c ON c.id = k.complaint "
        f"WHERE k.ended_at IS NULL AND k.due_at IS NOT NULL AND k.due_at <= ? AND {condition}"
    )
    late = []
    for office, *row in offices.rows(running, lambda _: [to_store(view.moment), *values]):
        with offices.reading(office):
            complaint, clock = complaint_of(row[:COMPLAINT_WIDTH]), clock_of(row[COMPLAINT_WIDTH:])
            check_moments((*complaint, *clock))
            if clock.due is not None and verdict(clock, view.moment) is Verdict.OVERDUE:
                late.append((clock.due, office, complaint.id, clock.name, clock.round, complaint, clock))
    for _, office, *_, complaint, clock in sorted(late, key=itemgetter(0, 1, 2, 3, 4)):
        with offices.reading(office):
            yield office, register.lateness(complaint, clock, view)


def figures(offices: OfficeReader, query: Filter, view: View) -> list[OfficeFigures]:
    """Return what each office made of the complaints that a filter means, by office and clock, as they stand now."""
    condition, values = conditions(query, offices.database)
    counted = (
        f"SELECT {{name}}, count(*), count(*) FILTER (WHERE {IS_OPEN}) FROM {{schema}}.complaint c WHERE {condition}"
    )
    is_late = "CASE WHEN k.ended_at IS NULL THEN k.due_at < ? ELSE k.ended_at > k.due_at END"
    runs = (
        f'SELECT {{name}}, k.name, k."end", {is_late}, count(*) FROM {{schema}}.clock k '
        f"JOIN {{schema}}.complaint c ON c.id = k.complaint WHERE {condition} GROUP BY 2, 3, 4"
    )
    totals = {office: (total, open_) for office, total, open_ in offices.rows(counted, lambda _: values)}
    verdicts: dict[str, dict[str, dict[Verdict, int]]] = {office: {} for office in offices.names}
    for office, name, end, past, total in offices.rows(runs, lambda _: [to_store(view.moment), *values]):
        of_clock = verdicts[office].setdefault(name, dict.fromkeys(Verdict, 0))
        with offices.reading(office):
            of_clock[verdict_of_run(End(end) if end else None, None if past is None else bool(past))] += total
    by_office = []
    for office in offices.names:
        none: list[str | None] = [None]
        for clock in sorted(verdicts[office]) or none:
            of_clock = verdicts[office][clock] if clock else {}
            decided = [of_clock.get(each, 0) for each in (Verdict.MET, Verdict.MISSED, Verdict.OVERDUE)]
            met, missed, late = decided
            rate = round(met / sum(decided), 4) if any(decided) else None
            by_office.append(OfficeFigures(office, *totals[office], clock, met, missed, late, rate))
    return by_office
