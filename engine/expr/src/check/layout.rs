//! The last pass over a checked program: nodes in the order of a walk through the tree, so that every subtree is one
//! run of nodes (which the evaluator can skip), without those that nobody uses.

use super::{Op, Program, RecordPart, node_index};

/// The program whose last node is what `root` was.
pub(super) fn arrange(program: Program, root: u32) -> Program {
    let Program { mut nodes, args, mut prepared, volatility, warnings, .. } = program;
    let mut out = Program {
        nodes: Vec::with_capacity(nodes.len()),
        args: Vec::with_capacity(args.len()),
        prepared: Vec::with_capacity(prepared.len()),
        reads: Vec::new(),
        volatility,
        warnings,
    };
    // Where a node went; read only behind the walk over it.
    let mut place = vec![0_u32; nodes.len()];
    let mut stack = vec![(root, false)];
    while let Some((at, walked)) = stack.pop() {
        let index = at as usize;
        if !walked {
            stack.push((at, true));
            match &nodes[index].op {
                Op::Const(_) | Op::Field(_) | Op::Record(_) => {}
                Op::Convert(_, arg) => stack.push((*arg, false)),
                Op::Call(_, range) => {
                    let operands = &args[range.start as usize..range.end as usize];
                    stack.extend(operands.iter().rev().map(|arg| (*arg, false)));
                }
            }
            continue;
        }
        match &mut nodes[index].op {
            Op::Const(_) => {}
            Op::Field(key) => out.reads.push(*key),
            Op::Record(RecordPart::ModifiedTime(fields)) => out.reads.extend(fields.iter()),
            Op::Record(_) => {}
            Op::Convert(_, arg) => *arg = place[*arg as usize],
            Op::Call(_, range) => {
                let first = node_index(out.args.len());
                for arg in range.start as usize..range.end as usize {
                    out.args.push(place[args[arg] as usize]);
                    out.prepared.push(prepared[arg].take());
                }
                *range = first..node_index(out.args.len());
            }
        }
        place[index] = node_index(out.nodes.len());
        out.nodes.push(nodes[index].clone());
    }
    out.reads.sort_unstable();
    out.reads.dedup();
    out
}
