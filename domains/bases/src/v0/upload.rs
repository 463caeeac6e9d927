//! `uploadAttachment`: a file as base64, added to a cell. Airtable takes it on a host of its own; here it is one of `api.`.

use super::error::{invalid, unknown_field};
use super::place::V0Caller;
use super::wire::Show;
use super::write::show;
use super::{Answer, error};
use crate::http::AppState;
use crate::service::Bases;
use axum::Json;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::routing::{MethodRouter, post};
use engine_base::RecordId;
use kernel_core::{Capability, Code};
use kernel_web::ApiJson;
use serde::Deserialize;

/// Largest file, in bytes: Airtable's.
const LARGEST: usize = 5 << 20;

#[derive(Deserialize)]
pub(super) struct UploadBody {
    /// In base64.
    file: String,
    filename: String,
}

/// The route with a limit of its own.
pub(super) fn route() -> MethodRouter<Bases> {
    post(upload).layer(DefaultBodyLimit::max(LARGEST / 3 * 4 + (16 << 10)))
}

async fn upload(
    State(bases): AppState,
    who: V0Caller,
    Path((base, record, field)): Path<(String, String, String)>,
    ApiJson(body): ApiJson<UploadBody>,
) -> Answer {
    who.caller.require(Capability::WriteRecords)?;
    let open = who.base(&bases, &base).await?;
    let id: RecordId = record.parse().map_err(|_| error::no_record(&record))?;
    // A record of another base is none of this one.
    if open.read(|base| base.schema().table(id.table).is_none()) {
        return Err(error::no_record(&record).into());
    }
    let place = bases.file_place(&who.caller, id, &field).await.map_err(|problem| match problem.code() {
        Code::UnknownField => unknown_field(&field),
        Code::NotFound => error::no_record(&record),
        Code::WrongType => invalid(format!("Field {field} holds no files.")),
        _ => problem,
    })?;
    let bytes = data_encoding::BASE64_MIME_PERMISSIVE.decode(body.file.as_bytes());
    let bytes = bytes.map_err(|_| invalid("file must be base64."))?;
    let whole = futures_util::stream::once(std::future::ready(Ok(bytes.into())));
    let stored = bases.receive_file(&who.caller, &body.filename, 0, whole).await?;
    let (_, open) = bases.add_file(&who.caller, id, place, &stored, None).await?;
    let only = Show::only(place);
    let mut shown = show((&open, &who.caller), id.table, &[id.row], &only)?;
    Ok(Json(shown.pop().ok_or_else(|| error::no_record(&record))?))
}
