"""What a run or a plan is asked for: where, which part, at which service, how it is to go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Self

from batchsora.errors import UsageError
from batchsora.library.connecting import Reach
from batchsora.library.targets import Aim
from batchsora.runner.choosing import Choice
from batchsora.runner.session import Work
from batchsora.settings import SETTINGS, Rate, Settings, parse_setting, settle

CONFIRM_ABOVE_USD = Decimal(10)  # a test batch passes unasked; a catalogue does not


class Called(NamedTuple):
    """What a setting is called by those who give it, and where they give it."""

    name: str
    place: str


def as_keyword(name: str) -> Called:
    """Call a setting what a program does."""
    return Called(name, name)


def read_settings(
    options: Mapping[str, Any], called: Callable[[str], Called] = as_keyword
) -> dict[str, Any]:
    """Read the settings that were given, as fields of Settings; raises UsageError."""
    found: dict[str, Any] = {}
    for name in SETTINGS:
        value = options.get(name)
        if value is None:
            continue
        try:
            found |= _setting(name, value)
        except ValueError as error:
            flag, place = called(name)
            mend = f"give {place} such a value, or leave it away"
            raise UsageError(f'{flag} must be {error}, not "{value}"', mend) from error
    return found


def _setting(name: str, value: object) -> dict[str, Any]:
    """Read a setting that was typed, or that a program has as a value."""
    if name == "rate" and isinstance(value, Rate):
        return {name: value}
    # a round Decimal may have an exponent
    return parse_setting(name, f"{value:f}" if isinstance(value, Decimal) else str(value))


@dataclass(frozen=True, slots=True)
class Asked:
    """A run, or a plan of one, of which everything is said and nothing is looked at yet."""

    aim: Aim
    choice: Choice
    reach: Reach
    settings: Settings
    work: Work = Work.ALL
    retry_failed: bool = False
    resend_absent: bool = False
    save_inputs: bool = False
    confirm_above_usd: Decimal = CONFIRM_ABOVE_USD  # more new spending has to be agreed on
    log_file: Path | None = None

    @classmethod
    def read(
        cls,
        aim: Aim,
        options: Mapping[str, Any],
        called: Callable[[str], Called] = as_keyword,
    ) -> Self:
        """Read what the options say, by their names; those that are not there say nothing.

        Raises UsageError, also where a run folder belongs to another service than is named.
        """
        reach = Reach.read(options, simulate=aim.simulate)
        if aim.service is not None:
            reach = reach.for_run(aim.folder, aim.service)
        only, tags = options.get("only"), options.get("tags")
        return cls(
            aim,
            Choice.parse(
                options.get("limit"),
                only if only is None or isinstance(only, str) else ",".join(only),
                [tags] if isinstance(tags, str) else tags or (),
                options.get("sample"),
            ),
            reach,
            settle(aim.manifest.settings, read_settings(options, called)),
            work=_work(options),
            retry_failed=bool(options.get("retry_failed")),
            resend_absent=bool(options.get("resend_absent")),
            save_inputs=bool(options.get("save_inputs")),
            confirm_above_usd=options.get("confirm_above", CONFIRM_ABOVE_USD),
            log_file=Path(options["log_file"]) if options.get("log_file") else None,
        )

    @property
    def buys(self) -> bool:
        """Tell whether anything new may be bought; else it is only collected."""
        return self.work is not Work.COLLECT

    @property
    def log_path(self) -> Path:
        """Where its log is."""
        return self.log_file or self.aim.folder / "run.log"


def _work(options: Mapping[str, Any]) -> Work:
    if options.get("no_submit") and options.get("detach"):
        what = "--no-submit only collects, --detach only submits"
        raise UsageError(what, "leave one of them away, or both: that does all")
    if options.get("no_submit"):
        return Work.COLLECT
    return Work.ORDER if options.get("detach") else Work.ALL
