-- What browsers say that the Content-Security-Policy kept out: one row a day and place, counted, kept for thirty days. And
-- the end of an account's own trail.

create table logs.csp_reports (
  day date not null,
  -- SHA-256 of portal, host, page, directive, what was kept out, source and line.
  place bytea not null,
  portal text not null,
  host text not null,
  page text not null,
  directive text not null,
  blocked text not null,
  source text not null,
  line int not null,
  times bigint not null,
  last_at timestamptz not null,
  primary key (day, place)
);
select logs.global_table('logs.csp_reports');
create index csp_reports_last on logs.csp_reports (last_at desc);

-- Account events are the person's own: they go when the account is closed (identity, leaving). Nothing else deletes them.
grant delete on logs.account_events to nclc_platform;
