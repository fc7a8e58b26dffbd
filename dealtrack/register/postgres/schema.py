"""The schema of an office's register on a server: its tables, and what guards its journal.

Keys, indexes, triggers and functions are written as the server prints them, so that what stands there can be compared
with them by anyone who may read. `{office}` stands for the schema's quoted name.

To change the schema, change that of SQLite too: both have the same tables, columns and indexes, and one VERSION.
"""

import re
from collections.abc import Collection, Iterator

from dealtrack.register.engine import PROJECTED_TABLES, VERSION
from dealtrack.register.postgres.erasing_schema import ERASING_FUNCTIONS
from dealtrack.register.postgres.mailbox_schema import MAILBOX_TABLE, TRANSFER_FUNCTIONS
from dealtrack.register.postgres.values import quoted

APPLICATION_ID = 0x6465616C  # "deal"

ANY_ACTOR = "SET LOCAL dealtrack.any_actor = 'on'"
"""Lets the owner, for the rest of a transaction, add entries that others made; it has no effect for anybody else."""

BULK = """SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL synchronize_seqscans = 'off';
SET LOCAL idle_in_transaction_session_timeout = 0"""
"""Gives the making of indexes memory, has tables read from their first row on, and lets the server wait for a client
that checks many rows, for the rest of a transaction."""

ERASED_COLUMNS = ("consumer", "phone", "email", "address", "phone_key", "email_key")

TABLES = (
    """
CREATE TABLE {office}.meta (
    application_id bigint NOT NULL,
    version integer NOT NULL
);
CREATE TABLE {office}.head (
    id integer NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    recorded_at text NOT NULL,
    turn integer NOT NULL
);
CREATE TABLE {office}.transition (
    seq bigint NOT NULL,
    complaint bigint,
    kind text NOT NULL,
    at text NOT NULL,
    recorded_at text NOT NULL,
    actor text NOT NULL,
    detail text NOT NULL,
    previous bytea NOT NULL,
    hash bytea NOT NULL
);
CREATE TABLE {office}.personal (
    complaint bigint NOT NULL,
    consumer text,
    phone text,
    email text,
    address text,
    salt bytea NOT NULL,
    phone_key text,
    email_key text
);
CREATE TABLE {office}.fact (
    name text NOT NULL,
    value text NOT NULL
);
CREATE TABLE {office}.platform (
    name text NOT NULL,
    definition text NOT NULL,
    seq bigint NOT NULL
);
CREATE TABLE {office}.policy (
    name text NOT NULL,
    in_force text NOT NULL,
    definition text NOT NULL,
    seq bigint NOT NULL
);
CREATE TABLE {office}.calendar_ruling (
    day text NOT NULL,
    worked integer NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    source text NOT NULL,
    issued text NOT NULL,
    scope text NOT NULL
);
CREATE TABLE {office}.zone_offset (
    since text NOT NULL,
    seconds integer NOT NULL
);
CREATE TABLE {office}.complaint (
    id bigint NOT NULL,
    number text,
    platform text NOT NULL,
    category text NOT NULL,
    seller text,
    owner text,
    handler text,
    policy text NOT NULL,
    policy_version text NOT NULL,
    status text NOT NULL,
    resumes_to text,
    received_at text,
    accepted_at text,
    forwarded_at text,
    completed_at text,
    withdrawn_at text,
    rejected_at text,
    merged_at text,
    outcome text,
    amount text,
    summary text,
    first_contact integer NOT NULL,
    reopenings integer NOT NULL,
    backdated integer NOT NULL,
    merged_into bigint,
    limits text,
    import_key text
);
CREATE TABLE {office}.clock (
    complaint bigint NOT NULL,
    name text NOT NULL,
    round integer NOT NULL,
    started_at text NOT NULL,
    due_at text,
    due_day text,
    ended_at text,
    "end" text,
    paused integer NOT NULL,
    provisional integer NOT NULL,
    revision integer
);
CREATE TABLE {office}.search_text (
    complaint bigint NOT NULL,
    text text NOT NULL
);
CREATE TABLE {office}.evidence (
    sha256 text NOT NULL,
    content bytea NOT NULL
);
"""
    + MAILBOX_TABLE
)
"""The tables. `head` says what the journal's last entry is; its `turn` is there for a clerk's right to lock the row."""

