//! SQL is declared, never built: constants in a registry that `check` prepares against the migrated schema.

use crate::{Access, Database};

/// One SQL statement with a name for errors and metrics. Declare it with [`statements!`](crate::statements).
#[derive(Debug)]
pub struct Statement {
    /// The constant's name, e.g. `BASE_BY_ID`.
    pub name: &'static str,
    /// Where it is declared, e.g. `bases::records::store`.
    pub module: &'static str,
    /// The database it runs in.
    pub database: Database,
    /// Whose rows it reaches.
    pub access: Access,
    /// The text, with `$1…` parameters; `$1` is the tenant when `access` is [`Access::Tenant`].
    pub sql: &'static str,
}

/// An entry of the registry.
#[derive(Debug)]
pub struct Registered(pub &'static Statement);

inventory::collect!(Registered);

/// Every statement linked into this program, in no particular order.
pub fn registered() -> impl Iterator<Item = &'static Statement> {
    inventory::iter::<Registered>().map(|entry| entry.0)
}

/// Declares statements: `pub(crate) static NAME: Statement` each, entered into the registry.
///
/// ```
/// kernel_db::statements! {
///     /// One base.
///     tenant Data BASE_BY_ID = "select id, name from data.bases where tenant_id = $1 and id = $2";
///     /// A person by address.
///     global Control USER_BY_EMAIL = "select id from control.users where email = $1";
///     /// The staff's list.
///     platform Control TENANTS_PAGE = "select id, name from control.tenants order by id limit $1";
/// }
/// ```
#[macro_export]
macro_rules! statements {
    (@access tenant) => { $crate::Access::Tenant };
    (@access global) => { $crate::Access::Global };
    (@access platform) => { $crate::Access::Platform };
    ($($(#[$doc:meta])* $access:ident $database:ident $name:ident = $sql:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) static $name: $crate::Statement = $crate::Statement {
            name: stringify!($name),
            module: module_path!(),
            database: $crate::Database::$database,
            access: $crate::statements!(@access $access),
            sql: $sql,
        };
        $crate::inventory::submit! { $crate::Registered(&$name) }
    )*};
}
