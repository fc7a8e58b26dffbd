"""Views for people and programs that read the register with tools of their own, such as Datasette.

Their times are local to the register's time zone, summer time included, whose offsets stand in rows beside them; their
verdicts are those of the moment at which they are read. Personal data is in none of them.
"""

from dealtrack.core.clocks import VERDICT_CASES
from dealtrack.core.runs import End

NOW = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"


def _offset(moment: str) -> str:
    return f"(SELECT seconds FROM zone_offset WHERE since <= {moment} ORDER BY since DESC LIMIT 1) || ' seconds'"


def _local(moment: str, form: str = "%Y-%m-%d %H:%M") -> str:
    return f"strftime('{form}', {moment}, {_offset(moment)})"


TODAY = _local(NOW, "%Y-%m-%d")

# A deadline at the last second of its day is that day; another one has its hour.
DUE = f"""k.due_day || CASE {_local("k.due_at", "%H:%M:%S")} WHEN '23:59:59' THEN ''
    ELSE {_local("k.due_at", " %H:%M")} END"""


def _condition(end: object, is_late: object) -> str:
    ends: dict[object, str] = {None: "k.ended_at IS NULL", **{each: f"k.\"end\" = '{each}'" for each in End}}
    late: dict[object, str] = {None: "k.due_at IS NULL", True: f"{'k.ended_at' if end else NOW} > k.due_at"}
    return " AND ".join(filter(None, (ends.get(end), late.get(is_late))))


_WHENS = "".join(f"    WHEN {_condition(*run)} THEN '{case}'\n" for case, *run in VERDICT_CASES[:-1])
VERDICT = f"CASE\n{_WHENS}    ELSE '{VERDICT_CASES[-1][0]}'\nEND"

LATEST = 'k."round" = (SELECT max(l."round") FROM clock l WHERE l.complaint = k.complaint AND l.name = k.name)'


def _due_of(clock: str) -> str:
    return f"(SELECT {DUE} FROM clock k WHERE k.complaint = c.id AND k.name = '{clock}' AND {LATEST})"


def _verdict_of(clock: str) -> str:
    """Return the verdict of a clock: of its last run, else projected, or cancelled where the complaint has closed."""
    return f"""coalesce(
    (SELECT {VERDICT} FROM clock k WHERE k.complaint = c.id AND k.name = '{clock}' AND {LATEST}),
    (SELECT CASE c.status WHEN 'closed' THEN 'cancelled' ELSE 'projected' END
     FROM policy p, json_each(p.definition, '$.clocks') rule
     WHERE p.name = c.policy AND p.in_force = c.policy_version AND json_extract(rule.value, '$.name') = '{clock}'))"""


# A first contact that is not known is stored as -1.
COMPLAINTS = f"""
CREATE VIEW complaints AS
SELECT c.id, c.number, c.platform, c.category, c.seller, c.status, c.owner, c.handler, c.policy,
{_local("c.received_at")} AS received,
{_local("c.accepted_at")} AS accepted,
{_local("c.forwarded_at")} AS forwarded,
{_local("coalesce(c.completed_at, c.withdrawn_at, c.rejected_at, c.merged_at)")} AS closed,
{_due_of("forward")} AS forward_due,
{_verdict_of("forward")} AS forward_verdict,
{_due_of("complete")} AS complete_due,
{_verdict_of("complete")} AS complete_verdict,
(SELECT group_concat(k.name || ' ' || {VERDICT}, ', ') FROM clock k
 WHERE k.complaint = c.id AND k.name NOT IN ('forward', 'complete') AND {LATEST}) AS other_clocks,
EXISTS (SELECT 1 FROM clock k WHERE k.complaint = c.id AND k.provisional AND {LATEST}) AS provisional,
c.outcome, CAST(c.amount AS REAL) AS amount, nullif(c.first_contact, -1) AS first_contact, c.reopenings,
c.backdated AS backdated_days, c.merged_into,
(SELECT group_concat(l.key || ' ' || {_local("l.value")}, ', ') FROM json_each(c.limits) l) AS limits, c.summary
FROM complaint c
WHERE c.status <> 'voided' AND c.received_at IS NOT NULL;
"""

