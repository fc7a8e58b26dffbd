"""Run dealtrack as `python -m dealtrack`, or as the program `dealtrack`; older Pythons can read this file too."""

import gc
import sys

INTERRUPTED = 130
"""The status of a process that an interrupt ended: 128, and the number of the signal."""

if sys.version_info < (3, 11):  # noqa: UP036  # who has an older one is told so
    sys.stderr.write("dealtrack: Python 3.11 or later is needed, and this is " + sys.version.split()[0] + ".\n")
    sys.exit(2)


def main():  # type: () -> None  # noqa: ANN201  # as Python 2 reads it too
    """Run the command that the process was started with, and end the process with its status."""
    # What is imported stays, and what a command leaves ends with it: not looking there for rubbish saves 12 ms of 105.
    gc.disable()
    try:
        from dealtrack.cli.arguments import hide_arguments

        hide_arguments()
        from dealtrack.cli.main import run

        gc.freeze()
        gc.enable()
        run()
    except KeyboardInterrupt:
        # As a command ends that is interrupted later.
        sys.exit(INTERRUPTED)
    finally:
        # An interrupt of a text that was run, as a dataclass is made by one, is remembered until the next text is run,
        # and "python -m" would end by the signal instead of with the status.
        exec("")  # noqa: S102
        gc.freeze()


if __name__ == "__main__":
    main()
