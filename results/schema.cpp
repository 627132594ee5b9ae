#include "results/schema.h"

#include <vector>

#include <fmt/format.h>

#include "harness/error.h"
#include "results/views.h"

namespace bitsweep {
namespace {

/// "bswp": marks the file as ours, see PRAGMA application_id.
constexpr int application_id = 0x62737770;

/// Migration n brings version n to version n + 1. Never change one that was released: files that went through
/// it exist. A new field of Run is a new migration: "alter table runs add column ..." with the default of the
/// field, so that older runs stay what they were. A changed view is an empty migration.
const std::vector<const char*>& migrations() {
  static const std::vector<const char*> list = {
      R"sql(
create table sessions (
  id         integer primary key,
  experiment text not null,
  started    text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) strict;
create index sessions_by_experiment on sessions (experiment);

-- each time a session was started or went on
create table executions (
  id        integer primary key,
  session   integer not null references sessions on delete cascade,
  started   text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now')),
  user      text not null,
  host      text not null,
  bitsweep  text not null,     -- version and commit
  spec_path text not null,
  spec_text text not null,
  spec_hash text not null,     -- 16 hexadecimal digits of XXH3 (64 bits)
  planned   integer not null   -- runs
) strict;
create index executions_by_session on executions (session);

create table runs (
  id        text primary key,
  canonical text not null,
  model       text not null,
  backend     text not null,
  precision   text not null,
  pruning     text not null,
  batch       integer not null,
  dataset     text not null,
  checkpoint  text not null,
  threads     text not null,
  calibration text not null,
  seed        integer not null
) strict, without rowid;

create index runs_by_model on runs (model, precision, pruning);  -- the view speedups looks for baselines

-- a machine as it was described; equal speed is expected within a class
create table machines (
  id             integer primary key,
  class          text not null,
  host           text not null,
  cpu            text not null,
  isa            text not null,   -- names with a space between
  physical_cores integer not null,
  logical_cores  integer not null,
  core_set       text not null,
  memory_bytes   integer not null,
  gpus           text not null,   -- names with ", " between
  kernel         text not null,
  governor       text not null,
  description    text not null unique  -- all of it, JSON
) strict;

create table software (
  id        integer primary key,
  bitsweep  text not null,
  build     text not null,
  libraries text not null,  -- JSON: [{"name": ..., "version": ...}]
  unique (bitsweep, build, libraries)
) strict;

create table results (
  id       integer primary key,
  session  integer not null references sessions on delete cascade,
  run      text not null references runs,
  outcome  text not null check (outcome in ('ok', 'unsupported', 'inaccurate', 'failed', 'timeout', 'lost')),
  reason   text not null,
  machine  integer not null references machines,
  software integer not null references software,
  started  text not null,  -- UTC, ISO 8601
  seconds  real not null,  -- wall time of the whole run
  unique (session, run)
) strict;
create index results_by_run on results (run);

create table series (
  id            integer primary key,
  run           text not null references runs,
  machine_class text not null,
  metric        text not null,
  unique (run, machine_class, metric)
) strict;

create table metrics (
  result    integer not null references results on delete cascade,
  name      text not null,
  value     real,            -- null: not a number
  unit      text not null,
  direction text not null check (direction in ('lower', 'higher', 'neutral')),
  series    integer not null references series,
  primary key (result, name)
) strict, without rowid;
create index metrics_by_series on metrics (series);

-- A JSON array of nanoseconds a result: as compact as 8-byte integers, one row to write and to read, and
-- readable everywhere through json_each; see the view samples.
create table sample_lists (
  result     integer primary key references results on delete cascade,
  samples_ns text not null
) strict;

create table layers (
  result         integer not null references results on delete cascade,
  position       integer not null,  -- in order of execution, from 0
  name           text not null,
  kind           text not null,
  implementation text not null,
  data_types     text not null,
  time_ns        real not null,
  macs           integer not null,
  bytes          integer not null,
  primary key (result, position)
) strict, without rowid;

create table notes (
  result   integer not null references results on delete cascade,
  position integer not null,
  note     text not null,
  primary key (result, position)
) strict, without rowid;

create table evidence (
  result integer not null references results on delete cascade,
  name   text not null,
  value  text not null,
  primary key (result, name)
) strict, without rowid;
)sql",
      R"sql(
alter table runs add column streams integer not null default 1;
alter table runs add column caches text not null default 'warm';
alter table layers add column isa text not null default '';
alter table layers add column layouts text not null default '';
alter table layers add column bound_ns real not null default 0;         -- least time by the ceilings; 0: unknown
alter table layers add column memory_bound integer not null default 0;  -- whether that is by memory

-- why a result is as fast as it is, one sentence a row
create table explanations (
  result   integer not null references results on delete cascade,
  position integer not null,
  sentence text not null,
  primary key (result, position)
) strict, without rowid;
)sql",
      R"sql(
-- A change that is as it should be: from this session on, what was before is no baseline.
create table accepted (
  id      integer primary key,
  run     text not null references runs,
  metric  text not null,
  session integer not null references sessions on delete cascade,
  who     text not null,
  why     text not null,
  until   text,           -- UTC, ISO 8601; null: for good
  at      text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) strict;
create index accepted_by_run on accepted (run, metric);
)sql",
      // Room and speed for a million results: what results share is stored once; metrics, layers and series
      // become views (views.cpp). An index of metrics by series cost a page a metric in each transaction.
      R"sql(
create table metric_names (
  id        integer primary key,
  name      text not null,
  unit      text not null,
  direction text not null check (direction in ('lower', 'higher', 'neutral')),
  unique (name, unit, direction)
) strict;
insert into metric_names (name, unit, direction) select distinct name, unit, direction from metrics order by name;

create table metric_values (
  result integer not null references results on delete cascade,
  metric integer not null,  -- of metric_names; not checked a value, which would cost a search each
  value  real,  -- null: not a number
  primary key (result, metric)
) strict, without rowid;
insert into metric_values (result, metric, value)
  select result, metric_names.id, value from metrics join metric_names using (name, unit, direction);
drop table metrics;
drop table series;

-- what a step of an engine is, whenever it is carried out
create table steps (
  id             integer primary key,
  name           text not null,
  kind           text not null,
  implementation text not null,
  data_types     text not null,
  isa            text not null,
  layouts        text not null,
  macs           integer not null,
  bytes          integer not null,
  unique (name, kind, implementation, data_types, isa, layouts, macs, bytes)
) strict;
insert into steps (name, kind, implementation, data_types, isa, layouts, macs, bytes)
  select distinct name, kind, implementation, data_types, isa, layouts, macs, bytes from layers;

create table step_times (
  result       integer not null references results on delete cascade,
  position     integer not null,  -- in order of execution, from 0
  step         integer not null,  -- of steps; not checked either, `bitsweep db integrity` does
  time_ns      real not null,
  bound_ns     real not null,     -- least time by the ceilings; 0: unknown
  memory_bound integer not null,  -- whether that is by memory
  primary key (result, position)
) strict, without rowid;
insert into step_times (result, position, step, time_ns, bound_ns, memory_bound)
  select result, position, steps.id, time_ns, bound_ns, memory_bound
    from layers join steps using (name, kind, implementation, data_types, isa, layouts, macs, bytes);
drop table layers;

-- The same session in any file, for `bitsweep merge`: random, or what older sessions are known by.
alter table sessions add column identity text not null default '';
update sessions set identity = coalesce((select experiment || ' ' || sessions.started || ' ' || user || ' ' || host ||
    ' ' || spec_hash || ' ' || sessions.id from executions where session = sessions.id order by executions.id),
    experiment || ' ' || started || ' ' || id);
create index sessions_by_identity on sessions (identity);

create index results_by_outcome on results (session, outcome);

-- for the baselines of the view speedups: a run and all but its calibration
drop index runs_by_model;
create index runs_by_fields on runs (model, precision, pruning, batch, threads, dataset, backend, checkpoint, seed);
)sql",
      R"sql(
