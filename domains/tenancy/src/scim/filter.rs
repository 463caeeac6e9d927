//! Filters and paths (RFC 7644 sections 3.4.2.2, 3.5.2): read, limited, and asked of a document. Pure.
//!
//! Names are looked up in the schema while they are read, so a filter that was read names attributes only; a mistake says
//! where it is. Limits: characters, conditions and nesting, so that no text costs more than a little.

use super::Doc;
use super::schema::{Attr, Kind, find};
use super::schemas::{attribute, without_urn};
use jiff::Timestamp;
use kernel_core::{Code, Error, Result};
use serde_json::Value;
use std::fmt;

const MOST_CHARACTERS: usize = 2_000;
const MOST_CONDITIONS: usize = 50;
const DEEPEST: usize = 20;

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Ge,
    Lt,
    Le,
}

impl Op {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Eq, "eq"),
        (Self::Ne, "ne"),
        (Self::Co, "co"),
        (Self::Sw, "sw"),
        (Self::Ew, "ew"),
        (Self::Gt, "gt"),
        (Self::Ge, "ge"),
        (Self::Lt, "lt"),
        (Self::Le, "le"),
    ];
}

/// An attribute, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub attr: &'static Attr,
    pub sub: Option<&'static Attr>,
}

impl Place {
    /// What is compared: of a list of complex values their `value`.
    fn leaf(&self) -> &'static Attr {
        self.sub.or_else(|| find(self.attr.parts(), "value").filter(|_| self.attr.many)).unwrap_or(self.attr)
    }

    fn values<'a>(&self, document: &'a Doc) -> Vec<&'a Value> {
        let Some(value) = document.get(self.attr.name) else { return Vec::new() };
        let items: Vec<&Value> = match value {
            Value::Array(items) => items.iter().collect(),
            value => vec![value],
        };
        let leaf = self.leaf();
        if std::ptr::eq(leaf, self.attr) {
            return items;
        }
        items.into_iter().filter_map(|item| item.get(leaf.name)).collect()
    }
}

/// What something is compared with.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Flag(bool),
    Nothing,
}

/// A filter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Is(Place, Op, Literal),
    Has(Place),
    /// One value of the attribute for which all of it holds.
    Item(&'static Attr, Box<Self>),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// `bad_filter` with the place of the mistake.
    pub(super) fn parse(attrs: &'static [Attr], text: &str) -> Result<Self> {
        let mut reader = Reader::new(attrs, text)?;
        let filter = reader.or(0)?;
        match reader.next() {
            None => Ok(filter),
            Some((at, _)) => Err(reader.mistake(at, "the filter should end here")),
        }
    }

    /// Whether it holds for a document.
    pub(super) fn holds(&self, document: &Doc) -> bool {
        match self {
            Self::Is(place, op, literal) => compare(place, *op, literal, document),
            Self::Has(place) => !place.values(document).is_empty(),
            Self::Item(attr, inside) => match document.get(attr.name) {
                Some(Value::Array(items)) => items.iter().any(|item| inside.holds_for(item)),
                Some(item) => inside.holds_for(item),
                None => false,
            },
            Self::Not(inside) => !inside.holds(document),
            Self::And(left, right) => left.holds(document) && right.holds(document),
            Self::Or(left, right) => left.holds(document) || right.holds(document),
        }
    }

    /// Whether it holds for one value of an attribute.
    pub(super) fn holds_for(&self, item: &Value) -> bool {
        item.as_object().is_some_and(|item| self.holds(item))
    }

    /// An equation with a text that has to hold, of one of the attributes that rows can be looked up by.
    pub(super) fn anchor(&self, known: &[&str]) -> Option<(&'static str, &str)> {
        match self {
            Self::Is(Place { attr, sub: None }, Op::Eq, Literal::Text(text))
                if known.contains(&attr.name) =>
            {
                Some((attr.name, text))
            }
            Self::And(left, right) => left.anchor(known).or_else(|| right.anchor(known)),
            _ => None,
        }
    }

    /// What a value must be for the filter to hold, if the filter says just that (`type eq "work"`).
    pub(super) fn demands(&self, item: &mut Doc) -> bool {
        match self {
            Self::Is(Place { attr, sub: None }, Op::Eq, literal) => {
                let value = match literal {
                    Literal::Text(text) => Value::String(text.clone()),
                    Literal::Flag(flag) => Value::Bool(*flag),
                    Literal::Nothing => return false,
                };
                item.insert(attr.name.to_owned(), value);
                true
            }
            Self::And(left, right) => left.demands(item) && right.demands(item),
            _ => false,
        }
    }
}

