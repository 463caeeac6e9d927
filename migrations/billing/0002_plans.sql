-- Plans, their limits and features, credit packs, and which tenant has which plan (spec W3, X11).
-- Money is whole US cents. A null price or limit means: agreed by contract.

create table billing.plans (
  code            text primary key check (code in ('free', 'pro', 'business', 'enterprise')),
  position        int not null unique,
  name            text not null,
  summary         text not null,
  month_cents     bigint check (month_cents >= 0),      -- a person and month, billed monthly
  year_cents      bigint check (year_cents >= 0),       -- a person and month, billed yearly
  people          int check (people > 0),               -- most members; null: no limit
  records_a_base  bigint check (records_a_base > 0),
  runs_a_month    bigint check (runs_a_month > 0),
  sites           int check (sites >= 0),
  own_domains     int check (own_domains >= 0),
  storage_bytes   bigint check (storage_bytes > 0),
  api_a_minute    int check (api_a_minute > 0),         -- requests a minute, each token
  by_contract     boolean not null default false        -- price and limits are agreed
);

create table billing.plan_features (
  section   text not null,
  position  int not null unique,
  name      text primary key,
  plans     text[] not null                             -- the plans that include it
);

create table billing.credit_packs (
  code   text primary key,
  runs   bigint not null unique check (runs > 0),
  cents  bigint not null check (cents > 0)
);

-- Which plan a tenant has. No row: the Free plan, since the beginning.
create table billing.subscriptions (
  tenant_id   uuid primary key,
  plan        text not null references billing.plans (code),
  since       timestamptz not null,
  changed_by  text not null                             -- staff id
);
select billing.tenant_table('billing.subscriptions');

insert into billing.plans (code, position, name, summary, month_cents, year_cents, people, records_a_base, runs_a_month,
                           sites, own_domains, storage_bytes, api_a_minute, by_contract) values
  ('free',       1, 'Free',       'For up to 3 people',         0,    0,    3,    5000,    500,   1,    0,    1073741824,   60,   false),
  ('pro',        2, 'Pro',        'For a team',                 1200, 1000, null, 100000,  10000, 5,    5,    53687091200,  300,  false),
  ('business',   3, 'Business',   'For a company and its clients', 2400, 2000, null, 1000000, 50000, 25, 25,  536870912000, 1200, false),
  ('enterprise', 4, 'Enterprise', 'By yearly contract',         null, null, null, null,    null,  null, null, null,         null, true);

insert into billing.plan_features (section, position, name, plans) values
  ('Data',     10, 'Grid views with filters, sorts and totals', '{free,pro,business,enterprise}'),
  ('Data',     20, 'Links between tables',                      '{free,pro,business,enterprise}'),
  ('Data',     30, 'CSV import and export',                     '{free,pro,business,enterprise}'),
  ('Data',     40, 'Record history and restore',                '{free,pro,business,enterprise}'),
  ('Sites',    50, 'Page builder with all components',          '{free,pro,business,enterprise}'),
  ('Sites',    60, 'Lists on pages bound to views',             '{free,pro,business,enterprise}'),
  ('API',      70, 'REST API with an OpenAPI document',         '{free,pro,business,enterprise}'),
  ('API',      80, 'API tokens with scopes',                    '{free,pro,business,enterprise}'),
  ('Security', 90, 'Row-level security in the database',        '{free,pro,business,enterprise}');

insert into billing.credit_packs (code, runs, cents) values
  ('runs-2500', 2500, 500),
  ('runs-10000', 10000, 2000),
  ('runs-50000', 50000, 10000);

grant select on billing.plans, billing.plan_features, billing.credit_packs to nclc_app, nclc_platform;
