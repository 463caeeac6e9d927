-- Staff of the platform: accounts apart from users, their sessions, single-use set-up links (spec X12).
-- Only the platform role reaches them: a fault in a tenant-facing statement can't read a staff password hash.

create table control.staff (
  id             uuid primary key,
  email          text not null constraint staff_email_key unique check (email = lower(email)),
  name           text not null,
  password_hash  text not null,                 -- PHC string (argon2id)
  created_at     timestamptz not null,
  disabled_at    timestamptz
);

create table control.staff_sessions (
  hash        bytea primary key,                -- SHA-256 of the cookie's token
  staff_id    uuid not null references control.staff (id),
  created_at  timestamptz not null,
  seen_at     timestamptz not null,
  expires_at  timestamptz not null,             -- absolute end
  address     text not null,
  agent       text not null
);
create index staff_sessions_by_staff on control.staff_sessions (staff_id);

create table control.staff_links (
  hash        bytea primary key,                -- SHA-256 of the token in the link
  created_at  timestamptz not null,
  expires_at  timestamptz not null,
  created_by  uuid references control.staff (id) -- null: printed at the first start
);

revoke all on control.staff, control.staff_sessions, control.staff_links from nclc_app;
grant select, insert, update on control.staff to nclc_platform;
grant select, insert, update, delete on control.staff_sessions to nclc_platform;
grant select, insert, delete on control.staff_links to nclc_platform;
