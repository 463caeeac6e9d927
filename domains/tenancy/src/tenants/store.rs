//! Statements about organisations.

use crate::model::{TenantState, TenantSummary};
use kernel_core::TenantId;
use kernel_db::{Row, statements};

statements! {
    /// One organisation by its address.
    global Control TENANT_BY_SLUG = "select id, slug, name, state, created_at, require_second_factor, require_sso from control.tenants where slug = $1";
    /// One organisation.
    global Control TENANT_BY_ID = "select id, slug, name, state, created_at, require_second_factor, require_sso from control.tenants where id = $1";
    /// A new organisation; nothing when the slug is taken.
    global Control INSERT_TENANT = "insert into control.tenants (id, slug, name, created_at, created_by)
        values ($1, $2, $3, $4, $5) on conflict (slug) do nothing";
    /// Renames.
    global Control RENAME_TENANT = "update control.tenants set name = $2 where id = $1";
    /// A person's organisations, for the switcher.
    global Control TENANTS_OF_USER = "select t.id, t.slug, t.name, t.state, t.created_at, t.require_second_factor, t.require_sso, u.role
        from control.user_tenants u join control.tenants t on t.id = u.organisation
        where u.user_id = $1 order by lower(t.name), t.id";
    /// The staff's list.
    platform Control TENANTS_PAGE = "select t.id, t.slug, t.name, t.state, t.created_at, t.require_second_factor, t.require_sso, t.suspended_reason, t.suspended_at,
            (select count(*) from control.members m where m.tenant_id = t.id) as members
        from control.tenants t
        where ($1 = '' or t.name ilike $1 or t.slug like $1) and ($2 = '' or t.state = $2)
        order by t.created_at desc, t.id limit $3 offset $4";
    /// How many the staff's list has.
    platform Control TENANTS_COUNT = "select count(*) as total from control.tenants t
        where ($1 = '' or t.name ilike $1 or t.slug like $1) and ($2 = '' or t.state = $2)";
    /// One organisation, as staff see it.
    platform Control TENANT_FOR_STAFF = "select t.id, t.slug, t.name, t.state, t.created_at, t.require_second_factor, t.require_sso, t.suspended_reason, t.suspended_at,
            (select count(*) from control.members m where m.tenant_id = t.id) as members
        from control.tenants t where t.id = $1";
    /// Stops an organisation, or lets it work again.
    platform Control SET_TENANT_STATE = "update control.tenants set state = $2, suspended_reason = $3, suspended_at = $4
        where id = $1 and state <> $2";
}

/// The organisation in a row with the columns `id, slug, name, state, created_at, require_second_factor, require_sso`.
pub(crate) fn summary(row: &Row) -> TenantSummary {
    TenantSummary {
        id: TenantId::from_uuid(row.get("id")),
        slug: row.get("slug"),
        name: row.get("name"),
        state: TenantState::stored(row.get("state")),
        created_at: row.get("created_at"),
        second_factor: row.get("require_second_factor"),
        sso: row.get("require_sso"),
    }
}
