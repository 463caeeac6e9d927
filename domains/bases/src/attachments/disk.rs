//! Bytes of files on disk: `<folder>/<tenant>/<first two digits>/<SHA-256>`, and beside it `….small` and `….large` of a picture.
//!
//! Invariants: a name is there only with all of its bytes (written elsewhere, synced, then renamed), and holds what its name
//! says: nobody has a content open for writing, since the lock of an upload is held until it has its name, and a lock counts
//! only on the file that the name still leads to. A content that no row names yet was touched within the last hour. What
//! breaks off, in whatever way, takes back what it wrote.

use super::durable::{ABOUT, about_of, create_parent, locked, place, remove, sync_parent};
use bytes::Bytes;
use kernel_core::{Error, Result, TenantId};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

/// SHA-256 of a content.
pub(crate) type Hash = [u8; 32];

/// Younger contents than this may be of an upload that is about to be entered.
const YOUNG: Duration = Duration::from_secs(3_600);

/// An upload in parts to which nothing has come for so long was left, as far as one can tell: it counts as long as it is.
const IDLE: Duration = Duration::from_secs(3_600);

/// Which form of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it was uploaded.
    Whole,
    /// 36 pixels high.
    Small,
    /// Within 512 pixels.
    Large,
}

/// The folder of all contents.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
}

/// What is known of an upload in parts, beside its bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct About {
    /// Bytes that it will have.
    pub(super) size: u64,
    /// Who began it, as the actor's text.
    pub(super) by: String,
}

/// What is on its way in.
#[derive(Debug, Default)]
pub(super) struct Pending {
    /// Uploads in parts that are open and go on.
    pub(super) open: usize,
    /// Bytes that they will have.
    pub(super) declared: u64,
    /// Bytes of others that are there so far.
    pub(super) arriving: u64,
}

/// Bytes on their way in. Without an end they are taken back, except those of an upload in parts.
pub(super) struct Incoming {
    file: File,
    path: PathBuf,
    hash: Sha256,
    pub(super) size: u64,
    stays: bool,
}

impl Disk {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The folder of all contents.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder of a tenant.
    pub(super) fn of(&self, tenant: TenantId) -> PathBuf {
        self.folder.join(tenant.uuid().to_string())
    }

    /// Where a content is.
    pub(crate) fn path(&self, tenant: TenantId, hash: &Hash, form: Form) -> PathBuf {
        let name = data_encoding::HEXLOWER.encode(hash);
        let ending = match form {
            Form::Whole => "",
            Form::Small => ".small",
            Form::Large => ".large",
        };
        self.of(tenant).join(&name[..2]).join(format!("{name}{ending}"))
    }

    /// Begins a content.
    pub(super) async fn begin(&self, tenant: TenantId, upload: Uuid) -> Result<Incoming> {
        let folder = self.of(tenant).join("incoming");
        fs::create_dir_all(&folder).await.map_err(Error::internal)?;
        let path = folder.join(upload.to_string());
        let file = File::create_new(&path).await.map_err(full_or)?;
        Ok(Incoming { file, path, hash: Sha256::new(), size: 0, stays: false })
    }

    /// Begins an upload that comes in parts.
    pub(super) async fn start(&self, tenant: TenantId, upload: Uuid, about: &About) -> Result<()> {
        let text = serde_json::to_vec(about).map_err(Error::internal)?;
        let mut incoming = self.begin(tenant, upload).await?;
        fs::write(about_of(&incoming.path), text).await.map_err(full_or)?;
        incoming.stays = true;
        Ok(())
    }

    /// What is known of an upload in parts.
    pub(super) async fn about(&self, tenant: TenantId, upload: Uuid) -> Result<Option<About>> {
        match fs::read(about_of(&self.part(tenant, upload))).await {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(problem) => Err(Error::internal(problem)),
        }
    }

    /// What is on its way in, without this upload.
    pub(super) async fn pending(&self, tenant: TenantId, except: Option<Uuid>) -> Result<Pending> {
        let folder = self.of(tenant).join("incoming");
        let mut pending = Pending::default();
        for name in names(&folder).await? {
            let Ok(upload) = name.parse::<Uuid>() else { continue };
            if except == Some(upload) {
                continue;
            }
            let Ok(facts) = fs::metadata(folder.join(name)).await else { continue };
            let idle = facts.modified().ok().and_then(|at| at.elapsed().ok()).unwrap_or_default();
            match self.about(tenant, upload).await?.filter(|_| idle < IDLE) {
                Some(about) => {
                    pending.open += 1;
                    pending.declared = pending.declared.saturating_add(about.size);
                }
                None => pending.arriving = pending.arriving.saturating_add(facts.len()),
            }
        }
        Ok(pending)
    }

