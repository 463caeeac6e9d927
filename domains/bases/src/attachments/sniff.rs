//! What a file is, from its first bytes. A name only chooses among the types that its content allows, so a page or a program
//! with the name of a picture is no picture.

/// Bytes that are looked at.
pub(super) const HEAD: usize = 4_096;

/// Signatures at the start of files (each format's specification).
const STARTS: &[(&[u8], &str)] = &[
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"\x1f\x8b", "application/gzip"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
    (b"OggS", "audio/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"{\\rtf", "application/rtf"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
];

/// What a ZIP archive or an OLE file is by its name.
const PACKED: &[(&str, &str)] = &[
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("odt", "application/vnd.oasis.opendocument.text"),
    ("ods", "application/vnd.oasis.opendocument.spreadsheet"),
    ("odp", "application/vnd.oasis.opendocument.presentation"),
    ("epub", "application/epub+zip"),
];
const OLD_OFFICE: &[(&str, &str)] = &[
    ("doc", "application/msword"),
    ("xls", "application/vnd.ms-excel"),
    ("ppt", "application/vnd.ms-powerpoint"),
];
/// What a text is by its name.
const TEXTS: &[(&str, &str)] = &[
    ("csv", "text/csv"),
    ("tsv", "text/tab-separated-values"),
    ("json", "application/json"),
    ("md", "text/markdown"),
    ("ics", "text/calendar"),
    ("vcf", "text/vcard"),
    ("xml", "application/xml"),
];

/// The media type of a file that begins so.
pub(super) fn media_type(head: &[u8], name: &str) -> &'static str {
    if let Some((_, found)) = STARTS.iter().find(|(start, _)| head.starts_with(start)) {
        return found;
    }
    let ending = name.rsplit_once('.').map_or(String::new(), |(_, ending)| ending.to_ascii_lowercase());
    let by_name =
        |list: &[(&str, &'static str)]| list.iter().find(|(one, _)| *one == ending).map(|(_, found)| *found);
    match head {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => "image/webp",
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E', ..] => "audio/wav",
        [_, _, _, _, b'f', b't', b'y', b'p', brand @ ..] => match brand {
            [b'a', b'v', b'i', b'f', ..] => "image/avif",
            [b'h', b'e', b'i', ..] => "image/heic",
            [b'q', b't', ..] => "video/quicktime",
            [b'M', b'4', b'A', ..] => "audio/mp4",
            _ => "video/mp4",
        },
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => by_name(PACKED).unwrap_or("application/zip"),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => by_name(OLD_OFFICE).unwrap_or("application/octet-stream"),
        [0xff, second, ..] if second & 0xe0 == 0xe0 && ending == "mp3" => "audio/mpeg",
        head if is_text(head) => text_type(head).or_else(|| by_name(TEXTS)).unwrap_or("text/plain"),
        _ => "application/octet-stream",
    }
}

/// Whether the bytes are UTF-8 (the last character may be cut) without control characters.
fn is_text(head: &[u8]) -> bool {
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(problem) if problem.error_len().is_none() => {
            std::str::from_utf8(&head[..problem.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t' | '\u{c}'))
}

/// Pages and drawings, which a browser would run: known for what they are, whatever they are called.
fn text_type(head: &[u8]) -> Option<&'static str> {
    let text = String::from_utf8_lossy(head).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.contains("<svg") {
        return Some("image/svg+xml");
    }
    ["<!doctype html", "<html", "<script", "<body", "<head", "<iframe"]
        .iter()
        .any(|start| text.contains(start))
        .then_some("text/html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_says_what_a_file_is() {
        for (head, name, found) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], "a.txt", "image/png"),
            (b"\xff\xd8\xff\xe0", "a", "image/jpeg"),
            (b"RIFF....WEBPVP8 ", "a", "image/webp"),
            (b"%PDF-1.7", "picture.png", "application/pdf"),
            (b"PK\x03\x04...", "a.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (b"PK\x03\x04...", "a.png", "application/zip"),
            (b"a,b\n1,2\n", "a.csv", "text/csv"),
            (b"hello", "a.png", "text/plain"),
            ("héllo".as_bytes(), "a", "text/plain"),
            (b"<svg onload=alert(1)>", "a.png", "image/svg+xml"),
            (b"<?xml version='1.0'?><svg xmlns=''/>", "a.xml", "image/svg+xml"),
            (b" \n<!DOCTYPE html><p>", "a.csv", "text/html"),
            (b"hi <script>alert(1)</script>", "a.txt", "text/html"),
            (b"MZ\x90\0", "setup.png", "application/octet-stream"),
            (b"\0\0\0\x18ftypmp42", "a.mov", "video/mp4"),
            (b"\0\0\0\x18ftypavif", "a", "image/avif"),
            (b"", "a", "text/plain"),
            (b"\xff\xfb\x90", "a.mp3", "audio/mpeg"),
            (b"\xff\xfb\x90", "a.png", "application/octet-stream"),
        ] {
            assert_eq!(media_type(head, name), found, "{name} {head:?}");
        }
        // Cut in the middle of a character.
        assert_eq!(media_type(&"é".repeat(3).as_bytes()[..5], "a.md"), "text/markdown");
    }
}
