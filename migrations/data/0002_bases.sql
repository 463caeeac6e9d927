-- Bases: relational tables of a tenant as rows (design 3). Field values sit in records.data under the field's number.

create table data.bases (
  tenant_id   uuid        not null,
  id          bigint      not null,
  -- The number of the last change. Locking this row orders writers across processes.
  seq         bigint      not null default 0,
  name        text        not null,
  description text        not null default '',
  icon        text        not null,
  colour      text        not null,
  created_at  timestamptz not null,
  created_by  text        not null,
  deleted_at  timestamptz,
  primary key (tenant_id, id)
);
select data.tenant_table('data.bases');

-- Number counters (next row, field, view) are not stored: the highest number ever used is in records, changes, fields, views.
create table data.tables (
  tenant_id     uuid   not null,
  id            bigint not null,
  base_id       bigint not null,
  position      int    not null,
  name          text   not null,
  description   text   not null default '',
  icon          text   not null default '',
  primary_field int    not null,
  deleted_at    timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, base_id) references data.bases (tenant_id, id)
);
create index tables_of_base on data.tables (tenant_id, base_id);
select data.tenant_table('data.tables');

create table data.fields (
  tenant_id   uuid   not null,
  table_id    bigint not null,
  id          int    not null,
  position    int    not null,
  name        text   not null,
  description text   not null default '',
  type        text   not null,
  options     jsonb  not null default '{}',
  deleted_at  timestamptz,
  primary key (tenant_id, table_id, id),
  foreign key (tenant_id, table_id) references data.tables (tenant_id, id)
);
select data.tenant_table('data.fields');

create table data.views (
  tenant_id  uuid   not null,
  table_id   bigint not null,
  id         int    not null,
  position   int    not null,
  name       text   not null,
  type       text   not null,
  config     jsonb  not null default '{}',
  created_by text   not null default '',
  deleted_at timestamptz,
  primary key (tenant_id, table_id, id),
  foreign key (tenant_id, table_id) references data.tables (tenant_id, id)
);
select data.tenant_table('data.views');

-- No foreign key to tables: a batch of thousands of rows would check each; apply_batch is the only writer.
create table data.records (
  tenant_id  uuid        not null,
  table_id   bigint      not null,
  id         bigint      not null,
  data       jsonb       not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  created_by text        not null,
  updated_by text        not null,
  primary key (tenant_id, table_id, id)
) with (fillfactor = 90);
select data.tenant_table('data.records');

-- The one sequence of a base: every change with its values before and after. History, undo, realtime, catch-up of other
-- processes and page invalidation read it.
create table data.changes (
  tenant_id uuid        not null,
  base_id   bigint      not null,
  seq       bigint      not null,
  at        timestamptz not null,
  actor     text        not null,
  kind      text        not null,
  table_id  bigint,
  record_lo bigint,
  record_hi bigint,
  -- Random, made by the writer: after a lost connection it tells whether the batch was committed.
  nonce     bigint      not null,
  data      jsonb       not null,
  primary key (tenant_id, base_id, seq)
);
create index changes_of_record on data.changes (tenant_id, table_id, record_hi, record_lo);
select data.tenant_table('data.changes');

create table data.idempotency (
  tenant_id uuid        not null,
  scope     text        not null,
  key       text        not null,
  hash      bytea       not null,
  status    int         not null,
  version   bigint      not null,
  body      text        not null,
  at        timestamptz not null,
  primary key (tenant_id, scope, key)
);
create index idempotency_age on data.idempotency (tenant_id, at);
select data.tenant_table('data.idempotency');

create table data.imports (
  tenant_id   uuid        not null,
  id          uuid        not null,
  base_id     bigint      not null,
  table_id    bigint,
  state       text        not null check (state in ('preview', 'running', 'done', 'failed', 'cancelled')),
  file_name   text        not null,
  bytes       bigint      not null,
  format      jsonb       not null,
  columns     jsonb       not null,
  plan        jsonb,
  done        bigint      not null default 0,
  total       bigint      not null,
  created     bigint      not null default 0,
  error_count bigint      not null default 0,
  errors      jsonb       not null default '[]',
  failure     text,
  created_by  text        not null,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, base_id) references data.bases (tenant_id, id)
);
select data.tenant_table('data.imports');

-- Writes one batch: numbers, rows and change rows together (design 3). Returns the new seq; or, when the base is further
-- on than `p_seq` (another process wrote), the negative of the present seq and writes nothing; null when there is no base.
-- `p_schema` is null for record changes; else rows to put: {"base": {...}, "tables": [...], "fields": [...], "views": [...]}.
create function data.apply_batch(
  p_tenant uuid, p_base bigint, p_seq bigint, p_at timestamptz,
  c_seq bigint[], c_actor text[], c_kind text[], c_table bigint[], c_lo bigint[], c_hi bigint[], c_nonce bigint[], c_data jsonb[],
  r_table bigint[], r_id bigint[], r_data jsonb[], r_created_at timestamptz[], r_created_by text[], r_updated_by text[],
  d_table bigint[], d_id bigint[],
  k_scope text[], k_key text[], k_hash bytea[], k_status int[], k_version bigint[], k_body text[],
  p_schema jsonb
) returns bigint language plpgsql as $$
declare
  new_seq bigint;
