-- SCIM (spec A8; RFC 7643, 7644): an organisation's directory creates, changes and deactivates its members and groups.

-- What the directory shows. The text is shown once; SHA-256 is kept.
create table control.scim_tokens (
  tenant_id uuid not null references control.tenants on delete cascade,
  id uuid not null,
  token_hash bytea not null,
  -- The last characters, so that people recognise it.
  hint text not null,
  -- Who made it; the token outlives the person's membership: it is the organisation's.
  created_by uuid not null,
  created_at timestamptz not null,
  -- When a token that was replaced ends; null: it was not replaced.
  expires_at timestamptz,
  last_used_at timestamptz,
  last_used_from text,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  constraint scim_tokens_token_key unique (tenant_id, token_hash)
);
select control.tenant_table('control.scim_tokens');

-- Whom the directory knows: what it says of them, whether it has ended their membership, and what they had then.
create table control.scim_users (
  tenant_id uuid not null references control.tenants on delete cascade,
  user_id uuid not null references control.users on delete cascade,
  -- Lower-cased userName.
  user_name_key text not null,
  external_id text,
  -- The attributes as the directory sent them, names as in the schema.
  document jsonb not null,
  -- When the directory ended the membership; null: it did not.
  deactivated_at timestamptz,
  -- Role, exceptions and end of the membership that was ended, to be given back.
  kept jsonb,
  kept_groups uuid[] not null default '{}',
  created_at timestamptz not null,
  changed_at timestamptz not null,
  primary key (tenant_id, user_id),
  constraint scim_users_name_key unique (tenant_id, user_name_key)
);
select control.tenant_table('control.scim_users');
create index scim_users_external on control.scim_users (tenant_id, external_id) where external_id is not null;

alter table control.groups
  add column external_id text,
  -- When the directory changed it last; null: it was made by hand and the directory does not see it.
  add column scim_changed_at timestamptz;
