//! SQL of pages and their versions.

kernel_db::statements! {
    /// Pages of a site with their drafts' settings, in menu order.
    tenant Data PAGES = "select p.id, v.path, v.title, v.description, v.in_menu, v.noindex, v.number, v.created_at, p.draft, p.published, p.published_at, v.created_by \
        from data.pages p join data.page_versions v on v.tenant_id = p.tenant_id and v.id = p.draft \
        where p.tenant_id = $1 and p.site_id = $2 and p.deleted_at is null order by p.position, p.id";
    /// One page with its draft's content.
    tenant Data PAGE = "select p.id, v.path, v.title, v.description, v.in_menu, v.noindex, v.number, v.created_at, p.draft, p.published, p.published_at, v.created_by, v.document \
        from data.pages p join data.page_versions v on v.tenant_id = p.tenant_id and v.id = p.draft \
        join data.sites s on s.tenant_id = p.tenant_id and s.id = p.site_id and s.deleted_at is null \
        where p.tenant_id = $1 and p.site_id = $2 and p.id = $3 and p.deleted_at is null";
    /// Holds the page for a save or a publication; gives the draft's number.
    tenant Data LOCK_PAGE = "select draft_number from data.pages where tenant_id = $1 and site_id = $2 and id = $3 and deleted_at is null for update";
    /// A new page, whose first version follows.
    tenant Data INSERT_PAGE = "insert into data.pages (tenant_id, id, site_id, position, path, draft, draft_number, created_at, created_by) \
        values ($1, $2, $3, $4, $5, $6, 1, $7, $8)";
    /// Where a page after the last one stands, and how many there are.
    tenant Data LAST_POSITION = "select coalesce(max(position), -1), count(*) from data.pages where tenant_id = $1 and site_id = $2 and deleted_at is null";
    /// A version.
    tenant Data INSERT_VERSION = "insert into data.page_versions (tenant_id, id, page_id, number, path, title, description, in_menu, noindex, document, created_at, created_by) \
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    /// What the version names.
    tenant Data INSERT_REFS = "insert into data.page_refs (tenant_id, version_id, kind, ref) values ($1, $2, unnest($3::text[]), unnest($4::text[]))";
    /// The page's draft is now this version.
    tenant Data SET_DRAFT = "update data.pages set draft = $3, draft_number = $4, path = $5 where tenant_id = $1 and id = $2";
    /// Into the trash; visitors find nothing there.
    tenant Data TRASH_PAGE = "update data.pages set deleted_at = $4, published = null, published_path = null \
        where tenant_id = $1 and site_id = $2 and id = $3 and deleted_at is null returning path";
    /// Out of the trash, as a draft.
    tenant Data RESTORE_PAGE = "update data.pages set deleted_at = null \
        where tenant_id = $1 and site_id = $2 and id = $3 and deleted_at is not null returning path";
}