begin
  update data.bases set seq = p_seq + cardinality(c_seq)
    where tenant_id = p_tenant and id = p_base and seq = p_seq and deleted_at is null
    returning seq into new_seq;
  if new_seq is null then
    return (select -seq from data.bases where tenant_id = p_tenant and id = p_base and deleted_at is null);
  end if;
  insert into data.changes (tenant_id, base_id, seq, at, actor, kind, table_id, record_lo, record_hi, nonce, data)
    values (p_tenant, p_base, unnest(c_seq), p_at, unnest(c_actor), unnest(c_kind), unnest(c_table), unnest(c_lo), unnest(c_hi),
            unnest(c_nonce), unnest(c_data));
  if cardinality(r_id) > 0 then
    insert into data.records (tenant_id, table_id, id, data, created_at, updated_at, created_by, updated_by)
      values (p_tenant, unnest(r_table), unnest(r_id), unnest(r_data), unnest(r_created_at), p_at, unnest(r_created_by), unnest(r_updated_by))
      on conflict (tenant_id, table_id, id)
      do update set data = excluded.data, updated_at = excluded.updated_at, updated_by = excluded.updated_by;
  end if;
  if cardinality(d_id) > 0 then
    delete from data.records r using unnest(d_table, d_id) d(t, i)
      where r.tenant_id = p_tenant and r.table_id = d.t and r.id = d.i;
  end if;
  if cardinality(k_key) > 0 then
    insert into data.idempotency (tenant_id, scope, key, hash, status, version, body, at)
      values (p_tenant, unnest(k_scope), unnest(k_key), unnest(k_hash), unnest(k_status), unnest(k_version), unnest(k_body), p_at);
  end if;
  if p_schema is not null then
    perform data.put_schema(p_tenant, p_base, p_at, p_schema);
  end if;
  perform pg_notify('base_changed', p_tenant || ' ' || p_base || ' ' || new_seq);
  return new_seq;
end $$;

-- Puts the rows of a schema change: each is whole, `deleted` marks it for the trash.
create function data.put_schema(p_tenant uuid, p_base bigint, p_at timestamptz, p_schema jsonb) returns void language plpgsql as $$
declare
  item jsonb;
begin
  item := p_schema -> 'base';
  if item is not null then
    update data.bases set name = item ->> 'name', description = item ->> 'description', icon = item ->> 'icon',
        colour = item ->> 'colour'
      where tenant_id = p_tenant and id = p_base;
  end if;
  for item in select * from jsonb_array_elements(coalesce(p_schema -> 'tables', '[]')) loop
    insert into data.tables (tenant_id, id, base_id, position, name, description, icon, primary_field, deleted_at)
      values (p_tenant, (item ->> 'id')::bigint, p_base, (item ->> 'position')::int, item ->> 'name', item ->> 'description',
              item ->> 'icon', (item ->> 'primary_field')::int, case when (item ->> 'deleted')::boolean then p_at end)
      on conflict (tenant_id, id) do update set position = excluded.position, name = excluded.name,
        description = excluded.description, icon = excluded.icon, primary_field = excluded.primary_field,
        deleted_at = excluded.deleted_at;
  end loop;
  for item in select * from jsonb_array_elements(coalesce(p_schema -> 'fields', '[]')) loop
    insert into data.fields (tenant_id, table_id, id, position, name, description, type, options, deleted_at)
      values (p_tenant, (item ->> 'table')::bigint, (item ->> 'id')::int, (item ->> 'position')::int, item ->> 'name',
              item ->> 'description', item ->> 'type', item -> 'options', case when (item ->> 'deleted')::boolean then p_at end)
      on conflict (tenant_id, table_id, id) do update set position = excluded.position, name = excluded.name,
        description = excluded.description, type = excluded.type, options = excluded.options, deleted_at = excluded.deleted_at;
  end loop;
  for item in select * from jsonb_array_elements(coalesce(p_schema -> 'views', '[]')) loop
    insert into data.views (tenant_id, table_id, id, position, name, type, config, created_by, deleted_at)
      values (p_tenant, (item ->> 'table')::bigint, (item ->> 'id')::int, (item ->> 'position')::int, item ->> 'name',
              item ->> 'type', item -> 'config', item ->> 'created_by', case when (item ->> 'deleted')::boolean then p_at end)
      on conflict (tenant_id, table_id, id) do update set position = excluded.position, name = excluded.name,
        type = excluded.type, config = excluded.config, deleted_at = excluded.deleted_at;
  end loop;
end $$;
grant execute on all functions in schema data to nclc_app;
