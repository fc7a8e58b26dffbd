"""The options that commands of a kind share without having to name them: --quiet, and --no-input where one may ask."""

import os
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from typer.core import TyperOption

from dealtrack.cli.language import _

ASKING = frozenset(
    {"add", "extend", "erase", "policy adopt", "calendar amend", "calendar import", "calendar refresh", "restore"}
)
"""The commands that may ask before they write, each with --no-input, and with --yes of its own."""

QUIET = ASKING | frozenset(
    "accept forward complete withdraw reject reopen pause resume extend hand-on note amend evidence void import init "
    "recheck backup".split()
)
QUIET |= {"policy adopt", "platform add", "platform edit", "platform check"}
"""The commands that write, each with --quiet."""


def share_options(name: str, command: Any) -> None:
    """Give a command, named as it is typed, the options that its kind shares."""
    if name in QUIET:
        command.params.append(
            _flag("--quiet", _("Print no result and no advice; errors and warnings still come."), _hush)
        )
    if name in ASKING:
        command.params.append(_flag("--no-input", _("Never ask, as off a terminal."), _forbid_asking))


def _flag(name: str, told: str, callback: Any) -> TyperOption:
    return TyperOption(
        param_decls=[name], is_flag=True, default=False, expose_value=False, callback=callback, help=told
    )


def _hush(context: Any, param: Any, value: bool) -> None:
    if value and not context.resilient_parsing:
        context.obj.is_quiet = True
        nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed as the command ends
        context.with_resource(redirect_stdout(context.with_resource(nowhere)))


def _forbid_asking(context: Any, param: Any, value: bool) -> None:
    if value and not context.resilient_parsing:
        context.obj.may_ask = False
