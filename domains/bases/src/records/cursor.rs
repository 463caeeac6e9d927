//! Cursors: where a list stopped, signed, bound to its query. Nothing is kept on the server, so a cursor never expires.

use data_encoding::BASE64URL_NOPAD;
use engine_base::{QuerySpec, SortKey};
use kernel_core::secret::{SigningKey, equal, sha256};
use kernel_core::{Code, Error, Result};

/// Bytes of the signature that are sent: 128 bits.
const TAG: usize = 16;

fn tag(key: &SigningKey, spec: &QuerySpec, position: &[u8]) -> [u8; TAG] {
    // The query is part of what is signed, so a cursor of another query does not verify.
    let query = serde_json::to_vec(spec).unwrap_or_default();
    let mut message = sha256(&query).to_vec();
    message.extend_from_slice(position);
    let mut tag = [0; TAG];
    tag.copy_from_slice(&key.sign(&message)[..TAG]);
    tag
}

/// The cursor's text.
pub(crate) fn write(key: &SigningKey, spec: &QuerySpec, at: &SortKey) -> String {
    let position = serde_json::to_vec(at).unwrap_or_default();
    let mut bytes = tag(key, spec, &position).to_vec();
    bytes.extend_from_slice(&position);
    BASE64URL_NOPAD.encode(&bytes)
}

/// The position that a cursor stands for.
///
/// # Errors
/// `bad_cursor` when it was changed, or made by another query.
pub(crate) fn read(key: &SigningKey, spec: &QuerySpec, text: &str) -> Result<SortKey> {
    let bad = || Error::new(Code::BadCursor);
    let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| bad())?;
    let (signature, position) = bytes.split_at_checked(TAG).ok_or_else(bad)?;
    if !equal(signature, &tag(key, spec, position)) {
        return Err(bad());
    }
    serde_json::from_slice(position).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine_base::{KeyValue, RowNo, TableNo};

    #[test]
    fn a_cursor_is_bound_to_key_query_and_position() {
        let key = SigningKey::new([1; 32]);
        let spec = QuerySpec::all(TableNo(7));
        let at = SortKey { values: vec![KeyValue::Text("é".into())], row: RowNo(3) };
        let text = write(&key, &spec, &at);
        assert_eq!(read(&key, &spec, &text).unwrap(), at);
        assert_eq!(read(&key, &QuerySpec::all(TableNo(8)), &text).unwrap_err().code(), Code::BadCursor);
        assert_eq!(read(&SigningKey::new([2; 32]), &spec, &text).unwrap_err().code(), Code::BadCursor);
        let mut other = text.into_bytes();
        for index in 0..other.len() {
            let kept = other[index];
            other[index] = if kept == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(other.clone()).unwrap();
            // The last character may carry unused bits; any other change must be refused.
            assert!(read(&key, &spec, &changed).is_err() || index + 1 == other.len(), "{index}");
            other[index] = kept;
        }
    }
}
