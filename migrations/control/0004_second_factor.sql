-- The second factor: authenticator apps, recovery codes, the step between password and session; and when a session
-- last proved who sits in front of it.

alter table control.sessions
  -- The last time that password or factor were given. 'epoch': a session of a process that does not know of it.
  add column proven_at timestamptz not null default 'epoch',
  -- What the person signed in with, e.g. {password,code}.
  add column methods text[] not null default '{}';
update control.sessions set proven_at = created_at, methods = '{password}';

create table control.totp (
  user_id uuid primary key references control.users on delete cascade,
  -- Sealed (kernel/core sealed.rs); the row is the person.
  seed bytea not null,
  -- The last time step whose code was used: a code works once (RFC 6238, 5.2).
  last_step bigint not null,
  created_at timestamptz not null,
  last_used_at timestamptz
);
select control.global_table('control.totp');

-- An app that was shown a seed and has not proven it yet. Beside `totp`, so that the former app works until then.
create table control.totp_setups (
  user_id uuid primary key references control.users on delete cascade,
  seed bytea not null,
  expires_at timestamptz not null
);
select control.global_table('control.totp_setups');
create index totp_setups_expiry on control.totp_setups (expires_at);

-- 120 random bits each; only their SHA-256 is kept.
create table control.recovery_codes (
  user_id uuid not null references control.users on delete cascade,
  code_hash bytea not null,
  created_at timestamptz not null,
  used_at timestamptz,
  primary key (user_id, code_hash)
);
select control.global_table('control.recovery_codes');

-- Somebody gave the right password and owes the second factor. What is never paid is told to the person by mail.
create table control.second_steps (
  token_hash bytea primary key,
  user_id uuid not null references control.users on delete cascade,
  -- How the first step was done, e.g. {password}.
  methods text[] not null,
  tries int not null default 0,
  address text not null,
  agent text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
select control.global_table('control.second_steps');
create index second_steps_expiry on control.second_steps (expires_at);
