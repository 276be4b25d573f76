"""The ledger's tables and their migrations: what the file itself refuses, whoever writes to it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sqlite_utils import Database, Migrations

from batchsora.job import Reason, State
from batchsora.lifecycle import Event

APPLICATION_ID = 0x62736F72  # "bsor": tells a ledger from any other SQLite file
VERSION = 3  # `user_version`: a ledger with a higher one was written by a newer batchsora

migrations = Migrations("batchsora")


def _one_of(words: type[State | Reason | Event]) -> str:
    return ", ".join(f"'{word.value}'" for word in words)


_CAMPAIGN = """
create table campaign (
    one          integer primary key check (one = 1),
    identity     text not null,  -- chance: knows this ledger again after a move
    name         text not null,
    service      text not null,  -- the base URL, or 'simulator'
    manifest     text not null,  -- relative to the run folder
    columns      text not null,  -- JSON list: the manifest's own other columns, in their order
    began_at     text not null
) strict
"""

_JOBS = f"""
create table jobs (
    key                 text primary key check (length(key) = 32),
    -- what was ordered
    id                  text not null check (id <> ''),
    take                integer not null check (take >= 1),
    prompt              text not null,
    model               text not null,
    seconds             integer not null check (seconds > 0),
    size                text not null check (size glob '[1-9]*x[1-9]*'),
    image               text,
    image_sha256        text check ((image is null) = (image_sha256 is null)),
    fit                 text not null,
    likeness            text not null,  -- what a service's list shows of it, hashed
    price_usd           text,
    output              text not null,
    output_folded       text not null,
    -- where the manifest asks for it: null once its row is gone
    position            integer,
    row                 integer,
    manifest_file       text,  -- null: the manifest itself; else one it includes
    manifest_line       integer,
    tags                text not null,  -- JSON list
    columns             text not null,  -- JSON object
    recorded_at         text not null,
    -- where it stands
    state               text not null default 'pending' check (state in ({_one_of(State)})),
    revision            integer not null default 0 check (revision >= 0),
    reason              text check (reason in ({_one_of(Reason)})),
    error_code          text,
    error_message       text,
    error_hint          text,
    hint                text not null default '',
    video_id            text unique,
    attempts            integer not null default 0,
    purchases           integer not null default 0 check (purchases between 0 and attempts),
    submit_started_at   text,
    submitted_at        text,
    doubted_at          text,
    render_started_at   text,
    completed_at        text,
    expires_at          text,
    download_started_at text,
    downloaded_at       text,
    file                text,
    bytes               integer,
    sha256              text,
    check ((state = 'failed') = (reason is not null)),
    check (state not in ('running', 'rendered', 'done') or video_id is not null),
    check (state not in ('pending', 'submitting', 'in_doubt') or video_id is null),
    check (state not in ('submitting', 'in_doubt') or purchases < attempts),  -- not counted yet
    check (video_id is null or purchases > 0),
    check ((file is null) = (bytes is null) and (file is null) = (sha256 is null)),
    check (state <> 'done' or file is not null)
) strict
"""

_EVENTS = f"""
create table events (
    seq     integer primary key,
    key     text not null references jobs (key),
    at      text not null,
    event   text not null check (event in ({_one_of(Event)})),
    state   text not null check (state in ({_one_of(State)})),  -- the one that it led to
    detail  text not null  -- JSON: what was known of it
) strict
"""

_ROOM = """
create table room (
    one   integer primary key check (one = 1),
    held  blob  -- given up when the disk is full and an id has to be stored
) strict
"""

_IMAGES = """
create table images (
    url         text primary key check (url <> ''),  -- as the manifest has it
    sha256      text not null check (length(sha256) = 64),  -- of what came first: keys keep it
    file        text not null check (length(file) = 64),  -- of what came last and is kept
    bytes       integer not null check (bytes > 0),
    fetched_at  text not null
) strict
"""

_MONEY = (
    "spent_usd text not null default '0'",
    "unpriced integer not null default 0 check (unpriced between 0 and purchases)",
)

# a plain "insert or replace" deletes without asking the trigger for deletions
_ONCE_WRITTEN = """
create trigger events_are_never_{name} before {verb} on events {when}
begin select raise(abort, 'events are append-only'); end
"""
_REWRITES = (
    {"name": "updated", "verb": "update", "when": ""},
    {"name": "deleted", "verb": "delete", "when": ""},
    {
        "name": "replaced",
        "verb": "insert",
        "when": "when exists (select 1 from events where seq = new.seq)",
    },
)

# a video belongs to one purchase of one job, for ever: also after the job was bought again
BOUGHT = "json_extract(detail, '$.video_id')"
WAS_BOUGHT = "event in ('submit_accepted', 'doubt_adopted')"

# by name, so that they can be left away while very many jobs are recorded
INDEXES_OF_JOBS: Mapping[str, str] = {
    # no two jobs share a file on any file system; one of which nothing was sent has no file yet
    "jobs_by_output": "create unique index jobs_by_output on jobs (output_folded)"
    " where revision > 0",
    "jobs_to_submit": "create index jobs_to_submit on jobs (position) where state = 'pending'",
    "jobs_on_the_wire": "create index jobs_on_the_wire on jobs (key) where state = 'submitting'",
    "jobs_under_way": "create index jobs_under_way on jobs (key)"
    " where state in ('in_doubt', 'running', 'rendered')",
    "jobs_alike_in_doubt": "create index jobs_alike_in_doubt on jobs (likeness)"
    " where state = 'in_doubt'",
    "jobs_by_place": "create index jobs_by_place on jobs (position)",
    "jobs_by_image": "create index jobs_by_image on jobs (image) where image is not null",
    "jobs_by_id": "create index jobs_by_id on jobs (id)",
}
_INDEXES = (
    *INDEXES_OF_JOBS.values(),
    "create index events_of_a_job on events (key, seq)",
    f"create unique index events_that_bought on events ({BOUGHT}) where {WAS_BOUGHT}",
)


@migrations()
def the_first_tables(db: Database) -> None:
    """Campaign, jobs, events, room."""
    for statement in (_CAMPAIGN, _JOBS, _EVENTS, _ROOM, *_INDEXES):
        db.execute(statement)
    for rewrite in _REWRITES:
        db.execute(_ONCE_WRITTEN.format_map(rewrite))
    db.execute("insert into room values (1, null)")
    db.execute(f"pragma application_id = {APPLICATION_ID}")
    db.execute("pragma user_version = 1")


@migrations()
def the_fetched_images(db: Database) -> None:
    """Images, by the addresses that they came from."""
    db.execute(_IMAGES)
    db.execute("pragma user_version = 2")


@migrations()
def the_money(db: Database) -> None:
    """Settle what each job has cost, whatever its price is today; and the last run's budget."""
    for column in _MONEY:
        db.execute(f"alter table jobs add column {column}")
    db.execute("alter table campaign add column max_cost_usd text")
    bought = "select key, price_usd, purchases from jobs where purchases > 0"
    for row in db.execute(bought).fetchall():
        key, price, purchases = row["key"], row["price_usd"], row["purchases"]
        spent, unpriced = (Decimal(price) * purchases, 0) if price else (0, purchases)
        change = "update jobs set spent_usd = ?, unpriced = ? where key = ?"
        db.execute(change, (str(spent), unpriced, key))
    db.execute("pragma user_version = 3")
