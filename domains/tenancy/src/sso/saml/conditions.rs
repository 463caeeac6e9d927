//! When, where and for whom an assertion is good (Core, 2.4.1.2, 2.5; Profiles, 4.1.4.2).

use super::answer::Expected;
use super::xml::{at_most_one, attribute, children, is, text};
use super::{ASSERTION, Checked, Wrong};
use jiff::{SignedDuration, Timestamp};
use roxmltree::Node;

/// Clocks may differ by so much.
const SKEW: SignedDuration = SignedDuration::from_secs(60);
const BEARER: &str = "urn:oasis:names:tc:SAML:2.0:cm:bearer";

/// The request that a bearer of this subject answers, and until when.
pub(super) fn confirmed(subject: Node<'_, '_>, expected: &Expected<'_>) -> Checked<(String, Timestamp)> {
    let mut problem: Wrong = "has no confirmation for whoever brings it (bearer)".into();
    let bearers = children(subject, ASSERTION, "SubjectConfirmation")
        .filter(|confirmation| attribute(*confirmation, "Method") == Some(BEARER));
    for confirmation in bearers {
        match bearer(confirmation, expected) {
            Ok(found) => return Ok(found),
            Err(why) => problem = why,
        }
    }
    Err(problem)
}

fn bearer(confirmation: Node<'_, '_>, expected: &Expected<'_>) -> Checked<(String, Timestamp)> {
    let data = at_most_one(confirmation, ASSERTION, "SubjectConfirmationData")?;
    let data = data.ok_or("has a confirmation without data")?;
    if attribute(data, "Recipient") != Some(expected.acs) {
        return Err("is meant for another address (Recipient)".into());
    }
    let end = time(data, "NotOnOrAfter")?.ok_or("has a confirmation without an end")?;
    in_time(time(data, "NotBefore")?, Some(end), expected.now)?;
    let asked = attribute(data, "InResponseTo").filter(|asked| !asked.is_empty() && asked.len() <= 256);
    let asked = asked.ok_or(
        "answers no request: log-ins that begin at the provider are not accepted. Begin at the address of the single sign-on page",
    )?;
    Ok((asked.to_owned(), remembered(end)))
}

/// Checks the conditions; until when they hold, if they say.
pub(super) fn within(conditions: Node<'_, '_>, expected: &Expected<'_>) -> Checked<Option<Timestamp>> {
    let end = time(conditions, "NotOnOrAfter")?;
    in_time(time(conditions, "NotBefore")?, end, expected.now)?;
    let mut restricted = false;
    for condition in conditions.children().filter(|child| child.is_element()) {
        if is(condition, ASSERTION, "AudienceRestriction") {
            restricted = true;
            let mut ours = false;
            for audience in children(condition, ASSERTION, "Audience") {
                ours |= text(audience)? == expected.entity;
            }
            if !ours {
                return Err("is meant for somebody else (Audience)".into());
            }
        } else if !is(condition, ASSERTION, "OneTimeUse") && !is(condition, ASSERTION, "ProxyRestriction") {
            // Core 2.5.1: a condition that is not understood leaves open whether the assertion is good.
            return Err("has a condition that is not known here".into());
        }
    }
    if !restricted {
        return Err("does not say whom it is meant for (Audience)".into());
    }
    Ok(end.map(remembered))
}

/// Checks that the person was recognised, and is still; gives how.
pub(super) fn session(assertion: Node<'_, '_>, now: Timestamp) -> Checked<Option<String>> {
    let mut context = None;
    let mut found = false;
    for statement in children(assertion, ASSERTION, "AuthnStatement") {
        found = true;
        in_time(None, time(statement, "SessionNotOnOrAfter")?, now)?;
        let said = at_most_one(statement, ASSERTION, "AuthnContext")?;
        let class =
            said.map(|said| at_most_one(said, ASSERTION, "AuthnContextClassRef")).transpose()?.flatten();
        context = class.map(text).transpose()?.or(context);
    }
    if !found {
        return Err("does not say that somebody has logged in (AuthnStatement)".into());
    }
    if time(assertion, "IssueInstant")?.is_none_or(|at| at > later(now)) {
        return Err("is of the future, or of no time: one of the clocks is wrong".into());
    }
    Ok(context)
}

fn in_time(from: Option<Timestamp>, end: Option<Timestamp>, now: Timestamp) -> Checked<()> {
    if from.is_some_and(|from| from > later(now)) {
        return Err("is not good yet: one of the clocks is wrong".into());
    }
    if end.is_some_and(|end| remembered(end) <= now) {
        return Err("has expired".into());
    }
    Ok(())
}

fn time(node: Node<'_, '_>, name: &str) -> Checked<Option<Timestamp>> {
    let parsed = attribute(node, name).map(|text| text.parse::<Timestamp>()).transpose();
    parsed.map_err(|_| format!("has a time that can’t be read ({name})").into())
}

fn later(now: Timestamp) -> Timestamp {
    now.checked_add(SKEW).unwrap_or(now)
}

/// The end with what clocks may differ by.
fn remembered(end: Timestamp) -> Timestamp {
    end.checked_add(SKEW).unwrap_or(end)
}
