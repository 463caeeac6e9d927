//! People and visits: the types that every feature of identity shares, and the rules of names and addresses. Pure.

use jiff::Timestamp;
use kernel_core::{Code, FieldError, SessionId, TenantId, UserId};
use std::net::IpAddr;

/// A person with an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The confirmed address, as typed.
    pub email: String,
    /// What to call the person.
    pub name: String,
    /// IANA name, e.g. `Europe/Berlin`.
    pub time_zone: String,
    /// Light, dark or as the system says.
    pub theme: Theme,
    /// The organisation opened last; a hint, the membership decides.
    pub last_tenant: Option<TenantId>,
    /// How dates and numbers are written, e.g. `en-GB`; `None`: as the browser says.
    pub locale: Option<String>,
    /// The hash of the picture, as in its address.
    pub avatar: Option<String>,
}

impl User {
    /// One or two letters for the round picture.
    #[must_use]
    pub fn initials(&self) -> String {
        initials(&self.name)
    }

    /// Address of the picture on `app.`, if there is one. It changes with the picture.
    #[must_use]
    pub fn picture(&self) -> Option<String> {
        self.avatar.as_ref().map(|hash| format!("/people/{}/picture/{hash}", self.id))
    }

    /// What page frames show of the person.
    #[must_use]
    pub fn shown(&self) -> kernel_web::ShellUser {
        let mut shown = kernel_web::ShellUser::new(&self.name, &self.email);
        shown.avatar = self.picture();
        shown.locale = self.locale.as_deref().map(kernel_web::format::locale_for);
        shown.time_zone = Some(self.time_zone.clone());
        shown
    }
}

/// One or two capital letters of a name.
#[must_use]
pub fn initials(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let ends = [words.first(), words.last().filter(|_| words.len() > 1)];
    ends.into_iter().flatten().filter_map(|word| word.chars().next()).flat_map(char::to_uppercase).collect()
}

/// Colours of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// As the device says.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// All of them, as menus show them.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The name as stored and as the cookie says it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
    /// The theme of a stored or typed name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.name() == name)
    }
}

/// Where a request comes from, for sessions, limits and the audit trail.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The client's address.
    pub address: IpAddr,
    /// What the browser calls itself.
    pub agent: String,
    /// The request's id.
    pub request_id: String,
}

impl Visit {
    /// The key for limits by client: an IPv6 client owns its whole /64.
    #[must_use]
    pub fn limit_key(&self) -> String {
        kernel_web::client_addr::limit_key(self.address)
    }
}

/// A session that was just made. The token goes into the cookie and nowhere else.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The session's id.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The cookie's value.
    pub token: kernel_core::Secret,
    /// The absolute end.
    pub expires_at: Timestamp,
}

/// A trimmed name of 1 to 100 characters.
///
/// # Errors
/// One error at `field`.
pub fn clean_name(field: &'static str, text: &str) -> Result<String, FieldError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.is_empty() {
        return Err(FieldError::new(field, Code::Required, "is missing"));
    }
    if name.chars().count() > 100 {
        return Err(FieldError::new(field, Code::TooLong, "is longer than 100 characters"));
    }
    if name.chars().any(char::is_control) {
        return Err(FieldError::new(field, Code::InvalidValue, "has characters that can't be seen"));
    }
    Ok(name)
}

