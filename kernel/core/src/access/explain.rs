//! "Why may this person do this?": the chain from the role over groups to the person's own exceptions, told from what is
//! stored, not from what was computed; a test holds both against each other.

use super::{Ability, Access, FieldKey, FieldLevel, Grants, Level, Source};
use crate::SiteId;

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// A base.
    Base(u64),
    /// A table of a base.
    Table {
        /// The base.
        base: u64,
        /// The table.
        table: u64,
    },
    /// A field of a table of a base.
    Field {
        /// The base.
        base: u64,
        /// The field.
        field: FieldKey,
    },
    /// Deleting records of a table of a base.
    Delete {
        /// The base.
        base: u64,
        /// The table.
        table: u64,
    },
    /// A site.
    Site(SiteId),
    /// An ability.
    Ability(Ability),
}

/// One link of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Who says it; `None`: the role itself, or a wider place that decides here.
    pub source: Option<Source>,
    /// About what: `role`, `bases`, `base`, `table`, `field`, `sites`, `site`, `ability`.
    pub about: &'static str,
    /// What is said: the name of a level, `allowed` or `refused`.
    pub said: &'static str,
    /// Whether this link decided.
    pub decides: bool,
}

/// The answer with its reasons, in the order in which they were heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The name of the level, `allowed` or `refused`.
    pub outcome: &'static str,
    /// The chain.
    pub reasons: Vec<Reason>,
}

const fn yes(allowed: bool) -> &'static str {
    if allowed { "allowed" } else { "refused" }
}

struct Chain<'a> {
    sources: &'a [(Source, Grants)],
    reasons: Vec<Reason>,
}

impl Chain<'_> {
    fn starts(&mut self, about: &'static str, said: &'static str) {
        self.reasons.push(Reason { source: None, about, said, decides: true });
    }

    /// Hears every source in turn; who comes later overrules, except a refusal, and except a lower word of the same rank.
    fn hears<T: Copy + PartialOrd + PartialEq>(
        &mut self,
        about: &'static str,
        so_far: T,
        refusal: T,
        says: impl Fn(&Grants) -> Option<T>,
        name: impl Fn(T) -> &'static str,
    ) -> T {
        let mut standing: Option<(usize, T)> = None;
        for (source, grants) in self.sources {
            let Some(value) = says(grants) else { continue };
            let overrules = match standing {
                None => true,
                Some((_, now)) if now == refusal => false,
                Some(_) if value == refusal => true,
                Some((rank, now)) => source.rank() > rank || (source.rank() == rank && value > now),
            };
            if overrules {
                self.reasons.iter_mut().for_each(|reason| reason.decides = false);
                standing = Some((source.rank(), value));
            }
            self.reasons.push(Reason {
                source: Some(source.clone()),
                about,
                said: name(value),
                decides: overrules,
            });
        }
        standing.map_or(so_far, |(_, value)| value)
    }

    fn base(&mut self, role: crate::Role, base: u64) -> Level {
        self.starts("role", role.bases().name());
        let all = self.hears("bases", role.bases(), Level::None, |grants| grants.bases, Level::name);
        self.hears("base", all, Level::None, |grants| grants.base.get(&base).copied(), Level::name)
    }

    fn table(&mut self, role: crate::Role, base: u64, table: u64) -> Level {
        let base = self.base(role, base);
        if base == Level::None {
            return base;
        }
        let says = |grants: &Grants| grants.table.get(&table)?.level;
        self.hears("table", base, Level::None, says, Level::name)
    }
}

impl Access {
    /// The answer to a question with the chain of reasons.
    #[must_use]
    pub fn explain(&self, question: Question) -> Explanation {
        let role = self.role;
        // In the order of their rank, as the chain is told: role, groups, person.
        let mut sources = self.sources.clone();
        sources.sort_by_key(|(source, _)| source.rank());
        let mut chain = Chain { sources: &sources, reasons: Vec::new() };
        let outcome = match question {
            Question::Base(base) => chain.base(role, base).name(),
            Question::Table { base, table } => chain.table(role, base, table).name(),
            Question::Field { base, field } => {
                let table = chain.table(role, base, field.table);
                let most = match table {
                    Level::None => FieldLevel::Hidden,
                    Level::Read | Level::Comment => FieldLevel::Read,
                    _ => FieldLevel::Write,
                };
                if most == FieldLevel::Hidden {
                    most.name()
                } else {
                    let says = |grants: &Grants| grants.field.get(&field).copied();
                    let said = chain.hears("field", most, FieldLevel::Hidden, says, FieldLevel::name);
                    said.min(most).name()
                }
            }
            Question::Delete { base, table } => {
                let level = chain.table(role, base, table);
                let able = {
                    let ability = Ability::DeleteRecords;
                    chain.starts("role", yes(role.able(ability)));
                    let says = |grants: &Grants| grants.may.get(&ability).copied();
                    chain.hears("ability", role.able(ability), false, says, yes)
                };
                let says = |grants: &Grants| grants.table.get(&table)?.delete;
                let here = chain.hears("table", true, false, says, yes);
                yes(level >= Level::Edit && able && here)
            }
            Question::Site(site) => {
                chain.starts("role", role.sites().name());
                let all = chain.hears("sites", role.sites(), Level::None, |grants| grants.sites, Level::name);
                let says = |grants: &Grants| grants.site.get(&site).copied();
                chain.hears("site", all, Level::None, says, Level::name).name()
            }
            Question::Ability(ability) => {
                chain.starts("role", yes(role.able(ability)));
                let says = |grants: &Grants| grants.may.get(&ability).copied();
                yes(chain.hears("ability", role.able(ability), false, says, yes))
            }
        };
        Explanation { outcome, reasons: chain.reasons }
    }
}
