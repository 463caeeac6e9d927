//! Bytes of files on disk: `<folder>/<tenant>/<first two digits>/<SHA-256>`, and beside it `….small` and `….large` of a picture.
//!
//! Invariants: a name is there only with all of its bytes (written elsewhere, synced, then renamed), and holds what its name
//! says, so writing the same again changes nothing. A file that no row names yet was touched within the last hour.

use kernel_core::{Error, Result, TenantId};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::fs::{self, File};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use uuid::Uuid;

/// SHA-256 of a content.
pub(crate) type Hash = [u8; 32];

/// Younger contents than this may be of an upload that is about to be entered.
const YOUNG: Duration = Duration::from_secs(3_600);

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

/// Bytes on their way in.
pub(super) struct Incoming {
    file: File,
    path: PathBuf,
    hash: Sha256,
    pub(super) size: u64,
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
        let file = File::create_new(&path).await.map_err(Error::internal)?;
        Ok(Incoming { file, path, hash: Sha256::new(), size: 0 })
    }

    /// Begins an upload that comes in parts.
    pub(super) async fn start(&self, tenant: TenantId, upload: Uuid) -> Result<()> {
        self.begin(tenant, upload).await.map(drop)
    }

    fn part(&self, tenant: TenantId, upload: Uuid) -> PathBuf {
        self.of(tenant).join("incoming").join(upload.to_string())
    }

    /// Bytes of an upload so far; `None` if there is no such upload.
    pub(super) async fn length(&self, tenant: TenantId, upload: Uuid) -> Result<Option<u64>> {
        match fs::metadata(self.part(tenant, upload)).await {
            Ok(facts) => Ok(Some(facts.len())),
            Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => Ok(None),
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
            let file = std::fs::OpenOptions::new().append(true).open(path)?;
            match file.try_lock() {
                Ok(()) => file.metadata().map(|facts| Some((file, facts.len()))),
                Err(std::fs::TryLockError::WouldBlock) => Ok(None),
                Err(std::fs::TryLockError::Error(problem)) => Err(problem),
            }
        });
        match opened.await.map_err(Error::internal)? {
            Ok(opened) => {
                Ok(opened.map(|(file, offset)| Part { file: File::from_std(file), offset, size: offset }))
            }
            Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => Err(Error::not_found()),
            Err(problem) => Err(Error::internal(problem)),
        }
    }

    /// An upload of which all parts are there.
    ///
    /// # Errors
    /// `not_found`.
    pub(super) async fn whole(&self, tenant: TenantId, upload: Uuid) -> Result<Incoming> {
        let path = self.part(tenant, upload);
        let read = tokio::task::spawn_blocking(move || {
            let mut file = std::fs::OpenOptions::new().read(true).append(true).open(&path)?;
            let mut hash = Sha256::new();
            let mut bytes = vec![0; 1 << 20];
            let mut size = 0;
            loop {
                match std::io::Read::read(&mut file, &mut bytes)? {
                    0 => break,
                    read => {
                        hash.update(&bytes[..read]);
                        size += read as u64;
                    }
                }
            }
            Ok::<_, std::io::Error>((file, path, hash, size))
        });
        match read.await.map_err(Error::internal)? {
            Ok((file, path, hash, size)) => Ok(Incoming { file: File::from_std(file), path, hash, size }),
            Err(problem) if problem.kind() == std::io::ErrorKind::NotFound => Err(Error::not_found()),
            Err(problem) => Err(Error::internal(problem)),
        }
    }

    /// The first bytes of a content.
    pub(super) async fn head(&self, tenant: TenantId, hash: &Hash, most: usize) -> Result<Vec<u8>> {
        let mut head = Vec::with_capacity(most);
        let file = File::open(self.path(tenant, hash, Form::Whole)).await.map_err(Error::internal)?;
        file.take(most as u64).read_to_end(&mut head).await.map_err(Error::internal)?;
        Ok(head)
    }

    /// Ends a content: it is there for good, under its hash.
    pub(super) async fn finish(&self, tenant: TenantId, mut incoming: Incoming) -> Result<Hash> {
        let hash: Hash = incoming.hash.clone().finalize().into();
        let path = self.path(tenant, &hash, Form::Whole);
        let done: std::io::Result<()> = async {
            incoming.file.flush().await?;
            incoming.file.sync_all().await?;
            create_parent(&path).await?;
            fs::rename(&incoming.path, &path).await?;
            sync_parent(&path).await
        }
        .await;
        match done {
            Ok(()) => Ok(hash),
            Err(problem) => {
                incoming.give_up().await;
                Err(full_or(problem))
            }
        }
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
        if let Err(problem) = incoming.write(bytes).await {
            incoming.give_up().await;
            return Err(problem);
        }
        let path = self.path(tenant, hash, form);
        incoming.file.sync_all().await.map_err(full_or)?;
        create_parent(&path).await.map_err(full_or)?;
        fs::rename(&incoming.path, &path).await.map_err(full_or)
    }

    /// Removes a content in all its forms, unless it is young.
    pub(super) async fn remove(&self, tenant: TenantId, hash: &Hash) -> Result<()> {
        let whole = self.path(tenant, hash, Form::Whole);
        let age = fs::metadata(&whole).await.and_then(|facts| facts.modified()).map(|at| at.elapsed());
        if matches!(age, Ok(Ok(age)) if age < YOUNG) {
            return Ok(());
        }
        for form in [Form::Small, Form::Large, Form::Whole] {
            match fs::remove_file(self.path(tenant, hash, form)).await {
                Err(problem) if problem.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::internal(problem));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A part of an upload on its way in.
pub(super) struct Part {
    file: File,
    /// Where it begins.
    pub(super) offset: u64,
    pub(super) size: u64,
}

impl Part {
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await.map_err(full_or)
    }

    /// Keeps what was written.
    pub(super) async fn end(mut self) -> Result<()> {
        self.file.flush().await.map_err(full_or)
    }

    /// Takes it back.
    pub(super) async fn give_up(mut self) -> Result<()> {
        self.file.flush().await.map_err(full_or)?;
        self.file.set_len(self.offset).await.map_err(Error::internal)
    }
}

impl Incoming {
    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).await.map_err(full_or)
    }

    /// Takes back what was written.
    pub(super) async fn give_up(self) {
        drop(self.file);
        if let Err(problem) = fs::remove_file(&self.path).await {
            tracing::warn!(%problem, "an upload that was given up could not be removed");
        }
    }
}

