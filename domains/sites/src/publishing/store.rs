//! SQL of publishing.

kernel_db::statements! {
    /// What visitors see of a page.
    tenant Data PUBLISHED_VERSION = "select path, title, description, in_menu, noindex, document from data.page_versions where tenant_id = $1 and id = $2";
    /// Frees the paths of pages that are about to be published, so that two pages can swap theirs.
    tenant Data FREE_PATHS = "update data.pages set published_path = null where tenant_id = $1 and site_id = $2 and id = any($3) and deleted_at is null";
    /// Drafts become public, if they are still those that were looked at.
    tenant Data PUBLISH = "update data.pages set published = draft, published_path = path, published_at = $5, published_by = $6 \
        where tenant_id = $1 and site_id = $2 and id = $3 and draft = $4 and deleted_at is null";
    /// Visitors see the page no more.
    tenant Data UNPUBLISH = "update data.pages set published = null, published_path = null \
        where tenant_id = $1 and site_id = $2 and id = $3 and published is not null returning path";
}
