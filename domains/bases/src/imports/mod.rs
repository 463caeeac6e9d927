//! Files into a table (spec D8): upload and preview, a plan that maps columns to fields, a run with progress and an error
//! list, resumable after a crash: each chunk is written under an idempotency key, so none is written twice.

pub(crate) mod api;
mod convert;
mod detect;
mod format;
mod plan;
mod preview;
mod primary;
pub mod run;
mod service;
mod source;
mod start;
mod store;

pub use detect::ColumnType;
pub use format::{FileKind, Reading};
pub use service::{ImportPreview, ImportState};
pub use start::{Blanks, ImportPlan, Missing, Mode};

use engine_base::FieldId;
use kernel_core::{Result, TenantId};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use utoipa::ToSchema;
use uuid::Uuid;

/// Rows written by one change.
pub const CHUNK: usize = 2_000;
/// Errors kept; the rest is only counted. As long as the import runs, the first [`SHOWN_ERRORS`] are told.
pub const MAX_ERRORS: usize = 1_000;
/// Errors told of an import that runs.
pub const SHOWN_ERRORS: usize = 100;

/// How many rows a file has below its heading, read to the end as an upload is.
///
/// # Errors
/// What a preview of it would say.
pub fn rows_in(path: &Path, reading: &Reading) -> Result<u64> {
    Ok(preview::preview(path, reading)?.total)
}

/// A column of the file.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct ColumnPreview {
    /// The header's text, made unique.
    pub name: String,
    /// The guessed type.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: ColumnType,
    /// Decimal places of a number column, if there are few.
    pub precision: Option<u8>,
    /// The first values.
    pub samples: Vec<String>,
    /// Whether every row of the sample has a value here, and no two the same.
    #[serde(default)]
    pub unique: bool,
}

/// What becomes of a column.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ColumnPlan {
    /// The column's name in the file.
    pub column: String,
    /// Leave it out.
    pub skip: bool,
    /// An existing field, by id (`fld…`) or name: when importing into a table.
    pub field: Option<String>,
    /// The new field's name; the column's if absent.
    pub name: Option<String>,
    /// The new field's type; `link` with `link`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The new field's options.
    #[schema(value_type = Object)]
    pub options: serde_json::Value,
    /// For links: how the texts name records.
    pub link: Option<LinkPlan>,
}

/// How texts name records of another table.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LinkPlan {
    /// The table linked to (`tbl…`).
    pub table: String,
    /// The field there whose text is compared, by id or name; the primary field if absent.
    pub by: Option<String>,
    /// What separates several names in one value; none: a value is one name.
    pub separator: Option<String>,
}

/// A value that could not be taken: its cell stays empty, or the row is left out.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RowError {
    /// The line of a text, the row of a sheet, the place of an object; from 1.
    pub row: u64,
    /// The column.
    pub column: Option<String>,
    /// The value as it stands there.
    pub value: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The field that refuses, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub field: Option<FieldId>,
    /// Whether the whole row was left out.
    #[serde(default)]
    pub left_out: bool,
}

impl RowError {
    /// What is left of it for somebody who does not see the field: neither the value nor what the field asks.
    fn untold(&mut self) {
        self.message = "A field that you can’t see did not take it.".to_owned();
        (self.column, self.value, self.field) = (None, None, None);
    }
}

/// Where an upload waits for its import, whatever it is written in: files that wait since only CSV was taken end so.
pub(crate) fn upload_path(folder: &Path, tenant: TenantId, import: Uuid) -> PathBuf {
    folder.join(format!("{}-{import}.csv", tenant.uuid()))
}
