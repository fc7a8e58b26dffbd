"""Commands about policies."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dealtrack import settings
from dealtrack.cli.language import _, _n, heading, say, say_field
from dealtrack.cli.options import Format, ViewTimes, argument, flag, option, read_policy
from dealtrack.cli.output import FOR_PROGRAMS, check_word, next_line, print_records
from dealtrack.cli.revisions import show_moved, show_otherwise
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import aligned_lines, print_line, tell, tell_fields, terminal_width, warn, wrap_text
from dealtrack.core.clocks import LATE, Verdict
from dealtrack.core.day_times import parse_day
from dealtrack.core.moments import show_moment
from dealtrack.core.policy import Policy, check_office_hours, differences, is_among, version_for
from dealtrack.core.policy_text import clock_words, headings, last_days
from dealtrack.core.text import safe_text
from dealtrack.errors import BAD_INPUT, BadPolicyFile, RegisterMissing
from dealtrack.phrase import listed
from dealtrack.register.register import Register
from dealtrack.register.revisions import Preview, TextChange, correct, preview_correction
from dealtrack.sources.policies import policy_names
from dealtrack.sources.toml_files import as_path

if TYPE_CHECKING:
    from dealtrack.reports.trial import Basis, Trial, VerdictChanges

VERDICT_TITLES = ("verdict", "then", "now", "change")
GROUP_TITLES = ("missed then", "missed now", "overdue then", "overdue now", "now late", "no longer late")
PolicyName = Annotated[str, argument("FILE_OR_NAME", "Policy file, or the name of a bundled policy or your own.")]


def _register_policies(session: Session) -> tuple[dict[str, list[Policy]], str]:
    """Return the policies that the register has taken in, and its default; both empty where there is no register."""
    try:
        with session.register() as register:
            return dict(register.policies), register.facts["policy"]
    except RegisterMissing:
        return {}, ""


def list_(session: Session, fmt: Format) -> None:
    """List available policies and those the register uses."""
    own, _default = _register_policies(session)
    names = dict.fromkeys([*policy_names(settings.data_folder(), settings.user_folder()), *own])
    records: list[dict[str, Any]] = []
    faults: list[str] = []
    for name in sorted(names):
        try:
            versions = own.get(name) or read_policy(name)
        except BadPolicyFile as error:
            faults.append(error.message(translate=_))
            continue
        days = ", ".join(version.in_force.isoformat() for version in versions)
        clocks = ", ".join(clock.name for clock in versions[-1].clocks)
        title, taken_in = versions[-1].title, name in own
        records.append({"name": name, "title": title, "in_force": days, "clocks": clocks, "taken_in": taken_in})
    print_records(records, fmt=fmt, zone=UTC)
    for fault in faults:
        warn(fault)
    if faults:
        raise typer.Exit(BAD_INPUT)


def show(
    session: Session,
    name: Annotated[str, argument("[FILE_OR_NAME]", "Policy or policy file [default: the register's].")],
    fmt: Format,
) -> None:
    """Show a policy: versions, dates in force, authority, source and deadlines."""
    own, default = _register_policies(session)
    name = name or default or "green-channel"
    filed, is_file = _filed(name, own), as_path(name) is not None
    own_versions = own.get(filed[0].name, [])
    # Those of a file that is named by its path are shown as it has them; else the register's go before a file's.
    by_day = {version.in_force: version for version in (*filed, *own_versions)}
    versions = filed if is_file else [by_day[day] for day in sorted(by_day)]
    records = [{**version.to_data(), "taken_in": is_among(version, own_versions)} for version in versions]
    if fmt in ("json", "jsonl"):
        print_records(records, fmt=fmt, zone=UTC)
    elif fmt == "csv":
        wholes = [version.to_data() for version in versions]
        rows = [{**whole, "clock": clock.pop("name"), **clock} for whole in wholes for clock in whole.pop("clocks")]
        # A key that is named only where it says something may stand in a later row alone.
        print_records(rows, list(dict.fromkeys(chain.from_iterable(rows))), fmt, zone=UTC)
    else:
        shown, stated = own_versions if default else versions, [] if is_file else filed
        for line in _lines(versions, shown, stated, terminal_width(sys.stdout)):
            print(line)


def _filed(name: str, own: Mapping[str, list[Policy]]) -> list[Policy]:
    """Return the versions of a policy's file, else of the register; raises UnknownPolicy or BadPolicyFile."""
    own_versions = own.get(name.lower(), [])
    has_file = name.lower() in policy_names(settings.data_folder(), settings.user_folder())
    return own_versions if own_versions and not has_file else read_policy(name)


