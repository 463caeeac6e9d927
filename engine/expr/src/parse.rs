//! Pratt parser. Parsing never fails: what can't be read is an `Error` node and a diagnostic. Limits on length, depth
//! and nodes end it with a diagnostic of their own; recursion happens only where depth is counted.

use crate::ast::{Ast, BinaryOp, NEGATE_POWER, NOT_POWER, Node, NodeId, NodeKind, UnaryOp};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::lex::{Token, lex};
use crate::span::Span;

/// Longest formula, in bytes.
pub const MAX_SOURCE_BYTES: usize = 20_000;
/// Deepest nesting of parentheses, calls and prefix operators.
pub const MAX_DEPTH: usize = 100;
/// Most nodes of a formula.
pub const MAX_NODES: usize = 10_000;
/// Diagnostics after these would not help anybody.
const MAX_DIAGNOSTICS: usize = 20;

/// A tree and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// The tree; with `Error` nodes where the text can't be read.
    pub ast: Ast,
    /// In the order of the text.
    pub diagnostics: Vec<Diagnostic>,
}

impl Parsed {
    /// Whether the formula can't run.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|d| d.severity == Severity::Error)
    }
}

/// Parses a formula.
#[must_use]
pub fn parse(text: &str) -> Parsed {
    let all = Span::new(0, text.len());
    if text.len() > MAX_SOURCE_BYTES {
        let message = format!("The formula is longer than {MAX_SOURCE_BYTES} bytes.");
        return broken(Diagnostic::error(Code::SourceTooLong, all, message));
    }
    let (tokens, diagnostics) = lex(text);
    if tokens.len() == 1 {
        return broken(Diagnostic::error(Code::EmptyFormula, all, "The formula is empty."));
    }
    let ast = Ast { nodes: Vec::new(), args: Vec::new() };
    let mut parser = Parser { tokens, at: 0, ast, diagnostics, depth: 0, stopped: false };
    parser.expression(0);
    parser.expect_end();
    let Parser { ast, mut diagnostics, .. } = parser;
    diagnostics.sort_by_key(|d| d.span.start);
    diagnostics.truncate(MAX_DIAGNOSTICS);
    Parsed { ast, diagnostics }
}

fn broken(diagnostic: Diagnostic) -> Parsed {
    let node = Node { kind: NodeKind::Error, span: diagnostic.span };
    Parsed { ast: Ast { nodes: vec![node], args: Vec::new() }, diagnostics: vec![diagnostic] }
}

struct Parser {
    tokens: Vec<(Token, Span)>,
    at: usize,
    ast: Ast,
    diagnostics: Vec<Diagnostic>,
    depth: usize,
    /// A limit was met: no more tokens are read and nothing more is reported.
    stopped: bool,
}

impl Parser {
    fn peek(&self) -> &Token {
        if self.stopped {
            return &Token::End;
        }
        self.tokens.get(self.at).map_or(&Token::End, |(token, _)| token)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(Span::default(), |(_, span)| *span)
    }

    fn bump(&mut self) -> Span {
        let span = self.span();
        if self.at + 1 < self.tokens.len() {
            self.at += 1;
        }
        span
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if !self.stopped {
            self.diagnostics.push(diagnostic);
        }
    }

    fn stop(&mut self, code: Code, message: String) {
        let span = self.span();
        self.report(Diagnostic::error(code, span, message));
        self.stopped = true;
    }

    fn push(&mut self, kind: NodeKind, span: Span) -> NodeId {
        if self.ast.nodes.len() >= MAX_NODES && !self.stopped {
            self.stop(Code::TooManyNodes, format!("The formula has more than {MAX_NODES} parts."));
        }
        self.ast.nodes.push(Node { kind, span });
        self.ast.root()
    }

    /// Runs `inner` one level deeper, or stops at the limit.
    fn nested(&mut self, inner: impl FnOnce(&mut Self) -> NodeId) -> NodeId {
        if self.depth >= MAX_DEPTH && !self.stopped {
            self.stop(Code::TooDeep, format!("The formula is nested more than {MAX_DEPTH} deep."));
        }
        if self.stopped {
            let span = self.span();
            return self.push(NodeKind::Error, span);
        }
        self.depth += 1;
        let node = inner(self);
        self.depth -= 1;
        node
    }

    fn infix(&self) -> Option<BinaryOp> {
        match self.peek() {
            Token::Operator(op) => Some(*op),
            Token::Word(word) if word.eq_ignore_ascii_case("and") => Some(BinaryOp::And),
            Token::Word(word) if word.eq_ignore_ascii_case("or") => Some(BinaryOp::Or),
            _ => None,
        }
    }

