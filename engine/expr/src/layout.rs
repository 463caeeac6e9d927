//! Formulas on several lines: canonical text as [`crate::Ast::print`], but a call that does not fit a line has one
//! argument a line, and a chain of `and`, `or` or `&` that does not fit breaks before each operator.

use crate::ast::{Ast, BinaryOp, NodeId, NodeKind};
use crate::diagnostic::Diagnostic;
use crate::parse::parse;

/// Longest line where it can be helped, in characters.
const LINE: usize = 100;
const INDENT: usize = 2;

/// The formula as people like to read it; it means the same, and formatting it again changes nothing. `Err`: the text
/// is no formula.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(text);
    if parsed.has_errors() {
        return Err(parsed.diagnostics);
    }
    Ok(Layout { ast: &parsed.ast, widths: widths(&parsed.ast) }.run())
}

/// An upper bound of the width of each node on one line.
fn widths(ast: &Ast) -> Vec<usize> {
    let mut widths: Vec<usize> = Vec::with_capacity(ast.nodes.len());
    for node in &ast.nodes {
        let of = |id: &NodeId| widths[id.0 as usize];
        widths.push(match &node.kind {
            NodeKind::Binary(op, left, right) => of(left) + of(right) + op.symbol().len() + 6,
            NodeKind::Unary(_, operand) => of(operand) + 6,
            NodeKind::Call { name, args, .. } => {
                name.len() + 2 + ast.call_args(args).iter().map(|arg| of(arg) + 2).sum::<usize>()
            }
            leaf => ast.leaf_text(leaf).chars().count(),
        });
    }
    widths
}

enum Task {
    Text(&'static str),
    /// A node at an indentation; in parentheses if it holds looser than `least`. `chain`: the operator around it broke.
    Node {
        id: NodeId,
        least: u8,
        indent: usize,
        chain: Option<BinaryOp>,
    },
    Line(usize),
}

/// Where a node is printed.
struct Place {
    indent: usize,
    fits: bool,
    chain: Option<BinaryOp>,
}

struct Layout<'a> {
    ast: &'a Ast,
    widths: Vec<usize>,
}

impl Layout<'_> {
    fn run(&self) -> String {
        let mut out = String::new();
        let mut tasks = vec![Task::Node { id: self.ast.root(), least: 0, indent: 0, chain: None }];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Text(text) => out.push_str(text),
                Task::Line(indent) => {
                    out.push('\n');
                    out.extend(std::iter::repeat_n(' ', indent));
                }
                Task::Node { id, least, indent, chain } => {
                    if self.ast.power(id) < least {
                        out.push('(');
                        tasks.push(Task::Text(")"));
                    }
                    let used = out.rsplit('\n').next().unwrap_or_default().chars().count();
                    let fits = used + self.widths[id.0 as usize] <= LINE;
                    self.node(id, Place { indent, fits, chain }, &mut out, &mut tasks);
                }
            }
        }
        out
    }

    fn node(&self, id: NodeId, place: Place, out: &mut String, tasks: &mut Vec<Task>) {
        let Place { indent, fits, chain } = place;
        let inner = indent + INDENT;
        match &self.ast.node(id).kind {
            NodeKind::Unary(op, operand) => {
                out.push_str(op.symbol());
                tasks.push(Task::Node { id: *operand, least: op.power(), indent, chain: None });
            }
            NodeKind::Binary(op, left, right) => {
                let breaks = (!fits && matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Join))
                    || chain == Some(*op);
                tasks.push(Task::Node { id: *right, least: op.power() + 1, indent: inner, chain: None });
                tasks.push(Task::Text(" "));
                tasks.push(Task::Text(op.symbol()));
                tasks.push(if breaks { Task::Line(indent) } else { Task::Text(" ") });
                let chain = breaks.then_some(*op);
                tasks.push(Task::Node { id: *left, least: op.power(), indent, chain });
            }
            NodeKind::Call { name, args, .. } => {
                let args = self.ast.call_args(args);
                out.push_str(name);
                out.push('(');
                tasks.push(Task::Text(")"));
                let breaks = !fits && !args.is_empty();
                if breaks {
                    tasks.push(Task::Line(indent));
                }
                for (index, arg) in args.iter().enumerate().rev() {
                    let indent = if breaks { inner } else { indent };
                    tasks.push(Task::Node { id: *arg, least: 0, indent, chain: None });
                    tasks.push(match (breaks, index) {
                        (true, _) => Task::Line(inner),
                        (false, 0) => Task::Text(""),
                        (false, _) => Task::Text(" "),
                    });
                    if index > 0 {
                        tasks.push(Task::Text(","));
                    }
                }
            }
            leaf => out.push_str(&self.ast.leaf_text(leaf)),
        }
    }
}