fn full_or(problem: std::io::Error) -> Error {
    if problem.kind() == std::io::ErrorKind::StorageFull {
        return Error::new(kernel_core::Code::Unavailable)
            .detail("There is no room for files at the moment.")
            .source(problem);
    }
    Error::internal(problem)
}

async fn create_parent(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).await,
        None => Ok(()),
    }
}

/// Makes the new name last: a rename is durable once its folder is.
async fn sync_parent(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) => File::open(parent).await?.sync_all().await,
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        disk.start(tenant, upload).await.unwrap();
        for (bytes, ends) in [(&b"hello"[..], true), (b"xyz", false), (b" world", true)] {
            let mut part = disk.next_part(tenant, upload).await.unwrap().unwrap();
            assert!(disk.next_part(tenant, upload).await.unwrap().is_none(), "one at a time");
            part.write(bytes).await.unwrap();
            if ends { part.end().await.unwrap() } else { part.give_up().await.unwrap() }
        }
        assert_eq!(disk.length(tenant, upload).await.unwrap(), Some(11));
        let whole = disk.whole(tenant, upload).await.unwrap();
        assert_eq!((whole.size, disk.finish(tenant, whole).await.unwrap()), (11, hashes[0]));
        assert_eq!(disk.head(tenant, &hashes[0], 5).await.unwrap(), b"hello");
        let incoming = disk.begin(tenant, Uuid::from_u128(3)).await.unwrap();
        incoming.give_up().await;
        let left = std::fs::read_dir(folder.path().join(tenant.uuid().to_string()).join("incoming")).unwrap();
        assert_eq!(left.count(), 0);

        disk.put(tenant, &hashes[0], Form::Small, b"small", Uuid::from_u128(4)).await.unwrap();
        disk.remove(tenant, &hashes[0]).await.unwrap();
        assert!(path.exists(), "a young content stays");
        let old = std::time::SystemTime::UNIX_EPOCH;
        std::fs::File::open(&path).unwrap().set_modified(old).unwrap();
        disk.remove(tenant, &hashes[0]).await.unwrap();
        assert!(!path.exists() && !disk.path(tenant, &hashes[0], Form::Small).exists());
        disk.remove(tenant, &hashes[0]).await.unwrap();
    }
}
