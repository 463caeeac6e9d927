-- Imports that change records and that replace all of a table: what they did, and which records were there before.

alter table data.imports
  -- Records that were found by their key and changed.
  add column updated       bigint not null default 0,
  -- Records that were deleted before the rows came in.
  add column deleted       bigint not null default 0,
  -- Records with lower numbers go; null: none. What the import makes itself has higher ones, so a run can be repeated.
  add column replace_below bigint;
