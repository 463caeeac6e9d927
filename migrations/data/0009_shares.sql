-- Links to views for people without an account (spec D4). A link is a random token of which the hash is kept; what it shows
-- is what who made it sees at that moment, so nothing about rights is stored here.
create table data.shares (
  tenant_id  uuid        not null,
  -- `shr` and 14 base-62 digits.
  id         text        collate "C" not null,
  table_id   bigint      not null,
  view_id    int         not null,
  token_hash bytea       not null,
  -- A PHC string (argon2id); null: none is asked.
  password   text,
  -- Whether the records may be taken as CSV and ICS.
  downloads  boolean     not null,
  created_by text        not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  primary key (tenant_id, id),
  unique (tenant_id, token_hash),
  foreign key (tenant_id, table_id, view_id) references data.views (tenant_id, table_id, id) on delete cascade
);
create index shares_of on data.shares (tenant_id, table_id, view_id);
select data.tenant_table('data.shares');
