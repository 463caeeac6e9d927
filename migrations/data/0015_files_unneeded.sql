-- When a look through records and changes first found nothing that names a file. One that nothing names a day later either, and that was
-- not used meanwhile, goes (domains/bases/src/attachments/needed.rs).
alter table data.files add column unneeded_at timestamptz;
