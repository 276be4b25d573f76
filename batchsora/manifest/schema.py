"""The manifest in YAML as JSON Schema: for the completion and the hover of editors. Pure.

It is made from the tables that the readers use. What depends on more than one place of a manifest,
or on other files, is left to `batchsora validate`: a schema must not blame what is right. So it
does not know which seconds a model has, nor that a prompt is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from batchsora.job import Fit
from batchsora.manifest.fields import COLUMNS, DEFAULTS
from batchsora.manifest.head import KEYS
from batchsora.manifest.inclusion import KEYS as INCLUSION_KEYS
from batchsora.manifest.terms import MOST_TAKES
from batchsora.models import BUILT_IN, ModelCard
from batchsora.settings import SETTINGS, Rate, Settings

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


_SCALAR = ["string", "number", "boolean", "null"]  # everything is text, however YAML reads it
_NAMED = ["string", "number", "boolean"]
_SPOTS = ("top", "centre", "center", "bottom", "left", "right")


def _pattern(text: str) -> str:
    """Allow for blanks around a text, and for nothing at all: that says as much as no key."""
    return rf"^\s*({text})?\s*$"


def _in_any_case(word: str) -> str:
    """Write a word for a pattern: JSON Schema has none that pay no attention to case."""
    return "".join(f"[{letter.upper()}{letter}]" for letter in word)


_WHOLE = _pattern(r"[0-9]{1,9}(\.0+|,00?)?")  # spreadsheets write 4 as 4.0, or as 4,0
_NUMBER = _pattern(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_RATE = _pattern(r"[0-9]{1,6}(\.[0-9]{1,6})?\s*/\s*([0-9]{1,6}(\.[0-9]{1,6})?)?\s*[smh]")
_SIZE = _pattern("[1-9][0-9]{0,4}x[1-9][0-9]{0,4}")
_USD = _pattern(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_SHARE = _pattern(r"[0-9]{1,9}|[0-9]{1,3}(\.[0-9]{1,3})?\s*%")
_PRICE = _pattern(r"[0-9]{1,6}(\.[0-9]{1,6})?|unknown")
_DAY = _pattern("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PART = r"\s*[0-9]{1,3}(\.[0-9]{1,6})?%?\s*"
_FOCUS = _pattern("|".join([f"{_PART},{_PART}", *map(_in_any_case, _SPOTS)]))
_PAD = _pattern("#[0-9A-Fa-f]{6}|[A-Za-z]+")
_PLACEHOLDER = r"\{[^{}]+\}"

KEY_WORDS: Mapping[str, str] = {
    "name": "The campaign, and so its run folder runs/<name>; one plain folder name. "
    "Without it: the name of this file.",
    "defaults": "Fields for all rows that do not say them.",
    "settings": "How a run goes. Options of the command line go before them.",
    "output": "Where the clips go, below videos/ in the run folder: a path with placeholders. "
    "A row's own output goes before it.",
    "models": "Further model cards: which seconds and sizes a model takes, and what it costs.",
    "rows": "The rows. Each says what is wanted; it makes a clip, or several by takes, by matrix, "
    "by a pattern of images, or by the rows of another file.",
}
FIELD_WORDS: Mapping[str, str] = {
    "image": "The picture that the clip begins with: a file, relative to this one; a pattern such "
    'as "images/*.jpg", a job for each file; or a web address. Without it, the clip is made from '
    "the prompt alone.",
    "prompt": "What the clip shows. Placeholders: {id} {name} {row} {take} {model} {seconds} "
    "{size} {stem}, and variables and columns of your own; {{ is a brace.",
    "model": "The model; it must have a card.",
    "seconds": "The length of the clip: one of those on the model's card",
    "size": "Width x height in pixels: one of those on the model's card",
    "id": "The row's name: in messages, on the command line, in output. Without it: the first 10 "
    "digits of the job's key.",
    "takes": "How many clips of this row. Raise it later, and only the new ones are bought.",
    "tags": "Words to choose rows by: --tag hero.",
    "fit": "How an image of another shape is brought to size: cover crops it, contain pads it, "
    "stretch distorts it, exact refuses it.",
    "focus": "The point of the image that cover keeps nearest the middle: a side, or X,Y from 0 to "
    "1 or in percent. Inside of { } put quotes round X,Y.",
    "pad": "What contain pads with: blur (a blurred edge), a colour such as #f4f0e8, or the name "
    "of one as in CSS. Put quotes round a #.",
    "output": "Where the clip goes, below videos/ in the run folder: a path with placeholders, "
    "such as {id}-{size}.mp4.",
    "vars": "Free variables of your own, for {placeholders}; they come back in the report.",
    "matrix": "A job for each combination of these values: of fields, or of free variables for "
    "{placeholders}. The last one changes fastest.",
}
INCLUSION_WORDS: Mapping[str, str] = {
    "from": "The rows of another file (CSV, TSV, JSON Lines, YAML), relative to this one. The "
    "fields beside it are defaults for its rows.",
    "columns": "Which columns of that file are fields, such as image: Image Src. All others are "
    "variables then, whatever they are called.",
    "first": "Columns of that file in which a cell may name several pictures: the first is taken.",
    "where": "Which rows of that file are meant: those that have this text in this column, or one "
    "of these.",
    "needs": "Columns of that file that must not be empty: rows where one is, are left out.",
    "once": "Columns of that file: of rows that are alike in all of them, only the first is taken.",
    "encoding": "How that file is encoded, where it is not UTF-8; such as cp1252 or utf-16.",
}
SETTING_WORDS: Mapping[str, str] = {
    "rate": "Create requests: a number, /, a number or nothing, and s, m or h.",
    "burst": "So many create requests at once, before the rate holds.",
    "max_in_flight": "Jobs at the service at once.",
    "poll_interval": "The longest time between two looks at a job, in seconds.",
    "job_timeout": "How long a session waits for one job, in seconds.",
    "download_concurrency": "Downloads at once.",
    "max_doubts": "No new submission while so many jobs are in doubt.",
    "settle": "How long after a lost answer a look-up may be believed, in seconds.",
    "max_attempts": "Give a job up after so many requests that never left.",
    "max_cost": "Never let more US dollars than this be billed in this run folder; what is in "
    "doubt counts.",
    "max_failures": "Stop after so many failed jobs, or such a share of all: 20, 5%.",
}
CARD_WORDS: Mapping[str, str] = {
    "seconds": "The lengths that the model takes.",
    "sizes": "The sizes that the model takes, each with the price of a second in US dollars, or "
    "unknown; a mere list where no price is known.",
    "priced_on": "The day of which these prices are.",
    "source": "Where these prices are from.",
}
NO_AXES = ("id", "output", "takes", "tags", "vars", "matrix")


def manifest_schema() -> Schema:
    """Make the schema of a manifest: the same each time, and ready for JSON."""
    told = {
        "name": {"type": _SCALAR},
        "defaults": _ref("defaults"),
        "settings": _ref("settings"),
        "output": _ref("output"),
        "models": {"type": ["object", "null"], "additionalProperties": _ref("card")},
        "rows": {"type": ["array", "null"], "items": _ref("row")},
    }
    return {
        "$schema": DIALECT,
        "title": "batchsora manifest",
        "description": "Rows of images and prompts; a video clip is bought of each.",
        **_mapping({key: told[key] | _words(KEY_WORDS[key]) for key in KEYS}),
        "$defs": {
            "row": _row(),
            "defaults": _defaults(),
            "settings": _mapping({name: _setting(name) for name in SETTINGS}),
            "card": _card(),
            **{field: _field(field) for field in FIELD_WORDS},
        },
    }


def _words(text: str) -> Schema:
    return {"description": text}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _mapping(entries: Schema, **more: Any) -> Schema:
    """Take a mapping with these keys and no others, or nothing at all."""
    return {
        "type": ["object", "null"],
        "properties": entries,
        "additionalProperties": False,
        **more,
    }


def _text(pattern: str, *examples: object) -> Schema:
    return {"type": ["string", "null"], "pattern": pattern, "examples": list(examples)}


def _number(pattern: str, **more: Any) -> Schema:
    """Take a number, also where it is written as text."""
    return {"type": ["number", "string", "null"], "pattern": pattern, **more}


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [{"type": "array", "items": item}, item]}


def _field(name: str) -> Schema:
    schema = {**_VALUES.get(name, {"type": _SCALAR}), **_words(_field_words(name))}
    if (default := DEFAULTS.get(name)) is not None:
        schema["default"] = int(default) if default.isdigit() else default
    return schema


def _field_words(name: str) -> str:
    words = FIELD_WORDS[name]
    if name not in _OF_CARDS:
        return words
    allowed = (
        f"{card.name}: {', '.join(map(str, _OF_CARDS[name](card)))}" for card in BUILT_IN.values()
    )
    return f"{words} ({'; '.join(allowed)})."


def _row() -> Schema:
    names = _one_or_more({"type": _NAMED, "minLength": 1})
    told: dict[str, Schema] = {
        "from": {"type": _SCALAR, "minLength": 1},
        "columns": _mapping(
            {name: {"type": _SCALAR, **_words(f"The column that says {name}.")} for name in COLUMNS}
        ),
        "first": names,
        "where": {"type": ["object", "null"], "additionalProperties": {**names, "minItems": 1}},
        "needs": names,
        "once": names,
        "encoding": _text(r"\S", "cp1252", "utf-16"),
    }
    inclusion = {key: told[key] | _words(INCLUSION_WORDS[key]) for key in INCLUSION_KEYS}
    return {
        "type": "object",
        "properties": {**{name: _ref(name) for name in FIELD_WORDS}, **inclusion},
        "additionalProperties": False,
        "dependentRequired": {key: ["from"] for key in INCLUSION_KEYS if key != "from"},
        "dependentSchemas": {"from": {"properties": {"id": {"pattern": _PLACEHOLDER}}}},
    }


def _matrix() -> Schema:
    axes = [name for name in COLUMNS if name not in NO_AXES]
    return {
        "type": "object",
        "properties": {axis: {**_axis(_ref(axis)), **_words(FIELD_WORDS[axis])} for axis in axes},
        "propertyNames": {"not": {"enum": list(NO_AXES)}},
        "additionalProperties": _axis({"type": _NAMED}),
        "minProperties": 1,
    }


def _axis(value: Schema) -> Schema:
    said = {**value, "not": {"enum": [None, ""]}}
    return {"type": "array", "items": said, "minItems": 1, "uniqueItems": True}


def _defaults() -> Schema:
    """Take the fields of a row; an id that is the same for all rows would name none of them."""
    fields = {name: _ref(name) for name in FIELD_WORDS}
    return _mapping({**fields, "id": {**_ref("id"), "pattern": _PLACEHOLDER}})


def _setting(name: str) -> Schema:
    value = getattr(Settings(), SETTINGS[name][0])
    if value is None:
        return {**_UNSET_VALUES[name], **_words(SETTING_WORDS[name])}
    default = str(value) if isinstance(value, Rate) else value
    return {**_SETTING_VALUES[type(value)], "default": default, **_words(SETTING_WORDS[name])}


def _card() -> Schema:
    size = _text(_SIZE, "1280x720")
    price = _number(_PRICE, minimum=0, examples=[0.12, "unknown"])
    priced = {
        "type": "object",
        "propertyNames": {"pattern": _SIZE},
        "additionalProperties": price,
        "minProperties": 1,
    }
    told = {
        "seconds": _one_or_more(_number(_WHOLE, minimum=1, multipleOf=1)),
        "sizes": {"anyOf": [priced, {"type": "array", "items": size, "minItems": 1}, size]},
        "priced_on": _text(_DAY, "2026-01-31"),
        "source": {"type": _SCALAR},
    }
    entries = {key: told[key] | _words(CARD_WORDS[key]) for key in told}
    return {**_mapping(entries, required=["seconds", "sizes"]), "type": "object"}


_OF_CARDS: Mapping[str, Callable[[ModelCard], Iterable[object]]] = {
    "seconds": lambda card: card.seconds,
    "size": lambda card: card.sizes,
}
_SECONDS = dict.fromkeys(it for card in BUILT_IN.values() for it in card.seconds)
_SIZES = dict.fromkeys(str(it) for card in BUILT_IN.values() for it in card.sizes)

# What the fields take that are no mere text.
_VALUES: Mapping[str, Schema] = {
    "model": {"type": _SCALAR, "examples": list(BUILT_IN)},
    "seconds": _number(_WHOLE, minimum=1, multipleOf=1, examples=list(_SECONDS)),
    "size": _text(_SIZE, *_SIZES),
    "takes": _number(_WHOLE, minimum=1, maximum=MOST_TAKES, multipleOf=1),
    "tags": _one_or_more({"type": _SCALAR}),
    "fit": {"enum": [*Fit, None]},
    "focus": _text(_FOCUS, *_SPOTS, "0.5,0.3"),
    "pad": _text(_PAD, "blur", "white", "#f4f0e8"),
    "vars": {"type": ["object", "null"], "additionalProperties": {"type": _SCALAR}},
    "matrix": _matrix(),
}
_SETTING_VALUES: Mapping[type, Schema] = {
    Rate: _text(_RATE, "60/1m", "5/s", "100/1h"),
    int: _number(_WHOLE, minimum=1, multipleOf=1),
    float: _number(_NUMBER, exclusiveMinimum=0),
}
_UNSET_VALUES: Mapping[str, Schema] = {
    "max_cost": _number(_USD, minimum=0, examples=[25, 7.5]),
    "max_failures": _number(_SHARE, exclusiveMinimum=0, examples=[20, "5%"]),
}