KEYS = {
    "head": ("PRIMARY KEY (id)", "CHECK ((id = 1))"),
    "transition": ("PRIMARY KEY (seq)",),
    "personal": ("PRIMARY KEY (complaint)",),
    "fact": ("PRIMARY KEY (name)",),
    "platform": ("PRIMARY KEY (name)",),
    "policy": ("PRIMARY KEY (name, in_force)",),
    "calendar_ruling": ("PRIMARY KEY (day)",),
    "zone_offset": ("PRIMARY KEY (since)",),
    "complaint": ("PRIMARY KEY (id)",),
    "clock": ("PRIMARY KEY (complaint, name, round)", "FOREIGN KEY (complaint) REFERENCES {office}.complaint(id)"),
    "search_text": ("PRIMARY KEY (complaint)",),
    "evidence": ("PRIMARY KEY (sha256)", "CHECK ((sha256 = encode(sha256(content), 'hex'::text)))"),
    "mailbox": ("PRIMARY KEY (office, seq)",),
}

INDEXES = """
CREATE INDEX transition_complaint ON {office}.transition USING btree (complaint) WHERE (complaint IS NOT NULL)
CREATE INDEX transition_own ON {office}.transition USING btree (kind) WHERE (complaint IS NULL)
CREATE INDEX personal_phone ON {office}.personal USING btree (phone_key) WHERE (phone_key IS NOT NULL)
CREATE INDEX personal_email ON {office}.personal USING btree (email_key) WHERE (email_key IS NOT NULL)
CREATE INDEX complaint_number ON {office}.complaint USING btree (number) WHERE (number IS NOT NULL)
CREATE INDEX complaint_import_key ON {office}.complaint USING btree (import_key) WHERE (import_key IS NOT NULL)
CREATE INDEX complaint_open ON {office}.complaint USING btree (id) \
WHERE (status <> ALL (ARRAY['closed'::text, 'voided'::text]))
CREATE INDEX clock_running ON {office}.clock USING btree (due_at) WHERE ((ended_at IS NULL) AND (due_at IS NOT NULL))
CREATE INDEX clock_late ON {office}.clock USING btree (due_at, ended_at) WHERE (ended_at > due_at)
CREATE INDEX clock_ended ON {office}.clock USING btree (due_day) WHERE (ended_at IS NOT NULL)
CREATE INDEX clock_paused ON {office}.clock USING btree (complaint) WHERE (paused = 1)
"""

_OWN_HASH = """sha256(previous || convert_to(
                '[' || seq || ',' || coalesce(complaint::text, 'null') || ',' || to_json(kind)
                || ',' || to_json(at) || ',' || to_json(recorded_at) || ',' || to_json(actor) || ',' || to_json(detail)
                || ']', 'UTF8')) AS own_hash"""
"""What `core.chain.entry_hash` computes."""

_NO_MOMENT = """(length({0}) <> 20 OR {0} NOT BETWEEN '1969' AND '2102'
        OR {0} <> to_char({0}::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))"""
"""Whether a text is not a moment as `core.moments.to_store` writes it, of a year in `in_calendar`; the server refuses
what is no moment at all."""

