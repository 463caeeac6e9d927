-- Snapshots of bases (spec D7): a named version. History is kept back to the oldest of them, so nothing is copied (ADR 0009).
create table data.snapshots (
  tenant_id  uuid        not null,
  base_id    bigint      not null,
  -- `snp` and 14 base-62 digits.
  id         text        collate "C" not null,
  name       text        not null,
  version    bigint      not null,
  -- The moment that it shows: calculated values are as of then.
  at         timestamptz not null,
  created_by text        not null,
  created_at timestamptz not null,
  primary key (tenant_id, base_id, id),
  foreign key (tenant_id, base_id) references data.bases (tenant_id, id)
);
select data.tenant_table('data.snapshots');

-- The highest number of a record that was given out, as far as only changes know of it that are not kept any more.
alter table data.tables add column last_row bigint not null default 0;

-- A snapshot on its way into a new base, which is hidden (deleted) until everything is in it.
create table data.restores (
  tenant_id  uuid        not null,
  base_id    bigint      not null,
  -- `rst` and 14 base-62 digits.
  id         text        collate "C" not null,
  version    bigint      not null,
  at         timestamptz not null,
  target     bigint      not null,
  name       text        not null,
  state      text        not null check (state in ('running', 'done', 'failed')),
  done       bigint      not null default 0,
  total      bigint      not null default 0,
  failure    text,
  created_by text        not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, base_id, id),
  foreign key (tenant_id, base_id) references data.bases (tenant_id, id)
);
select data.tenant_table('data.restores');
