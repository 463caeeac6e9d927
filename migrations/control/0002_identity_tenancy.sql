-- People (users, sign-ups, sessions, resets) belong to no tenant; organisations are a directory that everybody's
-- sign-in reads. Members, invitations and API tokens belong to one tenant and are guarded by row-level security.
-- Codes and tokens are 256 random bits; only their SHA-256 is kept (ASVS 11.5.1).

create table control.users (
  id uuid primary key,
  email text not null,
  -- Lower-cased address: one account an address, however it is typed.
  email_key text not null constraint users_email_key unique,
  name text not null,
  -- PHC string (argon2id).
  password_hash text not null,
  time_zone text not null default 'UTC',
  theme text not null default 'system' check (theme in ('system', 'light', 'dark')),
  -- The organisation that `/` opens; a hint, checked against the membership.
  last_tenant uuid,
  created_at timestamptz not null
);
select control.global_table('control.users');

-- A sign-up becomes a user only when the link in the mail was used: nobody can reserve another person's address.
create table control.signups (
  token_hash bytea primary key,
  -- The browser that signed up; only that one is signed in by the link.
  browser_hash bytea not null,
  email text not null,
  email_key text not null,
  name text not null,
  password_hash text not null,
  -- Path to go on with after the confirmation, e.g. an invitation.
  next text,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
select control.global_table('control.signups');
create index signups_email on control.signups (email_key, created_at desc);
create index signups_expiry on control.signups (expires_at);

create table control.sessions (
  id uuid primary key,
  token_hash bytea not null constraint sessions_token_key unique,
  user_id uuid not null references control.users on delete cascade,
  address text not null,
  agent text not null,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  -- The absolute end; idle expiry is counted from last_seen_at.
  expires_at timestamptz not null
);
select control.global_table('control.sessions');
create index sessions_user on control.sessions (user_id, last_seen_at desc);
create index sessions_expiry on control.sessions (expires_at);

create table control.password_resets (
  token_hash bytea primary key,
  user_id uuid not null references control.users on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
select control.global_table('control.password_resets');
create index password_resets_user on control.password_resets (user_id);

-- Mail of a system without SMTP, shown at app.`/dev/mailbox` in development only.
create table control.dev_mailbox (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  recipient text not null,
  subject text not null,
  text text not null,
  html text not null
);
select control.global_table('control.dev_mailbox');

create table control.tenants (
  id uuid primary key,
  slug text not null constraint tenants_slug_key unique,
  name text not null,
  state text not null default 'active' check (state in ('active', 'suspended')),
  -- Why and since when; both null while active.
  suspended_reason text,
  suspended_at timestamptz,
  created_at timestamptz not null,
  created_by uuid not null references control.users
);
select control.global_table('control.tenants');

create table control.members (
  tenant_id uuid not null references control.tenants on delete cascade,
  user_id uuid not null references control.users on delete cascade,
  role text not null check (role in ('owner', 'admin', 'editor', 'viewer')),
  joined_at timestamptz not null,
  primary key (tenant_id, user_id)
);
select control.tenant_table('control.members');

-- The switcher: a person's organisations, without a tenant being entered. A copy of `members` by person, written by the
-- same statements; it grants nothing: access is decided by `members` alone.
create table control.user_tenants (
  user_id uuid not null references control.users on delete cascade,
  organisation uuid not null references control.tenants on delete cascade,
  role text not null,
  primary key (user_id, organisation)
);
select control.global_table('control.user_tenants');

create table control.invites (
  tenant_id uuid not null references control.tenants on delete cascade,
  id uuid not null,
  email text not null,
  email_key text not null,
  role text not null check (role in ('owner', 'admin', 'editor', 'viewer')),
  token_hash bytea not null,
  invited_by uuid not null references control.users on delete cascade,
  sent_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  constraint invites_email_key unique (tenant_id, email_key),
  constraint invites_token_key unique (tenant_id, token_hash)
);
select control.tenant_table('control.invites');

create table control.api_tokens (
  tenant_id uuid not null references control.tenants on delete cascade,
  id uuid not null,
  label text not null,
  token_hash bytea not null,
  -- The last characters, so that people recognise it.
  hint text not null,
  scopes text[] not null,
  -- Numbers of the bases it is limited to; null: every base.
  bases bigint[],
  created_by uuid not null references control.users on delete cascade,
  created_at timestamptz not null,
  -- Null: never.
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  primary key (tenant_id, id),
  constraint api_tokens_token_key unique (tenant_id, token_hash)
);
select control.tenant_table('control.api_tokens');
create index api_tokens_maker on control.api_tokens (tenant_id, created_by);
