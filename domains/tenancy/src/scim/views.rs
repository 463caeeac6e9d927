//! The directory's part of the single sign-on page.

use serde::Serialize;

/// `partials/scim.html`.
#[derive(Clone, Serialize)]
pub struct ScimSection {
    /// The address that the directory asks for.
    pub address: String,
    /// Tokens that work, newest first.
    pub tokens: Vec<ScimTokenItem>,
    /// The text of one that was just made: shown once.
    pub made: Option<String>,
}

/// One token.
#[derive(Clone, Serialize)]
pub struct ScimTokenItem {
    /// `tok_…`.
    pub id: String,
    /// Its last characters.
    pub hint: String,
    /// Who made it.
    pub maker: String,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339: when it ends, since another took its place.
    pub expires_at: Option<String>,
    /// RFC 3339.
    pub last_used_at: Option<String>,
    /// From where.
    pub last_used_from: Option<String>,
}

impl ScimSection {
    /// Nothing made, one in use beside one that was replaced, one just made.
    pub(crate) fn samples() -> [Self; 3] {
        let at = || "2026-11-21T10:16:00Z".to_owned();
        let token = |used: bool, replaced: bool| ScimTokenItem {
            id: "tok_1".into(),
            hint: "x7Qa".into(),
            maker: "Alex Doe".into(),
            created_at: at(),
            expires_at: replaced.then(at),
            last_used_at: used.then(at),
            last_used_from: used.then(|| "203.0.113.7".into()),
        };
        let section = |tokens, made: Option<&str>| Self {
            address: "http://api.x/scim/v2".into(),
            tokens,
            made: made.map(str::to_owned),
        };
        [
            section(Vec::new(), None),
            section(vec![token(true, false), token(true, true)], None),
            section(vec![token(false, false)], Some("nclcscim_x")),
        ]
    }
}