/// A trimmed e-mail address; whether it exists is for the confirmation mail to find out.
///
/// # Errors
/// One error at `field` that says what is missing.
pub fn clean_email(field: &'static str, text: &str) -> Result<String, FieldError> {
    let wrong = |detail: String| Err(FieldError::new(field, Code::InvalidValue, detail));
    let email = text.trim();
    if email.is_empty() {
        return Err(FieldError::new(field, Code::Required, "is missing"));
    }
    if email.len() > 254 {
        // RFC 5321, 4.5.3.1.3: a path has 256 characters, two of them brackets.
        return Err(FieldError::new(field, Code::TooLong, "is longer than 254 characters"));
    }
    let Some((local, domain)) = email.rsplit_once('@') else {
        return wrong("has no @, as in name@company.com".into());
    };
    if local.is_empty() || local.len() > 64 {
        return wrong("has no name before the @".into());
    }
    if email.chars().any(|character| {
        character.is_whitespace() || character.is_control() || "<>()[]\\,;:\"".contains(character)
    }) || local.contains('@')
        || local.starts_with('.')
        || local.ends_with('.')
        || local.contains("..")
    {
        return wrong("has characters that an address can't have".into());
    }
    if !domain.contains('.') {
        return wrong(format!("lacks an ending after “{domain}”, for example .com"));
    }
    let label_ok = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|character| character.is_alphanumeric() || character == '-')
    };
    if !domain.split('.').all(label_ok) {
        return wrong(format!("names “{domain}”, which can't be a domain"));
    }
    Ok(email.to_owned())
}

/// The key under which an address is one account.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.to_lowercase()
}

/// A path of this portal to go on to; anything that could leave it is dropped (ASVS 3.7.2).
#[must_use]
pub fn local_path(next: Option<&str>) -> Option<String> {
    let path = next?;
    let fine = path.starts_with('/')
        && !path.starts_with("//")
        && path.len() <= 3000
        && !path.contains(['\\', '\r', '\n', '\t'])
        && path.chars().all(|character| !character.is_control());
    fine.then(|| path.to_owned())
}

/// Browser and system in words, from what a browser calls itself.
#[must_use]
pub fn device(agent: &str) -> String {
    let first = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = first(&[
        ("Edg/", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => "Unknown browser".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("alex@acme.example", Ok("alex@acme.example")),
            ("  Alex.Doe+x@Acme.Example ", Ok("Alex.Doe+x@Acme.Example")),
            ("jürgen@bücher.example", Ok("jürgen@bücher.example")),
            ("", Err(Code::Required)),
            ("alex", Err(Code::InvalidValue)),
            ("alex@acme", Err(Code::InvalidValue)),
            ("@acme.example", Err(Code::InvalidValue)),
            ("a@b@acme.example", Err(Code::InvalidValue)),
            ("a b@acme.example", Err(Code::InvalidValue)),
            ("a\r\nBcc: x@y.z@acme.example", Err(Code::InvalidValue)),
            ("a@acme..example", Err(Code::InvalidValue)),
            ("a@-acme.example", Err(Code::InvalidValue)),
            ("<a@acme.example>", Err(Code::InvalidValue)),
        ] {
            let found = clean_email("email", text);
            assert_eq!(
                found.as_deref().map_err(|error| error.code),
                expected.as_ref().map(|ok| *ok).map_err(|code| *code),
                "{text:?}"
            );
        }
        assert_eq!(
            clean_email("email", "alex@acme").unwrap_err().detail,
            "lacks an ending after “acme”, for example .com"
        );
        assert_eq!(
            clean_email("email", &format!("{}@acme.example", "x".repeat(300))).unwrap_err().code,
            Code::TooLong
        );
    }

    #[test]
    fn names_are_tidied() {
        assert_eq!(clean_name("name", "  Alex \n Doe ").unwrap(), "Alex Doe");
        assert_eq!(clean_name("name", " \t ").unwrap_err().code, Code::Required);
        assert_eq!(clean_name("name", &"x".repeat(101)).unwrap_err().code, Code::TooLong);
        assert_eq!(initials("Alex van Doe"), "AD");
        assert_eq!(initials("mina"), "M");
    }

    #[test]
    fn only_paths_of_this_portal_are_followed() {
        for (next, kept) in [
            ("/o/acme/team?tab=1", true),
            ("/", true),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("https://evil.example", false),
            ("/a\r\nSet-Cookie: x", false),
            ("", false),
        ] {
            assert_eq!(local_path(Some(next)).is_some(), kept, "{next:?}");
        }
    }

    #[test]
    fn devices_in_words() {
        for (agent, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140 Safari/537.36 Edg/140",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.5.0", "curl"),
            ("", "Unknown browser"),
        ] {
            assert_eq!(device(agent), expected);
        }
    }
}