def _lines(
    versions: Sequence[Policy], own_versions: Sequence[Policy], filed: Sequence[Policy], room: int | None
) -> Iterator[str]:
    """Yield a policy in words for a terminal of `room` columns, None for any width; `filed` is what its file says."""
    yield from wrap_text(f"{versions[-1].name}{_(': ')}{_(versions[-1].title)}", room)
    paragraphs = []
    for place, (version, last) in enumerate(zip(versions, last_days(versions), strict=True)):
        heading = headings(version, last, judges_earlier=place == 0 and len(versions) > 1)
        rows = [(say(label), say(text)) for label, text in heading]
        if not is_among(version, own_versions):
            state = _("not adopted: adopt it with 'dealtrack policy adopt', or try it with 'policy try'")
            rows.insert(1, (_("register"), state))
        elif filed and not is_among(version, filed):
            text = _("differs from the bundled text: 'dealtrack policy adopt {name} --corrected' shows what would move")
            rows.insert(1, (_("register"), text.format(name=version.name)))
        paragraphs.append([*rows, *((_(clock.name), say(clock_words(clock))) for clock in version.clocks)])
    others = [(_("register"), ""), *chain.from_iterable(paragraphs)]
    for rows in paragraphs:
        yield ""
        yield from aligned_lines(rows, room, others)


def try_(
    session: Session,
    name: PolicyName,
    by: Annotated[str, option("GROUP", "Group by platform, category or month.")],
    in_force: Annotated[
        str, option("DAY", "Apply the version in force on this date [default: on the date of receipt].")
    ],
    times: ViewTimes,
    fmt: Format,
) -> None:
    """Try a policy on all complaints and show what would change; writes nothing."""
    from dealtrack.reports.trial import GROUPS, Basis, group_by, try_policy

    if by:
        check_word("--by", by, GROUPS)
    versions = _filed(name, _register_policies(session)[0])
    with session.reading(*times) as (register, view):
        check_office_hours(versions, register.calendar_in(view).rules)
        zone = register.zone
        judging = [version_for(versions, parse_day(in_force, session.now, zone))] if in_force else versions
        basis = Basis(register.calendar_at(view.known_at), zone, view.moment)
        histories = filter(None, map(view.seen, map(register.named, register.histories())))
        # What ended under an earlier text of a policy stands as it was judged then.
        project = partial(register.project, known_at=view.known_at) if register.corrections else None
        trial = try_policy(histories, judging, register.policy_of, basis, group_by(by, zone), project)
        _print_trial(trial, versions[-1], by, basis, fmt)
    latest = versions[-1]
    if trial.complaints and not in_force and latest not in trial.versions:
        line = _(
            "No complaint was received since {day}, when the latest version comes into force; to apply it to "
            "all, use --in-force {day}."
        )
        warn(line.format(day=latest.in_force.isoformat()))


def _print_trial(trial: "Trial", policy: Policy, by: str, basis: "Basis", fmt: str) -> None:
    """Print a trial: sentences and tables, or records for csv, json and jsonl."""
    from dealtrack.reports.trial import changes_by_clock, record_keys, records, sentences

    if fmt in FOR_PROGRAMS:
        print_records(records(trial, by), record_keys(by), fmt, zone=basis.zone)
        return
    count = _n("{count:,} complaint", "{count:,} complaints", trial.complaints)
    moment, title = show_moment(basis.moment, basis.zone), _(policy.title)
    line = _("policy {name} ({title}) tried on {count}, as of {moment}; nothing was written")
    print_line(line.format(name=policy.name, title=title, count=count, moment=moment))
    if trial.refused:
        print_line(_("extensions not allowed by this policy, left out: {count:,}", count=trial.refused))
    texts = sentences(trial)
    as_table = fmt == "table" or (not fmt and sys.stdout.isatty())
    for name, changes in changes_by_clock(trial).items():
        print()
        print_line(say(texts[name]))
        _draw(VERDICT_TITLES, _verdict_rows(changes, as_table), as_table)
        if by:
            print()
            title = _("{clock} by {group}", clock=_(name), group=heading(by))
            _draw((title, *GROUP_TITLES), _group_rows(trial, name, by, as_table), as_table)


