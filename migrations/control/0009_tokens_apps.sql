-- API tokens (spec P6): from where they may be used, a limit of their own, their last use, their calls by day.

alter table control.api_tokens
  -- Networks in CIDR notation; null: anywhere.
  add column networks text[],
  -- Calls a minute; null: as every token.
  add column per_minute int check (per_minute between 1 and 60000),
  add column last_used_from text;

create table control.token_usage (
  tenant_id uuid not null,
  token_id uuid not null,
  day date not null,
  calls bigint not null,
  primary key (tenant_id, token_id, day),
  foreign key (tenant_id, token_id) references control.api_tokens (tenant_id, id) on delete cascade
);
select control.tenant_table('control.token_usage');

-- From where a token was ever used: a new place is told in the audit trail. An IPv6 client is its /64.
create table control.token_places (
  tenant_id uuid not null,
  token_id uuid not null,
  place text not null,
  first_at timestamptz not null,
  primary key (tenant_id, token_id, place),
  foreign key (tenant_id, token_id) references control.api_tokens (tenant_id, id) on delete cascade
);
select control.tenant_table('control.token_places');

-- OAuth (spec P2): apps that an organisation registered, what people let them do, and the keys that sign access tokens.

create table control.oauth_keys (
  id uuid primary key,
  -- The public key: a point of P-256, uncompressed (65 bytes).
  point bytea not null,
  -- PKCS #8, sealed (kernel/core sealed.rs); the row is the id.
  private bytea not null,
  created_at timestamptz not null
);
select control.global_table('control.oauth_keys');

create table control.oauth_apps (
  tenant_id uuid not null references control.tenants on delete cascade,
  id uuid not null,
  name text not null,
  -- Whether it can keep a secret.
  confidential boolean not null,
  redirects text[] not null,
  scopes text[] not null,
  -- Whether it also works for itself (client credentials): the connection without a person, and its bases.
  own_connection uuid,
  -- SHA-256 of the secret, its last characters and its day; null for a public app.
  secret_hash bytea,
  secret_hint text,
  secret_at timestamptz,
  created_by uuid not null,
  created_at timestamptz not null,
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
select control.tenant_table('control.oauth_apps');

-- What an app may do: for a person who agreed, or for itself (no person).
create table control.oauth_connections (
  tenant_id uuid not null,
  id uuid not null,
  app_id uuid not null,
  user_id uuid,
  scopes text[] not null,
  -- Numbers of the bases it is limited to; null: every base.
  bases bigint[],
  created_at timestamptz not null,
  -- When the app fetched its first tokens; null: the code was never used.
  begun_at timestamptz,
  expires_at timestamptz not null,
  last_used_at timestamptz,
  ended_at timestamptz,
  ended_because text,
  primary key (tenant_id, id),
  foreign key (tenant_id, app_id) references control.oauth_apps (tenant_id, id) on delete cascade
);
select control.tenant_table('control.oauth_connections');
create index oauth_connections_app on control.oauth_connections (tenant_id, app_id);
create index oauth_connections_user on control.oauth_connections (tenant_id, user_id);

create table control.oauth_codes (
  tenant_id uuid not null,
  code_hash bytea not null,
  connection_id uuid not null,
  redirect text not null,
  -- BASE64URL(SHA-256(verifier)).
  challenge text not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, code_hash),
  foreign key (tenant_id, connection_id) references control.oauth_connections (tenant_id, id) on delete cascade
);
select control.tenant_table('control.oauth_codes');
create index oauth_codes_connection on control.oauth_codes (tenant_id, connection_id);

-- Each works once and is followed by the next; one that comes again ends its connection.
create table control.oauth_refresh_tokens (
  tenant_id uuid not null,
  token_hash bytea not null,
  connection_id uuid not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  primary key (tenant_id, token_hash),
  foreign key (tenant_id, connection_id) references control.oauth_connections (tenant_id, id) on delete cascade
);
select control.tenant_table('control.oauth_refresh_tokens');
create index oauth_refresh_tokens_connection on control.oauth_refresh_tokens (tenant_id, connection_id);
