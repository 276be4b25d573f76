"""Twenty power cuts, as a table; needs root. With `--mutants`, how many of them catch a mutant.

cd tests && python -m kills.powercut [--seed N] [--mutants]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from .cuts import Tally, check_cuts
from .disks import why_not
from .mutants import patched
from .mutations import NO_SYNC, UNSYNCED_CLIP, UNSYNCED_NAME
from .outside import SHIPPED
from .promises import Broken

CAMPAIGNS = 5
CUTS = 4  # of each campaign
TRIES = 20  # of each mutant, with one cut each


def main() -> int:
    """Print a table; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m kills.powercut")
    parser.add_argument("--seed", type=int, default=1, help="of the first campaign")
    parser.add_argument("--mutants", action="store_true")
    asked = parser.parse_args()
    if reason := why_not():
        sys.stdout.write(f"{reason}\n")
        return 0
    return _mutants(asked.seed) if asked.mutants else _shipped(asked.seed)


def _shipped(seed: int) -> int:
    """Cut the shipped program off; what is lost ends it with what it was."""
    _row(
        "seed", "list", "cuts", "requests", "intents lost", "ids", "ids lost", "clips", "clips lost"
    )
    _row(*["---"] * 9)
    total = Tally()
    for number in range(seed, seed + CAMPAIGNS):
        listed = number % 2 == 0
        with TemporaryDirectory() as home:
            tally = check_cuts(SHIPPED, Path(home), listed=listed, seed=number, cuts=CUTS)
        _tell(str(number), "yes" if listed else "no", tally)
        total += tally
    _tell("all", "", total)
    return 0


def _tell(seed: str, listed: str, told: Tally) -> None:
    """Print what was acknowledged; there would be no tally if any of it were lost."""
    _row(seed, listed, told.cuts, told.intents, 0, told.ids, 0, told.clips, 0)


def _mutants(seed: int) -> int:
    _row("mutant", "cuts", "caught", "not with seed")
    _row(*["---"] * 4)
    for mutant in (NO_SYNC, UNSYNCED_CLIP, UNSYNCED_NAME):
        missed = []
        with TemporaryDirectory() as folder:
            package = patched(mutant, Path(folder) / "package")
            for number in range(seed, seed + TRIES):
                home = Path(folder) / str(number)
                home.mkdir()
                if not _is_caught(package, home, number):
                    missed.append(number)
        _row(mutant.name, TRIES, TRIES - len(missed), ", ".join(map(str, missed)))
    return 0


def _is_caught(package: Path, home: Path, seed: int) -> bool:
    try:
        check_cuts(package, home, listed=False, seed=seed, cuts=1)
    except Broken:
        return True
    return False


def _row(*cells: object) -> None:
    sys.stdout.write(f"| {' | '.join(map(str, cells))} |\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
