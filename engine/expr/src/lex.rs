//! The lexer: total, so that every byte of the text belongs to a token or to white space. What can't be read becomes
//! an `Unknown` token and a diagnostic.

use crate::ast::BinaryOp;
use crate::diagnostic::{Code, Diagnostic};
use crate::span::Span;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Token {
    Number(f64),
    Text(String),
    Field(String),
    /// A bare word: field, function or one of TRUE, FALSE, and, or, not.
    Word(String),
    Operator(BinaryOp),
    Open,
    Close,
    Comma,
    Unknown,
    End,
}

/// Tokens with their places, `End` last, and what could not be read.
pub(crate) fn lex(text: &str) -> (Vec<(Token, Span)>, Vec<Diagnostic>) {
    let mut lexer = Lexer { text, at: 0, diagnostics: Vec::new() };
    let mut tokens = Vec::new();
    loop {
        let start = lexer.skip_space();
        let token = lexer.token();
        let end = token == Token::End;
        tokens.push((token, Span::new(start, lexer.at)));
        if end {
            return (tokens, lexer.diagnostics);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = self.text[self.at..].starts_with(text);
        if found {
            self.at += text.len();
        }
        found
    }

    fn eat_while(&mut self, accept: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&accept) {
            self.bump();
        }
    }

    fn skip_space(&mut self) -> usize {
        self.eat_while(char::is_whitespace);
        self.at
    }

    fn token(&mut self) -> Token {
        use BinaryOp::{
            Add, Divide, Equal, Greater, GreaterOrEqual, Join, Less, LessOrEqual, Multiply, NotEqual, Power,
            Remainder, Subtract,
        };
        let start = self.at;
        let Some(first) = self.peek() else { return Token::End };
        let next_is_digit = self.text[start..].chars().nth(1).is_some_and(|c| c.is_ascii_digit());
        if first.is_ascii_digit() || (first == '.' && next_is_digit) {
            return self.number();
        }
        if first.is_alphabetic() || first == '_' {
            self.eat_while(|c| c.is_alphanumeric() || c == '_');
            return Token::Word(self.text[start..self.at].to_owned());
        }
        match first {
            '"' | '\'' => return self.quoted(first),
            '{' => return self.field(),
            _ => {}
        }
        for (symbol, op) in [
            ("==", Equal),
            ("!=", NotEqual),
            ("<>", NotEqual),
            ("<=", LessOrEqual),
            (">=", GreaterOrEqual),
            ("=", Equal),
            ("<", Less),
            (">", Greater),
            ("+", Add),
            ("-", Subtract),
            ("*", Multiply),
            ("/", Divide),
            ("%", Remainder),
            ("^", Power),
        ] {
            if self.eat(symbol) {
                return Token::Operator(op);
            }
        }
        if first == '&' && !self.text[start..].starts_with("&&") {
            self.at += 1;
            return Token::Operator(Join);
        }
        for (symbol, token) in [("(", Token::Open), (")", Token::Close), (",", Token::Comma)] {
            if self.eat(symbol) {
                return token;
            }
        }
        self.unknown()
    }

    fn unknown(&mut self) -> Token {
        let start = self.at;
        let hint = if self.eat("&&") {
            Some("Write `and`.")
        } else if self.eat("||") {
            Some("Write `or`.")
        } else {
            match self.bump() {
                Some('!') => Some("Write `not`."),
                Some(';') => Some("Arguments stand between commas."),
                Some('“' | '”' | '„' | '‘' | '’') => Some("Texts stand in straight quotes: \"…\"."),
                Some('[' | ']') => Some("Fields stand in braces: {Name}."),
                _ => None,
            }
        };
        let found = &self.text[start..self.at];
        let mut diagnostic = Diagnostic::error(
            Code::UnexpectedCharacter,
            Span::new(start, self.at),
            format!("`{}` has no meaning here.", found.escape_debug()),
        );
        diagnostic.hints.extend(hint.map(str::to_owned));
        self.diagnostics.push(diagnostic);
        Token::Unknown
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        self.eat_while(|c| c.is_ascii_digit());
        if self.peek() == Some('.') {
            self.at += 1;
            self.eat_while(|c| c.is_ascii_digit());
        }
        let mantissa = self.at;
        if self.eat("e") || self.eat("E") {
            if !self.eat("+") {
                self.eat("-");
            }
            let digits = self.at;
            self.eat_while(|c| c.is_ascii_digit());
            if self.at == digits {
                self.at = mantissa; // the `e` begins a word
            }
        }
        match self.text[start..self.at].parse::<f64>() {
            Ok(number) if number.is_finite() => Token::Number(number),
            _ => {
                self.diagnostics.push(Diagnostic::error(
                    Code::NumberOutOfRange,
                    Span::new(start, self.at),
                    "This number is too large.",
                ));
                Token::Unknown
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Token {
        let start = self.at;
        self.bump();
        let mut text = String::new();
        while let Some(c) = self.bump() {
            match c {
                c if c == quote => return Token::Text(text),
                '\\' => match self.bump() {
                    Some('n') => text.push('\n'),
                    Some('r') => text.push('\r'),
                    Some('t') => text.push('\t'),
                    Some(c @ ('\\' | '"' | '\'')) => text.push(c),
                    Some(c) => text.extend(['\\', c]),
                    None => text.push('\\'),
                },
                c => text.push(c),
            }
        }
        self.diagnostics.push(
            Diagnostic::error(
                Code::UnterminatedText,
                Span::new(start, self.at),
                "This text has no closing quote.",
            )
            .hint(format!("Write {quote} where it ends, and \\{quote} for a quote inside.")),
        );
        Token::Unknown
    }

    fn field(&mut self) -> Token {
        let start = self.at;
        self.bump();
        let mut name = String::new();
        while let Some(c) = self.bump() {
            match c {
                '}' => {
                    let name = name.trim();
                    if !name.is_empty() {
                        return Token::Field(name.to_owned());
                    }
                    self.diagnostics.push(Diagnostic::error(
                        Code::EmptyField,
                        Span::new(start, self.at),
                        "The braces need a field's name.",
                    ));
                    return Token::Unknown;
                }
                '\\' => match self.peek() {
                    Some(c @ ('}' | '\\')) => {
                        self.bump();
                        name.push(c);
                    }
                    _ => name.push('\\'),
                },
                c => name.push(c),
            }
        }
        self.diagnostics.push(
            Diagnostic::error(
                Code::UnterminatedField,
                Span::new(start, self.at),
                "This field's name has no closing brace.",
            )
            .hint("Write } where it ends, and \\} for a brace inside."),
        );
        Token::Unknown
    }
}