    /// Removes what was begun before and did not come to its end: uploads in parts by their start, others by their last byte.
    pub(super) async fn forget(&self, tenant: TenantId, after: Duration) -> Result<()> {
        let folder = self.of(tenant).join("incoming");
        let is_old = async |path: &Path| {
            let age = fs::metadata(path).await.and_then(|facts| facts.modified()).map(|at| at.elapsed());
            matches!(age, Ok(Ok(age)) if age > after)
        };
        for name in names(&folder).await? {
            let path = folder.join(&name);
            if let Some(upload) = name.strip_suffix(ABOUT) {
                if is_old(&path).await {
                    remove(&folder.join(upload)).map_err(Error::internal)?;
                    remove(&path).map_err(Error::internal)?;
                }
            } else if !fs::try_exists(about_of(&path)).await.map_err(Error::internal)? && is_old(&path).await
            {
                remove(&path).map_err(Error::internal)?;
            }
        }
        Ok(())
    }

    fn part(&self, tenant: TenantId, upload: Uuid) -> PathBuf {
        self.of(tenant).join("incoming").join(upload.to_string())
    }

    /// Bytes of an upload so far; `None` if there is no such upload.
    pub(super) async fn length(&self, tenant: TenantId, upload: Uuid) -> Result<Option<u64>> {
        match fs::metadata(self.part(tenant, upload)).await {
            Ok(facts) => Ok(Some(facts.len())),
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(problem) => Err(Error::internal(problem)),
        }
    }

    /// The next part of an upload, for one writer at a time; `None` while there is another.
    ///
    /// # Errors
    /// `not_found`.
    pub(super) async fn next_part(&self, tenant: TenantId, upload: Uuid) -> Result<Option<Part>> {
        let path = self.part(tenant, upload);
        let opened = tokio::task::spawn_blocking(move || {
            let Some(file) = locked(&path)? else { return Ok(None) };
            let offset = file.metadata()?.len();
            Ok(Some(Part { tail: Arc::new(Mutex::new(Some(file))), offset, size: offset }))
        });
        opened.await.map_err(Error::internal)?.map_err(missing)
    }

    /// Takes an upload in parts back; false while a part comes or it is being ended.
    ///
    /// # Errors
    /// `not_found`.
    pub(super) async fn give_up(&self, tenant: TenantId, upload: Uuid) -> Result<bool> {
        let path = self.part(tenant, upload);
        let removed = tokio::task::spawn_blocking(move || {
            let Some(_lock) = locked(&path)? else { return Ok(false) };
            remove(&path)?;
            remove(&about_of(&path))?;
            Ok(true)
        });
        removed.await.map_err(Error::internal)?.map_err(missing)
    }

    /// An upload of which all parts are there; nobody adds one from here on. `None` while somebody does, or ends it.
    ///
    /// # Errors
    /// `not_found`.
    pub(super) async fn whole(&self, tenant: TenantId, upload: Uuid) -> Result<Option<Incoming>> {
        let path = self.part(tenant, upload);
        let read = tokio::task::spawn_blocking(move || {
            let Some(mut file) = locked(&path)? else { return Ok(None) };
            let mut hash = Sha256::new();
            let mut bytes = vec![0; 1 << 20];
            let mut size = 0;
            loop {
                match io::Read::read(&mut file, &mut bytes)? {
                    0 => break,
                    read => {
                        hash.update(&bytes[..read]);
                        size += read as u64;
                    }
                }
            }
            Ok(Some(Incoming { file: File::from_std(file), path, hash, size, stays: true }))
        });
        read.await.map_err(Error::internal)?.map_err(missing)
    }

    /// Ends a content: it is there for good, under its hash.
    pub(super) async fn finish(&self, tenant: TenantId, mut incoming: Incoming) -> Result<Hash> {
        let hash = incoming.digest();
        let (from, to) = (incoming.path.clone(), self.path(tenant, &hash, Form::Whole));
        incoming.file.flush().await.map_err(full_or)?;
        let file = incoming.file.try_clone().await.map_err(Error::internal)?.into_std().await;
        let placed = tokio::task::spawn_blocking(move || place(&file, &from, &to));
        placed.await.map_err(Error::internal)?.map_err(full_or)?;
        Ok(hash)
    }

