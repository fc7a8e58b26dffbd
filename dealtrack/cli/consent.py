"""The question before a change that cannot be taken back."""

import typer

from dealtrack.cli.language import _
from dealtrack.cli.terminal import tell
from dealtrack.core.text import safe_text

YES = frozenset({"y", "yes", "是"})
NO = frozenset({"n", "no", "否"})


def is_agreed(question: str, default: bool = False) -> bool:
    """Ask on standard error until it is answered with yes or no, in either language; raises typer.Abort at its end.

    An empty answer is the default.
    """
    prompt = f"{safe_text(question)} [{'Y/n' if default else 'y/N'}]"
    while True:
        answer = str(typer.prompt(prompt, "", err=True, show_default=False)).strip().casefold()
        if not answer:
            return default
        if answer in YES or answer in NO:
            return answer in YES
        tell(_("Answer y for yes or n for no."))
