//! Taking files in: from a request's body, or from an address that a client names.

use super::slots::{Slot, Slots};
use super::store::{FILES_LOCK, INSERT_FILE, STORED_BYTES};
use super::{Stored, clean_name, disk, pictures, sniff};
use crate::idempotency;
use crate::service::Bases;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use kernel_core::outgoing::{Method, Request};
use kernel_core::{Caller, Code, Error, FileId, Result, TenantId};
use kernel_db::Database;
use std::pin::pin;
use std::sync::LazyLock;
use std::time::Duration;
use uuid::Uuid;

/// Pictures decoded at once.
static DECODING: LazyLock<Slots> = LazyLock::new(|| Slots::new(1, Duration::from_secs(20)));
/// Files fetched at once: each is in memory for a moment.
static FETCHING: LazyLock<Slots> = LazyLock::new(|| Slots::new(4, Duration::from_secs(10)));
/// Uploads in parts that an organisation may have open.
const MAX_OPEN: usize = 20;
/// Largest file that is fetched from an address, in bytes.
const FETCHED: usize = 20 << 20;
/// Largest part of an upload, in bytes.
const PART: u64 = 16 << 20;
/// How long a fetch may take.
const FETCH_TIME: Duration = Duration::from_secs(15);

/// Where a file comes from.
#[derive(Clone, Copy, Default)]
pub(super) struct Origin<'a> {
    /// The upload, if it came in parts.
    upload: Option<Uuid>,
    /// The key to keep with it.
    key: Option<&'a idempotency::Request>,
}

fn megabytes(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MB", bytes >> 20) } else { format!("{} kB", bytes >> 10) }
}

impl Bases {
    /// Bytes that the organisation's files may still take beside those on their way in, without this upload; `None`: any.
    async fn room(&self, tenant: TenantId, except: Option<Uuid>) -> Result<Option<u64>> {
        let Some(limit) = self.0.storage.storage_bytes(tenant).await? else { return Ok(None) };
        let row = self.0.db.read_opt(tenant, &STORED_BYTES, &[&tenant.uuid()]).await?;
        let stored = row.map_or(0, |row| row.get::<_, i64>(0)).unsigned_abs();
        room_of(limit, stored, &self.0.disk.pending(tenant, except).await?).map(Some)
    }

    /// Keeps a file; `declared` is the size that the client says, 0 for none.
    ///
    /// # Errors
    /// `file_too_large`, `storage_full`, `file_infected`, `scanner_unavailable`; `bad_request` when the body does not come to
    /// its end.
    pub(crate) async fn receive_file(
        &self,
        caller: &Caller,
        name: &str,
        declared: u64,
        body: impl Stream<Item = Result<Bytes>>,
    ) -> Result<Stored> {
        let incoming = self.take_in(caller.tenant, declared, None, body).await?;
        self.keep(caller, name, incoming, Origin::default()).await
    }

    /// As [`Bases::receive_file`], once a key. The second value: whether it had been kept before.
    ///
    /// # Errors
    /// As there; those of keys; `not_found` when the file of the key has been removed since.
    pub(super) async fn receive_once(
        &self,
        caller: &Caller,
        name: &str,
        declared: u64,
        key: Option<idempotency::Request>,
        body: impl Stream<Item = Result<Bytes>>,
    ) -> Result<(Stored, bool)> {
        let incoming = self.take_in(caller.tenant, declared, key.as_ref(), body).await?;
        let key = key.map(|key| key.with_body(&incoming.digest()));
        if let Some(stored) = self.kept_before(caller, key.as_ref()).await? {
            return Ok((stored, true));
        }
        let origin = Origin { key: key.as_ref(), ..Origin::default() };
        Ok((self.keep(caller, name, incoming, origin).await?, false))
    }