fn compare(place: &Place, op: Op, literal: &Literal, document: &Doc) -> bool {
    let values = place.values(document);
    let leaf = place.leaf();
    match (op, literal) {
        (Op::Eq, Literal::Nothing) => values.is_empty(),
        (Op::Ne, Literal::Nothing) => !values.is_empty(),
        (Op::Ne, _) => !values.into_iter().any(|value| holds(leaf, Op::Eq, value, literal)),
        _ => values.into_iter().any(|value| holds(leaf, op, value, literal)),
    }
}

fn holds(leaf: &Attr, op: Op, value: &Value, literal: &Literal) -> bool {
    match (value, literal) {
        (Value::Bool(value), Literal::Flag(flag)) => op == Op::Eq && value == flag,
        (Value::String(value), Literal::Text(text)) => {
            if leaf.kind == Kind::Time
                && let (Ok(value), Ok(text)) = (value.parse::<Timestamp>(), text.parse::<Timestamp>())
            {
                return ordered(op, &value, &text);
            }
            if leaf.exact {
                return texts(op, value, text);
            }
            texts(op, &value.to_lowercase(), &text.to_lowercase())
        }
        _ => false,
    }
}

fn ordered<T: Ord>(op: Op, value: &T, with: &T) -> bool {
    match op {
        Op::Eq => value == with,
        Op::Gt => value > with,
        Op::Ge => value >= with,
        Op::Lt => value < with,
        Op::Le => value <= with,
        Op::Ne | Op::Co | Op::Sw | Op::Ew => false,
    }
}

fn texts(op: Op, value: &str, with: &str) -> bool {
    match op {
        Op::Co => value.contains(with),
        Op::Sw => value.starts_with(with),
        Op::Ew => value.ends_with(with),
        op => ordered(op, &value, &with),
    }
}

/// Where a PATCH works.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Target {
    pub attr: &'static Attr,
    pub filter: Option<Filter>,
    pub sub: Option<&'static Attr>,
}

impl Target {
    /// Reads a path; `None`: it names an attribute that the schema does not have.
    ///
    /// # Errors
    /// `bad_filter`: it can't be read.
    pub(super) fn parse(attrs: &'static [Attr], text: &str) -> Result<Option<Self>> {
        let mut reader = Reader::new(attrs, text)?;
        let Some((at, Token::Word(name))) = reader.next() else {
            return Err(reader.mistake(0, "a name should stand here"));
        };
        let (name, sub) = split(&name);
        let Some(attr) = attribute(attrs, name) else { return Ok(None) };
        let mut target = Self { attr, filter: None, sub: None };
        if let Some(sub) = sub {
            let Some(sub) = find(attr.parts(), sub) else { return Ok(None) };
            target.sub = Some(sub);
        } else if reader.take(&Token::Open('[')) {
            if !attr.many || attr.parts().is_empty() {
                return Err(reader.mistake(at, "this attribute has no list of values"));
            }
            reader.attrs = attr.parts();
            target.filter = Some(reader.or(1)?);
            reader.close(']')?;
            if let Some((at, token)) = reader.next() {
                let sub = match &token {
                    Token::Word(word) => word.strip_prefix('.'),
                    _ => None,
                };
                let sub = sub.ok_or_else(|| reader.mistake(at, "a part should stand here, as in .value"))?;
                let Some(sub) = find(attr.parts(), sub) else { return Ok(None) };
                target.sub = Some(sub);
            }
        }
        match reader.next() {
            None => Ok(Some(target)),
            Some((at, _)) => Err(reader.mistake(at, "the path should end here")),
        }
    }
}

