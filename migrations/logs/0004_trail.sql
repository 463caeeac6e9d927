-- The audit trail of an organisation as a chain of hashes (spec A8, A9). Rows from before have no number: they stand outside
-- the chain. Nobody changes a row; letting old ones go is the platform's alone, and moves the anchor.

alter table logs.tenant_events
  add column seq bigint check (seq > 0),
  add column hash bytea check (octet_length(hash) = 32),
  add constraint tenant_events_seq_key unique (tenant_id, seq);
create index tenant_events_action on logs.tenant_events (tenant_id, action, at desc);
create index tenant_events_actor on logs.tenant_events (tenant_id, actor, at desc);

create table logs.trail_heads (
  tenant_id uuid primary key,
  -- The last row's number and hash.
  seq bigint not null default 0,
  hash bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(hash) = 32),
  -- What the first kept row continues.
  anchor_seq bigint not null default 0,
  anchor_hash bytea not null default decode(repeat('00', 32), 'hex') check (octet_length(anchor_hash) = 32)
);
select logs.tenant_table('logs.trail_heads');
revoke delete on logs.trail_heads from nclc_app, nclc_platform;
grant delete on logs.tenant_events to nclc_platform;