def _verdict_rows(changes: "VerdictChanges", as_table: bool) -> Iterator[tuple[str, ...]]:
    for verdict in Verdict:
        then, now = changes.then(verdict), changes.now(verdict)
        if then or now:
            change = f"{now - then:+,}" if now != then else "0"
            yield say_field("verdict", verdict) if as_table else verdict.value, f"{then:,}", f"{now:,}", change


def _group_rows(trial: "Trial", name: str, by: str, as_table: bool) -> Iterator[tuple[str, ...]]:
    from dealtrack.reports.trial import changes_by_group

    groups = list(changes_by_group(trial, name).items())
    if by != "month":
        groups.sort(key=lambda item: (-sum(item[1].change(verdict) for verdict in LATE), item[0]))
    for group, changes in groups:
        counts = [count for verdict in LATE for count in (changes.then(verdict), changes.now(verdict))]
        counts += [changes.now_late, changes.no_longer_late]
        yield safe_text(say_field(by, group) if as_table else group), *(f"{count:,}" for count in counts)


def _draw(titles: Sequence[str], rows: Iterable[Sequence[str]], as_table: bool) -> None:
    if as_table:
        from dealtrack.cli.table import Cell, Column, draw_whole

        columns = [
            Column(title, title, place, None if place else 8, right=place > 0) for place, title in enumerate(titles)
        ]
        draw_whole(columns, [list(map(Cell.of, row)) for row in rows])
    else:
        for row in (titles, *rows):
            tell_fields(row)


def adopt(
    session: Session,
    name: PolicyName,
    corrected: Annotated[bool, flag("Replace the text that the register has.")],
    yes: Annotated[bool, flag("Apply the correction without asking.")],
) -> None:
    """Add a policy to the register; --corrected replaces its text and first shows which deadlines move."""
    versions = read_policy(name)
    with session.register() as register:
        if corrected and versions[0].name in register.policies:
            _adopt_corrected(session, register, versions, yes)
            return
        with session.recording(register) as recorder:
            days = [version.in_force for version in versions if recorder.take_in(version)]
    for version in versions:
        state = _("added to the register") if version.in_force in days else _("already in the register")
        line = _("policy {name}, in force from {day}: {state}")
        print_line(line.format(name=version.name, day=version.in_force.isoformat(), state=state))
    if days:
        text = _(
            "It applies to complaints recorded from now on and received while it is in force; earlier complaints "
            "keep their version."
        )
        tell(text)
        session.advise(next_line(f"dealtrack add --policy {versions[-1].name}"))


def _adopt_corrected(session: Session, register: Register, versions: Sequence[Policy], yes: bool) -> None:
    """Put versions in place of all that the register holds of their policy, once it was shown and agreed to."""
    name = versions[0].name
    correction = preview_correction(register, versions)
    if correction.is_empty:
        print_line(_("policy {name}: the register has this text already", name=name))
        return
    _show(correction, register.zone)
    if session.may_apply(_("Correct the policy?"), yes):
        with session.recording(register) as recorder:
            done = correct(recorder, versions)
        deadlines = _n("{count} deadline", "{count} deadlines", len(done.moved))
        line = _("policy {name} revision {revision}: {deadlines} moved")
        print_line(line.format(name=name, revision=register.policies[name][0].revision, deadlines=deadlines))


def _show(correction: Preview, zone: tzinfo) -> None:
    for change in correction.texts:
        for line in _text_lines(change):
            print_line(line)
    show_moved(correction.moved, zone)
    show_otherwise(correction.otherwise)


def _text_lines(change: TextChange) -> Iterator[str]:
    """Yield what becomes of the version of a day: a line on it, then one for each clock that it sets otherwise."""
    before, after = change.before, change.after
    if after is None:
        yield _("in force from {day}: version removed", day=change.day)
        return
    if before is None:
        yield _("in force from {day}: a new version", day=change.day)
    else:
        what = say(listed(differences(before, after)))
        yield _("in force from {day}: different text ({what})", day=change.day, what=what)
    if before is None or before.source != after.source:
        yield f"  {_('source')}{_(': ')}{_(after.source)}"
    names = dict.fromkeys(rule.name for policy in (before, after) if policy for rule in policy.clocks)
    for name in names:
        old, new = (policy.clock(name) if policy else None for policy in (before, after))
        if old != new:
            words = [say(clock_words(rule)) if rule else _("no deadline") for rule in (old, new)]
            yield f"  {_(name)}{_(': ')}{' -> '.join(words if before else words[1:])}"
