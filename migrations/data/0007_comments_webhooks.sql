-- Comments of records (spec D5). They are no part of a base's sequence: writing one changes no cell. A deleted record keeps
-- its own, so that they are there when it comes back.
create table data.comments (
  tenant_id  uuid        not null,
  table_id   bigint      not null,
  record_id  bigint      not null,
  -- `com` and 14 base-62 digits, ordered by time.
  id         text        collate "C" not null,
  -- The comment that this one answers; one of the same record that answers none.
  parent     text        collate "C",
  author     text        not null,
  text       text        not null check (char_length(text) between 1 and 10000),
  mentions   uuid[]      not null,
  created_at timestamptz not null,
  updated_at timestamptz,
  primary key (tenant_id, table_id, record_id, id),
  -- Answers outlive what they answered.
  foreign key (tenant_id, table_id, record_id, parent) references data.comments (tenant_id, table_id, record_id, id)
    on delete set null (parent)
);
create index comments_answers on data.comments (tenant_id, table_id, record_id, parent) where parent is not null;
select data.tenant_table('data.comments');

-- Webhooks of /v0 (spec P11). Their payloads are made from data.changes when they are read; what is kept here is how far
-- the changes have been looked at and how many of them were for the webhook.
create table data.webhooks (
  tenant_id       uuid        not null,
  base_id         bigint      not null,
  -- `ach` and 14 base-62 digits.
  id              text        collate "C" not null,
  -- Where to send notifications; null: payloads are only read.
  url             text,
  -- Sealed: the key of the notifications' signatures.
  secret          bytea       not null,
  specification   jsonb       not null,
  created_by      text        not null,
  created_at      timestamptz not null,
  expires_at      timestamptz not null,
  notifies        boolean     not null,
  -- Changes up to `seen` have been looked at, `payloads` of those since the webhook was made were for it, and of
  -- `notified` payloads its receiver was told.
  seen            bigint      not null,
  payloads        bigint      not null default 0,
  notified        bigint      not null default 0,
  last_result     jsonb,
  last_success_at timestamptz,
  primary key (tenant_id, base_id, id),
  foreign key (tenant_id, base_id) references data.bases (tenant_id, id)
);
select data.tenant_table('data.webhooks');

-- Where to begin reading for a cursor: up to change `seq`, `payloads` changes were for the webhook.
create table data.webhook_marks (
  tenant_id  uuid   not null,
  base_id    bigint not null,
  webhook_id text   collate "C" not null,
  payloads   bigint not null,
  seq        bigint not null,
  primary key (tenant_id, base_id, webhook_id, payloads),
  foreign key (tenant_id, base_id, webhook_id) references data.webhooks (tenant_id, base_id, id) on delete cascade
);
select data.tenant_table('data.webhook_marks');

-- Whether a base has webhooks that notify, so that a write of one that has none costs nothing.
alter table data.bases add column webhooks boolean not null default false;

-- A change of a base with webhooks leaves a job in its own transaction: no notification is forgotten, whatever happens to
-- the process that wrote.
create function data.webhooks_due() returns trigger language plpgsql as $$
begin
  perform data.enqueue(new.tenant_id, gen_random_uuid(), 'webhook_changes', jsonb_build_object('base', new.id), new.id::text, null, 13);
  return null;
end $$;
create trigger webhooks_due after update of seq on data.bases
  for each row when (new.webhooks and new.seq > old.seq) execute function data.webhooks_due();
grant execute on function data.webhooks_due to nclc_app;
