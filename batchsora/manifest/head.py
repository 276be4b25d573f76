"""The head of a manifest: what it says above its rows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batchsora.manifest.complaints import Complaints
from batchsora.manifest.fields import row_text
from batchsora.manifest.located import Located, RowText, shown
from batchsora.manifest.names import nearest
from batchsora.manifest.outputs import DEFAULT_OUTPUT
from batchsora.manifest.paths import part_fault
from batchsora.models import Cards
from batchsora.settings import SETTINGS, Settings, parse_setting

KEYS = ("name", "defaults", "settings", "output", "models", "rows")
MOST_NAME_BYTES = 100  # it is a folder, and "-simulated" may follow

# A stranger's manifest must not lead the key elsewhere, nor say yes for its reader.
_NEVER: Mapping[str, str] = {
    "base_url": "take it out, and give --base-url on the command line",
    "auth": "take it out, and give --auth on the command line",
    "insecure_http": "take it out, and give --insecure-http on the command line",
    "yes": "take it out: spending is agreed to on the command line",
    "env_file": "take it out, and give --env-file on the command line",
    "out_dir": "take it out, and give --out-dir on the command line",
    "api_key": "take it out, and set GPTPROTO_API_KEY in the environment",
}
_NO_DEFAULTS = RowText(0, 1, {}, {})


@dataclass(frozen=True, slots=True)
class Head:
    """What a manifest says of all its rows. A table has none, so everything has a default."""

    name: str
    cards: Cards
    settings: Mapping[str, Any] = field(default_factory=dict)
    output: str = DEFAULT_OUTPUT
    output_line: int = 0  # where the manifest says it; 0 where it does not
    defaults: RowText = _NO_DEFAULTS


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
    output = told.get("output", absent)
    return Head(
        name=_name(told.get("name", absent), stem, complaints),
        cards=cards,
        settings=_settings(told.get("settings", absent), complaints),
        output=complaints.text("output", output, 'write output: "{id}.mp4"') or DEFAULT_OUTPUT,
        output_line=output.line,
        defaults=_defaults(told.get("defaults", absent), complaints),
    )


def _refuse_key(key: str, line: int, complaints: Complaints) -> None:
    if key in _NEVER:
        complaints.add(f"{key} is not for a manifest to say", _NEVER[key], line)
        return
    meant = nearest(key, KEYS)
    if meant is None and key in SETTINGS:
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
    for name, told in complaints.mapping("settings", found, "write {rate: 60/1m}").items():
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
    mend = f"write {name}: {_default(name)}"
    text = complaints.text(name, told, mend)
    if not text:
        return {}
    try:
        return parse_setting(name, text)
    except ValueError as error:
        complaints.add(f"{name} must be {error}, not {shown(text)}", mend, told.line)
        return {}


def _default(name: str) -> str:
    value = getattr(Settings(), SETTINGS[name][0])
    return f"{value:g}" if isinstance(value, float) else str(value)


def _defaults(found: Located, complaints: Complaints) -> RowText:
    told = complaints.mapping("defaults", found, "write defaults: {seconds: 4}")
    if "id" in told:
        what = "id can't be a default: it names one row"
        complaints.add(what, "write it in its row", told["id"].line)
    rest = {name: value for name, value in told.items() if name != "id"}
    defaults = row_text(0, found.line, rest, open_ended=False)
    for flaw in defaults.flaws:
        line = flaw.line or defaults.lines.get(flaw.field, found.line)
        complaints.add(f"{flaw.what} (in defaults)", flaw.mend, line)
    return defaults._replace(flaws=())
