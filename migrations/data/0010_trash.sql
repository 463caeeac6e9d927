-- The trash of a base (spec D1, D7): deleted tables, fields and views stay with their values until they are purged. A purged one
-- keeps its row, so that its number is not given out again.
alter table data.tables add column purged boolean not null default false;
alter table data.fields add column purged boolean not null default false;
alter table data.views add column purged boolean not null default false;
-- What was deleted before there was a trash did not follow later changes.
update data.tables set purged = true where deleted_at is not null;
update data.fields set purged = true where deleted_at is not null;
update data.views set purged = true where deleted_at is not null;
-- What is due, without a walk over every base.
create index tables_trash on data.tables (tenant_id, deleted_at) where deleted_at is not null and not purged;
create index fields_trash on data.fields (tenant_id, deleted_at) where deleted_at is not null and not purged;
create index views_trash on data.views (tenant_id, deleted_at) where deleted_at is not null and not purged;

-- When a part of a schema was deleted: as the change says it, so that memory and rows are equal to the microsecond. What is
-- ended at once has the time of the change; `deleted` is how a program from before the trash says so.
create function data.gone_at(p_item jsonb, p_at timestamptz) returns timestamptz language sql immutable parallel safe
  return coalesce(
    timestamptz '1970-01-01 00:00:00+00' + (p_item ->> 'deleted_us')::bigint * interval '1 microsecond',
    case when (p_item ->> 'purged')::boolean or (p_item ->> 'deleted')::boolean then p_at end);
grant execute on function data.gone_at to nclc_app;

-- Puts the rows of a schema change: each is whole, `deleted_us` marks it for the trash, `purged` ends it.
create or replace function data.put_schema(p_tenant uuid, p_base bigint, p_at timestamptz, p_schema jsonb) returns void language plpgsql as $$
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
    insert into data.tables (tenant_id, id, base_id, position, name, description, icon, primary_field, deleted_at, purged)
      values (p_tenant, (item ->> 'id')::bigint, p_base, (item ->> 'position')::int, item ->> 'name', item ->> 'description',
              item ->> 'icon', (item ->> 'primary_field')::int, data.gone_at(item, p_at),
              coalesce((item ->> 'purged')::boolean, false))
      on conflict (tenant_id, id) do update set position = excluded.position, name = excluded.name,
        description = excluded.description, icon = excluded.icon, primary_field = excluded.primary_field,
        deleted_at = excluded.deleted_at, purged = excluded.purged;
    if (item ->> 'purged')::boolean then
      delete from data.records where tenant_id = p_tenant and table_id = (item ->> 'id')::bigint;
      delete from data.comments where tenant_id = p_tenant and table_id = (item ->> 'id')::bigint;
    end if;
  end loop;
  for item in select * from jsonb_array_elements(coalesce(p_schema -> 'fields', '[]')) loop
    insert into data.fields (tenant_id, table_id, id, position, name, description, type, options, deleted_at, purged)
      values (p_tenant, (item ->> 'table')::bigint, (item ->> 'id')::int, (item ->> 'position')::int, item ->> 'name',
              item ->> 'description', item ->> 'type', item -> 'options', data.gone_at(item, p_at),
              coalesce((item ->> 'purged')::boolean, false))
      on conflict (tenant_id, table_id, id) do update set position = excluded.position, name = excluded.name,
        description = excluded.description, type = excluded.type, options = excluded.options,
        deleted_at = excluded.deleted_at, purged = excluded.purged;
  end loop;
  for item in select * from jsonb_array_elements(coalesce(p_schema -> 'views', '[]')) loop
    insert into data.views (tenant_id, table_id, id, position, name, type, config, created_by, deleted_at, purged)
      values (p_tenant, (item ->> 'table')::bigint, (item ->> 'id')::int, (item ->> 'position')::int, item ->> 'name',
              item ->> 'type', item -> 'config', item ->> 'created_by', data.gone_at(item, p_at),
              coalesce((item ->> 'purged')::boolean, false))
      on conflict (tenant_id, table_id, id) do update set position = excluded.position, name = excluded.name,
        type = excluded.type, config = excluded.config, deleted_at = excluded.deleted_at, purged = excluded.purged;
  end loop;
end $$;
