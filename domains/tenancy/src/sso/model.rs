//! What single sign-on is made of, and what may be typed. Pure.

use super::saml::Saml;
use jiff::Timestamp;
use kernel_core::{Code, FieldError, Role};
use serde_json::{Map, Value};

/// Roles that a provider may give: not that of owners, nor that of clients, who reach only what was assigned.
pub const ROLES: [Role; 4] = [Role::Admin, Role::Editor, Role::Commenter, Role::Viewer];
/// Domains that an organisation may name.
pub const MOST_DOMAINS: usize = 50;
/// Values of the claim that may be mapped.
const MOST_VALUES: usize = 100;

/// How an organisation's people log in.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The provider: its issuer, or its entity id.
    pub issuer: String,
    /// How it is spoken with.
    pub way: Way,
    /// Which role people get.
    pub mapping: Mapping,
    /// The last log-in that was tried out since the last change, and what came of it.
    pub tried: Option<(Timestamp, String)>,
}

/// How a provider is spoken with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// OpenID Connect.
    OpenId {
        /// What it knows us by.
        client_id: String,
    },
    /// SAML 2.0.
    Saml(Saml),
}

/// Which role people get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// Whoever the claim says nothing about; `None`: is not let in.
    pub default: Option<Role>,
    /// The claim; empty: nobody is mapped.
    pub claim: String,
    /// Its values in their order; the first that fits counts.
    pub values: Vec<(String, Role)>,
}

impl Mapping {
    /// The role that the claim names, if it names one.
    #[must_use]
    pub fn named(&self, claims: &Map<String, Value>) -> Option<Role> {
        let said: Vec<&str> = match claims.get(self.claim.as_str()) {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        self.values.iter().find(|(value, _)| said.contains(&value.as_str())).map(|(_, role)| *role)
    }

    /// The values as they are typed: a line each.
    #[must_use]
    pub fn lines(&self) -> String {
        self.values.iter().map(|(value, role)| format!("{value} = {role}\n")).collect()
    }
}

/// A domain that an organisation says is its own.
#[derive(Clone, Debug)]
pub struct Domain {
    /// In lower case, as in addresses.
    pub name: String,
    /// What a TXT record has to say.
    pub proof: String,
    /// Since when it is proven.
    pub proven_at: Option<Timestamp>,
}

/// What is typed to set it up.
#[derive(Clone, Debug, Default, serde::Deserialize, serde::Serialize)]
pub struct Typed {
    /// `saml`, or OpenID Connect.
    #[serde(default)]
    pub protocol: String,
    /// SAML: the provider's metadata; empty: fetched, or the one that is kept.
    #[serde(default)]
    pub metadata: String,
    /// SAML: where the metadata is.
    #[serde(default)]
    pub metadata_url: String,
    /// SAML: the attribute with the address.
    #[serde(default)]
    pub email_attribute: String,
    /// SAML: the attribute with the lasting id.
    #[serde(default)]
    pub subject_attribute: String,
    /// The issuer's address.
    #[serde(default)]
    pub issuer: String,
    /// The client id.
    #[serde(default)]
    pub client_id: String,
    /// The client secret; empty: the one that is kept.
    #[serde(default)]
    pub client_secret: String,
    /// A role's name, or empty.
    #[serde(default)]
    pub default_role: String,
    /// The claim's name.
    #[serde(default)]
    pub role_claim: String,
    /// Lines of `value = role`.
    #[serde(default)]
    pub role_map: String,
}

impl Typed {
    /// Checks what can be checked without asking anybody.
    ///
    /// # Errors
    /// Field errors, all at once.
    pub fn checked(&self, has_secret: bool) -> Result<(String, String, Mapping), Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut wrong =
            |field: &'static str, code, detail: String| errors.push(FieldError::new(field, code, detail));
        let issuer = self.issuer.trim();
        if issuer.is_empty() {
            wrong("issuer", Code::Required, "is missing".into());
        } else if !issuer.starts_with("https://") && !issuer.starts_with("http://") {
            wrong("issuer", Code::InvalidValue, "must begin with https://".into());
        } else if issuer.len() > 500 || issuer.contains(['?', '#', ' ']) {
            wrong(
                "issuer",
                Code::InvalidValue,
                "is not the address of an issuer, such as https://login.acme.com".into(),
            );
        }
        let client_id = self.client_id.trim();
        if client_id.is_empty() {
            wrong("client_id", Code::Required, "is missing".into());
        } else if client_id.len() > 300 || client_id.chars().any(char::is_control) {
            wrong("client_id", Code::TooLong, "is longer than 300 characters".into());
        }
        if self.client_secret.is_empty() && !has_secret {
            wrong("client_secret", Code::Required, "is missing".into());
        } else if self.client_secret.len() > 1_000 {
            wrong("client_secret", Code::TooLong, "is longer than 1000 characters".into());
        }
        let mapping = self.roles(&mut errors);
        if errors.is_empty() { Ok((issuer.to_owned(), client_id.to_owned(), mapping)) } else { Err(errors) }
    }

