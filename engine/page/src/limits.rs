//! How large a page may be. Reached limits are typed errors, never silent cuts (reference: peers drop content without a word).

/// Nodes inside one another, counting the outermost as 1.
pub const DEPTH: usize = 12;
/// Nodes of one page.
pub const NODES: usize = 2_000;
/// Bytes of the document as JSON.
pub const BYTES: usize = 1 << 20;
/// Bytes of the rendered page.
pub const OUTPUT: usize = 4 << 20;
/// Template instructions that one node may use.
pub const FUEL: u64 = 20_000;
/// Rows that one list may show.
pub const ROWS: u32 = 200;
