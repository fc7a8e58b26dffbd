"""The settings of Datasette for a register: which views it may show, with their titles; it may show nothing else."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

CATALOGUE = ("sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema")
"""SQLite's list of what a file holds, by all its names."""


def load_template(path: Path) -> Mapping[str, Any]:
    """Return the titles, descriptions and queries that are shipped."""
    return tomllib.loads(path.read_text(encoding="utf-8"))


def metadata(
    template: Mapping[str, Any], database: str, tables: Iterable[str], views: Mapping[str, Sequence[str]], zone: str
) -> dict[str, Any]:
    """Return the metadata of a register that Datasette calls `database`, for its releases from 0.65.5.

    Every table is hidden, and every view that the template does not name; visitors cannot run SQL. The tables are
    hidden also where Datasette serves the register by another name than `database`. `views` gives the columns of each.
    """
    shown = template["views"]
    shut = {name: {"allow": False, "hidden": True} for name in (*CATALOGUE, *tables, *views) if name not in shown}
    open_views = {name: {**shown[name], "sortable_columns": list(views[name])} for name in shown if name in views}
    queries = {name: {**query, "sql": query["sql"].strip()} for name, query in template["queries"].items()}
    about = {"title": template["title"], "description": template["description"].format(zone=zone)}
    whole = {**about, "allow_sql": False, "allow_download": False}
    databases = {database: {**whole, "tables": {**open_views, **shut}, "queries": queries}}
    return {**whole, "tables": shut, "databases": databases}
