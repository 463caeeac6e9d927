//! `filterByFormula`: Airtable's formulas in the expression language of the product, which reads them as they are. What
//! differs is how values of different types are compared and what an empty number is; that is rewritten here:
//!
//! - `{Count} = ""` asks whether the cell is empty, whatever the field's type;
//! - a number and a text literal are compared as what the field holds: `{Count} = '5'`, `{Code} = 5`, `{Done} = 1`;
//! - an empty number counts as 0 in arithmetic and comparisons;
//! - a formula that gives a text, a list or a day keeps the records where that is not empty.

use engine_base::{Field, QueryError, Table};
use engine_expr::{
    Ast, BinaryOp, Code as ExprCode, Diagnostic, Node, NodeId, NodeKind, Severity, Type, UnaryOp, parse,
};
use kernel_core::{Code, Error, Result};
use std::collections::HashMap;

/// The formula for a table, fields by id.
///
/// # Errors
/// `bad_filter` with the place of the first mistake, or the name that is no field.
pub(super) fn translate(table: &Table, text: &str) -> Result<String> {
    let parsed = parse(text);
    if let Some(mistake) = parsed.diagnostics.iter().find(|found| found.severity == Severity::Error) {
        return Err(mistaken(mistake));
    }
    Ok(Rewriter::new(table, &parsed.ast)?.run().print())
}

fn mistaken(mistake: &Diagnostic) -> Error {
    let detail = format!("At character {}: {}", mistake.span.start + 1, mistake.message);
    Error::new(Code::BadFilter).detail(detail)
}

/// Whether the only complaint is that the formula gives a text or a day.
pub(super) fn is_no_condition(error: &QueryError) -> bool {
    error.code == ExprCode::FilterNotCondition.as_str()
}

/// The formula as a condition: whether its value counts as true.
pub(super) fn as_condition(formula: &str) -> String {
    format!("IF({formula}, TRUE, FALSE)")
}

/// The error of a query. Places are those of the rewritten formula, so only the sentences are told.
pub(super) fn refusal(errors: &[QueryError]) -> Error {
    if !errors.iter().any(|error| error.member == "filter") {
        return crate::problem::of_query(errors);
    }
    let details: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
    Error::new(Code::BadFilter).detail(details.join(" "))
}

/// What a field's cells are to a comparison.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Text,
    Number,
    Yes,
    Other,
}

fn holds(field: &Field) -> Holds {
    match field.value_type() {
        Type::Number => Holds::Number,
        Type::Bool => Holds::Yes,
        Type::Text | Type::Option => Holds::Text,
        _ => Holds::Other,
    }
}

/// Copies a tree node by node, children before parents, and puts some nodes in another's place.
struct Rewriter<'a> {
    from: &'a Ast,
    to: Ast,
    /// Fields by their name in the formula.
    fields: HashMap<&'a str, (String, Holds)>,
}

impl<'a> Rewriter<'a> {
    fn new(table: &Table, from: &'a Ast) -> Result<Self> {
        let mut fields = HashMap::new();
        for node in &from.nodes {
            if let NodeKind::Field(name) = &node.kind {
                // As the language reads names: exactly, by id, without regard to case.
                let exact = table.fields.iter().find(|field| *field.name == **name);
                let field = exact.or_else(|| table.field_by_key(name)).ok_or_else(|| {
                    Error::new(Code::BadFilter)
                        .detail(format!("Unknown field names: {}", name.to_lowercase()))
                })?;
                fields.insert(&**name, (table.number().field(field.no).to_string(), holds(field)));
            }
        }
        Ok(Self { from, to: Ast { nodes: Vec::new(), args: Vec::new() }, fields })
    }

    fn run(mut self) -> Ast {
        let mut made: Vec<NodeId> = Vec::with_capacity(self.from.nodes.len());
        for node in &self.from.nodes {
            let at = |id: &NodeId| made[id.0 as usize];
            let kind = match &node.kind {
                NodeKind::Field(name) => match self.fields.get(&**name) {
                    Some((id, _)) => NodeKind::Field(id.as_str().into()),
                    None => node.kind.clone(),
                },
                NodeKind::Unary(op, operand) => NodeKind::Unary(*op, at(operand)),
                NodeKind::Binary(op, left, right) => {
                    let (was, now) = ((*left, *right), (at(left), at(right)));
                    let left = self.operand(*op, was.0, was.1, now.0, Side::Left);
                    let right = self.operand(*op, was.1, was.0, now.1, Side::Right);
                    NodeKind::Binary(*op, left, right)
                }
                NodeKind::Call { name, name_span, args } => {
                    let args: Vec<NodeId> = self.from.call_args(args).iter().map(at).collect();
                    let range = self.arguments(&args);
                    NodeKind::Call { name: name.clone(), name_span: *name_span, args: range }
                }
                other => other.clone(),
            };
            made.push(self.push(kind, node));
        }
        self.to
    }

