//! The chain of reasons in words.

use kernel_core::access::{Explanation, Question, Reason, Source};
use kernel_core::{Access, Role};
use serde::Serialize;

/// One link of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    /// A sentence.
    pub text: String,
    /// Whether it decides.
    pub decides: bool,
}

/// A level's, or an answer's, word.
pub(super) fn word(name: &str) -> &'static str {
    match name {
        "none" => "No access",
        "read" => "Read",
        "comment" => "Comment",
        "edit" => "Edit",
        "publish" => "Publish",
        "manage" => "Manage",
        "hidden" => "Hidden",
        "write" => "Edit",
        "allowed" | "yes" => "Allowed",
        "refused" | "no" => "Not allowed",
        _ => "",
    }
}

/// The chain for a question, in the order in which it was heard.
pub(super) fn why(access: &Access, name: &str, question: Question) -> (&'static str, Vec<Why>) {
    let Explanation { outcome, reasons } = access.explain(question);
    let link = |reason: &Reason| Why { text: sentence(reason, access.role(), name), decides: reason.decides };
    (outcome, reasons.iter().map(link).collect())
}

fn sentence(reason: &Reason, role: Role, name: &str) -> String {
    let who = match &reason.source {
        None => format!("The role {role}"),
        Some(Source::Role(own)) => format!("The role “{own}”"),
        Some(Source::Group(group)) => format!("The group “{group}”"),
        Some(Source::Person) => format!("Set for {name}"),
    };
    let about = match reason.about {
        "bases" => ", every base",
        "base" => ", this base",
        "table" => ", this table",
        "field" => ", this field",
        "sites" => ", every site",
        "site" => ", this site",
        _ => "",
    };
    format!("{who}{about}: {}", word(reason.said))
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel_core::{Grants, Level};

    #[test]
    fn a_chain_reads_well() {
        let group = Grants { bases: Some(Level::Manage), ..Grants::default() };
        let own = Grants { base: [(7, Level::None)].into(), ..Grants::default() };
        let access =
            Access::new(Role::Editor, vec![(Source::Group("Sales".into()), group), (Source::Person, own)]);
        let (outcome, chain) = why(&access, "Kim Roe", Question::Base(7));
        assert_eq!(outcome, "none");
        let told: Vec<_> = chain.iter().map(|why| (why.text.as_str(), why.decides)).collect();
        assert_eq!(
            told,
            [
                ("The role editor: Edit", false),
                ("The group “Sales”, every base: Manage", false),
                ("Set for Kim Roe, this base: No access", true),
            ]
        );
    }
}
