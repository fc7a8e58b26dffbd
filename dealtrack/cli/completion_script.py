"""The command that prints the script by which a shell completes."""

import sys
from pathlib import Path
from typing import Annotated

from dealtrack.cli.candidates import SHELLS
from dealtrack.cli.options import argument
from dealtrack.cli.session import Session
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import UnknownWord, suggestion


def completion(session: Session, shell: Annotated[str, argument("SHELL", "Shell: bash, zsh or fish.")]) -> None:
    """Print the shell completion script."""
    if shell not in SHELLS:
        near = suggestion(nearest_names(shell, SHELLS, 1))
        raise UnknownWord(what="The shell", value=shell, nearest=near, allowed=", ".join(SHELLS))
    sys.stdout.write(Path(__file__).with_name(f"completion.{shell}").read_text(encoding="utf-8"))