CLOCKS = f"""
CREATE VIEW clocks AS
SELECT k.complaint, c.number, c.platform, c.category, c.owner, c.policy, k.name AS clock, k."round",
{_local("k.started_at")} AS started,
{DUE} AS due,
CASE WHEN k."end" <> 'unknown' THEN {_local("k.ended_at")} END AS ended,
{VERDICT} AS verdict,
k.provisional
FROM clock k JOIN complaint c ON c.id = k.complaint;
"""

WEEKEND = "(SELECT value FROM json_each((SELECT value FROM fact WHERE name = 'calendar'), '$.weekend'))"


def _number(day: str) -> str:
    """Return the number of a day in a count that begins on a Monday."""
    return f"CAST(julianday({day}) + 0.5 AS INTEGER)"


def _working_days(after: str, upto: str) -> str:
    """Return the working days after a day up to another, itself included: those of the weeks, corrected by rulings."""
    return f"""(SELECT sum(({_number(upto)} - value) / 7 - ({_number(after)} - value) / 7)
     FROM json_each('[0,1,2,3,4,5,6]') WHERE value NOT IN {WEEKEND})
    + (SELECT coalesce(sum(r.worked - ({_number("r.day")} % 7 NOT IN {WEEKEND})), 0)
       FROM calendar_ruling r WHERE r.day > {after} AND r.day <= {upto})"""


def _running(word: str, after: str, upto: str, condition: str) -> str:
    return f"""SELECT c.id, c.number, c.platform, c.category, c.status, c.owner, c.handler, k.name AS clock,
{DUE} AS due,
{_working_days(after, upto)} AS working_days_{word},
k.provisional, {_local("c.received_at")} AS received, c.summary
FROM clock k CROSS JOIN complaint c ON c.id = k.complaint
WHERE k.ended_at IS NULL AND k.due_at {condition} {NOW}
ORDER BY k.due_at;"""


OVERDUE = f"CREATE VIEW overdue AS\n{_running('late', 'k.due_day', TODAY, '<')}"
DUE_SOON = f"CREATE VIEW due AS\n{_running('left', TODAY, 'k.due_day', '>=')}"

# Of the register's own entries, which hold whole calendars and policies, the names alone are shown.
JOURNAL = f"""
CREATE VIEW journal AS
SELECT t.seq, coalesce(t.complaint, json_extract(t.detail, '$.complaint')) AS complaint, t.kind,
{_local("t.at")} AS at,
{_local("t.recorded_at")} AS recorded,
t.actor,
json_extract(t.detail, '$.note') AS note,
json_extract(t.detail, '$.reason') AS reason,
CASE WHEN t.complaint IS NULL THEN coalesce(json_extract(t.detail, '$.name'), json_extract(t.detail, '$.calendar.name'))
    ELSE nullif(json_remove(t.detail, '$.personal', '$.note', '$.reason', '$.policy_version', '$.import_key'), '{{}}')
END AS detail,
lower(hex(t.hash)) AS hash
FROM "transition" t;
"""

PLATFORMS = f"""
CREATE VIEW platforms AS
SELECT p.name, json_extract(p.definition, '$.green_channel') AS green_channel,
(SELECT group_concat(value, ', ') FROM json_each(p.definition, '$.channels')) AS channels,
{_local("(json_extract(p.definition, '$.last_check.at'))")} AS last_checked,
json_extract(p.definition, '$.last_check.by') AS checked_by,
json_extract(p.definition, '$.last_check.finding') AS finding,
(SELECT count(*) FROM complaint c WHERE c.platform = p.name AND c.status NOT IN ('closed', 'voided')) AS open_complaints
FROM platform p;
"""

VIEWS = "\n".join((COMPLAINTS, CLOCKS, OVERDUE, DUE_SOON, JOURNAL, PLATFORMS))