fn split(name: &str) -> (&str, Option<&str>) {
    match without_urn(name).split_once('.') {
        Some((name, sub)) => (name, Some(sub)),
        None => (without_urn(name), None),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open(char),
    Close(char),
}

struct Reader {
    attrs: &'static [Attr],
    tokens: Vec<(usize, Token)>,
    at: usize,
    conditions: usize,
}

fn bad(at: usize, what: &str) -> Error {
    Error::new(Code::BadFilter).detail(format!("At character {}: {what}.", at + 1))
}

impl Reader {
    fn new(attrs: &'static [Attr], text: &str) -> Result<Self> {
        if text.chars().count() > MOST_CHARACTERS {
            let detail = format!("A filter has {MOST_CHARACTERS} characters at most.");
            return Err(Error::new(Code::BadFilter).detail(detail));
        }
        Ok(Self { attrs, tokens: tokens(text)?, at: 0, conditions: 0 })
    }

    fn mistake(&self, at: usize, what: &str) -> Error {
        bad(at, what)
    }

    fn next(&mut self) -> Option<(usize, Token)> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn end(&self) -> usize {
        self.tokens.last().map_or(0, |(at, _)| at + 1)
    }

    fn take(&mut self, wanted: &Token) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|(_, token)| token == wanted);
        self.at += usize::from(found);
        found
    }

    fn word(&mut self, wanted: &str) -> bool {
        let found = matches!(self.tokens.get(self.at), Some((_, Token::Word(word))) if word.eq_ignore_ascii_case(wanted));
        self.at += usize::from(found);
        found
    }

    fn close(&mut self, bracket: char) -> Result<()> {
        if self.take(&Token::Close(bracket)) {
            return Ok(());
        }
        let at = self.tokens.get(self.at).map_or_else(|| self.end(), |(at, _)| *at);
        Err(bad(at, &format!("a {bracket} should stand here")))
    }

    fn or(&mut self, depth: usize) -> Result<Filter> {
        if depth > DEEPEST {
            return Err(bad(0, &format!("brackets are nested more than {DEEPEST} deep")));
        }
        let mut left = self.and(depth)?;
        while self.word("or") {
            left = Filter::Or(Box::new(left), Box::new(self.and(depth)?));
        }
        Ok(left)
    }

    fn and(&mut self, depth: usize) -> Result<Filter> {
        let mut left = self.single(depth)?;
        while self.word("and") {
            left = Filter::And(Box::new(left), Box::new(self.single(depth)?));
        }
        Ok(left)
    }

    fn single(&mut self, depth: usize) -> Result<Filter> {
        let end = self.end();
        let Some((at, token)) = self.next() else { return Err(bad(end, "a condition should stand here")) };
        match token {
            Token::Open('(') => {
                let inside = self.or(depth + 1)?;
                self.close(')')?;
                Ok(inside)
            }
            Token::Word(word)
                if word.eq_ignore_ascii_case("not")
                    && matches!(self.tokens.get(self.at), Some((_, Token::Open('(')))) =>
            {
                self.at += 1;
                let inside = self.or(depth + 1)?;
                self.close(')')?;
                Ok(Filter::Not(Box::new(inside)))
            }
            Token::Word(name) => self.condition(at, &name, depth),
            _ => Err(bad(at, "the name of an attribute should stand here")),
        }
    }

    fn condition(&mut self, at: usize, name: &str, depth: usize) -> Result<Filter> {
        self.conditions += 1;
        if self.conditions > MOST_CONDITIONS {
            return Err(bad(at, &format!("there are more than {MOST_CONDITIONS} conditions")));
        }
        let (name, sub) = split(name);
        let unknown = || bad(at, "there is no attribute of this name");
        let attr = attribute(self.attrs, name).ok_or_else(unknown)?;
        if sub.is_none() && self.take(&Token::Open('[')) {
            if attr.parts().is_empty() {
                return Err(bad(at, "this attribute has no parts"));
            }
            let outside = std::mem::replace(&mut self.attrs, attr.parts());
            let inside = self.or(depth + 1)?;
            self.attrs = outside;
            self.close(']')?;
            return Ok(Filter::Item(attr, Box::new(inside)));
        }
        let sub = sub.map(|sub| find(attr.parts(), sub).ok_or_else(unknown)).transpose()?;
        let place = Place { attr, sub };
        let end = self.end();
        let Some((at, Token::Word(op))) = self.next() else {
            return Err(bad(end, "a comparison should stand here, as in eq"));
        };
        if op.eq_ignore_ascii_case("pr") {
            return Ok(Filter::Has(place));
        }
        let known = Op::ALL.iter().find(|(_, name)| op.eq_ignore_ascii_case(name));
        let (op, _) = *known.ok_or_else(|| bad(at, "this is no comparison"))?;
        let literal = self.literal(&place, op)?;
        Ok(Filter::Is(place, op, literal))
    }

    fn literal(&mut self, place: &Place, op: Op) -> Result<Literal> {
        let end = self.end();
        let Some((at, token)) = self.next() else { return Err(bad(end, "a value should stand here")) };
        let literal = match token {
            Token::Text(text) => Literal::Text(text),
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "true" => Literal::Flag(true),
                "false" => Literal::Flag(false),
                "null" => Literal::Nothing,
                _ => return Err(bad(at, "a value should stand here: a text in quotes, true, false or null")),
            },
            _ => return Err(bad(at, "a value should stand here")),
        };
        let equation = matches!(op, Op::Eq | Op::Ne);
        match (place.leaf().kind, literal) {
            (_, Literal::Nothing) if equation => Ok(Literal::Nothing),
            (Kind::Flag, Literal::Flag(flag)) if equation => Ok(Literal::Flag(flag)),
            (Kind::Flag, Literal::Text(text)) if equation => match text.to_ascii_lowercase().as_str() {
                "true" => Ok(Literal::Flag(true)),
                "false" => Ok(Literal::Flag(false)),
                _ => Err(bad(at, "this attribute is true or false")),
            },
            (Kind::Time, Literal::Text(text)) if text.parse::<Timestamp>().is_ok() => Ok(Literal::Text(text)),
            (Kind::Text | Kind::Reference(_), Literal::Text(text)) => Ok(Literal::Text(text)),
            _ => Err(bad(at, "this attribute can't be compared like that")),
        }
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>> {
    let letters: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    while let Some(letter) = letters.get(at).copied() {
        let start = at;
        at += 1;
        match letter {
            letter if letter.is_whitespace() => {}
            '(' | '[' => out.push((start, Token::Open(letter))),
            ')' | ']' => out.push((start, Token::Close(letter))),
            '"' => {
                while let Some(letter) = letters.get(at) {
                    at += if *letter == '\\' { 2 } else { 1 };
                    if *letter == '"' {
                        break;
                    }
                }
                let quoted: String = letters.get(start..at).unwrap_or_default().iter().collect();
                let text = serde_json::from_str(&quoted)
                    .map_err(|_| bad(start, "the text in quotes does not end, or is damaged"))?;
                out.push((start, Token::Text(text)));
            }
            letter if is_of_word(letter) => {
                while letters.get(at).is_some_and(|letter| is_of_word(*letter)) {
                    at += 1;
                }
                let word = letters.get(start..at).unwrap_or_default().iter().collect();
                out.push((start, Token::Word(word)));
            }
            _ => return Err(bad(start, "this character has no meaning here")),
        }
    }
    Ok(out)
}

fn is_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, ':' | '.' | '_' | '-' | '$')
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.attr.name)?;
        self.sub.map_or(Ok(()), |sub| write!(f, ".{}", sub.name))
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Is(place, op, literal) => {
                let op = Op::ALL.iter().find(|(known, _)| known == op).map_or("", |(_, name)| name);
                match literal {
                    Literal::Text(text) => write!(f, "{place} {op} {}", Value::from(text.as_str())),
                    Literal::Flag(flag) => write!(f, "{place} {op} {flag}"),
                    Literal::Nothing => write!(f, "{place} {op} null"),
                }
            }
            Self::Has(place) => write!(f, "{place} pr"),
            Self::Item(attr, inside) => write!(f, "{}[{inside}]", attr.name),
            Self::Not(inside) => write!(f, "not ({inside})"),
            Self::And(left, right) => write!(f, "({left}) and ({right})"),
            Self::Or(left, right) => write!(f, "({left}) or ({right})"),
        }
    }
}

#[cfg(test)]
#[path = "filter_tests.rs"]
mod tests;
