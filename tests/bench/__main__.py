"""`python -m tests.bench [--rows N] [--runs N] [--only WORDS] [--quick] [--memory] [--folder PATH]` prints one table.

Each work is run in turn with its floor, A B A B, after a run that does not count, and then its peers; a cell is the
median of the seconds by the wall's clock, and in brackets of those of the processor, user and system and all processes
of a command together; ratios are told in the same way. Memory is that of the largest process. Peers that are not
installed are named as skipped. `--quick` takes 1,000 complaints, one run and no peers: it shows that all of it runs,
and measures nothing. `--memory` prints in place of it what commands that go through the whole register hold in memory.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.measure import Figures, in_turn
from tests.bench.memory import table
from tests.bench.works import START, Bench, Work


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--only", default="", help="works whose name holds this")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--folder", type=Path, help="where registers are kept for the next run")
    given = parser.parse_args()
    with TemporaryDirectory() as temporary:
        count, with_peers = 1000 if given.quick else given.rows, not (given.quick or given.memory)
        bench = Bench(given.folder or Path(temporary), count, with_peers)
        bench.prepare()
        if given.memory:
            for line in table(bench, given.only):
                print(line, flush=True)
            return
        print("| work | dealtrack | floor | ratio | to reach | memory | peers |")
        print("|---|---|---|---|---|---|---|")
        for work in bench.works():
            if given.only in work.name:
                print(row(bench, work, 1 if given.quick else given.runs, 0 if given.quick else 1), flush=True)


def row(bench: Bench, work: Work, runs: int, warm_ups: int) -> str:
    """Measure one work, and return its row of the table."""
    others = [peer for peer in work.peers if peer.command and bench.with_peers]
    commands = [work.command, work.floor, *([START] if work.beside_start else [])]
    runs, warm_ups = (work.runs, 0) if work.runs and work.runs < runs else (runs, warm_ups)
    figures = in_turn(commands, bench.environment, runs, warm_ups, work.before, on_terminal=work.on_terminal)
    # Apart from the others: what came after a large program took half as long again.
    of_peers = in_turn([peer.command for peer in others], bench.environment, runs, warm_ups, work.before)
    if work.all_told:
        figures, of_peers = list(map(_by_own_clock, figures)), list(map(_by_own_clock, of_peers))
    ours, floor = figures[0], figures[1]
    wall, cpu = map(float, floor.told.split()) if work.told else (floor.wall, floor.cpu)
    if work.beside_start:
        wall, cpu = wall + figures[-1].wall, cpu + figures[-1].cpu
    names = [
        f"{peer.name} {_whole(told, work.part).seconds}, {told.wall / work.part / max(ours.wall, 1e-6):.2f}x"
        for peer, told in zip(others, of_peers, strict=True)
    ]
    why = "not installed" if bench.with_peers else "quick"
    names += [f"{peer.name} skipped: {why}" for peer in work.peers if peer not in others]
    reach = f"{work.reach}" if work.reach else ""
    ratio = f"{ours.wall / max(wall, 1e-6):.2f} ({ours.cpu / max(cpu, 1e-6):.2f})"
    return (
        f"| {work.name} | {ours.seconds} | {work.floor_name} {wall:.3f} s ({cpu:.3f}) | {ratio} | {reach} "
        f"| {ours.peak_mb:.0f} MB | {'; '.join(names)} |"
    )


def _by_own_clock(figures: Figures) -> Figures:
    """Return the seconds that a process printed in place of those that all of it took."""
    wall, cpu = map(float, figures.told.split())
    return figures._replace(wall=wall, cpu=cpu)


def _whole(figures: Figures, part: float) -> Figures:
    """Return what a peer would take for all of the work, where it did a part of it."""
    return figures._replace(wall=figures.wall / part, cpu=figures.cpu / part)


if __name__ == "__main__":
    main()
