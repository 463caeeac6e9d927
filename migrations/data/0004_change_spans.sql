-- The other sides of links. data.changes says which rows of one table a change was about; the rows of other tables that it
-- touched as well, because a link to them came or went, are here as one span a table, so that their histories find it.
create table data.change_spans (
  tenant_id uuid   not null,
  table_id  bigint not null,
  record_hi bigint not null,
  record_lo bigint not null,
  seq       bigint not null,
  -- A table never leaves its base, so the table and the number name the change.
  primary key (tenant_id, table_id, record_hi, seq)
);
select data.tenant_table('data.change_spans');

-- Changes of before. A migration that is not run by a superuser sees no tenant's rows: then only new changes are found.
insert into data.change_spans (tenant_id, table_id, record_hi, record_lo, seq)
  select c.tenant_id, (edit->>'t')::bigint, max((edit->>'r')::bigint), min((edit->>'r')::bigint), c.seq
    from data.changes c, jsonb_array_elements(c.data->'updated') edit
    where (edit->>'t')::bigint <> c.table_id
    group by c.tenant_id, c.seq, c.base_id, 2;
