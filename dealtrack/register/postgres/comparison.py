"""Whether what stands in an office's schema is what was put there."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dealtrack.core.text import fit_text
from dealtrack.phrase import Phrase
from dealtrack.register.engine import SHOWN_NAME, Database
from dealtrack.register.postgres import schema
from dealtrack.register.postgres.values import quoted


class CatalogItem(NamedTuple):
    """What stands in a schema: its kind, its name, and its definition, without the schema's name."""

    kind: str
    name: str
    definition: str


def _expected() -> Iterator[CatalogItem]:
    """Yield what stands in a schema as it was made."""
    for statement in schema.TABLES.strip().split(";"):
        if not statement:
            continue
        _, _, table, *_ = statement.replace("{office}.", "").split()
        for place, line in enumerate(statement.strip().splitlines()[1:-1], 1):
            column, definition = line.strip().rstrip(",").replace('"', "").split(" ", 1)
            definition = re.sub(r"^text\b", 'text COLLATE "C"', definition)
            yield CatalogItem("column", f"{table}.{column}", f"{place} {definition}")
    for table, keys in schema.KEYS.items():
        for key in keys:
            yield CatalogItem("key", table, key)
    for index in schema.lines_of(schema.INDEXES):
        yield CatalogItem("index", index.split()[2], index)
    for trigger in schema.lines_of(schema.TRIGGERS):
        yield CatalogItem("trigger", trigger.split()[2], f"{trigger} A")
    for name, function in schema.FUNCTIONS.items():
        yield CatalogItem("function", name, function)


_PRESENT = """
WITH office AS (SELECT oid, nspname, nspowner FROM pg_catalog.pg_namespace WHERE nspname = ?),
own AS (
    SELECT c.oid, c.relname, c.relowner, c.relrowsecurity, c.relkind, c.relpersistence, office.nspowner
    FROM pg_catalog.pg_class c JOIN office ON office.oid = c.relnamespace
    WHERE c.relname = ANY(?) AND c.relkind <> 'i'
)
SELECT 'column', own.relname || '.' || a.attname,
    row_number() OVER (PARTITION BY own.oid ORDER BY a.attnum) || ' '
    || pg_catalog.format_type(a.atttypid, a.atttypmod)
    || coalesce(' COLLATE "' || l.collname || '"', '')
    || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END
    || coalesce(' DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
    || a.attidentity::text || a.attgenerated::text
FROM own JOIN pg_catalog.pg_attribute a ON a.attrelid = own.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = own.oid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
UNION ALL
SELECT 'key', own.relname, pg_catalog.pg_get_constraintdef(k.oid)
FROM own JOIN pg_catalog.pg_constraint k ON k.conrelid = own.oid AND k.contype NOT IN ('n', 't')
UNION ALL
SELECT 'index', c.relname,
    pg_catalog.pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid AND i.indisready THEN '' ELSE ' invalid' END
FROM own JOIN pg_catalog.pg_index i ON i.indrelid = own.oid AND NOT i.indisprimary
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
UNION ALL
SELECT 'trigger', t.tgname, pg_catalog.pg_get_triggerdef(t.oid) || ' ' || t.tgenabled::text
FROM own JOIN pg_catalog.pg_trigger t ON t.tgrelid = own.oid AND (NOT t.tgisinternal OR t.tgenabled <> 'O')
UNION ALL
SELECT 'function', p.proname,
    pg_catalog.pg_get_functiondef(p.oid) || CASE WHEN p.proowner = office.nspowner THEN '' ELSE 'owner' END
FROM pg_catalog.pg_proc p JOIN office ON office.oid = p.pronamespace WHERE p.proname = ANY(?)
UNION ALL
SELECT 'rule', r.rulename, pg_catalog.pg_get_ruledef(r.oid)
FROM own JOIN pg_catalog.pg_rewrite r ON r.ev_class = own.oid
UNION ALL
SELECT 'policy', p.polname, '' FROM own JOIN pg_catalog.pg_policy p ON p.polrelid = own.oid
UNION ALL
SELECT 'table', own.relname, 'another owner, or of another kind' FROM own
WHERE own.relowner <> own.nspowner OR own.relrowsecurity OR own.relkind <> 'r' OR own.relpersistence <> 'p'
UNION ALL
SELECT 'table', own.relname, 'inherits' FROM own JOIN pg_catalog.pg_inherits h ON own.oid IN (h.inhrelid, h.inhparent)
"""


def altered_names(database: Database, office: str) -> list[str]:
    """Return which columns, keys, indexes, triggers or functions are not as they were made; a trigger must be on."""
    tables, functions = database.listed([*schema.KEYS, "meta"]), database.listed(schema.FUNCTIONS)
    expected = {_bare(item, "{office}", office) for item in _expected()}
    rows = database.rows(_PRESENT, (office, tables, functions))
    present = {_bare(CatalogItem._make(row), quoted(office), office) for row in rows}
    return sorted({item.name for item in expected ^ present})


def schema_faults(database: Database, office: str) -> list[str]:
    """Return in words what `altered_names` finds."""
    names = altered_names(database, office)
    return [Phrase("the schema was altered at {name}", name=fit_text(name, SHOWN_NAME)) for name in names]


def _bare(item: CatalogItem, *schemas: str) -> CatalogItem:
    """Return an item without the names of its schema, which the server quotes only where it must."""
    for name in schemas:
        item = item._replace(definition=item.definition.replace(f"{name}.", ""))
    return item


def foreign_names(database: Database, office: str) -> list[str]:
    """Return the tables and views in a schema that are not the register's, by name."""
    rows = database.rows(
        "SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = ? AND c.relkind IN ('r', 'v', 'm', 'f', 'p') AND NOT c.relname = ANY(?) ORDER BY 1",
        (office, database.listed([*schema.KEYS, "meta"])),
    )
    return [name for (name,) in rows]
