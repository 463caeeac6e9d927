//! The cluster's configuration, written anew at every start: `nclc.conf` (included by `postgresql.conf`) and `pg_hba.conf`.

use super::place::Place;
use std::path::Path;

/// What a committed transaction survives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// A crash of the machine.
    Durable,
    /// A crash of the processes only; for tests.
    Fast,
}

const MIB: u64 = 1 << 20;

/// The text of `nclc.conf`. `memory`: bytes of the machine's memory.
#[must_use]
pub fn server(place: &Place, durability: Durability, memory: u64) -> String {
    // Bases are computed in the program's memory; PostgreSQL stores, so it takes little.
    let buffers = (memory / 16 / MIB).clamp(64, 512);
    let cache = (memory / 2 / MIB).max(256);
    let archive = shell_copy(&place.wal);
    let mut out = format!(
        "# Written by nclc at every start; put changes of your own into postgresql.conf, below the include.\n\
         listen_addresses = ''\n\
         unix_socket_directories = {socket}\n\
         unix_socket_permissions = 0700\n\
         max_connections = 200\n\
         shared_buffers = {buffers}MB\n\
         effective_cache_size = {cache}MB\n\
         random_page_cost = 1.1\n\
         jit = off\n\
         timezone = 'UTC'\n\
         log_timezone = 'UTC'\n\
         log_line_prefix = '%m [%p] %u@%d '\n\
         log_min_duration_statement = 2s\n\
         log_lock_waits = on\n\
         wal_level = replica\n\
         max_wal_size = 2GB\n\
         checkpoint_timeout = 15min\n\
         archive_mode = on\n\
         archive_command = {archive}\n",
        socket = quote(&place.socket.display().to_string()),
        archive = quote(&archive),
    );
    if durability == Durability::Fast {
        // Synchronous commit stays on: the WAL reaches the system before a commit is answered, so a killed process loses nothing.
        out.push_str("fsync = off\nfull_page_writes = off\n");
    }
    out
}

/// `pg_hba.conf`: the private socket, nothing else (TCP is off; should somebody switch it on, it asks for passwords).
pub const HBA: &str = "# Written by nclc at every start. The socket's folder is private (0700).\n\
                       local all all trust\n\
                       host all all all scram-sha-256\n";

/// Copies one segment so that a crash in between leaves no half file under its name.
fn shell_copy(wal: &Path) -> String {
    let folder = wal.display().to_string().replace('\'', r"'\''").replace('%', "%%");
    format!("cp '%p' '{folder}/%f.part' && sync '{folder}/%f.part' && mv '{folder}/%f.part' '{folder}/%f'")
}

/// A value in PostgreSQL's configuration syntax.
fn quote(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
}

/// Bytes of the machine's memory; 2 GiB where it can't be told.
#[must_use]
pub fn machine_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    parse_memory(&text).unwrap_or(2048 * MIB)
}

fn parse_memory(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_with_odd_characters_stay_one_word() {
        let copy = shell_copy(Path::new("/a b/it's 100%"));
        assert!(copy.contains(r"'/a b/it'\''s 100%%/%f.part'"), "{copy}");
        assert_eq!(quote("it's"), "'it''s'");
    }

    #[test]
    fn memory_is_read() {
        assert_eq!(parse_memory("MemTotal:       24513284 kB\nMemFree: 1 kB"), Some(24_513_284 * 1024));
        assert_eq!(parse_memory("nothing"), None);
    }
}
