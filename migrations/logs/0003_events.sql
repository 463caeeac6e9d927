-- Audit trail (spec A8, A9): who did what, from where. Rows of an organisation are its own and guarded by row-level
-- security; rows of an account (sign-in, password, sessions) belong to no organisation. Rows come from jobs that were
-- enqueued in the transaction of the act itself; the id makes a repeated job harmless. Nobody changes or deletes a row.

create table logs.tenant_events (
  tenant_id uuid not null,
  id uuid not null,
  at timestamptz not null,
  -- usr_…, tok_…, stf_… or system.
  actor text not null,
  -- E.g. member.removed
  action text not null,
  -- What it was done to: an id or an address; empty: the organisation.
  target text not null,
  address text not null,
  request_id text not null,
  reason text,
  data jsonb not null,
  primary key (tenant_id, id)
);
select logs.tenant_table('logs.tenant_events');
create index tenant_events_at on logs.tenant_events (tenant_id, at desc);

create table logs.account_events (
  id uuid primary key,
  -- The person; null: nobody has the address that was tried.
  user_id uuid,
  at timestamptz not null,
  -- E.g. sign_in.failed
  action text not null,
  target text not null,
  address text not null,
  request_id text not null,
  data jsonb not null
);
select logs.global_table('logs.account_events');
create index account_events_user on logs.account_events (user_id, at desc);

revoke update, delete on logs.tenant_events, logs.account_events from nclc_app, nclc_platform;
