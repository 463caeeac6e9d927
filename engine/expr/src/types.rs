//! Types, the one conversion table, and function signatures.
//!
//! No function converts for itself: the checker asks [`conversion`], [`comparable`] or [`unify`] and writes the
//! conversion into the program. Text never becomes a number or a date silently; only a *literal* text beside a date
//! is read as one, by the checker.

use std::fmt;

/// Static type of a field or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// Always blank.
    Null,
    /// Known only while running.
    Any,
    /// `Value::Text`.
    Text,
    /// `Value::Number`.
    Number,
    /// `Value::Bool`.
    Bool,
    /// `Value::Date`.
    Date,
    /// `Value::DateTime`.
    DateTime,
    /// A select option: `Value::Text` with the option's name.
    Option,
    /// Linked records: `Value::List` of their names.
    Links,
    /// `Value::List` of anything.
    List,
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "blank",
            Self::Any => "any value",
            Self::Text => "text",
            Self::Number => "number",
            Self::Bool => "true/false",
            Self::Date => "date",
            Self::DateTime => "date and time",
            Self::Option => "option",
            Self::Links => "links",
            Self::List => "list",
        })
    }
}

impl Type {
    /// With its article, for messages: `a number`, `an option`, `links`.
    pub(crate) fn with_article(self) -> String {
        match self {
            Self::Null | Self::Any | Self::Links => self.to_string(),
            Self::Bool => "a true/false value".to_owned(),
            Self::Option => format!("an {self}"),
            _ => format!("a {self}"),
        }
    }
}

/// A conversion that runs in the program. All are total, except that a text of type [`Type::Any`] may turn out to be
/// no number or date (`ErrorKind::Convert`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conversion {
    /// As the value prints.
    ToText,
    /// TRUE is 1, FALSE is 0.
    ToNumber,
    /// The truth rules.
    ToBool,
    /// The day in the context's zone.
    ToDate,
    /// The first instant of the day in the context's zone.
    ToDateTime,
    /// A list of one.
    ToList,
}

/// How a value of one type becomes another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is one already.
    Same,
    /// By this conversion.
    Convert(Conversion),
    /// Not without a function.
    No,
}

/// The conversion table.
#[must_use]
pub fn conversion(from: Type, to: Type) -> Step {
    use Conversion::{ToBool, ToDate, ToDateTime, ToList, ToNumber, ToText};
    use Step::{Convert, No, Same};
    match (from, to) {
        (a, b) if a == b => Same,
        (Type::Null, _) | (_, Type::Any) => Same,
        (_, Type::Null) => No,

        (Type::Option, Type::Text) => Same,
        (_, Type::Text) => Convert(ToText),

        (Type::Bool | Type::Any, Type::Number) => Convert(ToNumber),
        (_, Type::Number) => No,

        (_, Type::Bool) => Convert(ToBool),

        (Type::DateTime | Type::Any, Type::Date) => Convert(ToDate),
        (_, Type::Date) => No,
        (Type::Date | Type::Any, Type::DateTime) => Convert(ToDateTime),
        (_, Type::DateTime) => No,

        (Type::Links, Type::List) => Same,
        (_, Type::List) => Convert(ToList),

        (_, Type::Option | Type::Links) => No, // only fields have these
    }
}

/// The type in which two values are compared; `None`: they can't be. Values of [`Type::Any`] compare as they are:
/// different kinds are different, and not ordered.
#[must_use]
pub fn comparable(a: Type, b: Type) -> Option<Type> {
    use Type::{Any, Bool, Date, DateTime, Links, List, Null, Number, Option, Text};
    Some(match (a, b) {
        (Any, _) | (_, Any) => Any,
        (Option, Option | Null) | (Null, Option) => Text,
        (Links, Links | Null) | (Null, Links) => List,
        (x, y) if x == y => x,
        (Null, x) | (x, Null) => x,
        (Text | Option | Links | List, Text | Option) | (Text | Option, Links | List) => Text,
        (Links | List, Links | List) => List,
        (Number, Bool) | (Bool, Number) => Number,
        (Date, DateTime) | (DateTime, Date) => DateTime,
        _ => return None,
    })
}

/// The type of a value that may come from either branch, and whether anything was lost by it (then it is text).
#[must_use]
pub fn unify(a: Type, b: Type) -> (Type, bool) {
    use Type::{Any, Date, DateTime, Links, List, Null, Option, Text};
    match (a, b) {
        (x, y) if x == y => (x, false),
        (Null, x) | (x, Null) => (x, false),
        (Any, _) | (_, Any) => (Any, false),
        (Text | Option, Text | Option) => (Text, false),
        (Links | List, Links | List) => (List, false),
        (Date, DateTime) | (DateTime, Date) => (DateTime, false),
        _ => (Text, true),
    }
}

