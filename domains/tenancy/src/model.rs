//! Organisations: names, slugs, states. Pure.

use jiff::Timestamp;
use kernel_core::{Code, FieldError, Role, TenantId};

/// Whether an organisation may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TenantState {
    /// Everything works.
    Active,
    /// Staff stopped it: nobody signs in to it, its tokens are refused.
    Suspended,
}

impl TenantState {
    /// The name as stored.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
    /// Anything unknown counts as suspended: an older process refuses rather than grants.
    pub(crate) fn stored(name: &str) -> Self {
        if name == "active" { Self::Active } else { Self::Suspended }
    }
}

/// What every page of an organisation knows of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantSummary {
    /// The id.
    pub id: TenantId,
    /// Its part of addresses: `/o/{slug}/`.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whether it may work.
    pub state: TenantState,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// Whether members need a second factor before they can do anything in it.
    pub second_factor: bool,
    /// Whether members with an address of a proven domain have to come by the organisation's own provider.
    pub sso: bool,
}

/// An organisation and what a person is in it.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The organisation.
    pub tenant: TenantSummary,
    /// The person's role.
    pub role: Role,
}

/// Names that no organisation may have as its slug: they are or may become addresses of the product.
const RESERVED: &[&str] = &[
    "about",
    "account",
    "admin",
    "api",
    "app",
    "assets",
    "billing",
    "blog",
    "cdn",
    "dev",
    "developers",
    "docs",
    "email",
    "ftp",
    "help",
    "home",
    "login",
    "logout",
    "mail",
    "new",
    "ns1",
    "ns2",
    "onboarding",
    "root",
    "security",
    "signup",
    "sites",
    "smtp",
    "static",
    "status",
    "support",
    "system",
    "team",
    "test",
    "tokens",
    "www",
];

/// A slug as typed, checked: 3 to 40 of `a-z 0-9 -`, no hyphen at an end, none doubled (RFC 1035 label).
///
/// # Errors
/// One error at `slug`.
pub fn check_slug(text: &str) -> Result<String, FieldError> {
    let wrong = |detail: &'static str| Err(FieldError::new("slug", Code::InvalidValue, detail));
    let slug = text.trim().to_ascii_lowercase();
    if slug.is_empty() {
        return Err(FieldError::new("slug", Code::Required, "is missing"));
    }
    if !slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
        return wrong("may have the letters a to z, digits and hyphens only");
    }
    if slug.len() < 3 {
        return wrong("is shorter than 3 characters");
    }
    if slug.len() > 40 {
        return Err(FieldError::new("slug", Code::TooLong, "is longer than 40 characters"));
    }
    if slug.starts_with('-') || slug.ends_with('-') || slug.contains("--") {
        return wrong("has a hyphen at an end, or two in a row");
    }
    if RESERVED.contains(&slug.as_str()) {
        return Err(FieldError::new("slug", Code::AlreadyExists, "is reserved; choose another"));
    }
    Ok(slug)
}

/// A slug made from a name: Latin letters without their accents, the rest becomes hyphens. May need digits to be free.
#[must_use]
pub fn slug_of(name: &str) -> String {
    let mut slug = String::new();
    for character in name.to_lowercase().chars() {
        match plain(character) {
            Some(text) => slug.push_str(text),
            None if character.is_ascii_alphanumeric() => slug.push(character),
            None if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            None => {}
        }
        if slug.len() >= 32 {
            break;
        }
    }
    let slug = slug.trim_matches('-');
    match slug {
        "" => "our-team".into(),
        short if short.len() < 3 => format!("{short}-team"),
        reserved if RESERVED.contains(&reserved) => format!("{reserved}-team"),
        fine => fine.to_owned(),
    }
}

fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'ä' | 'æ' => "ae",
        'ö' | 'ø' | 'œ' => "oe",
        'ü' => "ue",
        'ß' => "ss",
        'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => "a",
        'ç' | 'ć' | 'č' => "c",
        'ď' | 'đ' | 'ð' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ō' | 'ő' => "o",
        'ř' => "r",
        'ś' | 'š' | 'ş' => "s",
        'ť' | 'ţ' => "t",
        'þ' => "th",
        'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        '\'' | '’' => "",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_as_typed() {
        for (text, expected) in [
            ("acme", Ok("acme")),
            (" Acme-Services ", Ok("acme-services")),
            ("", Err(Code::Required)),
            ("ab", Err(Code::InvalidValue)),
            ("acme services", Err(Code::InvalidValue)),
            ("-acme", Err(Code::InvalidValue)),
            ("ac--me", Err(Code::InvalidValue)),
            ("admin", Err(Code::AlreadyExists)),
            ("bücher", Err(Code::InvalidValue)),
        ] {
            let found = check_slug(text);
            assert_eq!(
                found.as_deref().map_err(|error| error.code),
                expected.as_ref().map(|text| *text).map_err(|code| *code),
                "{text}"
            );
        }
        assert_eq!(check_slug(&"x".repeat(41)).unwrap_err().code, Code::TooLong);
    }

    #[test]
    fn slugs_of_names_are_valid() {
        for (name, expected) in [
            ("Acme Services", "acme-services"),
            ("Bücher & Töne GmbH", "buecher-toene-gmbh"),
            ("Joe’s  Café!", "joes-cafe"),
            ("日本", "our-team"),
            ("A", "a-team"),
            ("Admin", "admin-team"),
            ("---", "our-team"),
        ] {
            assert_eq!(slug_of(name), expected);
            assert!(check_slug(&slug_of(name)).is_ok(), "{name}");
        }
        assert!(check_slug(&slug_of(&"long name ".repeat(20))).is_ok());
    }
}
