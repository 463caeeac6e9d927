-- Sites: published websites as rows (design 5, spec C1, C6). A new site is rows, not DDL.

create table data.sites (
  tenant_id  uuid        not null,
  id         uuid        not null,
  name       text        not null,
  -- The first label of its address below the sites' domain.
  slug       text        not null,
  theme      text        not null,
  language   text        not null default 'en',
  -- The base whose views its lists show; another domain's row, so no foreign key.
  base_id    bigint,
  created_at timestamptz not null,
  created_by text        not null,
  deleted_at timestamptz,
  primary key (tenant_id, id)
);
select data.tenant_table('data.sites');

-- The directory from host name to site, read before it is known whose request it is. It belongs to no tenant: it holds
-- nothing but names that everybody can see. The owner's rows are only ever read with the owner entered.
create table data.site_hosts (
  host  text not null primary key,
  owner uuid not null,
  site  uuid not null
);
create index site_hosts_of on data.site_hosts (owner, site);
select data.global_table('data.site_hosts');

create table data.pages (
  tenant_id      uuid        not null,
  id             uuid        not null,
  site_id        uuid        not null,
  -- Order in the menu.
  position       int         not null,
  -- The draft's path; the published one may still be another.
  path           text        not null,
  draft          uuid        not null,
  -- Counts saves; a save names the one it started from.
  draft_number   bigint      not null,
  published      uuid,
  published_path text,
  published_at   timestamptz,
  published_by   text,
  created_at     timestamptz not null,
  created_by     text        not null,
  deleted_at     timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, site_id) references data.sites (tenant_id, id)
);
create unique index pages_path on data.pages (tenant_id, site_id, path) where deleted_at is null;
create unique index pages_published_path on data.pages (tenant_id, site_id, published_path)
  where published_path is not null;
select data.tenant_table('data.pages');

-- Every save is a row that never changes. The document is text, not jsonb: it comes back byte for byte.
create table data.page_versions (
  tenant_id   uuid        not null,
  id          uuid        not null,
  page_id     uuid        not null,
  number      bigint      not null,
  path        text        not null,
  title       text        not null,
  description text        not null default '',
  in_menu     boolean     not null,
  noindex     boolean     not null default false,
  document    text        not null check (octet_length(document) <= 1048576),
  created_at  timestamptz not null,
  created_by  text        not null,
  primary key (tenant_id, id),
  unique (tenant_id, page_id, number),
  foreign key (tenant_id, page_id) references data.pages (tenant_id, id)
);
select data.tenant_table('data.page_versions');
revoke update on data.page_versions from nclc_app, nclc_platform;

-- What a version names: pages, views, assets. For "used on", broken links and cloning.
create table data.page_refs (
  tenant_id  uuid not null,
  version_id uuid not null,
  kind       text not null check (kind in ('page', 'view', 'asset')),
  ref        text not null,
  primary key (tenant_id, version_id, kind, ref),
  foreign key (tenant_id, version_id) references data.page_versions (tenant_id, id)
);
create index page_refs_to on data.page_refs (tenant_id, kind, ref);
select data.tenant_table('data.page_refs');
