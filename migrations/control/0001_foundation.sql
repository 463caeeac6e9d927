-- Tenant context and the two kinds of table. The roles nclc_app and nclc_platform exist already (kernel/db migrate.rs).

grant usage on schema control to nclc_app, nclc_platform;

-- Makes a tenant's rows visible until the transaction ends. SET LOCAL, not set_config: Citus hands only the former to its
-- workers. Outside a transaction it has no effect: then nothing is visible.
create function control.enter(tenant uuid) returns void
language plpgsql as $$
begin
  execute format('set local app.tenant = %L', tenant);
end
$$;

-- Makes a table tenant-owned: row-level security, forced (the owner is bound too), and the rights of both roles.
create function control.tenant_table(target regclass) returns void
language plpgsql as $$
begin
  if not exists (
    select from pg_attribute
    where attrelid = target and attname = 'tenant_id' and atttypid = 'uuid'::regtype and attnotnull and not attisdropped
  ) then
    raise exception 'tenant_table: % needs a column "tenant_id uuid not null"', target;
  end if;
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  -- No sub-select in the policy: Citus refuses it. After a transaction the setting is an empty string, hence nullif.
  execute format(
    'create policy tenant on %s to nclc_app
       using (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)
       with check (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)', target);
  execute format('create policy platform on %s to nclc_platform using (true) with check (true)', target);
  execute format('grant select, insert, update, delete on %s to nclc_app, nclc_platform', target);
end
$$;

-- Makes a table global: it belongs to no tenant (no column tenant_id) and both roles may use it.
create function control.global_table(target regclass) returns void
language plpgsql as $$
begin
  if exists (select from pg_attribute where attrelid = target and attname = 'tenant_id' and not attisdropped) then
    raise exception 'global_table: % has a column tenant_id: use tenant_table', target;
  end if;
  execute format('grant select, insert, update, delete on %s to nclc_app, nclc_platform', target);
end
$$;

-- Work to be done after the transaction that asked for it (ADR 0003). A done job's row is deleted; what has used up its
-- tries stays as `dead` until staff retries or discards it. The nil tenant's jobs belong to no tenant.
create table control.jobs (
  tenant_id    uuid        not null,
  id           uuid        not null,
  kind         text        not null,
  payload      jsonb       not null,
  -- While a job with this key waits, another one with it is dropped.
  key          text,
  state        text        not null default 'ready' check (state in ('ready', 'running', 'dead')),
  run_at       timestamptz not null,
  attempts     int         not null default 0,
  max_attempts int         not null,
  -- The worker that runs it, until when it holds it: a dead worker's jobs are taken over.
  held_by      uuid,
  held_until   timestamptz,
  last_error   text,
  created_at   timestamptz not null default now(),
  primary key (tenant_id, id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);
select control.tenant_table('control.jobs');
create unique index jobs_key on control.jobs (tenant_id, kind, key) where state = 'ready' and key is not null;
create index jobs_due on control.jobs (run_at, id) where state <> 'dead';
-- Without a tenant one may leave a job for the nil tenant, but see none.
create policy nobodys_jobs on control.jobs for insert to nclc_app
  with check (tenant_id = '00000000-0000-0000-0000-000000000000');

-- Leaves a job in this transaction. `p_run_at` null: at once.
create function control.enqueue(
  p_tenant uuid, p_id uuid, p_kind text, p_payload jsonb, p_key text, p_run_at timestamptz, p_max_attempts int
) returns void
language plpgsql as $$
begin
  insert into control.jobs (tenant_id, id, kind, payload, key, run_at, max_attempts)
    values (p_tenant, p_id, p_kind, p_payload, p_key, coalesce(p_run_at, 'epoch'), p_max_attempts)
    on conflict do nothing;
  perform pg_notify('jobs', p_kind);
end
$$;

-- Which time slot of a schedule was enqueued last: one process of several does it.
create table control.schedules (
  name text        primary key,
  slot timestamptz not null
);
select control.global_table('control.schedules');
