//! The tree as a flat list: children stand before their parents, the root is last. Nothing here recurses, so a long
//! chain can neither overflow the stack while it is printed nor while it is dropped.

use crate::span::Span;
use crate::value::number_text;
use std::ops::Range;
use std::sync::Arc;

/// Index of a node in its [`Ast`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(pub u32);

/// A parsed formula. It has at least one node.
#[derive(Clone, Debug)]
pub struct Ast {
    /// Children before parents; the last one is the root.
    pub nodes: Vec<Node>,
    /// Arguments of all calls; a call has a range of it.
    pub args: Vec<NodeId>,
}

/// One part of a formula.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its place in the source.
    pub span: Span,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum NodeKind {
    /// Something that could not be read; a diagnostic tells why.
    Error,
    /// A number.
    Number(f64),
    /// A text, escapes resolved.
    Text(Arc<str>),
    /// TRUE or FALSE.
    Bool(bool),
    /// A field by name or id, as written between the braces.
    Field(Arc<str>),
    /// `-a`, `not a`.
    Unary(UnaryOp, NodeId),
    /// `a + b`.
    Binary(BinaryOp, NodeId, NodeId),
    /// `NAME(…)`, the name in capitals.
    Call {
        /// Name in capitals.
        name: Arc<str>,
        /// Place of the name.
        name_span: Span,
        /// Range of [`Ast::args`].
        args: Range<u32>,
    },
}

/// Prefix operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Negate,
    /// `not`
    Not,
}

impl UnaryOp {
    /// How tightly it holds its operand.
    pub(crate) fn power(self) -> u8 {
        match self {
            Self::Negate => NEGATE_POWER,
            Self::Not => NOT_POWER,
        }
    }
    /// As it is written before its operand.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Self::Negate => "-",
            Self::Not => "not ",
        }
    }
}

/// Infix operators; all group to the left, also `^`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `=`
    Equal,
    /// `!=`, `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `&`
    Join,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`, the remainder
    Remainder,
    /// `^`
    Power,
}

/// How tightly prefix `not` holds its operand: looser than a comparison, tighter than `and`.
pub(crate) const NOT_POWER: u8 = 3;
/// How tightly prefix `-` holds: `-2 ^ 2` is −4, `-2 * 3` is (−2) * 3.
pub(crate) const NEGATE_POWER: u8 = 8;

impl BinaryOp {
    /// Binding power: the one precedence table, for parser and printer.
    pub(crate) fn power(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And => 2,
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::LessOrEqual
            | Self::Greater
            | Self::GreaterOrEqual => 4,
            Self::Join => 5,
            Self::Add | Self::Subtract => 6,
            Self::Multiply | Self::Divide | Self::Remainder => 7,
            Self::Power => 9,
        }
    }
    /// As it is written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Join => "&",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::Power => "^",
        }
    }
}

enum Task {
    Node(NodeId),
    Text(&'static str),
}

impl Ast {
    /// The whole formula's node.
    #[must_use]
    pub fn root(&self) -> NodeId {
        NodeId(u32::try_from(self.nodes.len().saturating_sub(1)).unwrap_or(u32::MAX))
    }

    /// The node with this id.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    /// Arguments of a call.
    #[must_use]
    pub fn call_args(&self, range: &Range<u32>) -> &[NodeId] {
        &self.args[range.start as usize..range.end as usize]
    }

    /// Canonical text: fields in braces, double quotes, names in capitals, only the parentheses that are needed.
    #[must_use]
    pub fn print(&self) -> String {
        self.print_renamed(|_| None)
    }

    /// Canonical text with fields renamed: `rename` gives the new name of a field as written, or `None` to keep it.
    #[must_use]
    pub fn print_renamed(&self, rename: impl Fn(&str) -> Option<String>) -> String {
        let mut out = String::new();
        let mut tasks = vec![Task::Node(self.root())];
        while let Some(task) = tasks.pop() {
            match task {
                Task::Text(text) => out.push_str(text),
                Task::Node(id) => self.print_node(id, &rename, &mut out, &mut tasks),
            }
        }
        out
    }

    fn print_node(
        &self,
        id: NodeId,
        rename: &impl Fn(&str) -> Option<String>,
        out: &mut String,
        tasks: &mut Vec<Task>,
    ) {
        match &self.node(id).kind {
            NodeKind::Field(name) => match rename(name) {
                Some(new) => out.push_str(&brace(&new)),
                None => out.push_str(&brace(name)),
            },
            NodeKind::Unary(op, operand) => {
                out.push_str(op.symbol());
                self.push_operand(*operand, op.power(), tasks);
            }
            NodeKind::Binary(op, left, right) => {
                self.push_operand(*right, op.power() + 1, tasks);
                tasks.push(Task::Text(" "));
                tasks.push(Task::Text(op.symbol()));
                tasks.push(Task::Text(" "));
                self.push_operand(*left, op.power(), tasks);
            }
            NodeKind::Call { name, args, .. } => {
                out.push_str(name);
                out.push('(');
                tasks.push(Task::Text(")"));
                for (index, arg) in self.call_args(args).iter().enumerate().rev() {
                    tasks.push(Task::Node(*arg));
                    if index > 0 {
                        tasks.push(Task::Text(", "));
                    }
                }
            }
            leaf => out.push_str(&self.leaf_text(leaf)),
        }
    }

    /// The text of a node without operands.
    pub(crate) fn leaf_text(&self, kind: &NodeKind) -> String {
        match kind {
            NodeKind::Number(number) => number_text(*number),
            NodeKind::Text(text) => quote(text),
            NodeKind::Bool(value) => (if *value { "TRUE" } else { "FALSE" }).to_owned(),
            NodeKind::Field(name) => brace(name),
            NodeKind::Error | NodeKind::Unary(..) | NodeKind::Binary(..) | NodeKind::Call { .. } => {
                "#error".to_owned()
            }
        }
    }

    /// How tightly a node holds together; a leaf and a call as tightly as can be.
    pub(crate) fn power(&self, id: NodeId) -> u8 {
        match &self.node(id).kind {
            NodeKind::Binary(op, ..) => op.power(),
            NodeKind::Unary(op, _) => op.power(),
            _ => u8::MAX,
        }
    }

    /// An operand, in parentheses when it holds looser than `least`. A prefix operator on the left of a tighter infix
    /// one needs them as well: `(-2) ^ 2`.
    fn push_operand(&self, id: NodeId, least: u8, tasks: &mut Vec<Task>) {
        if self.power(id) < least {
            tasks.push(Task::Text(")"));
            tasks.push(Task::Node(id));
            tasks.push(Task::Text("("));
        } else {
            tasks.push(Task::Node(id));
        }
    }
}

/// A text literal in double quotes.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A field in braces.
pub(crate) fn brace(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 2);
    out.push('{');
    for c in name.chars() {
        if matches!(c, '}' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('}');
    out
}