    /// The same for SAML; the metadata itself is read by whoever fetches it.
    ///
    /// # Errors
    /// Field errors, all at once.
    pub fn checked_saml(&self, has_metadata: bool) -> Result<Mapping, Vec<FieldError>> {
        let mut errors = Vec::new();
        let (pasted, url) = (self.metadata.trim(), self.metadata_url.trim());
        if pasted.is_empty() && url.is_empty() && !has_metadata {
            errors.push(FieldError::new("metadata", Code::Required, "or its address is needed"));
        } else if !pasted.is_empty() && !url.is_empty() {
            let detail = "is given beside the metadata itself: leave one of the two empty";
            errors.push(FieldError::new("metadata_url", Code::InvalidValue, detail));
        } else if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
            errors.push(FieldError::new("metadata_url", Code::InvalidValue, "must begin with https://"));
        } else if url.len() > 1_000 {
            errors.push(FieldError::new("metadata_url", Code::TooLong, "is longer than 1000 characters"));
        }
        for (field, name) in
            [("email_attribute", &self.email_attribute), ("subject_attribute", &self.subject_attribute)]
        {
            if name.trim().len() > 200 || name.trim().chars().any(char::is_control) {
                errors.push(FieldError::new(field, Code::TooLong, "is longer than 200 characters"));
            }
        }
        let mapping = self.roles(&mut errors);
        if errors.is_empty() { Ok(mapping) } else { Err(errors) }
    }

    fn roles(&self, errors: &mut Vec<FieldError>) -> Mapping {
        let mut wrong =
            |field: &'static str, code, detail: String| errors.push(FieldError::new(field, code, detail));
        let default = match self.default_role.as_str() {
            "" => None,
            name => {
                let role = role(name);
                if role.is_none() {
                    wrong("default_role", Code::InvalidValue, "is none of the roles".into());
                }
                role
            }
        };
        let claim = self.role_claim.trim();
        if claim.len() > 200 || claim.chars().any(char::is_control) {
            wrong("role_claim", Code::TooLong, "is longer than 200 characters".into());
        }
        let mut values = Vec::new();
        for line in self.role_map.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let parts = line.rsplit_once('=').map(|(value, name)| (value.trim(), role(name.trim())));
            match parts {
                Some((value, Some(role))) if !value.is_empty() && value.len() <= 200 => {
                    values.push((value.to_owned(), role));
                }
                _ => {
                    let names: Vec<&str> = ROLES.iter().map(|role| role.name()).collect();
                    let shown: String = line.chars().take(60).collect();
                    wrong(
                        "role_map",
                        Code::InvalidValue,
                        format!("has “{shown}”: write a value, = and one of {}", names.join(", ")),
                    );
                    break;
                }
            }
        }
        if values.len() > MOST_VALUES {
            wrong("role_map", Code::TooMany, format!("has more than {MOST_VALUES} lines"));
        }
        if claim.is_empty() && !values.is_empty() {
            wrong("role_claim", Code::Required, "is missing".into());
        }
        Mapping { default, claim: claim.to_owned(), values }
    }
}

/// A role that a provider may give.
#[must_use]
pub fn role(name: &str) -> Option<Role> {
    ROLES.into_iter().find(|role| role.name() == name)
}

