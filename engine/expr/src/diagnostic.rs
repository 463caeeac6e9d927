//! What is wrong with a formula, where, and what to do about it. Codes are stable: clients and docs refer to them.

use crate::span::{LineColumn, Span, line_column, utf16_offset};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The formula can't run.
    Error,
    /// It runs, perhaps not as meant.
    Warning,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// Stable code of a diagnostic.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant,)* }
        impl Code {
            /// The code as clients see it.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

codes! {
    /// Longer than [`crate::MAX_SOURCE_BYTES`].
    SourceTooLong = "source_too_long",
    /// Nested deeper than [`crate::MAX_DEPTH`].
    TooDeep = "too_deep",
    /// More than [`crate::MAX_NODES`] parts.
    TooManyNodes = "too_many_nodes",
    /// Nothing but white space.
    EmptyFormula = "empty_formula",
    /// A character that the language does not use.
    UnexpectedCharacter = "unexpected_character",
    /// A text without its closing quote.
    UnterminatedText = "unterminated_text",
    /// A field name without its closing brace.
    UnterminatedField = "unterminated_field",
    /// `{}`.
    EmptyField = "empty_field",
    /// A number too large for a double.
    NumberOutOfRange = "number_out_of_range",
    /// A value is missing here.
    ExpectedExpression = "expected_expression",
    /// A closing parenthesis is missing.
    ExpectedClosing = "expected_closing",
    /// Something follows where the formula should end.
    UnexpectedToken = "unexpected_token",
    /// No such field.
    UnknownField = "unknown_field",
    /// Several fields differ from this name by capitals only.
    AmbiguousField = "ambiguous_field",
    /// No such function.
    UnknownFunction = "unknown_function",
    /// A required argument is missing.
    TooFewArguments = "too_few_arguments",
    /// More arguments than the function takes.
    TooManyArguments = "too_many_arguments",
    /// A value of this type can't be used here.
    TypeMismatch = "type_mismatch",
    /// A text that is compared with a date, but is none.
    BadDate = "bad_date",
    /// A word that is not one of those allowed here.
    UnknownOption = "unknown_option",
    /// A regular expression that can't be read.
    BadPattern = "bad_pattern",
    /// A regular expression larger than [`crate::MAX_PATTERN_BYTES`] or [`crate::MAX_PATTERN_MEMORY`] allow.
    PatternTooLarge = "pattern_too_large",
    /// No such time zone.
    UnknownZone = "unknown_zone",
    /// No such language.
    UnknownLocale = "unknown_locale",
    /// The function takes a field here, not a value.
    ExpectedField = "expected_field",
    /// The function asks for the record, and here is none.
    NoRecord = "no_record",
    /// A zone or a language is set for a function that does not use it.
    NoEffect = "no_effect",
    /// Branches of different types are turned into text.
    MixedBranches = "mixed_branches",
    /// A filter that is neither true nor false.
    FilterNotCondition = "filter_not_condition",
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// Where, in bytes of the source.
    pub span: Span,
    /// One sentence.
    pub message: String,
    /// What to do about it; may be empty.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// An error.
    #[must_use]
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { code, severity: Severity::Error, span, message: message.into(), hints: Vec::new() }
    }
    /// A warning.
    #[must_use]
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, span, message) }
    }
    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
    /// Line and column of its start.
    #[must_use]
    pub fn place(&self, source: &str) -> LineColumn {
        line_column(source, self.span.start)
    }
    /// Its range in UTF-16 code units.
    #[must_use]
    pub fn utf16(&self, source: &str) -> (u32, u32) {
        (utf16_offset(source, self.span.start), utf16_offset(source, self.span.end))
    }
}
