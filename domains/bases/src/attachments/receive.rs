//! Taking files in: from a request's body, or from an address that a client names.

use super::store::{INSERT_FILE, STORED_BYTES};
use super::{Stored, clean_name, disk, pictures, sniff};
use crate::service::Bases;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use kernel_core::outgoing::{Method, Request};
use kernel_core::{Caller, Code, Error, FileId, Result, TenantId};
use std::pin::pin;
use std::time::Duration;
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Pictures decoded at once: each may take some 300 MB for a moment.
static DECODING: Semaphore = Semaphore::const_new(1);
/// Files fetched at once: each is in memory for a moment.
static FETCHING: Semaphore = Semaphore::const_new(4);
/// Largest file that is fetched from an address, in bytes.
const FETCHED: usize = 20 << 20;
/// Largest part of an upload, in bytes.
const PART: u64 = 16 << 20;
/// How long a fetch may take.
const FETCH_TIME: Duration = Duration::from_secs(15);

fn megabytes(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MB", bytes >> 20) } else { format!("{} kB", bytes >> 10) }
}

impl Bases {
    /// Bytes that the organisation's files may still take; `None`: any.
    async fn room(&self, tenant: TenantId) -> Result<Option<u64>> {
        let Some(limit) = self.0.storage.storage_bytes(tenant).await? else { return Ok(None) };
        let row = self.0.db.read_opt(tenant, &STORED_BYTES, &[&tenant.uuid()]).await?;
        let stored = row.map_or(0, |row| row.get::<_, i64>(0)).unsigned_abs();
        if stored >= limit {
            return Err(storage_full(limit));
        }
        Ok(Some(limit - stored))
    }

    /// Keeps a file; `declared` is the size that the client says, 0 for none. Uploads at the same moment may together go over the plan's storage by less than one of them each.
    ///
    /// # Errors
    /// `file_too_large`, `storage_full`; `bad_request` when the body does not come to its end.
    pub(crate) async fn receive_file(
        &self,
        caller: &Caller,
        name: &str,
        declared: u64,
        body: impl Stream<Item = Result<Bytes>>,
    ) -> Result<Stored> {
        let tenant = caller.tenant;
        let (limit, room) = (self.0.web.upload_limit() as u64, self.room(tenant).await?);
        let fits = |size: u64| fits(size, limit, room);
        fits(declared)?;
        let mut incoming = self.0.disk.begin(tenant, self.new_uuid()).await?;
        let mut body = pin!(body);
        let received: Result<()> = async {
            while let Some(chunk) = body.next().await {
                let chunk = chunk?;
                fits(incoming.size + chunk.len() as u64)?;
                incoming.write(&chunk).await?;
            }
            Ok(())
        }
        .await;
        if let Err(error) = received {
            incoming.give_up().await;
            return Err(error);
        }
        self.keep(caller, name, incoming).await
    }

    /// What came in whole, as a file.
    async fn keep(&self, caller: &Caller, name: &str, incoming: disk::Incoming) -> Result<Stored> {
        let (tenant, size, name) = (caller.tenant, incoming.size, clean_name(name));
        let hash = self.0.disk.finish(tenant, incoming).await?;
        let media_type = sniff::media_type(&self.0.disk.head(tenant, &hash, sniff::HEAD).await?, &name);
        let pixels = self.picture(tenant, &hash, media_type).await?;
        let (id, by) = (FileId::new(), caller.actor.to_string());
        let stored = Stored { id, size, media_type: media_type.to_owned(), name, pixels, by };
        self.enter(tenant, &stored, &hash).await?;
        Ok(stored)
    }

    /// Begins an upload in parts.
    ///
    /// # Errors
    /// `file_too_large`, `storage_full`.
    pub(super) async fn start_upload(&self, caller: &Caller, declared: u64) -> Result<Uuid> {
        let room = self.room(caller.tenant).await?;
        fits(declared, self.0.web.upload_limit() as u64, room)?;
        let upload = self.new_uuid();
        self.0.disk.start(caller.tenant, upload).await?;
        Ok(upload)
    }

