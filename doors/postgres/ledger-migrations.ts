/**
 * Schema `quarterturn` in the application's database: all the engine knows stands there, so that any worker
 * can go on where another one ended. It holds names, keys of rows and counts, never a value.
 *
 * - job         one re-encryption toward one key; at most one active per secret
 * - leaf        a table (or partition) that has been planned for a job
 * - range       a piece of a leaf; claimed, checkpointed, taken again in every pass
 * - range_count what was found and done, per range, pass and column
 * - quarantine  values that were left as they are, and why
 * - seal_count  seals per kid and column, for the limit of GCM; sharded, because every batch counts
 * - fence       transactions that were alive at a moment, to be waited for
 * - attestation stores that cannot be counted from here, and who vouches for them
 *
 * A migration is never edited once released; the next one is appended.
 */

const kid = `~ '^[0-9a-f]{16}$'`;

export const migrations: readonly string[] = [
  `create table quarterturn.job (
     id bigint generated always as identity primary key,
     secret text not null,
     target_kid text not null check (target_kid ${kid}),
     keyset_version text not null,
     epoch bigint not null check (epoch > 0),
     mode text not null check (mode in ('online', 'maintenance')),
     state text not null default 'active' check (state in ('active', 'verified', 'closed')),
     closed_because text,
     paused boolean not null default false,
     pass integer not null default 0,
     pass_kind text not null default 'rewrite' check (pass_kind in ('rewrite', 'sweep', 'verify', 'count')),
     created_at timestamptz not null default now(),
     verified_at timestamptz,
     unique (secret, epoch),
     check ((state = 'verified') = (verified_at is not null)));
   create unique index one_active_job on quarterturn.job (secret) where state = 'active';

   create table quarterturn.leaf (
     job bigint not null references quarterturn.job on delete cascade,
     leaf text not null,
     declared text not null,
     walk text not null check (walk in ('key', 'ctid')),
     rows_estimated bigint not null,
     primary key (job, leaf));

   create table quarterturn.range (
     id bigint generated always as identity primary key,
     job bigint not null,
     leaf text not null,
     ordinal integer not null,
     after_key text[],
     upto_key text[],
     pass integer not null default 0,
     state text not null default 'open' check (state in ('open', 'done')),
     checkpoint text[],
     owner uuid,
     owner_pid integer,
     owner_since timestamptz,
     lease_until timestamptz,
     foreign key (job, leaf) references quarterturn.leaf on delete cascade,
     unique (job, leaf, ordinal));
   create index open_ranges on quarterturn.range (job, pass, id) where state = 'open';

   create table quarterturn.range_count (
     range bigint not null references quarterturn.range on delete cascade,
     pass integer not null,
     column_id text not null,
     nulls bigint not null default 0 check (nulls >= 0),
     skipped bigint not null default 0 check (skipped >= 0),
     rewritten bigint not null default 0 check (rewritten >= 0),
     quarantined bigint not null default 0 check (quarantined >= 0),
     gone bigint not null default 0 check (gone >= 0),
     opened bigint not null default 0 check (opened >= 0),
     remaining bigint not null default 0 check (remaining >= 0),
     in_window bigint not null default 0 check (in_window >= 0),
     primary key (range, pass, column_id));

   create table quarterturn.quarantine (
     job bigint not null references quarterturn.job on delete cascade,
     leaf text not null,
     column_id text not null,
     row_key text[] not null,
     reason text not null check (reason ~ '^[A-Z_]+$'),
     kid text check (kid ${kid}),
     seen_pass integer not null,
     found_at timestamptz not null default now(),
     accepted_by text,
     accepted_at timestamptz,
     primary key (job, leaf, column_id, row_key),
     check ((accepted_by is null) = (accepted_at is null)));

   create table quarterturn.seal_count (
     secret text not null,
     kid text not null check (kid ${kid}),
     column_id text not null,
     shard smallint not null check (shard between 0 and 63),
     seals bigint not null check (seals >= 0),
     primary key (secret, kid, column_id, shard));

   create table quarterturn.fence (
     job bigint not null references quarterturn.job on delete cascade,
     name text not null,
     pass integer not null,
     transactions text[] not null,
     prepared text[] not null,
     taken_at timestamptz not null default now(),
     cleared_at timestamptz,
     primary key (job, name));

   create table quarterturn.attestation (
     secret text not null,
     store text not null,
     kid text not null check (kid ${kid}),
     attested_by text not null check (attested_by <> ''),
     evidence text not null check (evidence <> ''),
     attested_at timestamptz not null default now(),
     primary key (secret, store, kid));`,
];
