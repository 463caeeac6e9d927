-- Passkeys (WebAuthn), the rule that a second factor is needed, the rest of a person's account: picture, locale, a copy of
-- one's data, closing it.

create table control.passkeys (
  id uuid primary key,
  user_id uuid not null references control.users on delete cascade,
  -- The authenticator's own name for the key: one account has it.
  credential_id bytea not null constraint passkeys_credential_key unique check (octet_length(credential_id) between 1 and 1023),
  name text not null,
  -- COSE_Key (RFC 9052), as the authenticator gave it.
  public_key bytea not null,
  -- The authenticator's counter at the last use; what counts, counts up.
  sign_count bigint not null,
  -- How the browser reaches it, e.g. {internal,hybrid}: a hint for the browser.
  transports text[] not null,
  -- Whether the provider may keep copies of it (never changes), and whether there is one.
  backup_eligible boolean not null,
  backed_up boolean not null,
  created_at timestamptz not null,
  last_used_at timestamptz
);
select control.global_table('control.passkeys');
create index passkeys_user on control.passkeys (user_id, created_at);

-- What an authenticator is to sign: once, within five minutes, for one purpose, in one browser, session or step.
create table control.passkey_challenges (
  challenge_hash bytea primary key,
  purpose text not null check (purpose in ('add', 'sign_in', 'second', 'confirm')),
  binding bytea not null,
  expires_at timestamptz not null
);
select control.global_table('control.passkey_challenges');
create index passkey_challenges_expiry on control.passkey_challenges (expires_at);

-- Whether members need a second factor before they can do anything in the organisation.
alter table control.tenants add column require_second_factor boolean not null default false;

alter table control.users
  -- How dates and numbers are written; null: as the browser says.
  add column locale text,
  -- The SHA-256 of the picture, as in its address; null: there is none.
  add column avatar text,
  -- The account is closed for good at this time; null: nobody asked for it.
  add column closes_at timestamptz,
  -- What is left is a pseudonym.
  add column closed_at timestamptz;
create index users_closing on control.users (closes_at) where closes_at is not null;

create table control.avatars (
  user_id uuid primary key references control.users on delete cascade,
  -- PNG, made here from what was uploaded.
  image bytea not null
);
select control.global_table('control.avatars');

-- A copy of a person's data, made by a job and fetched by the person.
create table control.data_exports (
  id uuid primary key,
  user_id uuid not null references control.users on delete cascade,
  -- Parts done, of how many.
  done int not null default 0,
  parts int not null,
  -- The file, as soon as it is ready; gzip of JSON.
  archive bytea,
  created_at timestamptz not null,
  ready_at timestamptz,
  -- It can be fetched until then; the row goes with it.
  expires_at timestamptz not null
);
select control.global_table('control.data_exports');
create index data_exports_user on control.data_exports (user_id, created_at desc);
create index data_exports_expiry on control.data_exports (expires_at);