    /// An expression whose infix operators hold at least as tightly as `least`. The result is the last node.
    fn expression(&mut self, least: u8) -> NodeId {
        let mut left = self.operand();
        while let Some(op) = self.infix().filter(|op| op.power() >= least) {
            self.bump();
            // At most one level for each binding power: this recursion is bounded by the precedence table.
            let right = self.expression(op.power() + 1);
            let span = self.ast.node(left).span.to(self.ast.node(right).span);
            left = self.push(NodeKind::Binary(op, left, right), span);
        }
        left
    }

    fn operand(&mut self) -> NodeId {
        let span = self.span();
        match self.peek().clone() {
            Token::Number(number) => self.leaf(NodeKind::Number(number)),
            Token::Text(text) => self.leaf(NodeKind::Text(text.into())),
            Token::Field(name) => self.leaf(NodeKind::Field(name.into())),
            Token::Unknown => self.leaf(NodeKind::Error), // the lexer has reported it
            Token::Word(word) => self.word(&word),
            Token::Open => self.nested(Self::parenthesised),
            Token::Operator(BinaryOp::Subtract) => self.nested(|p| p.prefix(UnaryOp::Negate, NEGATE_POWER)),
            Token::Operator(BinaryOp::Add) => self.nested(|p| {
                p.bump();
                p.expression(NEGATE_POWER)
            }),
            Token::Operator(_) | Token::Comma | Token::Close | Token::End => {
                self.report(Diagnostic::error(Code::ExpectedExpression, span, "A value is missing here."));
                // These tokens mean something to the caller: they stay.
                self.push(NodeKind::Error, Span { start: span.start, end: span.start })
            }
        }
    }

    fn leaf(&mut self, kind: NodeKind) -> NodeId {
        let span = self.bump();
        self.push(kind, span)
    }

    fn prefix(&mut self, op: UnaryOp, power: u8) -> NodeId {
        let start = self.bump();
        let operand = self.expression(power);
        let span = start.to(self.ast.node(operand).span);
        self.push(NodeKind::Unary(op, operand), span)
    }

    fn parenthesised(&mut self) -> NodeId {
        let open = self.bump();
        let inner = self.expression(0);
        if *self.peek() == Token::Close {
            self.bump();
        } else {
            self.missing_close(open);
        }
        inner
    }

    fn missing_close(&mut self, open: Span) {
        if *self.peek() == Token::End {
            let message = "This parenthesis is not closed.";
            self.report(Diagnostic::error(Code::ExpectedClosing, open, message));
        } else {
            let span = self.span();
            let message = "An operator, a comma or `)` is missing before this.";
            self.report(Diagnostic::error(Code::ExpectedClosing, span, message));
        }
    }

    /// A bare word. `NOT(` directly is the function; `not (` with a space is the operator.
    fn word(&mut self, word: &str) -> NodeId {
        let span = self.span();
        let next = self.tokens.get(self.at + 1);
        let called = matches!(next, Some((Token::Open, _)));
        let directly = matches!(next, Some((Token::Open, open)) if open.start == span.end);
        let upper = word.to_ascii_uppercase();
        match upper.as_str() {
            "NOT" if !directly => self.nested(|p| p.prefix(UnaryOp::Not, NOT_POWER)),
            "AND" | "OR" if !called => {
                self.report(Diagnostic::error(
                    Code::ExpectedExpression,
                    span,
                    format!("A value is missing before `{word}`."),
                ));
                self.push(NodeKind::Error, Span { start: span.start, end: span.start })
            }
            "TRUE" | "FALSE" if !called => self.leaf(NodeKind::Bool(upper == "TRUE")),
            _ if called => self.nested(|p| p.call(upper)),
            _ => self.leaf(NodeKind::Field(word.into())),
        }
    }

    fn call(&mut self, name: String) -> NodeId {
        let name_span = self.bump();
        let open = self.bump();
        let mut args = Vec::new();
        if *self.peek() != Token::Close {
            loop {
                args.push(self.expression(0));
                if *self.peek() != Token::Comma {
                    break;
                }
                self.bump();
            }
        }
        let end = self.span();
        if *self.peek() == Token::Close {
            self.bump();
        } else {
            self.missing_close(open);
        }
        let span = name_span.to(Span { start: end.start, end: end.end });
        // `TRUE()` and `FALSE()` are how other products write the literals.
        if args.is_empty() && (name == "TRUE" || name == "FALSE") {
            return self.push(NodeKind::Bool(name == "TRUE"), span);
        }
        let first = self.ast.args.len();
        self.ast.args.extend(args);
        let range = index(first)..index(self.ast.args.len());
        self.push(NodeKind::Call { name: name.into(), name_span, args: range }, span)
    }

    fn expect_end(&mut self) {
        // After another finding the rest of the text has lost its meaning: one is enough.
        if *self.peek() == Token::End || !self.diagnostics.is_empty() {
            return;
        }
        let message = if *self.peek() == Token::Close {
            "This parenthesis closes nothing."
        } else {
            "The formula should end here, or an operator is missing."
        };
        let span = self.span();
        self.report(Diagnostic::error(Code::UnexpectedToken, span, message));
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
