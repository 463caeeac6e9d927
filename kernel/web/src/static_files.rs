//! `/static/*`: what the browser build wrote into `ui/dist`, embedded in release builds.
//!
//! Names in templates (`asset('app.css')`, `asset('workspace.js')`) are looked up in Vite's manifest; files with a hash in
//! their name are immutable for a year, others are revalidated by ETag.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;
use std::collections::HashMap;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../ui/dist"]
#[allow_missing = true]
struct Dist;

/// The names of the browser build's files.
pub struct Assets {
    /// `workspace.js` → `assets/workspace-B3xk.js`; empty when nothing was built.
    names: HashMap<String, String>,
}

#[derive(Deserialize)]
struct Entry {
    file: String,
    name: Option<String>,
    src: Option<String>,
    #[serde(default, rename = "isEntry")]
    entry: bool,
    #[serde(default)]
    css: Vec<String>,
}

impl Assets {
    /// Reads the manifest of the embedded build.
    #[must_use]
    pub fn load() -> Self {
        let manifest =
            Dist::get(".vite/manifest.json").map(|file| file.data.into_owned()).unwrap_or_default();
        Self::from_manifest(&manifest)
    }

    fn from_manifest(manifest: &[u8]) -> Self {
        let entries: HashMap<String, Entry> = serde_json::from_slice(manifest).unwrap_or_default();
        let mut names = HashMap::new();
        for entry in entries.values().filter(|entry| entry.entry) {
            let kind = extension(&entry.file);
            let stem = entry.name.as_deref().or(entry.src.as_deref()).map(stem).unwrap_or_default();
            names.insert(format!("{stem}.{kind}"), entry.file.clone());
            // What a script brings along: `asset('workspace.js.css')`, since `workspace.css` may be a sheet of its own.
            if let Some(css) = entry.css.first() {
                names.insert(format!("{stem}.{kind}.css"), css.clone());
            }
        }
        // What is only imported by a script never hides an entry of the same name, so it comes last.
        for entry in entries.values().filter(|entry| !entry.entry) {
            if let Some(src) = &entry.src {
                let name = src.rsplit('/').next().unwrap_or(src).to_owned();
                names.entry(name).or_insert_with(|| entry.file.clone());
            }
        }
        Self { names }
    }

    /// The address of a file of the build; `None` when the build has none of this name. Without any build the plain name
    /// is used, so that pages still render.
    #[must_use]
    pub fn url(&self, name: &str) -> Option<String> {
        // A debug build reads `ui/dist` from disk: `npm run build` shows in a running server.
        if cfg!(debug_assertions) { Self::load().find(name) } else { self.find(name) }
    }

    fn find(&self, name: &str) -> Option<String> {
        if self.names.is_empty() || Dist::get(name).is_some() {
            return Some(format!("/static/{name}"));
        }
        self.names.get(name).map(|file| format!("/static/{file}"))
    }
}

fn extension(file: &str) -> &str {
    file.rsplit('.').next().unwrap_or_default()
}

fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

/// Answers `GET /static/{path}`.
pub(crate) fn serve(path: &str, headers: &HeaderMap) -> Response {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or("");
    let forms = [("br", ".br"), ("gzip", ".gz")];
    let packed = forms
        .iter()
        .filter(|(name, _)| accepts.contains(name))
        .find_map(|(name, ending)| Dist::get(&format!("{path}{ending}")).map(|file| (file, Some(*name))));
    let found = packed.or_else(|| Dist::get(path).map(|file| (file, None)));
    match found {
        Some((file, encoding)) if !path.starts_with('.') => answer(path, &file, encoding, headers),
        _ => crate::WebError::from(kernel_core::Error::not_found()).into_response(),
    }
}

fn answer(path: &str, file: &EmbeddedFile, encoding: Option<&'static str>, request: &HeaderMap) -> Response {
    let hash = data_encoding::BASE64URL_NOPAD.encode(&file.metadata.sha256_hash()[..12]);
    let etag = format!("\"{hash}\"");
    let fresh = request.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.clone().into_owned().into_response()
    };
    let out = response.headers_mut();
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let kind = if kind.type_() == "text"
        || kind.subtype() == "javascript"
        || kind.suffix().is_some_and(|suffix| suffix == "xml")
    {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_string()
    };
    let caching = if is_hashed(path) { "public, max-age=31536000, immutable" } else { "public, no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    out.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    for (name, text) in [(header::CONTENT_TYPE, kind.as_str()), (header::ETAG, etag.as_str())] {
        if let Ok(value) = HeaderValue::from_str(text) {
            out.insert(name, value);
        }
    }
    if let Some(encoding) = encoding {
        out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Vite writes `assets/name-` and eight characters of hash.
fn is_hashed(path: &str) -> bool {
    path.starts_with("assets/") && stem(path).rsplit_once('-').is_some_and(|(_, hash)| hash.len() >= 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_manifest() {
        let assets = Assets::from_manifest(
            br#"{"workspace/main.tsx": {"file": "assets/workspace-B3xk0000.js", "name": "workspace", "src": "workspace/main.tsx",
                 "isEntry": true, "css": ["assets/workspace-C1.css"], "imports": ["_x.js"]},
                 "_x.js": {"file": "assets/x-11111111.js", "name": "x"},
                 "styles/app.css": {"file": "assets/app-22222222.css", "src": "styles/app.css", "isEntry": true}}"#,
        );
        for (name, expected) in [
            ("workspace.js", Some("/static/assets/workspace-B3xk0000.js")),
            ("workspace.js.css", Some("/static/assets/workspace-C1.css")),
            ("app.css", Some("/static/assets/app-22222222.css")),
            ("other.js", None),
        ] {
            assert_eq!(assets.find(name).as_deref(), expected);
        }
    }

    #[test]
    fn only_hashed_files_are_immutable() {
        for (path, expected) in
            [("assets/a-B3xk0000.js", true), ("assets/plain.js", false), ("favicon-12345678.svg", false)]
        {
            assert_eq!(is_hashed(path), expected, "{path}");
        }
    }

    #[test]
    fn the_manifest_and_paths_outside_are_not_served() {
        for path in [".vite/manifest.json", "../Cargo.toml", "..%2fCargo.toml", "nothing.js"] {
            assert_eq!(serve(path, &HeaderMap::new()).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }
}
