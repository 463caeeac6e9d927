//! Events, the chain over them, and its check. Pure.
//!
//! `hash(n) = SHA-256("nclc-audit-1" ‖ n as u64 big endian ‖ hash(n−1) ‖ event)`; `hash(0)` is 32 zero bytes; `event` is
//! the stored text, byte for byte. Numbers have no gaps. So an edit, a removal, an insertion or another order breaks the
//! chain at that row; a cut-off tail shows against a head that is kept outside the database.

use jiff::Timestamp;
use kernel_core::TenantId;
use kernel_core::secret::sha256;
use serde::{Deserialize, Serialize};

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $sentence:literal;)*) => {
        /// What staff did.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Action { $($(#[$doc])* #[serde(rename = $name)] $variant,)* }

        impl Action {
            /// All actions, for the filter.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
            /// The stable name, as stored.
            #[must_use]
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name,)* } }
            /// What happened, as a verb phrase after the actor's name.
            #[must_use]
            pub const fn sentence(self) -> &'static str { match self { $(Self::$variant => $sentence,)* } }
        }
    };
}

actions! {
    /// A set-up link was made.
    LinkMade = "staff.link_made", "made a set-up link";
    /// A staff account was made with a link.
    StaffCreated = "staff.created", "set up their account";
    /// Signed in.
    SignedIn = "staff.signed_in", "signed in";
    /// A wrong address or password; the actor is the address as typed.
    SignInRefused = "staff.sign_in_refused", "was refused at sign-in";
    /// Signed out.
    SignedOut = "staff.signed_out", "signed out";
    /// An account was closed, with its sessions.
    StaffDisabled = "staff.disabled", "closed a staff account";
    /// Looked at a tenant's page.
    TenantViewed = "tenant.viewed", "opened the tenant's page";
    /// Suspended a tenant.
    TenantSuspended = "tenant.suspended", "suspended the tenant";
    /// Resumed a tenant.
    TenantResumed = "tenant.resumed", "resumed the tenant";
    /// Put a tenant on another plan.
    PlanChanged = "tenant.plan_changed", "changed the tenant's plan";
    /// Exported this log.
    AuditExported = "audit.exported", "exported the audit log";
}

/// How it went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It was about to be done, and no later row says that it failed.
    #[default]
    Done,
    /// It could not be done.
    Failed,
}

/// One event. The order of the fields is the order in the stored text; add new ones at the end, with a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, in microseconds since 1970-01-01 UTC.
    pub at: i64,
    /// Who: `stf_…`, `system`, or the typed address of a refused sign-in.
    pub actor: String,
    /// Their name at that time.
    pub actor_name: String,
    /// What.
    pub action: Action,
    /// How it went.
    pub outcome: Outcome,
    /// The tenant it is about.
    pub tenant: Option<TenantId>,
    /// What it is about, as people know it: the tenant's address, a staff member's e-mail address.
    pub target: String,
    /// Figures or values of the action, e.g. `free → pro`.
    pub detail: String,
    /// The cause that stands in the tenant's own audit trail as well.
    pub cause: String,
    /// The reason given for this log.
    pub reason: String,
    /// From where: the peer's IP address.
    pub address: String,
    /// In which request.
    pub request_id: String,
}

impl Event {
    /// The moment.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        Timestamp::from_microsecond(self.at).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// The text that is stored and hashed.
    #[must_use]
    pub fn text(&self) -> String {
        // A struct of strings and numbers always serialises.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A row as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The number, from 1, without gaps.
    pub seq: i64,
    /// The hash of the row before, or zeros.
    pub prev: [u8; 32],
    /// The hash of this row.
    pub hash: [u8; 32],
    /// The event's text.
    pub event: String,
}

/// A row with its event read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number.
    pub seq: i64,
    /// The hash.
    pub hash: [u8; 32],
    /// The event.
    pub event: Event,
}

/// The end of the chain: `seq` 0 and zeros when there is no row yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The last number.
    pub seq: i64,
    /// The last hash.
    pub hash: [u8; 32],
}

/// Where and how the chain is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The row at which it shows.
    pub seq: i64,
    /// What is wrong, as a sentence.
    pub problem: &'static str,
}

