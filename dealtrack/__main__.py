"""Run dealtrack as `python -m dealtrack`, or as the program `dealtrack`."""

import gc
import sys

INTERRUPTED = 130
"""The status of a process that an interrupt ended: 128, and the number of the signal."""


def main() -> None:
    """Run the command that the process was started with, and end the process with its status."""
    # What is imported stays, and what a command leaves ends with it: not looking there for rubbish saves 12 ms of 105.
    gc.disable()
    try:
        from dealtrack.cli.main import run

        gc.freeze()
        gc.enable()
        run()
    except KeyboardInterrupt:
        # As a command ends that is interrupted later.
        sys.exit(INTERRUPTED)
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
