//! A text answer kept in memory with its compressed forms and its ETag.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use sha2::{Digest, Sha256};
use std::io::Write as _;
use std::sync::OnceLock;

/// Texts shorter than this are sent as they are.
const WORTH_COMPRESSING: usize = 512;
/// gzip 6, brotli 5: made once per change, so a little more work than on the fly is worth it.
const GZIP: u32 = 6;
const BROTLI: i32 = 5;

/// The bytes and their headers. Compressed forms are made when the first visitor asks for them.
#[derive(Debug)]
pub(crate) struct Kept {
    /// Without quotes; of the uncompressed text.
    tag: String,
    status: StatusCode,
    content_type: HeaderValue,
    /// What every form has, 304 included.
    common: HeaderMap,
    plain: Form,
    gzip: OnceLock<Form>,
    brotli: OnceLock<Form>,
}

/// One encoding of the text, ready to be sent.
#[derive(Debug)]
struct Form {
    bytes: Bytes,
    headers: HeaderMap,
    /// Of a 304.
    unchanged: HeaderMap,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Plain,
    Gzip,
    Brotli,
}

impl Encoding {
    /// The end of the tag, and the name in `Content-Encoding`.
    const fn marks(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Plain => ("", None),
            Self::Gzip => ("-gz", Some("gzip")),
            Self::Brotli => ("-br", Some("br")),
        }
    }
}

/// How an answer is labelled.
pub(crate) struct Label {
    pub status: StatusCode,
    pub content_type: &'static str,
    pub cache_control: &'static str,
}

impl Kept {
    pub(crate) fn new(text: String, label: &Label) -> Self {
        Self::with_headers(text, label, HeaderMap::new())
    }

    /// With further headers, which stand on a 304 as well.
    pub(crate) fn with_headers(text: String, label: &Label, mut common: HeaderMap) -> Self {
        let tag = HEXLOWER.encode(&Sha256::digest(text.as_bytes())[..12]);
        common.insert(header::CACHE_CONTROL, HeaderValue::from_static(label.cache_control));
        common.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        let content_type = HeaderValue::from_static(label.content_type);
        let plain = Form::new(Bytes::from(text), Encoding::Plain, &tag, &content_type, &common);
        let (gzip, brotli) = (OnceLock::new(), OnceLock::new());
        Self { tag, status: label.status, content_type, common, plain, gzip, brotli }
    }

    /// Bytes held, both compressed forms at a third each: an estimate that never changes, so that it can be counted off.
    pub(crate) fn size(&self) -> usize {
        self.plain.bytes.len() + self.plain.bytes.len() / 3 * 2 + 4096
    }

    fn form(&self, encoding: Encoding) -> &Form {
        let make = |bytes| Form::new(bytes, encoding, &self.tag, &self.content_type, &self.common);
        match encoding {
            Encoding::Plain => &self.plain,
            Encoding::Gzip => self.gzip.get_or_init(|| make(gzip(&self.plain.bytes))),
            Encoding::Brotli => self.brotli.get_or_init(|| make(brotli(&self.plain.bytes))),
        }
    }

