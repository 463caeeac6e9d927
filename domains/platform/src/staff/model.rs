//! Staff accounts and the rules of their sessions. Pure.

use jiff::{SignedDuration, Timestamp};
use kernel_core::{Code, FieldError, StaffId};

/// Hours until a staff session ends, whatever happens (security reference: at most 12).
pub(super) const SESSION_HOURS: i64 = 12;
/// Minutes without a request after which a session ends.
pub(super) const IDLE_MINUTES: i64 = 60;
/// Hours that a set-up link works.
pub(super) const LINK_HOURS: i64 = 24;
/// Fewest characters of a staff password: it is the only factor (NIST SP 800-63B-4).
pub(super) const PASSWORD_LENGTH: usize = 15;

/// A member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The id.
    pub id: StaffId,
    /// The address they sign in with, lower-case.
    pub email: String,
    /// What to call them.
    pub name: String,
    /// Since when.
    pub created_at: Timestamp,
    /// Closed since then.
    pub disabled_at: Option<Timestamp>,
}

/// A set-up form with its values brought into form.
#[derive(Clone, Debug)]
pub(super) struct SetUp {
    pub email: String,
    pub name: String,
    pub password: String,
}

impl SetUp {
    /// Checks the values; `known` are words that must not make up the password.
    pub(super) fn check(
        email: &str,
        name: &str,
        password: &str,
        brand: &str,
    ) -> Result<Self, Vec<FieldError>> {
        let (email, name) = (email.trim().to_lowercase(), name.trim());
        let mut errors = Vec::new();
        if let Some(detail) = email_problem(&email) {
            errors.push(FieldError::new("email", Code::InvalidValue, detail));
        }
        if name.is_empty() {
            errors.push(FieldError::new("name", Code::Required, "Write the name that the audit log shows."));
        } else if name.chars().count() > 80 {
            errors.push(FieldError::new("name", Code::TooLong, "80 characters at most."));
        }
        let length = password.chars().count();
        if let Err(error) =
            identity::password::check("password", password, &[brand, &email, name, "staff", "admin"])
        {
            errors.push(error);
        } else if length < PASSWORD_LENGTH {
            let detail =
                format!("{length} of at least {PASSWORD_LENGTH} characters: staff passwords are longer.");
            errors.push(FieldError::new("password", Code::WeakPassword, detail));
        }
        if errors.is_empty() {
            Ok(Self { email, name: name.to_owned(), password: password.to_owned() })
        } else {
            Err(errors)
        }
    }
}

fn email_problem(email: &str) -> Option<&'static str> {
    let well_formed = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.contains('@')
            && domain.split('.').count() >= 2
            && domain.split('.').all(|label| !label.is_empty())
    });
    if email.is_empty() {
        Some("Write the address you sign in with.")
    } else if email.chars().count() > 254 || email.chars().any(char::is_whitespace) || !well_formed {
        Some("This is not an e-mail address, such as name@example.com.")
    } else {
        None
    }
}

/// Whether a session still holds at `now`.
pub(super) fn session_holds(now: Timestamp, seen_at: Timestamp, expires_at: Timestamp) -> bool {
    now < expires_at && now.duration_since(seen_at) < SignedDuration::from_mins(IDLE_MINUTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn set_up_values() {
        for (email, name, password, wrong) in [
            (" Ada@Example.COM ", " Ada ", "seven copper kettles", vec![]),
            ("ada", "Ada", "seven copper kettles", vec!["email"]),
            ("ada@example", "Ada", "seven copper kettles", vec!["email"]),
            ("a@b@c.de", "Ada", "seven copper kettles", vec!["email"]),
            ("", "", "", vec!["email", "name", "password"]),
            ("ada@example.com", "Ada", "seven kettles", vec!["password"]),
        ] {
            let found = SetUp::check(email, name, password, "NCLC");
            let fields: Vec<_> =
                found.err().unwrap_or_default().into_iter().map(|error| error.field).collect();
            assert_eq!(fields, wrong, "{email} {name} {password}");
        }
        let good = SetUp::check(" Ada@Example.COM ", " Ada ", "seven copper kettles", "NCLC").unwrap();
        assert_eq!((good.email.as_str(), good.name.as_str()), ("ada@example.com", "Ada"));
    }

    #[test]
    fn sessions_end_idle_and_absolutely() {
        let start: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        let end = start + SignedDuration::from_hours(SESSION_HOURS);
        for (now, seen, holds) in [
            ("2026-11-21T08:59:59Z", "2026-11-21T08:00:00Z", true),
            ("2026-11-21T09:00:00Z", "2026-11-21T08:00:00Z", false),
            ("2026-11-21T19:59:59Z", "2026-11-21T19:30:00Z", true),
            ("2026-11-21T20:00:00Z", "2026-11-21T19:59:00Z", false),
        ] {
            assert_eq!(session_holds(now.parse().unwrap(), seen.parse().unwrap(), end), holds, "{now}");
        }
    }
}
