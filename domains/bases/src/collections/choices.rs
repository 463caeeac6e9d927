//! The views of a base that a page's list can show.

use super::CollectionField;
use super::format::handed_out;
use crate::service::Bases;
use crate::sight::Seen;
use engine_base::{BaseId, View, ViewAccess, ViewId};
use kernel_core::{Caller, Capability, Result};

/// A view that a list can show.
#[derive(Clone, Debug)]
pub struct ViewChoice {
    /// The view.
    pub id: ViewId,
    /// Its name.
    pub name: String,
    /// Its table's name.
    pub table: String,
    /// The table's fields: the primary one first, then in its order.
    pub fields: Vec<CollectionField>,
}

impl Bases {
    /// The views of a base, table by table.
    ///
    /// # Errors
    /// `not_found`; `forbidden`, `missing_scope`.
    pub async fn view_choices(&self, caller: &Caller, base: BaseId) -> Result<Vec<ViewChoice>> {
        caller.require(Capability::ReadRecords)?;
        let open = self.open(caller, base.0).await?;
        Ok(open.read(|base| {
            Seen::all(caller, base)
                .flat_map(|table| {
                    let mut fields: Vec<_> = table.fields.iter().collect();
                    fields.sort_by_key(|field| (field.no != table.head.primary_field, field.position));
                    let fields: Vec<CollectionField> =
                        fields.into_iter().map(|field| handed_out(table.number(), field)).collect();
                    let choice = |view: &View| ViewChoice {
                        id: table.number().view(view.no),
                        name: view.name.clone(),
                        table: table.head.name.clone(),
                        fields: fields.clone(),
                    };
                    // A page is for everybody, a personal view for one.
                    let views = table.views.iter().filter(|view| view.access != ViewAccess::Personal);
                    views.map(choice).collect::<Vec<_>>()
                })
                .collect()
        }))
    }
}
