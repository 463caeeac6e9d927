-- Permissions and team (spec A8): exceptions to a role for a person, a group or a role of the organisation's own; members
-- whose access ends by itself; links by which a domain's people may join. Exceptions are JSON in the vocabulary of the
-- program, which refuses what it can't read.

alter table control.members drop constraint members_role_check;
alter table control.members add constraint members_role_check
  check (role in ('owner', 'admin', 'editor', 'commenter', 'viewer', 'client'));
alter table control.invites drop constraint invites_role_check;
alter table control.invites add constraint invites_role_check
  check (role in ('owner', 'admin', 'editor', 'commenter', 'viewer', 'client'));

create table control.roles (
  tenant_id uuid not null references control.tenants on delete cascade,
  id uuid not null,
  name text not null,
  name_key text not null,
  grants jsonb not null default '{}',
  created_at timestamptz not null,
  primary key (tenant_id, id),
  constraint roles_name_key unique (tenant_id, name_key)
);
select control.tenant_table('control.roles');

create table control.groups (
  tenant_id uuid not null references control.tenants on delete cascade,
  id uuid not null,
  name text not null,
  name_key text not null,
  grants jsonb not null default '{}',
  created_at timestamptz not null,
  primary key (tenant_id, id),
  constraint groups_name_key unique (tenant_id, name_key)
);
select control.tenant_table('control.groups');

alter table control.members
  add column grants jsonb not null default '{}',
  -- A role of the organisation's own: exceptions that many people share.
  add column own_role uuid,
  -- When the access of a guest ends; null: never.
  add column expires_at timestamptz,
  add constraint members_own_role foreign key (tenant_id, own_role) references control.roles (tenant_id, id);
create index members_own_role on control.members (tenant_id, own_role) where own_role is not null;

create table control.group_members (
  tenant_id uuid not null,
  group_id uuid not null,
  user_id uuid not null,
  primary key (tenant_id, group_id, user_id),
  foreign key (tenant_id, group_id) references control.groups (tenant_id, id) on delete cascade,
  foreign key (tenant_id, user_id) references control.members (tenant_id, user_id) on delete cascade
);
select control.tenant_table('control.group_members');
create index group_members_user on control.group_members (tenant_id, user_id);

-- What an invited person will have beyond the role, e.g. the sites of a client, and until when.
alter table control.invites
  add column grants jsonb not null default '{}',
  add column access_until timestamptz;

-- A link that anybody with an address of one of the domains may use, so many times.
create table control.invite_links (
  tenant_id uuid not null references control.tenants on delete cascade,
  id uuid not null,
  token_hash bytea not null,
  role text not null check (role in ('editor', 'commenter', 'viewer')),
  -- Empty: any domain.
  domains text[] not null,
  uses int not null default 0,
  most_uses int not null check (most_uses between 1 and 1000),
  created_by uuid not null references control.users on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id),
  constraint invite_links_token_key unique (tenant_id, token_hash),
  check (uses <= most_uses)
);
select control.tenant_table('control.invite_links');
