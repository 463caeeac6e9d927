//! Where the cluster lives and as whom it runs.
//!
//! PostgreSQL refuses to run as root. Started by root, the cluster runs as the system user `postgres` (else `nobody`), and
//! its files go where that user can reach them: into the data folder if the way there is open, else to `/var/lib/nclc`.

use super::ClusterError;
use nix::unistd::{Gid, Uid, User, chown};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

/// A Unix socket's path has at most 107 bytes; PostgreSQL appends `/.s.PGSQL.5432.lock`.
const LONGEST_SOCKET_FOLDER: usize = 86;

/// Folders and user of a cluster.
#[derive(Clone, Debug)]
pub struct Place {
    /// `PG_VERSION` and the rest.
    pub data: PathBuf,
    /// Archived WAL.
    pub wal: PathBuf,
    /// Private folder (0700) of the socket.
    pub socket: PathBuf,
    /// Where the server writes its messages.
    pub log: PathBuf,
    /// Held shared by every process that uses the cluster: the last one stops it.
    pub users_lock: PathBuf,
    /// Held while somebody starts or stops the cluster.
    pub start_lock: PathBuf,
    /// Whom the server runs as when that is not who we are.
    pub user: Option<(Uid, Gid)>,
}

impl Place {
    /// Chooses and makes the folders below `data_folder`.
    ///
    /// # Errors
    /// A folder that can't be made, reached or trusted.
    pub fn prepare(data_folder: &Path) -> Result<Self, ClusterError> {
        make(data_folder, 0o755, None)?;
        let data_folder = data_folder
            .canonicalize()
            .map_err(|error| ClusterError::new(format!("data folder {}: {error}", data_folder.display())))?;
        let user = if Uid::effective().is_root() { Some(unprivileged()?) } else { None };
        let name = hash(&data_folder);
        let home = match user {
            Some((uid, gid)) if !reachable(&data_folder, uid, gid) => {
                let home = Path::new("/var/lib/nclc").join(&name);
                make(Path::new("/var/lib/nclc"), 0o755, None)?;
                // For the operator who looks for the files here.
                let note = format!("{}\n", home.display());
                let _best_effort = std::fs::write(data_folder.join("postgres-is-in"), note);
                home
            }
            _ => data_folder.join("postgres"),
        };
        make(&home, 0o700, user)?;
        let inside = home.join("run");
        let socket = if inside.as_os_str().as_bytes().len() <= LONGEST_SOCKET_FOLDER {
            inside
        } else {
            std::env::temp_dir().join(format!("nclc-{}-{name}", Uid::effective()))
        };
        make(&socket, 0o700, user)?;
        let wal = home.join("wal");
        make(&wal, 0o700, user)?;
        let (users_lock, start_lock) = (home.join("users.lock"), home.join("start.lock"));
        let (data, log) = (home.join("cluster"), home.join("postgres.log"));
        Ok(Self { data, wal, socket, log, users_lock, start_lock, user })
    }

    /// The major version that made the cluster; `None` when there is none yet.
    #[must_use]
    pub fn cluster_major(&self) -> Option<u32> {
        std::fs::read_to_string(self.data.join("PG_VERSION")).ok()?.trim().parse().ok()
    }
}

/// Makes a folder that is ours (or `user`'s) alone to write. One that exists and belongs to somebody else is refused: in
/// a folder such as `/tmp` it may have been laid out for us.
fn make(folder: &Path, mode: u32, user: Option<(Uid, Gid)>) -> Result<(), ClusterError> {
    let failed =
        |error: &dyn std::fmt::Display| ClusterError::new(format!("folder {}: {error}", folder.display()));
    let made = std::fs::DirBuilder::new().recursive(mode == 0o755).mode(mode).create(folder);
    match made {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(failed(&error)),
        _ => {}
    }
    if mode == 0o755 {
        return Ok(());
    }
    let meta = folder.symlink_metadata().map_err(|error| failed(&error))?;
    let owner = user.map_or_else(Uid::effective, |(uid, _)| uid);
    if !meta.is_dir() || (meta.uid() != owner.as_raw() && meta.uid() != Uid::effective().as_raw()) {
        return Err(failed(&"belongs to somebody else"));
    }
    if let Some((uid, gid)) = user {
        chown(folder, Some(uid), Some(gid)).map_err(|error| failed(&error))?;
    }
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).map_err(|error| failed(&error))
}

/// The user that the server runs as when we are root.
fn unprivileged() -> Result<(Uid, Gid), ClusterError> {
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| User::from_name(name).ok().flatten())
        .map(|user| (user.uid, user.gid))
        .ok_or_else(|| {
            ClusterError::new("neither a user `postgres` nor `nobody` to run PostgreSQL as".into())
        })
}

/// Whether every folder on the way down lets that user pass.
fn reachable(folder: &Path, uid: Uid, gid: Gid) -> bool {
    folder.ancestors().all(|folder| {
        folder.metadata().is_ok_and(|meta| {
            let bit = if meta.uid() == uid.as_raw() {
                0o100
            } else if meta.gid() == gid.as_raw() {
                0o010
            } else {
                0o001
            };
            meta.mode() & bit != 0
        })
    })
}

/// 12 hex digits of a path.
fn hash(path: &Path) -> String {
    let digest = kernel_core::secret::sha256(path.as_os_str().as_bytes());
    digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}
