"""Saved filters: options of list under a name in the settings. They are read here, and nothing in them is run."""

import shlex
from typing import Any

from dealtrack.cli.options import read_filter
from dealtrack.cli.session import Session
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import BadFilter, DealtrackError, UnknownFilter, suggestion
from dealtrack.phrase import BadValue, listed
from dealtrack.register.queries import Filter
from dealtrack.register.register import Register

LISTS = ("--platform", "--category", "--owner", "--handler", "--status")
DAYS = ("--from", "--to")
BACKDATED = "--backdated"
OPTIONS = (*LISTS, *DAYS, BACKDATED)
"""The options that a saved filter may state: those that choose complaints."""


def saved_filter(session: Session, register: Register, name: str) -> Filter:
    """Return the complaints that a saved filter chooses; raises UnknownFilter, BadFilter and BadSettings."""
    names = session.settings.names("filters")
    if name not in names:
        raise UnknownFilter(name=name, nearest=suggestion(nearest_names(name, names)))
    try:
        stated = parse_filter(session.settings.value(f"filters.{name}"))
        since, until = session.received_span(stated["--from"], stated["--to"], register.zone)
        lists = (stated[each] for each in LISTS)
        return read_filter(register, *lists, since=since, until=until, backdated=stated[BACKDATED])
    except (DealtrackError, BadValue) as fault:
        raise BadFilter(name=name, reason=fault.args[0]) from None


def parse_filter(text: str) -> dict[str, Any]:
    """Return what the text of a saved filter states, by option: lists of texts, days, a flag. Raises BadValue."""
    stated: dict[str, Any] = {**{name: [] for name in LISTS}, **dict.fromkeys(DAYS, ""), BACKDATED: False}
    try:
        words = iter(shlex.split(text))
    except ValueError:
        raise BadValue("a quotation mark is not closed.") from None
    for word in words:
        option, equals, value = word.partition("=")
        if option not in OPTIONS:
            near = suggestion(nearest_names(option, OPTIONS))
            raise BadValue(
                "{option} is not allowed in a filter.{nearest} Allowed: {names}.",
                option=option,
                nearest=near,
                names=listed(OPTIONS),
            )
        if option == BACKDATED:
            stated[option] = True
            continue
        value = value if equals else next(words, "")
        if not value.strip() or (option in DAYS and stated[option]):
            raise BadValue("{option} takes one value.", option=option)
        stated[option] = value if option in DAYS else [*stated[option], value]
    return stated