-- queries that a user gave a name
create table saved_queries (
  name  text primary key,
  query text not null,  -- JSON: what was asked for, as typed
  saved text not null default (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
) strict;

create index if not exists results_by_started on results (started);    -- --since, --until
create index if not exists results_by_machine on results (machine);    -- compare machine:CLASS
create index if not exists results_by_software on results (software);  -- compare commit:HASH, library:NAME=VERSION
)sql",
      R"sql(
-- Which of the labelled images a network got right, in the order of the data set (evidence data_hash).
create table answers (
  result integer primary key references results on delete cascade,
  images integer not null,
  bits   blob not null  -- 1: right; the first image is the highest bit of the first byte
) strict;

-- The identity of the session whose suspects this one measured again; empty: it stands for itself.
alter table sessions add column confirms text not null default '';
)sql",
      R"sql(
-- the session before another one of its experiment
drop index sessions_by_experiment;
create index sessions_by_experiment on sessions (experiment, started);
)sql",
  };
  return list;
}

int64_t number(const SQLite::Database& sqlite, const std::string& statement) {
  SQLite::Statement query(sqlite, statement);
  query.executeStep();
  return query.getColumn(0).getInt64();
}

}  // namespace

int latest_schema_version() {
  return static_cast<int>(migrations().size());
}

int schema_version(const SQLite::Database& sqlite) {
  return static_cast<int>(number(sqlite, "pragma user_version"));
}

void check_is_ours(SQLite::Database& sqlite, const std::string& path) {
  const bool empty = number(sqlite, "select count(*) from sqlite_schema") == 0;
  if (!empty && number(sqlite, "pragma application_id") != application_id)
    throw Error(
        fmt::format("{}: this database belongs to another program; give another file with --db", path),
        ExitCode::database);
  const int version = schema_version(sqlite);
  if (version > latest_schema_version())
    throw Error(
        fmt::format("{}: the file has schema version {}, this bitsweep knows {}; use the newer bitsweep "
                    "that wrote it, or give another file with --db",
                    path, version, latest_schema_version()),
        ExitCode::database);
}

void migrate(SQLite::Database& sqlite, const std::string& path) {
  migrate(sqlite, path, latest_schema_version());
}

void migrate(SQLite::Database& sqlite, const std::string& path, int target) {
  while (schema_version(sqlite) < target) {
    SQLite::Transaction transaction(sqlite, SQLite::TransactionBehavior::IMMEDIATE);
    check_is_ours(sqlite, path);
    const int version = schema_version(sqlite);  // again, now that no other process can change it
    if (version >= target) return;
    drop_views(sqlite);  // they may name what the migration changes
    sqlite.exec(migrations().at(static_cast<size_t>(version)));
    if (version + 1 == latest_schema_version()) create_views(sqlite);
    sqlite.exec(fmt::format("pragma application_id = {}", application_id));
    sqlite.exec(fmt::format("pragma user_version = {}", version + 1));
    transaction.commit();
  }
}

}  // namespace bitsweep