/// A domain as typed; whether it is theirs is for its TXT record to say.
///
/// # Errors
/// One error at `domain`.
pub fn check_domain(text: &str) -> Result<String, FieldError> {
    let wrong = |code, detail: &'static str| Err(FieldError::new("domain", code, detail));
    let name = text.trim().trim_start_matches('@').trim_end_matches('.').to_lowercase();
    if name.is_empty() {
        return wrong(Code::Required, "is missing");
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if name.len() > 253 || !name.contains('.') || !name.split('.').all(label) {
        return wrong(Code::InvalidValue, "is not a domain, such as acme.com (others than ASCII as xn--…)");
    }
    if name.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit())) {
        return wrong(Code::InvalidValue, "is an address of a machine, not a domain");
    }
    Ok(name)
}

/// The domain of an address.
#[must_use]
pub fn domain_of(email: &str) -> String {
    email.rsplit('@').next().unwrap_or_default().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn domains_as_typed() {
        for (text, expected) in [
            ("acme.com", Ok("acme.com")),
            (" @Acme.COM. ", Ok("acme.com")),
            ("xn--bcher-kva.example", Ok("xn--bcher-kva.example")),
            ("", Err(Code::Required)),
            ("acme", Err(Code::InvalidValue)),
            ("acme..com", Err(Code::InvalidValue)),
            ("-acme.com", Err(Code::InvalidValue)),
            ("acme.com/path", Err(Code::InvalidValue)),
            ("bücher.example", Err(Code::InvalidValue)),
            ("10.0.0.1", Err(Code::InvalidValue)),
            ("*.acme.com", Err(Code::InvalidValue)),
        ] {
            let found = check_domain(text);
            assert_eq!(
                found.as_deref().map_err(|error| error.code),
                expected.as_ref().map(|ok| *ok).map_err(|code| *code),
                "{text}"
            );
        }
    }

    #[test]
    fn roles_of_claims() {
        let mapping = Mapping {
            default: None,
            claim: "groups".into(),
            values: vec![("admins".into(), Role::Admin), ("staff".into(), Role::Editor)],
        };
        for (claims, expected) in [
            (json!({"groups": ["staff", "admins"]}), Some(Role::Admin)),
            (json!({"groups": "staff"}), Some(Role::Editor)),
            (json!({"groups": ["Admins"]}), None),
            (json!({"groups": {"admins": true}}), None),
            (json!({"roles": ["admins"]}), None),
        ] {
            assert_eq!(mapping.named(claims.as_object().unwrap()), expected, "{claims}");
        }
    }

    #[test]
    fn what_is_typed_is_checked_at_once() {
        let fine = Typed {
            issuer: " https://login.acme.com ".into(),
            client_id: "us".into(),
            client_secret: "s".into(),
            default_role: "viewer".into(),
            role_claim: "groups".into(),
            role_map: "a=b = admin\r\n\r\n staff = editor".into(),
            ..Typed::default()
        };
        let (issuer, _, mapping) = fine.checked(false).unwrap();
        assert_eq!(issuer, "https://login.acme.com");
        assert_eq!(mapping.lines(), "a=b = admin\nstaff = editor\n");
        let all = Typed { default_role: "owner".into(), role_map: "x".into(), ..Typed::default() };
        let fields: Vec<_> = all.checked(false).unwrap_err().into_iter().map(|error| error.field).collect();
        assert_eq!(fields, ["issuer", "client_id", "client_secret", "default_role", "role_map"]);
        for (change, field) in [
            (Typed { issuer: "login.acme.com".into(), ..fine.clone() }, "issuer"),
            (Typed { issuer: "https://a.example/?x".into(), ..fine.clone() }, "issuer"),
            (Typed { role_map: "staff = owner".into(), ..fine.clone() }, "role_map"),
            (Typed { role_map: "staff = client".into(), ..fine.clone() }, "role_map"),
            (Typed { role_claim: String::new(), ..fine.clone() }, "role_claim"),
            (Typed { client_id: "x".repeat(301), ..fine.clone() }, "client_id"),
        ] {
            assert_eq!(change.checked(false).unwrap_err()[0].field, field);
        }
        assert!(Typed { client_secret: String::new(), ..fine }.checked(true).is_ok());
    }
}
