"""Run dealtrack as `python -m dealtrack`."""

from dealtrack.cli.main import run

if __name__ == "__main__":
    run()