    /// Puts a small form beside a content.
    pub(super) async fn put(
        &self,
        tenant: TenantId,
        hash: &Hash,
        form: Form,
        bytes: &[u8],
        upload: Uuid,
    ) -> Result<()> {
        let mut incoming = self.begin(tenant, upload).await?;
        incoming.write(bytes).await?;
        incoming.file.sync_all().await.map_err(full_or)?;
        let (from, to) = (incoming.path.clone(), self.path(tenant, hash, form));
        let renamed = tokio::task::spawn_blocking(move || {
            create_parent(&to)?;
            std::fs::rename(from, &to)?;
            sync_parent(&to)
        });
        renamed.await.map_err(Error::internal)?.map_err(full_or)
    }

    /// Removes a content in all its forms, unless it is young.
    pub(super) async fn remove(&self, tenant: TenantId, hash: &Hash) -> Result<()> {
        let forms = [Form::Small, Form::Large, Form::Whole].map(|form| self.path(tenant, hash, form));
        let removed = tokio::task::spawn_blocking(move || {
            // Whoever uploads it again at this moment waits, and then finds that it is gone, or makes it young before.
            let _lock = match std::fs::File::open(&forms[2]) {
                Ok(file) => {
                    let is_free = file.try_lock().is_ok();
                    let age = file.metadata()?.modified()?.elapsed();
                    if !is_free || !age.is_ok_and(|age| age >= YOUNG) {
                        return Ok(());
                    }
                    Some(file)
                }
                Err(problem) if problem.kind() == io::ErrorKind::NotFound => None,
                Err(problem) => return Err(problem),
            };
            forms.iter().try_for_each(|path| remove(path))
        });
        removed.await.map_err(Error::internal)?.map_err(Error::internal)
    }
}

