//! Mentions: `@[usr_…]` in a comment's text.

use kernel_core::UserId;

/// The people that a text names, each once, in its order. What is no id of a person is text.
pub(super) fn named(text: &str) -> Vec<UserId> {
    let mut found = Vec::new();
    for part in text.split("@[").skip(1) {
        let user = part.split_once(']').and_then(|(id, _)| id.parse::<UserId>().ok());
        if let Some(user) = user.filter(|user| !found.contains(user)) {
            found.push(user);
        }
    }
    found
}

/// The text with names for ids, as a mail shows it.
pub(super) fn readable(text: &str, name: impl Fn(UserId) -> Option<String>) -> String {
    let mut parts = text.split("@[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let person = part.split_once(']').and_then(|(id, rest)| Some((name(id.parse().ok()?)?, rest)));
        match person {
            Some((name, rest)) => {
                out.push('@');
                out.push_str(&name);
                out.push_str(rest);
            }
            None => {
                out.push_str("@[");
                out.push_str(part);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_a_text() {
        let (a, b) = (UserId::new(), UserId::new());
        let check = |text: String, people: &[UserId], shown: &str| {
            assert_eq!(named(&text), people, "{text}");
            let name = |user| if user == a { Some("Alex".to_owned()) } else { None };
            assert_eq!(readable(&text, name), shown, "{text}");
        };
        check("nobody @[ here]".into(), &[], "nobody @[ here]");
        check(format!("@[{a}], see @[{b}] and @[{a}]!"), &[a, b], &format!("@Alex, see @[{b}] and @Alex!"));
        check(format!("@[{a}"), &[], &format!("@[{a}"));
        check("@[usr_nobody] @[@[]]".into(), &[], "@[usr_nobody] @[@[]]");
    }
}