    /// Takes a body in, whole: nothing of it is kept yet. A request that is repeated needs no room.
    pub(super) async fn take_in(
        &self,
        tenant: TenantId,
        declared: u64,
        key: Option<&idempotency::Request>,
        body: impl Stream<Item = Result<Bytes>>,
    ) -> Result<disk::Incoming> {
        let is_known = match key {
            Some(key) => key.is_known(&self.0.db, tenant).await?,
            None => false,
        };
        let room = if is_known { None } else { self.room(tenant, None).await? };
        let limit = self.0.web.upload_limit() as u64;
        let fits = |size: u64| fits(size, limit, room);
        fits(declared)?;
        let mut incoming = self.0.disk.begin(tenant, self.new_uuid()).await?;
        let mut body = pin!(body);
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            fits(incoming.size + chunk.len() as u64)?;
            incoming.write(&chunk).await?;
        }
        Ok(incoming)
    }

    /// The file that was kept under a key.
    async fn kept_before(
        &self,
        caller: &Caller,
        key: Option<&idempotency::Request>,
    ) -> Result<Option<Stored>> {
        let Some(key) = key else { return Ok(None) };
        let Some(before) = key.stored(&self.0.db, caller).await? else { return Ok(None) };
        let id = before.records.first().and_then(|id| id.parse::<FileId>().ok());
        let id = id.ok_or_else(Error::not_found)?;
        let mut found = self.stored(caller.tenant, vec![id.uuid()]).await?;
        found.remove(&id.to_string()).map(Some).ok_or_else(Error::not_found)
    }

    /// What came in whole, as a file.
    pub(super) async fn keep(
        &self,
        caller: &Caller,
        name: &str,
        mut incoming: disk::Incoming,
        origin: Origin<'_>,
    ) -> Result<Stored> {
        let (tenant, size, name) = (caller.tenant, incoming.size, clean_name(name));
        let media_type = sniff::media_type(&incoming.head(sniff::HEAD).await?, &name);
        let incoming = self.scanned(caller, &name, incoming).await?;
        // The turn comes first: without one nothing has happened, and an upload in parts can be ended later.
        let slot = match media_type {
            "image/png" | "image/jpeg" | "image/webp" => Some(DECODING.take(tenant).await?),
            _ => None,
        };
        let hash = self.0.disk.finish(tenant, incoming).await?;
        let pixels = match slot {
            Some(slot) => self.picture(tenant, &hash, media_type, slot).await?,
            None => None,
        };
        let (id, by) = (FileId::new(), caller.actor.to_string());
        let stored = Stored { id, size, media_type: media_type.to_owned(), name, pixels, by };
        self.enter(tenant, &stored, &hash, origin).await?;
        Ok(stored)
    }

    /// Begins an upload in parts.
    ///
    /// # Errors
    /// `file_too_large`, `storage_full`; `limit_reached` when too many are open; those of keys.
    pub(super) async fn start_upload(
        &self,
        caller: &Caller,
        declared: u64,
        key: Option<&idempotency::Request>,
    ) -> Result<Uuid> {
        let (tenant, upload) = (caller.tenant, self.new_uuid());
        let limit = self.0.storage.storage_bytes(tenant).await?;
        // Whoever holds the lock needs no other connection: those who wait for it may have them all.
        let mut tx = self.0.db.begin(Database::Data, tenant).await?;
        tx.query(&FILES_LOCK, &[&tenant.uuid()]).await?;
        let stored = tx.query_one(&STORED_BYTES, &[&tenant.uuid()]).await?.get::<_, i64>(0).unsigned_abs();
        let pending = self.0.disk.pending(tenant, None).await?;
        let room = limit.map(|limit| room_of(limit, stored, &pending)).transpose()?;
        fits(declared, self.0.web.upload_limit() as u64, room)?;
        if pending.open >= MAX_OPEN {
            let detail = format!("{MAX_OPEN} uploads are open. Finish one first.");
            return Err(Error::new(Code::LimitReached).detail(detail));
        }
        if let Some(key) = key {
            key.keep(&mut tx, tenant, 201, &upload.to_string(), self.0.clock.now()).await?;
        }
        let about = disk::About { size: declared, by: caller.actor.to_string() };
        self.0.disk.start(tenant, upload, &about).await?;
        tx.commit().await?;
        Ok(upload)
    }

    /// What is known of an upload of the caller.
    async fn own_upload(&self, caller: &Caller, upload: Uuid) -> Result<disk::About> {
        let about = self.0.disk.about(caller.tenant, upload).await?;
        about.filter(|about| about.by == caller.actor.to_string()).ok_or_else(Error::not_found)
    }

    /// Gives up an upload, with what is there of it and the room that it has.
    ///
    /// # Errors
    /// `not_found`; `conflict` while a part is received or it is being ended.
    pub(super) async fn give_up_upload(&self, caller: &Caller, upload: Uuid) -> Result<()> {
        self.own_upload(caller, upload).await?;
        let is_gone = self.0.disk.give_up(caller.tenant, upload).await?;
        if is_gone {
            Ok(())
        } else {
            Err(conflict("A part is being received, or the upload is being ended."))
        }
    }

    /// Bytes of an upload that are there.
    ///
    /// # Errors
    /// `not_found`.
    pub(super) async fn upload_offset(&self, caller: &Caller, upload: Uuid) -> Result<u64> {
        self.own_upload(caller, upload).await?;
        self.0.disk.length(caller.tenant, upload).await?.ok_or_else(Error::not_found)
    }

    /// Adds a part that begins where the last one ended; the end of it. One that breaks off leaves nothing.
    ///
    /// # Errors
    /// `not_found`, `conflict` for another offset, `body_too_large`, `file_too_large`, `storage_full`.
    pub(super) async fn receive_part(
        &self,
        caller: &Caller,
        upload: Uuid,
        offset: u64,
        body: impl Stream<Item = Result<Bytes>>,
    ) -> Result<u64> {
        let about = self.own_upload(caller, upload).await?;
        let part = self.0.disk.next_part(caller.tenant, upload).await?;
        let mut part =
            part.ok_or_else(|| conflict("Another part is being received, or the upload ended."))?;
        if part.offset != offset {
            return Err(conflict(&format!("The upload goes on at byte {}.", part.offset)));
        }
        let (limit, room) = (self.0.web.upload_limit() as u64, self.room(caller.tenant, Some(upload)).await?);
        let mut body = pin!(body);
        while let Some(chunk) = body.next().await {
            let chunk = chunk?;
            let size = part.size + chunk.len() as u64;
            if size - part.offset > PART {
                let detail = format!("A part has at most {}.", megabytes(PART));
                return Err(Error::new(Code::BodyTooLarge).detail(detail));
            }
            if size > about.size {
                let detail = format!("The upload was begun for {} bytes.", about.size);
                return Err(Error::new(Code::BodyTooLarge).detail(detail));
            }
            fits(size, limit, room)?;
            part.write(chunk).await?;
        }
        let end = part.size;
        part.end();
        Ok(end)
    }

    /// The file of an upload of which all parts are there. The second value: whether it had been ended before, with this key.
    ///
    /// # Errors
    /// `not_found`; `conflict` while a part is received or missing; those of [`Bases::receive_once`].
    pub(super) async fn finish_upload(
        &self,
        caller: &Caller,
        upload: Uuid,
        name: &str,
        key: Option<&idempotency::Request>,
    ) -> Result<(Stored, bool)> {
        if let Some(stored) = self.kept_before(caller, key).await? {
            return Ok((stored, true));
        }
        let about = self.own_upload(caller, upload).await?;
        let whole = self.0.disk.whole(caller.tenant, upload).await?;
        let incoming =
            whole.ok_or_else(|| conflict("A part is being received, or the upload is being ended."))?;
        if incoming.size != about.size {
            let detail = format!("The upload has {} of {} bytes.", incoming.size, about.size);
            return Err(conflict(&detail));
        }
        fits(incoming.size, self.0.web.upload_limit() as u64, self.room(caller.tenant, Some(upload)).await?)?;
        let origin = Origin { upload: Some(upload), key };
        Ok((self.keep(caller, name, incoming, origin).await?, false))
    }

    /// Makes the thumbnails of a picture and gives its size; `None` for what is none that can be shown.
    async fn picture(
        &self,
        tenant: TenantId,
        hash: &disk::Hash,
        media_type: &'static str,
        slot: Slot,
    ) -> Result<Option<(u32, u32)>> {
        let path = self.0.disk.path(tenant, hash, disk::Form::Whole);
        // It goes on when the request is gone, and so does its turn.
        let read = tokio::task::spawn_blocking(move || {
            let picture = pictures::read(&path, media_type);
            drop(slot);
            picture
        });
        let read = read.await;
        // A decoder that panics has met something that is no picture.
        let Some(picture) = read.unwrap_or_else(|problem| {
            tracing::warn!(%problem, "a picture could not be decoded");
            None
        }) else {
            return Ok(None);
        };
        for (form, bytes) in [(disk::Form::Small, &picture.small), (disk::Form::Large, &picture.large)] {
            self.0.disk.put(tenant, hash, form, bytes, self.new_uuid()).await?;
        }
        Ok(Some(picture.pixels))
    }

    /// Enters a file, if it fits with all that were entered and begun before.
    async fn enter(
        &self,
        tenant: TenantId,
        stored: &Stored,
        hash: &disk::Hash,
        origin: Origin<'_>,
    ) -> Result<()> {
        let side = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
        let (width, height) = (stored.pixels.map(|of| side(of.0)), stored.pixels.map(|of| side(of.1)));
        let size = i64::try_from(stored.size).map_err(Error::internal)?;
        let now = self.0.clock.now();
        let params: &[&(dyn kernel_db::ToSql + Sync)] = &[
            &tenant.uuid(),
            &stored.id.uuid(),
            &hash.as_slice(),
            &size,
            &stored.media_type,
            &stored.name,
            &width,
            &height,
            &stored.by,
            &now,
        ];
        let limit = self.0.storage.storage_bytes(tenant).await?;
        let mut tx = self.0.db.begin(Database::Data, tenant).await?;
        tx.query(&FILES_LOCK, &[&tenant.uuid()]).await?;
        if let Some(key) = origin.key {
            key.keep(&mut tx, tenant, 201, &stored.id.to_string(), now).await?;
        }
        tx.execute(&INSERT_FILE, params).await?;
        if let Some(limit) = limit {
            // With this one: the same content counts once.
            let row = tx.query_one(&STORED_BYTES, &[&tenant.uuid()]).await?;
            let stored = row.get::<_, i64>(0).unsigned_abs();
            let declared = self.0.disk.pending(tenant, origin.upload).await?.declared;
            if stored.saturating_add(declared) > limit {
                tx.rollback().await?;
                return Err(storage_full(limit));
            }
        }
        tx.commit().await?;
        Ok(())
    }

    /// Fetches a file from an address elsewhere and keeps it.
    ///
    /// # Errors
    /// A sentence about the address; `file_too_large`, `storage_full`.
    pub(super) async fn fetch_file(&self, caller: &Caller, url: &str, name: Option<&str>) -> Result<Stored> {
        let slot = FETCHING.take(caller.tenant).await?;
        let mut request = Request::new(Method::Get, url);
        (request.redirects, request.limit, request.timeout) = (3, FETCHED, FETCH_TIME);
        let refused = |detail: String| Error::new(Code::InvalidValue).detail(detail);
        let answer = self
            .0
            .outgoing
            .send(&request)
            .await
            .map_err(|failure| refused(format!("The file can't be fetched: {failure}.")))?;
        drop(slot);
        if answer.status != 200 {
            return Err(refused(format!("The file can't be fetched: the answer is {}.", answer.status)));
        }
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let name = name.unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default());
        let body = futures_util::stream::once(std::future::ready(Ok(Bytes::from(answer.body))));
        self.receive_file(caller, name, 0, body).await
    }
}

fn conflict(detail: &str) -> Error {
    Error::new(Code::Conflict).detail(detail.to_owned())
}

fn fits(size: u64, limit: u64, room: Option<u64>) -> Result<()> {
    if size > limit {
        let detail = format!("The file is larger than {}.", megabytes(limit));
        return Err(Error::new(Code::FileTooLarge).detail(detail));
    }
    if room.is_some_and(|room| size > room) { Err(Error::new(Code::StorageFull)) } else { Ok(()) }
}

/// What is left beside what is stored and what is on its way.
fn room_of(limit: u64, stored: u64, pending: &disk::Pending) -> Result<u64> {
    let taken = stored.saturating_add(pending.declared).saturating_add(pending.arriving);
    limit.checked_sub(taken).filter(|room| *room > 0).ok_or_else(|| storage_full(limit))
}

fn storage_full(limit: u64) -> Error {
    let detail = format!("There is no room for this file: the plan has {} for files.", megabytes(limit));
    Error::new(Code::StorageFull).detail(detail)
}
