"""What `run` and `plan` are asked for: a manifest and its folder, a part of it, a service."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from batchsora.library.connecting import Reach
from batchsora.library.targets import Aim, take_aim
from batchsora.runner.choosing import Choice


class Asked(NamedTuple):
    """What a command is about."""

    aim: Aim
    choice: Choice
    reach: Reach


def read_asked(target: Path, options: dict[str, Any]) -> Asked:
    """Read the target and the options of place, part, models, encoding and service.

    Raises UsageError and ManifestRefusedError.
    """
    aim = take_aim(
        target,
        options["out_dir"],
        options["models"],
        simulate=options["simulate"],
        encoding=options["encoding"],
    )
    choice = Choice.parse(options["limit"], options["only"], options["tags"], options["sample"])
    reach = Reach.read(options, simulate=aim.simulate)
    if aim.service is not None:
        reach = reach.for_run(aim.folder, aim.service)
    return Asked(aim, choice, reach)
