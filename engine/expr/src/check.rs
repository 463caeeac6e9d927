//! Names, types and conversions: an [`Ast`] and a [`Scope`] become a [`Program`].
//!
//! Invariants of a program: nodes stand in evaluation order and form a tree (each is used once, the last is the
//! root, a node's operands stand directly before it, one whole subtree after the other); every argument has the type that its parameter asks for; a checked program on columns that hold what the
//! scope declares never gives `ErrorKind::Type`.

mod call;
mod layout;
mod prepare;
mod scope;

pub use scope::{FieldKey, Scope};

use crate::ast::{Ast, BinaryOp, NodeId, NodeKind, UnaryOp};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::functions::{FnDef, Prepared, operators};
use crate::span::Span;
use crate::types::{Conversion, Step, Type, conversion};
use crate::value::Value;
use std::ops::Range;

/// How long a result stays true without any change to the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volatility {
    /// For ever.
    Pure,
    /// Until the day ends in the context's zone (`TODAY`).
    Day,
    /// No time at all (`NOW`).
    Instant,
}

/// A checked formula, ready to run.
#[derive(Clone, Debug)]
pub struct Program {
    nodes: Vec<ProgramNode>,
    args: Vec<u32>,
    /// What was made of literal arguments; one for each of `args`.
    prepared: Vec<Option<Prepared>>,
    reads: Vec<FieldKey>,
    volatility: Volatility,
    warnings: Vec<Diagnostic>,
}

/// One step of a program.
#[derive(Clone, Debug)]
pub struct ProgramNode {
    /// What to do.
    pub op: Op,
    /// Type of its value (which may also be blank or an error).
    pub ty: Type,
    /// Its place in the source.
    pub span: Span,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Op {
    /// A constant.
    Const(Value),
    /// The field's cell.
    Field(FieldKey),
    /// A part of the record itself.
    Record(RecordPart),
    /// A conversion of another node's value.
    Convert(Conversion, u32),
    /// A function or operator on a range of [`Program::args`].
    Call(&'static FnDef, Range<u32>),
}

/// What a formula may ask of a record besides its cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordPart {
    /// Its id, a text.
    Id,
    /// When it was made, a date and time.
    CreatedTime,
    /// When one of these fields was last changed; of any field if there are none.
    ModifiedTime(Vec<FieldKey>),
}

impl RecordPart {
    /// Type of its value.
    #[must_use]
    pub fn ty(&self) -> Type {
        match self {
            Self::Id => Type::Text,
            Self::CreatedTime | Self::ModifiedTime(_) => Type::DateTime,
        }
    }
}

impl Program {
    /// Steps in evaluation order; the last one gives the result.
    #[must_use]
    pub fn nodes(&self) -> &[ProgramNode] {
        &self.nodes
    }
    /// Node numbers of a call's arguments.
    #[must_use]
    pub fn args(&self, range: &Range<u32>) -> &[u32] {
        &self.args[range.start as usize..range.end as usize]
    }
    pub(crate) fn prepared(&self, range: &Range<u32>) -> &[Option<Prepared>] {
        &self.prepared[range.start as usize..range.end as usize]
    }
    /// Type of the result.
    #[must_use]
    pub fn ty(&self) -> Type {
        self.nodes.last().map_or(Type::Null, |node| node.ty)
    }
    /// Fields that it reads, sorted, each once.
    #[must_use]
    pub fn reads(&self) -> &[FieldKey] {
        &self.reads
    }
    /// Whether every change of the record is one of the formula as well: it asks when any field was changed.
    #[must_use]
    pub fn reads_all(&self) -> bool {
        let any = |node: &ProgramNode| matches!(&node.op, Op::Record(RecordPart::ModifiedTime(of)) if of.is_empty());
        self.nodes.iter().any(any)
    }
    /// How long a result stays true.
    #[must_use]
    pub fn volatility(&self) -> Volatility {
        self.volatility
    }
    /// What it does, perhaps not as meant.
    #[must_use]
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
    /// Place in the source of a node, such as a [`crate::CellError`]'s.
    #[must_use]
    pub fn span(&self, node: u32) -> Option<Span> {
        self.nodes.get(node as usize).map(|node| node.span)
    }
}

/// What checking found.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The program, if there was no error.
    pub program: Option<Program>,
    /// Type of the result; `Any` where it is not known.
    pub ty: Type,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a tree. Errors of parsing are the caller's: an `Error` node makes no program and no second diagnostic.
#[must_use]
pub fn check(ast: &Ast, scope: &Scope) -> Checked {
    let mut checker = Checker {
        ast,
        scope,
        out: Program {
            nodes: Vec::with_capacity(ast.nodes.len()),
            args: Vec::new(),
            prepared: Vec::new(),
            reads: Vec::new(),
            volatility: Volatility::Pure,
            warnings: Vec::new(),
        },
        made: Vec::with_capacity(ast.nodes.len()),
        diagnostics: Vec::new(),
        broken: false,
    };
    for node in &ast.nodes {
        let made = checker.node(&node.kind, node.span);
        checker.made.push(made);
    }
    checker.unused_marks(checker.made.last().copied());
    let Checker { mut out, mut diagnostics, broken, made, .. } = checker;
    diagnostics.sort_by_key(|d| d.span.start);
    let ty = made.last().map_or(Type::Any, |made| made.ty);
    let failed = broken || diagnostics.iter().any(|d| d.severity == Severity::Error);
    let program = (!failed).then(|| {
        out.warnings.clone_from(&diagnostics);
        layout::arrange(out, made.last().map_or(0, |made| made.node))
    });
    Checked { program, ty, diagnostics }
}

/// Makes the result a Bool, for filters.
pub(crate) fn into_condition(mut program: Program) -> Result<Program, Vec<Diagnostic>> {
    let Some(root) = program.nodes.last() else { return Ok(program) };
    let (span, ty) = (root.span, root.ty);
    match ty {
        Type::Bool | Type::Null => Ok(program),
        Type::Text | Type::Option | Type::Date | Type::DateTime => Err(vec![
            Diagnostic::error(
                Code::FilterNotCondition,
                span,
                format!("A filter must be true or false; this is {}.", ty.with_article()),
            )
            .hint("Compare it, as in {Field} = \"…\", or ask NOT(IS_BLANK({Field}))."),
        ]),
        Type::Number | Type::Links | Type::List | Type::Any => {
            let arg = node_index(program.nodes.len() - 1);
            let op = Op::Convert(Conversion::ToBool, arg);
            program.nodes.push(ProgramNode { op, ty: Type::Bool, span });
            Ok(program)
        }
    }
}

fn node_index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// What an ast node became.
#[derive(Clone, Copy, Debug)]
struct Made {
    node: u32,
    ty: Type,
    span: Span,
    /// Already reported: no follow-up errors.
    poisoned: bool,
    /// The node of a zone that the function around it shall use.
    zone: Option<u32>,
    /// The same for a language.
    locale: Option<u32>,
}

struct Checker<'a> {
    ast: &'a Ast,
    scope: &'a Scope,
    out: Program,
    /// One for each ast node so far.
    made: Vec<Made>,
    diagnostics: Vec<Diagnostic>,
    broken: bool,
}

