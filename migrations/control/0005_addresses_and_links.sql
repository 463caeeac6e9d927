-- Another address for an account, known browsers, links to log in.

-- One change a person waits at a time. It is made when both addresses have confirmed.
create table control.email_changes (
  user_id uuid primary key references control.users on delete cascade,
  email text not null,
  email_key text not null,
  old_hash bytea not null constraint email_changes_old_key unique,
  new_hash bytea not null constraint email_changes_new_key unique,
  old_at timestamptz,
  new_at timestamptz,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
select control.global_table('control.email_changes');

-- Browsers that a person has logged in with; the value of their cookie is kept hashed.
create table control.devices (
  user_id uuid not null references control.users on delete cascade,
  device_hash bytea not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  primary key (user_id, device_hash)
);
select control.global_table('control.devices');
create index devices_age on control.devices (last_seen_at);

create table control.magic_links (
  token_hash bytea primary key,
  -- The browser that asked; any other one has to confirm.
  browser_hash bytea not null,
  user_id uuid not null references control.users on delete cascade,
  next text,
  address text not null,
  agent text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
select control.global_table('control.magic_links');
create index magic_links_user on control.magic_links (user_id);
create index magic_links_expiry on control.magic_links (expires_at);
