-- Accounts elsewhere that lead to accounts here.

-- Who came by a provider has no password until one is set by a link in a mail.
alter table control.users alter column password_hash drop not null;

create table control.identities (
  id uuid primary key,
  user_id uuid not null references control.users on delete cascade,
  -- The provider, and the person's stable id there: never the address.
  issuer text not null,
  subject text not null,
  -- The address there at the last log-in, to show.
  email text not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  constraint identities_subject_key unique (issuer, subject)
);
select control.global_table('control.identities');
create index identities_user on control.identities (user_id, created_at);

-- Single sign-on of organisations: their own provider, the domains they have proven, who came by it.

alter table control.tenants
  -- Members with an address of a proven domain come in through the organisation's provider alone; owners come in anyway.
  add column require_sso boolean not null default false;

create table control.sso (
  tenant_id uuid primary key references control.tenants on delete cascade,
  issuer text not null,
  client_id text not null,
  -- Sealed (kernel/core sealed.rs); the row is the organisation.
  client_secret bytea not null,
  -- Who comes for the first time; null: only those whose claim names a role.
  default_role text check (default_role in ('admin', 'editor', 'commenter', 'viewer')),
  -- The claim that names roles, and its values in their order: [["admins", "admin"], …].
  role_claim text not null default '',
  role_map jsonb not null default '[]',
  -- The last log-in that was tried out, and what came of it; null: none since the last change.
  tried_at timestamptz,
  tried text,
  changed_at timestamptz not null
);
select control.tenant_table('control.sso');

create table control.sso_domains (
  tenant_id uuid not null references control.tenants on delete cascade,
  domain text not null,
  -- What a TXT record of the domain has to say.
  proof text not null,
  created_at timestamptz not null,
  proven_at timestamptz,
  primary key (tenant_id, domain)
);
select control.tenant_table('control.sso_domains');

-- Proven domains of all organisations: a domain leads to one. The log-in page reads it before anybody is known.
create table control.captured_domains (
  domain text primary key,
  organisation uuid not null references control.tenants on delete cascade
);
select control.global_table('control.captured_domains');

-- Keyed by the provider's own id of the person, never by the address (ASVS 6.8.1).
create table control.sso_people (
  tenant_id uuid not null references control.tenants on delete cascade,
  issuer text not null,
  subject text not null,
  user_id uuid not null references control.users on delete cascade,
  created_at timestamptz not null,
  last_used_at timestamptz not null,
  primary key (tenant_id, issuer, subject)
);
select control.tenant_table('control.sso_people');

-- Members who were removed here: the provider does not bring them back, an invitation does.
create table control.sso_removed (
  tenant_id uuid not null references control.tenants on delete cascade,
  user_id uuid not null references control.users on delete cascade,
  at timestamptz not null,
  primary key (tenant_id, user_id)
);
select control.tenant_table('control.sso_removed');
