//! Making a copy of a person's data: one JSON document, compressed.

use super::store::{
    DEVICES_OF_USER, EXPORT_FILE, EXPORT_OF, EXPORT_PROGRESS, FINISH_EXPORT, INSERT_EXPORT, LATEST_EXPORT,
};
use super::{EXPORT_LIFE, Export};
use crate::Identity;
use crate::audit::{self, AuditEvent, emit};
use crate::identity::after;
use crate::leaving::mails::ExportReadyMail;
use crate::model::{User, Visit};
use crate::session::SignedIn;
use crate::session::store::user as user_of;
use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use kernel_core::{Code, DataExportId, Error, Result, UserId};
use kernel_db::{Database, Row};
use kernel_jobs::{Job, JobOptions};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::io::Write as _;

/// Rows of the access log that go into a copy.
const EVENTS: i64 = 10_000;
/// Profile, sessions, factors, access log, organisations.
const PARTS: i32 = 5;

/// The job: makes one copy.
#[derive(Debug, Serialize, Deserialize)]
pub struct MakeExport(DataExportId);

impl Job for MakeExport {
    const NAME: &'static str = "identity_make_export";
}

impl Identity {
    /// Asks for a copy of everything that is kept of the person.
    ///
    /// # Errors
    /// `conflict` while one is being made.
    pub async fn ask_for_export(&self, who: &SignedIn, visit: &Visit) -> Result<()> {
        let (user, now) = (who.user.id, self.now());
        if self.latest_export(user).await?.is_some_and(|export| export.ready_at.is_none()) {
            return Err(Error::new(Code::Conflict).detail("A copy is being made already."));
        }
        let id = DataExportId::new();
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        // A copy that is never finished is forgotten after a day.
        let expires = after(now, jiff::SignedDuration::from_hours(24));
        tx.execute(&INSERT_EXPORT, &[&id.uuid(), &user.uuid(), &PARTS, &now, &expires]).await?;
        kernel_jobs::enqueue(&mut tx, &MakeExport(id), JobOptions::default()).await?;
        emit(&mut tx, &AuditEvent::of_account(Some(user), "export.asked", now).from(visit)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// The person's latest copy that has not ended.
    ///
    /// # Errors
    /// `internal` only.
    pub async fn latest_export(&self, user: UserId) -> Result<Option<Export>> {
        let row = self.0.db.global_opt(&LATEST_EXPORT, &[&user.uuid(), &self.now()]).await?;
        Ok(row.map(|row| Export {
            id: DataExportId::from_uuid(row.get("id")),
            done: row.get("done"),
            parts: row.get("parts"),
            created_at: row.get("created_at"),
            ready_at: row.get("ready_at"),
            expires_at: row.get("expires_at"),
        }))
    }

    /// The file of a copy (gzip of JSON), for the person alone.
    ///
    /// # Errors
    /// `not_found` when it is somebody else's, has ended or is not ready.
    pub async fn export_file(&self, who: &SignedIn, id: DataExportId, visit: &Visit) -> Result<Vec<u8>> {
        let (user, now) = (who.user.id, self.now());
        let row = self.0.db.global_opt(&EXPORT_FILE, &[&id.uuid(), &user.uuid(), &now]).await?;
        let file = row.ok_or_else(Error::not_found)?.get("archive");
        self.note(&AuditEvent::of_account(Some(user), "export.fetched", now).target(id).from(visit)).await?;
        Ok(file)
    }

    /// The job: makes the copy and sends the mail. Made already: nothing.
    pub(crate) async fn make_export(&self, MakeExport(id): &MakeExport) -> Result<()> {
        let Some(row) = self.0.db.global_opt(&EXPORT_OF, &[&id.uuid()]).await? else { return Ok(()) };
        let user = user_of(&row);
        let mut all = Map::new();
        all.insert("made_at".into(), json!(self.now()));
        all.insert("profile".into(), profile(&user, &row));
        self.progress(*id, 1).await?;
        all.insert("sessions".into(), self.sessions_part(user.id).await?);
        self.progress(*id, 2).await?;
        all.insert("log_in".into(), self.factors_part(user.id).await?);
        self.progress(*id, 3).await?;
        let events = audit::of_account(&self.0.db, user.id, EVENTS).await?;
        all.insert("access_log".into(), serde_json::to_value(events).map_err(Error::internal)?);
        self.progress(*id, 4).await?;
        if let Some(ties) = self.ties() {
            all.extend(ties.export(user.id).await?.into_iter().map(|(name, part)| (name.to_owned(), part)));
        }
        let archive = packed(&Value::Object(all))?;
        let now = self.now();
        let mut tx = self.0.db.begin_global(Database::Control).await?;
        let until = after(now, EXPORT_LIFE);
        if tx.execute(&FINISH_EXPORT, &[&id.uuid(), &archive, &now, &until]).await? == 1 {
            let mail = ExportReadyMail::new(&self.0.brand, &user.name, *id, until);
            self.send(&mut tx, &user.email, &mail).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn progress(&self, id: DataExportId, done: i32) -> Result<()> {
        self.0.db.global_execute(&EXPORT_PROGRESS, &[&id.uuid(), &done]).await?;
        Ok(())
    }

    async fn sessions_part(&self, user: UserId) -> Result<Value> {
        let sessions = self.sessions(user).await?;
        let devices = self.0.db.global(&DEVICES_OF_USER, &[&user.uuid()]).await?;
        Ok(json!({
            "live": sessions.iter().map(|session| json!({
                "address": session.address,
                "browser": session.agent,
                "with": session.methods,
                "since": session.created_at,
                "last_used": session.last_seen_at,
            })).collect::<Vec<_>>(),
            "browsers": devices.iter().map(|device| json!({
                "first_seen": device.get::<_, Timestamp>("first_seen_at"),
                "last_seen": device.get::<_, Timestamp>("last_seen_at"),
            })).collect::<Vec<_>>(),
        }))
    }

    async fn factors_part(&self, user: UserId) -> Result<Value> {
        let factors = self.factors(user).await?;
        let passkeys = self.passkeys(user).await?;
        let linked = self.linked(user).await?;
        Ok(json!({
            "password": self.has_password(user).await?,
            "authenticator_app_since": factors.totp.map(|(since, _)| since),
            "recovery_codes_left": factors.codes.map(|(left, ..)| left),
            "passkeys": passkeys.iter().map(|passkey| json!({
                "name": passkey.name,
                "since": passkey.created_at,
                "last_used": passkey.last_used_at,
            })).collect::<Vec<_>>(),
            "accounts_elsewhere": linked.iter().map(|linked| json!({
                "provider": linked.provider,
                "email": linked.email,
                "since": linked.created_at,
            })).collect::<Vec<_>>(),
        }))
    }
}

fn profile(user: &User, row: &Row) -> Value {
    json!({
        "id": user.id.to_string(),
        "name": user.name,
        "email": user.email,
        "time_zone": user.time_zone,
        "locale": user.locale,
        "theme": user.theme.name(),
        "picture": user.picture(),
        "since": row.get::<_, Timestamp>("created_at"),
    })
}

fn packed(document: &Value) -> Result<Vec<u8>> {
    let text = serde_json::to_vec_pretty(document).map_err(Error::internal)?;
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(&text).map_err(Error::internal)?;
    out.finish().map_err(Error::internal)
}