/// What a parameter accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamType {
    /// Converted to this type; `Any` takes it as it is.
    Is(Type),
    /// All arguments of this kind are compared with each other.
    Key,
    /// All arguments of this kind may become the result.
    Out,
    /// A date or a date and time, as it is.
    When,
    /// One of these words; a plural `s` is accepted.
    Word(&'static [&'static str]),
    /// A unit of time: a word, or its abbreviation as in moment.js.
    Unit,
    /// A number, or a list of numbers as it is.
    Numbers,
    /// A date, or a list of dates, as it is.
    Dates,
    /// A regular expression; a literal one is compiled by the checker.
    Pattern,
    /// The name of a time zone, as in `Europe/Zurich`; a literal one is looked up by the checker.
    Zone,
    /// The name of a language, as in `de`; a literal one is looked up by the checker.
    Locale,
    /// A field itself, not its value.
    Field,
}

/// What an optional parameter is when it is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// `BLANK()`.
    Blank,
    /// A number.
    Number(f64),
    /// A text.
    Text(&'static str),
}

/// One parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Param {
    /// Name in docs and messages.
    pub name: &'static str,
    /// What it accepts.
    pub ty: ParamType,
    /// Optional when set.
    pub default: Option<Default>,
    /// Only looked at when it is chosen: an error in it does not spread by itself, the kernel sees it.
    pub lazy: bool,
}

/// What a function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returns {
    /// This type.
    Is(Type),
    /// The common type of the `Out` arguments.
    Out,
    /// The type of the `When` argument.
    When,
}

/// `params`, then `group` repeated at least `group_min` times, then perhaps `tail`.
/// With a group all `params` are required; `tail` needs a group of two or more, else it would be ambiguous.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Parameters in order; optional ones last.
    pub params: &'static [Param],
    /// Repeated parameters.
    pub group: &'static [Param],
    /// How often at least.
    pub group_min: usize,
    /// An optional last one.
    pub tail: Option<Param>,
    /// The result.
    pub returns: Returns,
}

impl Signature {
    /// Least number of arguments.
    #[must_use]
    pub fn min(&self) -> usize {
        self.params.iter().filter(|p| p.default.is_none()).count() + self.group.len() * self.group_min
    }
    /// Largest number of arguments; `None`: any.
    #[must_use]
    pub fn max(&self) -> Option<usize> {
        self.group.is_empty().then_some(self.params.len())
    }
    /// The parameter of argument `index` of `count`, if that many arguments fit.
    #[must_use]
    pub fn param(&self, index: usize, count: usize) -> Option<&Param> {
        if let Some(param) = self.params.get(index) {
            return Some(param);
        }
        if self.group.is_empty() {
            return None;
        }
        let place = (index - self.params.len()) % self.group.len();
        if place == 0 && index + 1 == count && self.group.len() > 1 {
            return self.tail.as_ref();
        }
        self.group.get(place)
    }
    /// Whether `count` arguments end inside a group, with no tail to take the odd one.
    #[must_use]
    pub fn cuts_group(&self, count: usize) -> bool {
        let size = self.group.len();
        if size < 2 || count < self.params.len() {
            return false;
        }
        match (count - self.params.len()) % size {
            0 => false,
            1 => self.tail.is_none(),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Type; 10] = [
        Type::Null,
        Type::Any,
        Type::Text,
        Type::Number,
        Type::Bool,
        Type::Date,
        Type::DateTime,
        Type::Option,
        Type::Links,
        Type::List,
    ];

    #[test]
    fn comparison_and_union_only_name_types_that_both_sides_reach() {
        for a in ALL {
            for b in ALL {
                if let Some(common) = comparable(a, b) {
                    assert_eq!(comparable(b, a), Some(common));
                    assert_ne!(conversion(a, common), Step::No, "{a} {b}");
                    assert_ne!(conversion(b, common), Step::No, "{a} {b}");
                }
                let (common, _) = unify(a, b);
                assert_eq!(unify(b, a).0, common);
                assert_ne!(conversion(a, common), Step::No, "{a} {b}");
                assert_ne!(conversion(b, common), Step::No, "{a} {b}");
            }
        }
    }

    #[test]
    fn text_is_never_guessed_to_be_a_number_or_date() {
        for to in [Type::Number, Type::Date, Type::DateTime] {
            assert_eq!(conversion(Type::Text, to), Step::No);
            assert_eq!(comparable(Type::Text, to), None);
        }
    }
}