    /// Bytes of an upload that are there.
    ///
    /// # Errors
    /// `not_found`.
    pub(super) async fn upload_offset(&self, caller: &Caller, upload: Uuid) -> Result<u64> {
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
        let conflict = |detail: String| Error::new(Code::Conflict).detail(detail);
        let part = self.0.disk.next_part(caller.tenant, upload).await?;
        let mut part = part.ok_or_else(|| conflict("Another part is being received.".to_owned()))?;
        if part.offset != offset {
            return Err(conflict(format!("The upload goes on at byte {}.", part.offset)));
        }
        let (limit, room) = (self.0.web.upload_limit() as u64, self.room(caller.tenant).await?);
        let mut body = pin!(body);
        let received: Result<()> = async {
            while let Some(chunk) = body.next().await {
                let chunk = chunk?;
                let size = part.size + chunk.len() as u64;
                if size - part.offset > PART {
                    let detail = format!("A part has at most {}.", megabytes(PART));
                    return Err(Error::new(Code::BodyTooLarge).detail(detail));
                }
                fits(size, limit, room)?;
                part.write(&chunk).await?;
            }
            Ok(())
        }
        .await;
        let end = part.size;
        match received {
            Ok(()) => part.end().await.map(|()| end),
            Err(error) => {
                part.give_up().await?;
                Err(error)
            }
        }
    }

    /// The file of an upload of which all parts are there.
    ///
    /// # Errors
    /// `not_found`; those of [`Bases::receive_file`].
    pub(super) async fn finish_upload(&self, caller: &Caller, upload: Uuid, name: &str) -> Result<Stored> {
        let incoming = self.0.disk.whole(caller.tenant, upload).await?;
        self.keep(caller, name, incoming).await
    }

    /// Makes the thumbnails of a picture and gives its size; `None` for what is none that can be shown.
    async fn picture(
        &self,
        tenant: TenantId,
        hash: &disk::Hash,
        media_type: &'static str,
    ) -> Result<Option<(u32, u32)>> {
        if !matches!(media_type, "image/png" | "image/jpeg" | "image/webp") {
            return Ok(None);
        }
        let permit = DECODING.acquire().await.map_err(Error::internal)?;
        let path = self.0.disk.path(tenant, hash, disk::Form::Whole);
        let read = tokio::task::spawn_blocking(move || pictures::read(&path, media_type)).await;
        drop(permit);
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

    async fn enter(&self, tenant: TenantId, stored: &Stored, hash: &disk::Hash) -> Result<()> {
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
        self.0.db.write(tenant, &INSERT_FILE, params).await?;
        Ok(())
    }

    /// Fetches a file from an address elsewhere and keeps it.
    ///
    /// # Errors
    /// A sentence about the address; `file_too_large`, `storage_full`.
    pub(super) async fn fetch_file(&self, caller: &Caller, url: &str, name: Option<&str>) -> Result<Stored> {
        let _permit = FETCHING.acquire().await.map_err(Error::internal)?;
        let mut request = Request::new(Method::Get, url);
        (request.redirects, request.limit, request.timeout) = (3, FETCHED, FETCH_TIME);
        let refused = |detail: String| Error::new(Code::InvalidValue).detail(detail);
        let answer = self
            .0
            .outgoing
            .send(&request)
            .await
            .map_err(|failure| refused(format!("The file can't be fetched: {failure}.")))?;
        if answer.status != 200 {
            return Err(refused(format!("The file can't be fetched: the answer is {}.", answer.status)));
        }
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let name = name.unwrap_or_else(|| path.rsplit('/').next().unwrap_or_default());
        let body = futures_util::stream::once(std::future::ready(Ok(Bytes::from(answer.body))));
        self.receive_file(caller, name, 0, body).await
    }
}

fn fits(size: u64, limit: u64, room: Option<u64>) -> Result<()> {
    if size > limit {
        let detail = format!("The file is larger than {}.", megabytes(limit));
        return Err(Error::new(Code::FileTooLarge).detail(detail));
    }
    if room.is_some_and(|room| size > room) { Err(Error::new(Code::StorageFull)) } else { Ok(()) }
}

fn storage_full(limit: u64) -> Error {
    let detail = format!("There is no room for this file: the plan has {} for files.", megabytes(limit));
    Error::new(Code::StorageFull).detail(detail)
}