impl Head {
    /// The next row after this head.
    #[must_use]
    pub fn append(self, event: String) -> Link {
        let seq = self.seq + 1;
        Link { seq, prev: self.hash, hash: link_hash(seq, &self.hash, &event), event }
    }

    /// Checks that `link` comes next and returns the head after it.
    ///
    /// # Errors
    /// The row does not follow.
    pub fn follow(self, link: &Link) -> Result<Self, Broken> {
        let broken = |problem| Err(Broken { seq: link.seq, problem });
        if link.seq != self.seq + 1 {
            return broken("Rows are missing before this one.");
        }
        if link.prev != self.hash {
            return broken(
                "It does not follow the row before: that row was changed, or another stood there.",
            );
        }
        if link.hash != link_hash(link.seq, &link.prev, &link.event) {
            return broken("Its content is not what was written.");
        }
        Ok(Self { seq: link.seq, hash: link.hash })
    }
}

fn link_hash(seq: i64, prev: &[u8; 32], event: &str) -> [u8; 32] {
    let mut bytes = Vec::with_capacity(12 + 8 + 32 + event.len());
    bytes.extend_from_slice(b"nclc-audit-1");
    bytes.extend_from_slice(&seq.to_be_bytes());
    bytes.extend_from_slice(prev);
    bytes.extend_from_slice(event.as_bytes());
    sha256(&bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn event(action: Action) -> Event {
        Event {
            at: 1_795_255_200_000_000,
            actor: "stf_0BqzF4ZfHn3vT2mK8sYx1c".into(),
            actor_name: "Ada".into(),
            action,
            outcome: Outcome::Done,
            tenant: None,
            target: "acme".into(),
            detail: String::new(),
            cause: String::new(),
            reason: "Ticket 1".into(),
            address: "127.0.0.1".into(),
            request_id: "r1".into(),
        }
    }

    fn chain(length: usize) -> Vec<Link> {
        let mut head = Head::default();
        (0..length)
            .map(|index| {
                let mut event = event(Action::TenantViewed);
                event.detail = index.to_string();
                let link = head.append(event.text());
                head = Head { seq: link.seq, hash: link.hash };
                link
            })
            .collect()
    }

    fn check(links: &[Link]) -> Result<Head, Broken> {
        links.iter().try_fold(Head::default(), |head, link| head.follow(link))
    }

    #[test]
    fn what_was_appended_follows() {
        let links = chain(5);
        let last = links.last().unwrap();
        assert_eq!(check(&links), Ok(Head { seq: 5, hash: last.hash }));
        assert_eq!(check(&[]), Ok(Head::default()));
    }

    #[test]
    fn every_kind_of_tampering_shows_at_its_row() {
        type Edit = fn(&mut Vec<Link>);
        let edits: [(&str, Edit, i64); 6] = [
            ("an edited event", |links| links[2].event = links[2].event.replace("acme", "evil"), 3),
            (
                "an edited event with its hash made anew",
                |links| {
                    links[2].event = links[2].event.replace("acme", "evil");
                    links[2].hash = link_hash(3, &links[2].prev, &links[2].event);
                },
                4,
            ),
            ("a removed row", |links| drop(links.remove(2)), 4),
            (
                "a removed row with numbers closed up",
                |links| {
                    links.remove(2);
                    for (index, link) in links.iter_mut().enumerate() {
                        link.seq = index as i64 + 1;
                    }
                },
                3,
            ),
            ("two rows changed places", |links| links.swap(1, 2), 3),
            (
                "an inserted row",
                |links| links.insert(2, Head { seq: 2, hash: [7; 32] }.append("{}".into())),
                3,
            ),
        ];
        for (name, edit, at) in edits {
            let mut links = chain(5);
            edit(&mut links);
            assert_eq!(check(&links).map_err(|broken| broken.seq), Err(at), "{name}");
        }
    }

    #[test]
    fn the_text_of_an_event_reads_back() {
        for action in Action::ALL {
            let mut event = event(*action);
            event.reason = "Line\nbreak, \"quotes\" and ünïcode".into();
            event.tenant = Some(TenantId::from_uuid(uuid::Uuid::from_u128(7)));
            let text = event.text();
            assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
            assert!(text.contains(&format!("\"action\":\"{}\"", action.name())), "{text}");
            assert!(!text.contains('\n'));
        }
    }
}