    fn push(&mut self, kind: NodeKind, like: &Node) -> NodeId {
        self.to.nodes.push(Node { kind, span: like.span });
        self.to.root()
    }

    fn arguments(&mut self, args: &[NodeId]) -> std::ops::Range<u32> {
        let index = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let first = index(self.to.args.len());
        self.to.args.extend_from_slice(args);
        first..index(self.to.args.len())
    }

    fn call(&mut self, name: &str, args: &[NodeId], like: &Node) -> NodeId {
        let range = self.arguments(args);
        self.push(NodeKind::Call { name: name.into(), name_span: like.span, args: range }, like)
    }

    fn held(&self, id: NodeId) -> Option<Holds> {
        match &self.from.node(id).kind {
            NodeKind::Field(name) => self.fields.get(&**name).map(|(_, holds)| *holds),
            _ => None,
        }
    }

    /// One side of an operator, as it is or put right for the other side.
    fn operand(&mut self, op: BinaryOp, mine: NodeId, other: NodeId, made: NodeId, side: Side) -> NodeId {
        let node = self.from.node(mine).clone();
        let equality = matches!(op, BinaryOp::Equal | BinaryOp::NotEqual);
        let compares = equality || is_ordering(op);
        match (&node.kind, self.held(mine), self.held(other)) {
            (NodeKind::Text(text), _, Some(holds)) if compares => self.text(text, holds, made, &node),
            (NodeKind::Number(number), _, Some(Holds::Text)) if equality => {
                let text = engine_expr::Value::Number(*number).to_string();
                self.push(NodeKind::Text(text.into()), &node)
            }
            (NodeKind::Number(number), _, Some(Holds::Yes))
                if equality && (*number == 0.0 || *number == 1.0) =>
            {
                self.push(NodeKind::Bool(*number == 1.0), &node)
            }
            (_, Some(Holds::Number), _) if self.blank_matters(op, other, side) => {
                let blank = self.call("IS_BLANK", &[made], &node);
                let zero = self.push(NodeKind::Number(0.0), &node);
                self.call("IF", &[blank, zero, made], &node)
            }
            _ => made,
        }
    }

    /// A text literal beside a field.
    fn text(&mut self, text: &str, holds: Holds, made: NodeId, node: &Node) -> NodeId {
        match holds {
            Holds::Text => made,
            _ if text.is_empty() => self.call("BLANK", &[], node),
            Holds::Number => match text.trim().parse::<f64>() {
                Ok(number) if number.is_finite() => self.push(NodeKind::Number(number), node),
                _ => made,
            },
            Holds::Yes | Holds::Other => made,
        }
    }

    /// Whether an empty number as 0 gives another result than an empty number as nothing. Beside a literal it often does
    /// not, and then the comparison stays one that is answered from sorted columns.
    fn blank_matters(&self, op: BinaryOp, other: NodeId, side: Side) -> bool {
        let literal = match &self.from.node(other).kind {
            NodeKind::Number(number) => Some(*number),
            NodeKind::Unary(UnaryOp::Negate, inner) => match self.from.node(*inner).kind {
                NodeKind::Number(number) => Some(-number),
                _ => None,
            },
            // A comparison with '' or BLANK() asks for emptiness.
            NodeKind::Text(text) if text.is_empty() => return false,
            NodeKind::Text(text) => text.trim().parse().ok(),
            NodeKind::Call { name, .. } if &**name == "BLANK" => return false,
            _ => None,
        };
        let holds = |literal: f64| {
            let (left, right) = if side == Side::Left { (0.0, literal) } else { (literal, 0.0) };
            match op {
                BinaryOp::Equal => left == right,
                // An empty number differs from every number, as 0 differs from all but 0.
                BinaryOp::NotEqual => left == right,
                BinaryOp::Less => left < right,
                BinaryOp::LessOrEqual => left <= right,
                BinaryOp::Greater => left > right,
                BinaryOp::GreaterOrEqual => left >= right,
                _ => true,
            }
        };
        match op {
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder
            | BinaryOp::Power => true,
            BinaryOp::Equal | BinaryOp::NotEqual => literal.is_some_and(holds),
            op if is_ordering(op) => literal.is_none_or(holds),
            _ => false,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
}

fn is_ordering(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual)
}
