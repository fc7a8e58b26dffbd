"""How lists of complaints are narrowed, sorted and laid out, and what is said of those that they leave out."""

import sys
from collections.abc import Sequence

from dealtrack.cli.language import _, say
from dealtrack.cli.options import MORE_COLUMNS, SavedFilter, name_list, read_key
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell, terminal_height
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import suggestion
from dealtrack.phrase import Phrase
from dealtrack.register.address import NATION
from dealtrack.register.engine import ServerAddress
from dealtrack.register.queries import SORTED_BY, Filter, Order, View
from dealtrack.register.register import Register

DEFAULT = "default"
"""The saved filter that applies where people look and name none."""


def filter_name(session: Session, saved: SavedFilter, is_for_people: bool) -> str:
    """Return the saved filter that applies: the one named, else for people the default one; empty for none."""
    is_default = is_for_people and not saved.all and DEFAULT in session.settings.names("filters")
    return saved.filter or (DEFAULT if is_default else "")


def narrowed(session: Session, register: Register, typed: Filter, saved: SavedFilter, is_for_people: bool) -> Filter:
    """Return a filter as it was typed, with what it leaves open as the saved filter that applies has it.

    One that nobody named is told of. Raises as `saved_filter` does.
    """
    name = filter_name(session, saved, is_for_people)
    if not name:
        return typed
    from dealtrack.cli.filters import saved_filter

    if not saved.filter:
        text = session.settings.value(f"filters.{name}")
        tell(_("filter {name}: {text}; --all ignores it", name=name, text=text))
    stored = saved_filter(session, register, name)
    return Filter._make(mine or other for mine, other in zip(typed, stored, strict=True))


def page_rows(session: Session) -> int:
    """Return how many rows of a table fit on the terminal with its titles and what is said below, or the setting."""
    return session.settings.value("page") or max(10, terminal_height(sys.stdout) - 6)


def read_order(text: str) -> Order | None:
    """Return the order that was typed, None for none; raises UnknownWord."""
    return Order(read_key(Phrase("Sort key"), text.removeprefix("-"), [*SORTED_BY]), text[:1] == "-") if text else None


def read_columns(session: Session, command: str, typed: str, keys: Sequence[str], is_for_people: bool) -> list[str]:
    """Return the keys of the columns that were typed, else, for people, of the setting; none for the usual ones.

    `keys` are those of the command's records; more may be asked for. Raises UnknownWord.
    """
    setting = f"columns.{command}"
    names = name_list(typed) if typed else session.settings.value(setting) if is_for_people else ()
    what = Phrase("Column") if typed else Phrase("Column of {setting}", setting=setting)
    return [read_key(what, text, (*keys, *MORE_COLUMNS[command])) for text in names]


def tell_left_out(register: Register, query: Filter, view: View, shown: int, is_open_only: bool) -> None:
    """Say on a terminal how many complaints a list leaves out, or that it found none."""
    total = register.count(query, view)
    if not total:
        tell_nothing(
            register,
            query,
            view,
            _("no open complaints found; --all shows closed ones too") if is_open_only else _("no complaints found"),
        )
    elif shown < total:
        text = _("{shown} of {total} complaints are shown; --limit N shows more")
        if is_open_only:
            text = _("{shown} of {total} open complaints are shown; --limit N shows more, --all closed ones too")
        tell(text.format(shown=shown, total=total))
    elif is_open_only:
        tell(_("open complaints only; --all shows closed ones too"))


def tell_nothing(register: Register, query: Filter, view: View, text: str) -> None:
    """Say on a terminal that nothing was found, or which name of a filter belongs to no complaint at all."""
    from dealtrack.register.waiting import frequent_owners

    typed = [*((Filter(owners=(name,)), name) for name in query.owners)]
    typed += ((Filter(handlers=(name,)), name) for name in query.handlers)
    for alone, name in typed:
        if not register.count(alone, view):
            near = suggestion(nearest_names(name, frequent_owners(register)))
            text = _("No complaint belongs to {name}.{nearest}", name=name, nearest=say(near))
    if isinstance(register.address, ServerAddress) and register.address.office == NATION:
        text = _("not in the national register itself: 'dealtrack office complaints' lists those of all offices")
    tell(text)