FUNCTIONS = {
    "transition_grows_at_its_end": f"""CREATE OR REPLACE FUNCTION {{office}}.transition_grows_at_its_end()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    last {{office}}.head;
    bad bigint;
    -- As the function is its owner's, current_user is the owner, and session_user is who logged in.
    takes_in boolean := coalesce(current_setting('dealtrack.any_actor', true), '') = 'on'
        AND pg_has_role(session_user, current_user, 'MEMBER');
BEGIN
    SELECT * INTO STRICT last FROM {{office}}.head FOR UPDATE;
    SELECT min(seq) INTO bad FROM (
        SELECT
            seq, previous, hash, recorded_at,
            lag(seq, 1, last.seq) OVER by_seq AS seq_before,
            lag(hash, 1, last.hash) OVER by_seq AS hash_before,
            lag(recorded_at, 1, last.recorded_at) OVER by_seq AS recorded_before,
            {_OWN_HASH}
        FROM added WINDOW by_seq AS (ORDER BY seq)
    ) AS entry
    WHERE seq <> seq_before + 1 OR previous <> hash_before OR hash <> own_hash OR recorded_at < recorded_before;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'the journal only grows at its end, entry % does not follow', bad;
    END IF;
    SELECT min(seq) INTO bad FROM added WHERE {_NO_MOMENT.format("at")} OR {_NO_MOMENT.format("recorded_at")};
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'an entry has moments, entry % has none', bad;
    END IF;
    SELECT min(seq) INTO bad FROM added WHERE actor <> session_user AND NOT takes_in;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION 'an entry names the login that makes it, entry % does not', bad;
    END IF;
    UPDATE {{office}}.head SET seq = entry.seq, hash = entry.hash, recorded_at = entry.recorded_at
    FROM (SELECT * FROM added ORDER BY seq DESC LIMIT 1) AS entry;
    RETURN NULL;
END
$function$
""",
    "transition_is_never_changed": """CREATE OR REPLACE FUNCTION {office}.transition_is_never_changed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
    RAISE EXCEPTION 'the journal is never changed';
END
$function$
""",
    "first_break": f"""CREATE OR REPLACE FUNCTION {{office}}.first_break()
 RETURNS bigint
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT min(seq) FROM (
        SELECT
            seq, previous, hash,
            lag(seq, 1, 0::bigint) OVER by_seq AS seq_before,
            lag(hash, 1, decode(repeat('00', 32), 'hex')) OVER by_seq AS hash_before,
            {_OWN_HASH}
        FROM {{office}}.transition WINDOW by_seq AS (ORDER BY seq)
    ) AS entry
    WHERE seq <> seq_before + 1 OR previous <> hash_before OR hash <> own_hash
$function$
""",
    "evidence_is_never_changed": """CREATE OR REPLACE FUNCTION {office}.evidence_is_never_changed()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
    RAISE EXCEPTION 'evidence is never changed';
END
$function$
""",
    **ERASING_FUNCTIONS,
    **TRANSFER_FUNCTIONS,
}
"""What the server does by itself, and how the nation has an office's chain checked without reading its entries."""

TRIGGERS = """
CREATE TRIGGER transition_grows_at_its_end AFTER INSERT ON {office}.transition REFERENCING NEW TABLE AS added \
FOR EACH STATEMENT EXECUTE FUNCTION {office}.transition_grows_at_its_end()
CREATE TRIGGER transition_is_never_changed BEFORE DELETE OR UPDATE OR TRUNCATE ON {office}.transition \
FOR EACH STATEMENT EXECUTE FUNCTION {office}.transition_is_never_changed()
CREATE TRIGGER evidence_is_never_changed BEFORE DELETE OR UPDATE OR TRUNCATE ON {office}.evidence \
FOR EACH STATEMENT EXECUTE FUNCTION {office}.evidence_is_never_changed()
"""

LAST_SETTINGS = (
    # Files that are already compressed gain nothing; and a piece of what is stored plainly is read by itself.
    "ALTER TABLE {office}.evidence ALTER content SET STORAGE EXTERNAL",
    # The statistics of a column hold values of it, which erasing would not reach.
    *(f"ALTER TABLE {{office}}.personal ALTER {column} SET STATISTICS 0" for column in ERASED_COLUMNS),
    *(f"ALTER TABLE {{office}}.mailbox ALTER {column} SET STATISTICS 0" for column in ("content", "files")),
)
"""What is set for columns."""

