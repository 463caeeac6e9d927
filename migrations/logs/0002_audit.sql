-- The staff audit log: one hash-chained sequence (spec X6). `event` is canonical JSON and the only thing that is hashed:
-- hash = SHA-256("nclc-audit-1" || seq as 8 bytes big endian || prev || event). The other columns are generated from
-- `event`, so that a filter never shows what the chain does not cover. Roles may add rows and read them, nothing else.

create table logs.audit (
  seq           bigint primary key check (seq > 0),
  prev          bytea not null unique check (octet_length(prev) = 32),
  hash          bytea not null unique check (octet_length(hash) = 32),
  event         text not null,
  at_micros     bigint not null generated always as (((event::jsonb) ->> 'at')::bigint) stored,
  actor         text not null generated always as ((event::jsonb) ->> 'actor') stored,
  actor_name    text not null generated always as ((event::jsonb) ->> 'actor_name') stored,
  action        text not null generated always as ((event::jsonb) ->> 'action') stored,
  about_tenant  text generated always as ((event::jsonb) ->> 'tenant') stored
);
create index audit_by_tenant on logs.audit (about_tenant, seq);
create index audit_by_actor on logs.audit (actor, seq);

revoke all on logs.audit from nclc_app, nclc_platform;
grant select, insert on logs.audit to nclc_platform;
