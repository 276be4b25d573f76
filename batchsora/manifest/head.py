"""The head of a manifest: what it says above its rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from batchsora.manifest.complaints import Complaints
from batchsora.manifest.fields import FIELDS, row_text
from batchsora.manifest.ground import Ground
from batchsora.manifest.located import Flaw, Located, RowText, shown, visible
from batchsora.manifest.names import nearest
from batchsora.manifest.paths import part_fault
from batchsora.manifest.templates import has_slot
from batchsora.models import Cards
from batchsora.settings import SETTINGS, example_of, parse_setting

KEYS = ("name", "defaults", "settings", "output", "models", "rows")
MOST_NAME_BYTES = 100  # it is a folder, and "-simulated" may follow

# A stranger's manifest must not lead the key elsewhere, say yes for its reader, or run commands.
_NEVER: Mapping[str, str] = {
    "base_url": "take it out, and give --base-url on the command line",
    "auth": "take it out, and give --auth on the command line",
    "insecure_http": "take it out, and give --insecure-http on the command line",
    "yes": "take it out: spending is agreed to on the command line",
    "env_file": "take it out, and give --env-file on the command line",
    "out_dir": "take it out, and give --out-dir on the command line",
    "on_done": "take it out, and give --on-done on the command line",
    "api_key": "take it out, and set GPTPROTO_API_KEY in the environment",
}
_NOTHING_SAID = RowText(0, 1, {}, {})


@dataclass(frozen=True, slots=True)
class Head:
    """What a manifest says of all its rows. A table has none, so everything has a default."""

    name: str
    cards: Cards
    settings: Mapping[str, Any] = field(default_factory=dict)
    output: RowText = _NOTHING_SAID  # what it says of where clips go
    defaults: RowText = _NOTHING_SAID

    def ground(self, file: Path) -> Ground:
        """Say what holds for the manifest's rows."""
        called = visible(str(file))
        ground = Ground(called, file.parent, file.parent, self.name, self.cards)
        return ground.over(self.output, called).over(self.defaults, called)


def table_head(stem: str, cards: Cards, complaints: Complaints) -> Head:
    """Name a manifest that is nothing but rows after its file."""
    _check_name(stem, 0, complaints)
    return Head(stem, cards)


def read_head(told: Mapping[str, Located], stem: str, cards: Cards, complaints: Complaints) -> Head:
    """Read everything above the rows but the cards; what is wrong goes to the complaints."""
    for key in told:
        if key not in KEYS:
            _refuse_key(key, told[key].line, complaints)
    absent = Located(0, None)
    return Head(
        name=_name(told.get("name", absent), stem, complaints),
        cards=cards,
        settings=_settings(told.get("settings", absent), complaints),
        output=_output(told.get("output", absent), complaints),
        defaults=_defaults(told.get("defaults", absent), complaints),
    )


def read_included(told: Mapping[str, Located], ground: Ground, complaints: Complaints) -> Ground:
    """Read the head of a file that a manifest includes, and lay what it says over the ground.

    Its name is not asked for: the campaign has one.
    """
    absent = Located(0, None)
    for key, found in told.items():
        if key not in KEYS:
            _refuse_key(key, found.line, complaints)
    if "settings" in told:
        what = "settings is for the manifest that is run, not for one that it includes"
        complaints.add(what, "write it there", told["settings"].line)
    output = _output(told.get("output", absent), complaints)
    defaults = _defaults(told.get("defaults", absent), complaints)
    return ground.over(output, ground.file).over(defaults, ground.file)


def _output(found: Located, complaints: Complaints) -> RowText:
    text = complaints.text("output", found, 'write output: "{id}.mp4"')
    return RowText(0, found.line, {"output": text} if text else {}, {})


def _refuse_key(key: str, line: int, complaints: Complaints) -> None:
    if key in _NEVER:
        complaints.add(f"{key} is not for a manifest to say", _NEVER[key], line)
        return
    meant = nearest(key, KEYS)
    if key in FIELDS:
        mend = "put it under defaults:, or into a row"
    elif meant is None and key in SETTINGS:
        mend = "put it under settings:"
    else:
        mend = f"write {meant}" if meant else f"a manifest has {', '.join(KEYS)}"
    complaints.add(f"unknown key {shown(key)}", mend, line)


def _name(found: Located, stem: str, complaints: Complaints) -> str:
    name = complaints.text("name", found, "write name: autumn-campaign") or stem
    _check_name(name, found.line, complaints)
    return name


def _check_name(name: str, line: int, complaints: Complaints) -> None:
    """Refuse what is not one plain folder name."""
    if fault := part_fault(name):
        what, mend = fault
    elif name[0] == "-":
        what, mend = "begins with a dash", "begin it with a letter or a digit"
    elif len(name.encode()) > MOST_NAME_BYTES:
        what, mend = f"is longer than {MOST_NAME_BYTES} bytes", "make it shorter"
    else:
        return
    if line == 0:
        mend += ": rename the file, or write name: in a YAML manifest"
    complaints.add(f"name {shown(name)} {what}", mend, line)


def _settings(found: Located, complaints: Complaints) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    example = "write settings: {rate: 60/1m}"
    for name, told in complaints.mapping("settings", found, example).items():
        if name in _NEVER:
            complaints.add(f"{name} is not for a manifest to say", _NEVER[name], told.line)
        elif name not in SETTINGS:
            meant = nearest(name, SETTINGS)
            mend = f"write {meant}" if meant else f"the settings are {', '.join(SETTINGS)}"
            complaints.add(f"unknown setting {shown(name)}", mend, told.line)
        else:
            settings |= _setting(name, told, complaints)
    return settings


def _setting(name: str, told: Located, complaints: Complaints) -> dict[str, Any]:
    mend = f"write {name}: {example_of(name)}"
    text = complaints.text(name, told, mend)
    if not text:
        return {}
    try:
        return parse_setting(name, text)
    except ValueError as error:
        complaints.add(f"{name} must be {error}, not {shown(text)}", mend, told.line)
        return {}


def _defaults(found: Located, complaints: Complaints) -> RowText:
    told = complaints.mapping("defaults", found, "write defaults: {seconds: 4}")
    return read_defaults(told, found.line, complaints, "in defaults")


def read_defaults(
    told: Mapping[str, Located], line: int, complaints: Complaints, where: str
) -> RowText:
    """Read what rows are to say that do not say it themselves."""
    defaults = row_text(0, line, told, open_ended=False)
    flaws = list(defaults.flaws)
    if "id" in defaults.fields and not has_slot(defaults.fields["id"]):
        what = "id can't be a default: it names one row"
        flaws.append(Flaw(what, "write it in its row, or with a placeholder: {stem}", "id"))
    for flaw in flaws:
        at = flaw.line or defaults.lines.get(flaw.field, line)
        complaints.add(f"{flaw.what} ({where})", flaw.mend, at)
    return defaults._replace(flaws=())
