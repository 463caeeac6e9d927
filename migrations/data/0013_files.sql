-- Files of cells (spec D2, D12). The bytes are on disk under their SHA-256, once for each tenant; here is what is known of
-- each. A cell names a file by id and repeats its facts, so that no window has to look here.
create table data.files (
  tenant_id  uuid        not null,
  -- Shown as `att_` and 22 base-62 digits.
  id         uuid        not null,
  hash       bytea       not null check (octet_length(hash) = 32),
  size       bigint      not null check (size >= 0),
  -- Found from the content.
  type       text        not null,
  name       text        not null check (char_length(name) between 1 and 200),
  -- Of a picture that can be shown: those have thumbnails.
  width      int         check (width > 0),
  height     int         check (height > 0),
  created_by text        not null,
  created_at timestamptz not null,
  -- When a cell named it first; a file that none does is removed after a while.
  used_at    timestamptz,
  primary key (tenant_id, id),
  check ((width is null) = (height is null))
);
create index files_content on data.files (tenant_id, hash) include (size);
create index files_unused on data.files (tenant_id, created_at) where used_at is null;
select data.tenant_table('data.files');
