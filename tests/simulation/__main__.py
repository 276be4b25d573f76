"""Crash at each await there is, and at random pairs of them: some minutes. See `make simulate`."""

from __future__ import annotations

import logging
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import chain

from .crashes import check_crash, count_awaits
from .plot import PLOTS

PAIRS = 200  # of crashes in one campaign, for each plot


def main(seed: int) -> None:
    """Crash everywhere; the first promise that is broken ends it with a traceback."""
    logging.disable()  # the service complains of clients that are gone
    chance = random.Random(seed)
    with ProcessPoolExecutor() as processes:
        for name, plot in PLOTS.items():
            awaits = count_awaits(plot)
            once = ((it,) for it in range(1, awaits + 1))
            twice = ((chance.randint(1, awaits), chance.randint(1, awaits)) for _ in range(PAIRS))
            kills = [processes.submit(check_crash, plot, *it) for it in chain(once, twice)]
            met = sum(it.result() for it in kills)
            sys.stdout.write(f"{name}: {awaits} awaits, {met} kills in {len(kills)} campaigns\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 1)