/// A part of an upload on its way in. Dropped before its end, it is taken back.
pub(super) struct Part {
    /// The locked file; nothing once the part has ended. Writes that are still to run find it gone.
    tail: Arc<Mutex<Option<std::fs::File>>>,
    /// Where it begins.
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl Part {
    pub(super) async fn write(&mut self, bytes: Bytes) -> Result<()> {
        self.size += bytes.len() as u64;
        let tail = self.tail.clone();
        let written = tokio::task::spawn_blocking(move || match tail.lock().as_mut() {
            Some(file) => file.write_all(&bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        });
        written.await.map_err(Error::internal)?.map_err(full_or)
    }

    /// Keeps what was written.
    pub(super) fn end(self) {
        drop(self.tail.lock().take());
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if let Some(file) = self.tail.lock().take()
            && let Err(problem) = file.set_len(self.offset)
        {
            tracing::warn!(%problem, "a part of an upload that broke off could not be taken back");
        }
    }
}

impl Incoming {
    /// Where the bytes are, as far as they were flushed.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of what is there.
    pub(super) fn digest(&self) -> Hash {
        self.hash.clone().finalize().into()
    }

    /// Removes what came in and what is known of it, in parts or not. Nobody else writes to it meanwhile.
    pub(super) fn discard(self) -> Result<()> {
        let removed = remove(&self.path).and_then(|()| remove(&about_of(&self.path)));
        removed.map_err(Error::internal)
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await.map_err(full_or)
    }

    /// The first bytes.
    pub(super) async fn head(&mut self, most: usize) -> Result<Vec<u8>> {
        self.file.flush().await.map_err(full_or)?;
        let mut head = Vec::with_capacity(most);
        let file = File::open(&self.path).await.map_err(Error::internal)?;
        file.take(most as u64).read_to_end(&mut head).await.map_err(Error::internal)?;
        Ok(head)
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        // With a name of its own it is not there any more.
        if !self.stays
            && let Err(problem) = remove(&self.path)
        {
            tracing::warn!(%problem, "an upload that was given up could not be removed");
        }
    }
}

/// Names in a folder; none if there is no such folder.
pub(super) async fn names(folder: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    let mut entries = match fs::read_dir(folder).await {
        Ok(entries) => entries,
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(names),
        Err(problem) => return Err(Error::internal(problem)),
    };
    while let Some(entry) = entries.next_entry().await.map_err(Error::internal)? {
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}

fn missing(problem: io::Error) -> Error {
    if problem.kind() == io::ErrorKind::NotFound { Error::not_found() } else { Error::internal(problem) }
}

fn full_or(problem: io::Error) -> Error {
    if problem.kind() == io::ErrorKind::StorageFull {
        return Error::new(kernel_core::Code::Unavailable)
            .detail("There is no room for files at the moment.")
            .source(problem);
    }
    Error::internal(problem)
}

#[cfg(test)]
mod tests {
    use super::super::durable::is_at;
    use super::*;
    use std::time::SystemTime;

    #[tokio::test]
    async fn contents_are_kept_whole_and_once() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::new(folder.path().into());
        let tenant = TenantId::from_uuid(Uuid::from_u128(7));
        let mut hashes = Vec::new();
        for upload in 1..=2 {
            let mut incoming = disk.begin(tenant, Uuid::from_u128(upload)).await.unwrap();
            incoming.write(b"hello ").await.unwrap();
            incoming.write(b"world").await.unwrap();
            assert_eq!(incoming.size, 11);
            hashes.push(disk.finish(tenant, incoming).await.unwrap());
        }
        assert_eq!(hashes[0], hashes[1]);
        assert_eq!(hashes[0], kernel_core::secret::sha256(b"hello world"));
        let path = disk.path(tenant, &hashes[0], Form::Whole);
        assert_eq!(std::fs::read(&path).unwrap(), b"hello world");
        // The same in parts: one that breaks off leaves what was there before it.
        let upload = Uuid::from_u128(9);
        assert!(disk.length(tenant, upload).await.unwrap().is_none());
        assert!(disk.next_part(tenant, upload).await.is_err() && disk.whole(tenant, upload).await.is_err());
        disk.start(tenant, upload, &About { size: 11, by: "a".into() }).await.unwrap();
        for (bytes, ends) in [(&b"hello"[..], true), (b"xyz", false), (b" world", true)] {
            let mut part = disk.next_part(tenant, upload).await.unwrap().unwrap();
            assert!(disk.next_part(tenant, upload).await.unwrap().is_none(), "one at a time");
            assert!(disk.whole(tenant, upload).await.unwrap().is_none(), "not while a part comes");
            part.write(Bytes::from_static(bytes)).await.unwrap();
            if ends {
                part.end();
            }
        }
        assert_eq!(disk.length(tenant, upload).await.unwrap(), Some(11));
        let pending = disk.pending(tenant, None).await.unwrap();
        assert_eq!((pending.open, pending.declared, pending.arriving), (1, 11, 0));
        assert_eq!(disk.pending(tenant, Some(upload)).await.unwrap().open, 0);
        let bytes = std::fs::File::open(disk.part(tenant, upload)).unwrap();
        bytes.set_modified(crate::attachments::durable::now() - IDLE).unwrap();
        let pending = disk.pending(tenant, None).await.unwrap();
        assert_eq!((pending.open, pending.declared, pending.arriving), (0, 0, 11), "left");
        // Old, as nobody would clean it: the new one makes it young, and is not put in its place.
        let old = SystemTime::UNIX_EPOCH;
        let held = std::fs::File::open(&path).unwrap();
        held.set_modified(old).unwrap();
        let mut whole = disk.whole(tenant, upload).await.unwrap().unwrap();
        assert!(disk.next_part(tenant, upload).await.unwrap().is_none(), "nothing is added any more");
        assert!(disk.whole(tenant, upload).await.unwrap().is_none(), "ended once");
        assert_eq!((whole.head(5).await.unwrap(), whole.size), (b"hello".to_vec(), 11));
        // Opened before it has its name: worth nothing after.
        let early = std::fs::OpenOptions::new().append(true).open(disk.part(tenant, upload)).unwrap();
        assert_eq!(disk.finish(tenant, whole).await.unwrap(), hashes[0]);
        assert!(!is_at(&early, &path).unwrap() && is_at(&held, &path).unwrap());
        assert!(held.metadata().unwrap().modified().unwrap() > old);
        assert!(
            disk.next_part(tenant, upload).await.is_err()
                && disk.about(tenant, upload).await.unwrap().is_none()
        );
        // Age counts from the start of an upload.
        disk.start(tenant, upload, &About { size: 11, by: "a".into() }).await.unwrap();
        let about = about_of(&disk.part(tenant, upload));
        std::fs::File::open(&about).unwrap().set_modified(old).unwrap();
        disk.forget(tenant, YOUNG).await.unwrap();
        assert!(!about.exists() && disk.length(tenant, upload).await.unwrap().is_none());
        let incoming = disk.begin(tenant, Uuid::from_u128(3)).await.unwrap();
        assert_eq!(disk.pending(tenant, None).await.unwrap().open, 0);
        drop(incoming);
        let left = std::fs::read_dir(folder.path().join(tenant.uuid().to_string()).join("incoming")).unwrap();
        assert_eq!(left.count(), 0);

        disk.put(tenant, &hashes[0], Form::Small, b"small", Uuid::from_u128(4)).await.unwrap();
        disk.remove(tenant, &hashes[0]).await.unwrap();
        assert!(path.exists(), "a young content stays");
        std::fs::File::open(&path).unwrap().set_modified(old).unwrap();
        disk.remove(tenant, &hashes[0]).await.unwrap();
        assert!(!path.exists() && !disk.path(tenant, &hashes[0], Form::Small).exists());
        disk.remove(tenant, &hashes[0]).await.unwrap();
    }
}