HEAD = """
INSERT INTO {office}.head
SELECT 1, coalesce(max(seq), 0), coalesce(
    (SELECT hash FROM {office}.transition ORDER BY seq DESC LIMIT 1), decode(repeat('00', 32), 'hex')
), coalesce((SELECT recorded_at FROM {office}.transition ORDER BY seq DESC LIMIT 1), ''), 0
FROM {office}.transition
"""


COPIED_TABLES = ("transition", "personal", *reversed(PROJECTED_TABLES))
"""The tables whose rows another register has too, in an order in which they can be filled."""


def creation(office: str, owner: str | None = None) -> list[str]:
    """Return the statements that make an empty register, to be run in one transaction, `altering`.

    The owner is a role, of which whoever runs them is a member; whoever runs them owns it otherwise.
    """
    return [*create_unguarded(office, owner), *guards(office)]


def create_unguarded(office: str, owner: str | None = None) -> list[str]:
    """Return the statements that make the tables alone, without keys and guards, so that rows are loaded fast."""
    statements = [f"CREATE SCHEMA {quoted(office)}"]
    if owner is not None:
        statements = [f"{statements[0]} AUTHORIZATION {quoted(owner)}", f"SET LOCAL ROLE {quoted(owner)}"]
    tables = [
        re.sub(r"(?<=\S) text\b", ' text COLLATE "C"', statement)
        for statement in TABLES.strip().split(";")
        if statement
    ]
    version = f"INSERT INTO {{office}}.meta VALUES ({APPLICATION_ID}, {VERSION})"
    return [*statements, *_of(office, [*tables, version])]


def handing_over(office: str, owner: str) -> list[str]:
    """Return the statements that give a register to another owner; whoever runs them is a member of both."""
    things = [f"SCHEMA {quoted(office)}"]
    things += [f"TABLE {quoted(office)}.{table}" for table in (*KEYS, "meta")]
    things += [f"FUNCTION {quoted(office)}.{name}" for name in FUNCTIONS]
    return [f"ALTER {thing} OWNER TO {quoted(owner)}" for thing in things]


def guards(office: str) -> list[str]:
    """Return the statements that add keys, indexes and guards to the tables, whatever they hold."""
    statements = [
        *(f"ALTER TABLE {{office}}.{table} ADD {key}" for table, keys in KEYS.items() for key in keys),
        *lines_of(INDEXES),
        HEAD,
        *_guards_named(FUNCTIONS),
        *LAST_SETTINGS,
        *(f"ANALYZE {{office}}.{table}" for table in KEYS),
    ]
    return _of(office, statements)


def repairs(office: str, names: Collection[str]) -> list[str]:
    """Return the statements that make indexes, functions and triggers anew, those of them that are named."""
    statements = []
    for index in lines_of(INDEXES):
        if (name := index.split()[2]) in names:
            statements += [f"DROP INDEX IF EXISTS {{office}}.{name}", index]
    triggers = [trigger.split()[2] for trigger in lines_of(TRIGGERS)]
    statements += [f"DROP TRIGGER IF EXISTS {name} ON {_table_of(name)}" for name in triggers if name in names]
    return _of(office, [*statements, *_guards_named(names)])


def _guards_named(names: Collection[str]) -> Iterator[str]:
    """Yield the statements that make functions and triggers, those of them that are named."""
    for name, function in FUNCTIONS.items():
        if name in names:
            yield function
            # Else anyone might have the first one run for a table of his own, and so write the head.
            yield f"REVOKE ALL ON FUNCTION {{office}}.{name} FROM PUBLIC"
    for trigger in lines_of(TRIGGERS):
        if (name := trigger.split()[2]) in names:
            yield trigger
            # Whatever session_replication_role says.
            yield f"ALTER TABLE {_table_of(name)} ENABLE ALWAYS TRIGGER {name}"


def _table_of(trigger: str) -> str:
    return f"{{office}}.{trigger.partition('_')[0]}"


def _of(office: str, statements: list[str]) -> list[str]:
    return [statement.replace("{office}", quoted(office)) for statement in statements]


def lines_of(script: str) -> list[str]:
    """Return the statements of a script that has one in each line."""
    return script.strip().splitlines()
