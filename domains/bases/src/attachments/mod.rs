//! Files of attachment and signature fields (spec D2, D12): uploaded, kept, named in cells, shown by addresses that end.
//!
//! Invariants. Bytes are kept on disk by tenant and SHA-256 ([`disk`]), and become visible only whole. What a file is is found
//! from its content, never from its name ([`sniff`]); a picture is one only if it can be decoded within limits ([`pictures`]).
//! A cell takes a file from a caller who uploaded it or who sees it in a cell ([`cells`]): an id by itself gives nothing.
//! Addresses are signed, end after some hours and are made only while a cell is written for somebody who sees it ([`urls`]);
//! what they give is never run by a browser ([`serve`]).

pub(crate) mod api;
mod cells;
mod clean;
mod disk;
mod durable;
mod needed;
pub(crate) mod parts;
mod pictures;
mod receive;
mod scan;
mod serve;
mod slots;
mod sniff;
mod store;
mod urls;

pub(crate) use clean::schedule;
pub(crate) use disk::Disk;
pub use scan::Scanning;
pub(crate) use serve::router as downloads;
pub(crate) use urls::Addresses;

use engine_base::{FileFacts, MAX_FILE_NAME};
use kernel_core::{FileId, TenantId};

/// What the plan of an organisation says of its files.
pub trait StorageLimits: Send + Sync {
    /// Bytes of all files together; `None`: no limit.
    fn storage_bytes(&self, tenant: TenantId) -> tenancy::Later<'_, Option<u64>>;
}

/// What is kept of a file.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) id: FileId,
    pub(crate) size: u64,
    pub(crate) media_type: String,
    pub(crate) name: String,
    pub(crate) pixels: Option<(u32, u32)>,
    /// Who uploaded it, as the actor's text.
    pub(crate) by: String,
}

impl Stored {
    /// The text for a cell, with this name instead of its own if there is one.
    pub(crate) fn cell(&self, name: Option<&str>) -> String {
        let id = self.id.to_string();
        let renamed = name.map(clean_name);
        FileFacts {
            id: &id,
            size: self.size,
            media_type: &self.media_type,
            pixels: self.pixels,
            name: renamed.as_deref().unwrap_or(&self.name),
        }
        .text()
    }
}

/// A file's name as it is kept: the last part of a path, without control characters, not too long; the ending stays.
pub(crate) fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    // Marks that turn the direction of writing hide what a name ends in.
    let is_shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text: String = last.chars().filter(is_shown).collect();
    let text = text.trim().trim_start_matches('.');
    if text.is_empty() {
        return "file".to_owned();
    }
    let length = text.chars().count();
    if length <= MAX_FILE_NAME {
        return text.to_owned();
    }
    let ending = text.rsplit_once('.').map_or("", |(_, ending)| ending);
    let ending =
        if (1..=10).contains(&ending.chars().count()) { format!(".{ending}") } else { String::new() };
    let head: String = text.chars().take(MAX_FILE_NAME - ending.chars().count()).collect();
    head + &ending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files() {
        for (given, kept) in [
            ("photo.png", "photo.png"),
            ("C:\\Users\\a\\photo.png", "photo.png"),
            ("../../etc/passwd", "passwd"),
            ("a\r\nb.txt", "ab.txt"),
            ("exe\u{202e}gnp.scr", "exegnp.scr"),
            (" .hidden ", "hidden"),
            ("Été.csv", "Été.csv"),
            ("", "file"),
            ("/", "file"),
        ] {
            assert_eq!(clean_name(given), kept, "{given:?}");
        }
        let long = clean_name(&format!("{}.png", "é".repeat(5_000)));
        assert!(long.chars().count() == MAX_FILE_NAME && long.ends_with("é.png"), "{long}");
        assert_eq!(clean_name(&"a".repeat(300)).len(), MAX_FILE_NAME);
    }
}
