//! SQL of sites.

kernel_db::statements! {
    /// All sites of the tenant with counts of their pages, trash included, newest first.
    tenant Data SITES = "select s.id, s.name, s.slug, s.theme, s.base_id, s.created_at, s.deleted_at, \
        count(p.id), count(p.published), count(p.id) filter (where p.published is distinct from p.draft), max(p.published_at), s.language \
        from data.sites s left join data.pages p on p.tenant_id = s.tenant_id and p.site_id = s.id and p.deleted_at is null \
        where s.tenant_id = $1 group by s.tenant_id, s.id order by s.created_at desc";
    /// One of them.
    tenant Data SITE = "select s.id, s.name, s.slug, s.theme, s.base_id, s.created_at, s.deleted_at, \
        count(p.id), count(p.published), count(p.id) filter (where p.published is distinct from p.draft), max(p.published_at), s.language \
        from data.sites s left join data.pages p on p.tenant_id = s.tenant_id and p.site_id = s.id and p.deleted_at is null \
        where s.tenant_id = $1 and s.id = $2 group by s.tenant_id, s.id";
    /// The home pages of the tenant's sites.
    tenant Data HOMES = "select site_id, id from data.pages where tenant_id = $1 and path = '/' and deleted_at is null";
    /// A new site.
    tenant Data INSERT_SITE = "insert into data.sites (tenant_id, id, name, slug, theme, base_id, created_at, created_by) \
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    /// Name, theme, base.
    tenant Data UPDATE_SITE = "update data.sites set name = $3, theme = $4, base_id = $5 \
        where tenant_id = $1 and id = $2 and deleted_at is null";
    /// Into the trash (with a moment) or out of it (without).
    tenant Data TRASH_SITE = "update data.sites set deleted_at = $3 \
        where tenant_id = $1 and id = $2 and (deleted_at is null) <> ($3::timestamptz is null) returning name";
    /// Takes an address; the key refuses one that is taken.
    global Data INSERT_HOST = "insert into data.site_hosts (host, owner, site) values ($1, $2, $3)";
    /// Whose site answers to the name.
    global Data HOST = "select owner, site from data.site_hosts where host = $1";
}