impl Checker<'_> {
    fn emit(&mut self, op: Op, ty: Type, span: Span) -> Made {
        let node = node_index(self.out.nodes.len());
        self.out.nodes.push(ProgramNode { op, ty, span });
        Made { node, ty, span, poisoned: false, zone: None, locale: None }
    }

    /// A stand-in for what could not be checked.
    fn poison(&mut self, span: Span) -> Made {
        self.broken = true;
        Made { poisoned: true, ..self.emit(Op::Const(Value::Null), Type::Any, span) }
    }

    fn fail(&mut self, diagnostic: Diagnostic) -> Made {
        let span = diagnostic.span;
        self.diagnostics.push(diagnostic);
        self.poison(span)
    }

    fn of(&self, id: NodeId) -> Made {
        self.made[id.0 as usize]
    }

    fn node(&mut self, kind: &NodeKind, span: Span) -> Made {
        match kind {
            NodeKind::Error => self.poison(span),
            NodeKind::Number(number) => self.emit(Op::Const(Value::Number(*number)), Type::Number, span),
            NodeKind::Text(text) => self.emit(Op::Const(Value::Text(text.clone())), Type::Text, span),
            NodeKind::Bool(value) => self.emit(Op::Const(Value::Bool(*value)), Type::Bool, span),
            NodeKind::Field(name) => match self.scope.find(name, span) {
                Ok((key, ty)) => self.emit(Op::Field(key), ty, span),
                Err(diagnostic) => self.fail(diagnostic),
            },
            NodeKind::Unary(UnaryOp::Negate, operand) => {
                self.apply(&operators::NEGATE, &[self.of(*operand)], span)
            }
            NodeKind::Unary(UnaryOp::Not, operand) => {
                self.apply(&crate::functions::logic::NOT, &[self.of(*operand)], span)
            }
            NodeKind::Binary(op, left, right) => self.binary(*op, self.of(*left), self.of(*right), span),
            NodeKind::Call { name, name_span, args } => {
                let args: Vec<Made> = self.ast.call_args(args).iter().map(|id| self.of(*id)).collect();
                self.call(name, *name_span, &args, span)
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, left: Made, right: Made, span: Span) -> Made {
        self.apply(operators::of(op), &[left, right], span)
    }

    /// `made` as a `to`, with a conversion node if one is needed; `None` if there is no way.
    fn convert(&mut self, made: Made, to: Type) -> Option<Made> {
        match conversion(made.ty, to) {
            Step::Same => Some(made),
            Step::Convert(how) => {
                let converted = self.emit(Op::Convert(how, made.node), to, made.span);
                Some(Made { zone: made.zone, locale: made.locale, ..converted })
            }
            Step::No => None,
        }
    }
}