    /// The answer for these request headers: 304, or the smallest form that the client takes.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Response<Bytes> {
        let small = self.plain.bytes.len() < WORTH_COMPRESSING;
        let form = self.form(if small { Encoding::Plain } else { accepted(headers) });
        let unchanged = self.status == StatusCode::OK && matches_tag(headers, &self.tag);
        let (status, headers, bytes) = if unchanged {
            (StatusCode::NOT_MODIFIED, form.unchanged.clone(), Bytes::new())
        } else {
            (self.status, form.headers.clone(), form.bytes.clone())
        };
        let mut response = Response::new(bytes);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

impl Form {
    fn new(
        bytes: Bytes,
        encoding: Encoding,
        tag: &str,
        content_type: &HeaderValue,
        common: &HeaderMap,
    ) -> Self {
        let (suffix, name) = encoding.marks();
        let mut unchanged = common.clone();
        if let Ok(etag) = HeaderValue::from_str(&format!("\"{tag}{suffix}\"")) {
            unchanged.insert(header::ETAG, etag);
        }
        let mut headers = unchanged.clone();
        headers.insert(header::CONTENT_TYPE, content_type.clone());
        if let Some(name) = name {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        Self { bytes, headers, unchanged }
    }
}

/// The best encoding of `Accept-Encoding` (RFC 9110 section 12.5.3): what has weight 0 is refused, else brotli first.
fn accepted(headers: &HeaderMap) -> Encoding {
    let (mut gzip, mut brotli) = (None, None);
    let lists = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for part in lists.flat_map(|list| list.split(',')) {
        let mut pieces = part.split(';').map(str::trim);
        let name = pieces.next().unwrap_or_default();
        let weight = pieces.find_map(|piece| piece.strip_prefix("q=")).and_then(|q| q.parse::<f32>().ok());
        let wanted = weight.unwrap_or(1.0) > 0.0;
        match name.to_ascii_lowercase().as_str() {
            "br" => brotli = Some(wanted),
            "gzip" | "x-gzip" => gzip = Some(wanted),
            "*" => {
                gzip = gzip.or(Some(wanted));
                brotli = brotli.or(Some(wanted));
            }
            _ => {}
        }
    }
    match (brotli, gzip) {
        (Some(true), _) => Encoding::Brotli,
        (_, Some(true)) => Encoding::Gzip,
        _ => Encoding::Plain,
    }
}

/// Whether `If-None-Match` names this text in any of its forms (weak comparison).
fn matches_tag(headers: &HeaderMap, tag: &str) -> bool {
    let lists = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).map(str::trim).any(|given| {
        let given = given.strip_prefix("W/").unwrap_or(given).trim_matches('"');
        given == "*" || given.strip_suffix("-br").or(given.strip_suffix("-gz")).unwrap_or(given) == tag
    })
}

fn gzip(plain: &Bytes) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), flate2::Compression::new(GZIP));
    // Writing to memory does not fail.
    match encoder.write_all(plain).and_then(|()| encoder.finish()) {
        Ok(bytes) => bytes.into(),
        Err(_) => Bytes::new(),
    }
}

fn brotli(plain: &Bytes) -> Bytes {
    let mut out = Vec::with_capacity(plain.len() / 3);
    let params = brotli::enc::BrotliEncoderParams { quality: BROTLI, ..Default::default() };
    match brotli::BrotliCompress(&mut plain.as_ref(), &mut out, &params) {
        Ok(_) => out.into(),
        Err(_) => Bytes::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    const LABEL: Label =
        Label { status: StatusCode::OK, content_type: "text/html; charset=utf-8", cache_control: "no-cache" };

    fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect()
    }

    #[test]
    fn the_form_follows_accept_encoding() {
        for (given, expected) in [
            ("", Encoding::Plain),
            ("identity", Encoding::Plain),
            ("gzip", Encoding::Gzip),
            ("gzip, deflate, br, zstd", Encoding::Brotli),
            ("br;q=0, gzip;q=0.5", Encoding::Gzip),
            ("*;q=0", Encoding::Plain),
            ("*", Encoding::Brotli),
            ("br;q=0, *", Encoding::Gzip),
            ("GZIP ; q=1", Encoding::Gzip),
        ] {
            assert_eq!(accepted(&headers(&[(header::ACCEPT_ENCODING, given)])), expected, "{given}");
        }
    }

    #[test]
    fn forms_hold_the_same_text_and_tags_are_recognised() {
        let text = "<p>Bread that takes its time</p>".repeat(100);
        let kept = Kept::new(text.clone(), &LABEL);
        let mut out = String::new();
        flate2::read::GzDecoder::new(&gzip(&kept.plain.bytes)[..]).read_to_string(&mut out).unwrap();
        assert_eq!(out, text);
        let mut out = Vec::new();
        brotli::BrotliDecompress(&mut &brotli(&kept.plain.bytes)[..], &mut out).unwrap();
        assert_eq!(out, text.as_bytes());

        let first = kept.answer(&headers(&[(header::ACCEPT_ENCODING, "br")]));
        assert_eq!(first.headers()[header::CONTENT_ENCODING], "br");
        let etag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert!(etag.ends_with("-br\""));
        for given in [etag.clone(), format!("\"x\", W/{etag}"), "*".to_owned()] {
            let again = kept.answer(&headers(&[(header::IF_NONE_MATCH, &given)]));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{given}");
            assert!(again.headers().contains_key(header::ETAG) && again.headers().contains_key(header::VARY));
        }
        let other = kept.answer(&headers(&[(header::IF_NONE_MATCH, "\"other\"")]));
        assert_eq!(other.status(), StatusCode::OK);
    }
}
