//! What staff see of a tenant, and the rules of the dangerous forms. Pure.

use billing::{PlanCode, Subscription};
use jiff::Timestamp;
use kernel_core::{Code, FieldError, TenantId};

/// Rows on one page of the list.
pub(super) const PAGE: i64 = 50;
/// Most characters of a reason.
const LONGEST_REASON: usize = 1_000;
/// Fewest characters of a reason: a word is not one.
const SHORTEST_REASON: usize = 10;

/// Whether a tenant works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It works.
    Active,
    /// Stopped by staff.
    Suspended,
}

impl State {
    /// The stored name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }

    /// Reads the stored name, as the list's address has it as well.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        [Self::Active, Self::Suspended].into_iter().find(|state| state.name() == text)
    }
}

/// Why a tenant is suspended, in words that stand in its own audit trail and that support tells its owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Mail that nobody asked for.
    UnwantedMail,
    /// Content against the law or the terms.
    Content,
    /// Attacks, or load that harms others.
    Abuse,
    /// Signs that the account is in somebody else's hands.
    Security,
    /// Invoices are not paid.
    Unpaid,
    /// The owner asked for it.
    Owner,
}

impl Cause {
    /// All causes, in the order of the form.
    pub const ALL: [Self; 6] =
        [Self::UnwantedMail, Self::Content, Self::Abuse, Self::Security, Self::Unpaid, Self::Owner];

    /// The form's value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnwantedMail => "unwanted_mail",
            Self::Content => "content",
            Self::Abuse => "abuse",
            Self::Security => "security",
            Self::Unpaid => "unpaid",
            Self::Owner => "owner",
        }
    }

    /// The words that staff choose and the tenant's audit trail keeps.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::UnwantedMail => "Sends unwanted mail",
            Self::Content => "Content against the terms",
            Self::Abuse => "Load or attacks that harm others",
            Self::Security => "The account may be in other hands",
            Self::Unpaid => "Invoices are not paid",
            Self::Owner => "The owner asked for it",
        }
    }
}

/// What the list is searched by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Part of a name, of an address or of a member's e-mail address; or a whole id.
    pub text: String,
    /// Only in this state.
    pub state: Option<State>,
    /// Only on this plan.
    pub plan: Option<PlanCode>,
    /// From 1.
    pub page: i64,
}

/// A row of the list.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The id.
    pub id: TenantId,
    /// The name.
    pub name: String,
    /// The address.
    pub slug: String,
    /// Whether it works.
    pub state: State,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// Members.
    pub members: i64,
    /// The plan.
    pub plan: PlanCode,
    /// Bases outside the trash.
    pub bases: i64,
    /// Their records.
    pub records: i64,
}

/// A base of one tenant.
#[derive(Clone, Debug)]
pub struct BaseFacts {
    /// The name.
    pub name: String,
    /// Its tables.
    pub tables: i64,
    /// Its records.
    pub records: i64,
    /// The last change; `None`: never changed.
    pub changed_at: Option<Timestamp>,
}

/// A site of one tenant.
#[derive(Clone, Debug)]
pub struct SiteFacts {
    /// The name.
    pub name: String,
    /// Its address below the sites' domain.
    pub slug: String,
    /// Pages.
    pub pages: i64,
    /// Pages that visitors see.
    pub published: i64,
}

/// A member of one tenant.
#[derive(Clone, Debug)]
pub struct Person {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
    /// owner, admin, editor or viewer.
    pub role: String,
    /// Since when.
    pub joined_at: Timestamp,
    /// The last request of any of their sessions.
    pub seen_at: Option<Timestamp>,
}

/// Everything on a tenant's page.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The id.
    pub id: TenantId,
    /// The name.
    pub name: String,
    /// The address.
    pub slug: String,
    /// Whether it works.
    pub state: State,
    /// The cause of the suspension, in [`Cause::words`].
    pub suspended_reason: Option<String>,
    /// Since when it is suspended.
    pub suspended_at: Option<Timestamp>,
    /// Since when it exists.
    pub created_at: Timestamp,
    /// The plan.
    pub subscription: Subscription,
    /// Members, owners first.
    pub people: Vec<Person>,
    /// API tokens that work.
    pub tokens: i64,
    /// Bases outside the trash.
    pub bases: Vec<BaseFacts>,
    /// Sites.
    pub sites: Vec<SiteFacts>,
}

impl Detail {
    /// Records of all bases.
    #[must_use]
    pub fn records(&self) -> i64 {
        self.bases.iter().map(|base| base.records).sum()
    }
}

/// Checks the suspend form: a known cause, a reason that says something, the typed address.
pub(super) fn check_suspend(
    slug: &str,
    cause: &str,
    reason: &str,
    typed: &str,
) -> Result<Cause, Vec<FieldError>> {
    let mut errors = Vec::new();
    let found = Cause::ALL.into_iter().find(|known| known.name() == cause);
    if found.is_none() {
        errors.push(FieldError::new(
            "cause",
            Code::Required,
            "Choose the cause; it stands in the tenant's audit trail.",
        ));
    }
    errors.extend(reason_problem(reason));
    if typed.trim() != slug {
        errors.push(FieldError::new("confirm", Code::InvalidValue, format!("Type {slug} as it is written.")));
    }
    match found {
        Some(cause) if errors.is_empty() => Ok(cause),
        _ => Err(errors),
    }
}

/// What is wrong with a reason, if anything.
pub(super) fn reason_problem(reason: &str) -> Option<FieldError> {
    let length = reason.trim().chars().count();
    if length == 0 {
        Some(FieldError::new("reason", Code::Required, "Write why: auditors read it."))
    } else if length < SHORTEST_REASON {
        Some(FieldError::new("reason", Code::InvalidValue, "Write a sentence: auditors read it."))
    } else if length > LONGEST_REASON {
        Some(FieldError::new("reason", Code::TooLong, "1,000 characters at most."))
    } else {
        None
    }
}

/// A `LIKE` pattern that finds `text` anywhere, with its wildcards taken literally.
pub(super) fn containing(text: &str) -> String {
    let mut out = String::from("%");
    for character in text.trim().to_lowercase().chars() {
        if matches!(character, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('%');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_suspend_form() {
        let reason = "18,240 mails in an hour";
        for (cause, reason, typed, wrong) in [
            ("unwanted_mail", reason, "acme", vec![]),
            ("unwanted_mail", reason, " acme ", vec![]),
            ("", reason, "acme", vec!["cause"]),
            ("rude", reason, "acme", vec!["cause"]),
            ("abuse", "  ", "acme", vec!["reason"]),
            ("abuse", "spam", "acme", vec!["reason"]),
            ("abuse", reason, "Acme", vec!["confirm"]),
            ("", "", "", vec!["cause", "reason", "confirm"]),
        ] {
            let found = check_suspend("acme", cause, reason, typed);
            let fields: Vec<_> =
                found.err().unwrap_or_default().into_iter().map(|error| error.field).collect();
            assert_eq!(fields, wrong, "{cause} {reason} {typed}");
        }
        assert_eq!(reason_problem(&"x".repeat(1_001)).unwrap().code, Code::TooLong);
    }

    #[test]
    fn wildcards_are_letters() {
        assert_eq!(containing(" 50%_Off\\ "), "%50\\%\\_off\\\\%");
    }
}
