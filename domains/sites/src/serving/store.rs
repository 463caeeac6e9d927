//! SQL of serving.

kernel_db::statements! {
    /// A site that is not in the trash.
    tenant Data SERVED_SITE = "select name, theme, base_id, language from data.sites where tenant_id = $1 and id = $2 and deleted_at is null";
    /// Its public pages in menu order, without their contents.
    tenant Data SERVED_PAGES = "select p.id, v.id, v.path, v.title, v.description, v.in_menu, v.noindex, p.published_at \
        from data.pages p join data.page_versions v on v.tenant_id = p.tenant_id and v.id = p.published \
        where p.tenant_id = $1 and p.site_id = $2 and p.deleted_at is null order by p.position, p.id";
    /// The content of one.
    tenant Data SERVED_DOCUMENT = "select document from data.page_versions where tenant_id = $1 and id = $2";
}
