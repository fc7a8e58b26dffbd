"""The columns that a mapping asks for: by them the header of a file is found, and what it lacks is told."""

import re
from collections.abc import Sequence

from dealtrack.errors import CannotRead, MissingColumn
from dealtrack.exchange.mapping import CONSTANTS, FIELDS, REQUIRED, Layout, Mapping, lay_out, loose_name
from dealtrack.phrase import Phrase


class AskedColumns:
    """The columns that a mapping asks for, by which the header of a file is found."""

    def __init__(self, mapping: Mapping) -> None:
        self._mapping = mapping
        asked = [*mapping.keep, *(column for columns in mapping.columns.values() for column in columns)]
        self._names = {loose_name(column) for column in asked}
        self._names |= {loose_name(column) for conditions in mapping.only.values() for column in conditions}

    def are_named(self, column: str) -> bool:
        """Tell whether a column of this name is asked for."""
        return loose_name(column) in self._names

    def suffice(self, header: Sequence[str]) -> bool:
        """Tell whether a header has all the columns that must be there, once or several times."""
        try:
            layout = lay_out(self._mapping, header)
        except ValueError:
            return True
        return all(name in layout.fields or name in self._mapping.constants for name in self._mapping.required)


def check_header(mapping: Mapping, header: Sequence[str], path: str) -> Layout:
    """Return the layout of a file's header; raises MissingColumn, and CannotRead for a column named twice."""
    try:
        layout = lay_out(mapping, header)
    except ValueError as error:
        raise CannotRead(path=path, reason=str(error)) from None
    for name in (*REQUIRED, *FIELDS):
        if name in mapping.required and name not in layout.fields and name not in mapping.constants:
            columns = " or ".join(repr(column) for column in mapping.columns.get(name, (name,)))
            if name in layout.asked:
                columns = Phrase("that mapping {name} knows", name=mapping.name)
            found = ", ".join(column for column in header if column)
            if any(_VALUE.search(column) for column in header):
                # A file without a header would have a consumer's data printed.
                found = Phrase("none, for its first line holds values")
            shown = found if len(found) <= 400 else found[:400].rpartition(",")[0] + ", …"
            instead = Phrase("--map {field}=COLUMN", field=name)
            if name in CONSTANTS:
                instead = Phrase("{column}, or the same in every row: --set {field}=VALUE", column=instead, field=name)
            raise MissingColumn(path=path, column=columns, field=name, header=shown, instead=instead)
    return layout


_VALUE = re.compile(r"@|[0-9]{4}")
"""What is found in e-mail addresses, telephone numbers, dates and numbers, and hardly in the name of a column."""
