//! What the canvas adds, and how to take it away again.
//!
//! Markers are attributes ` data-canvas-…="…"` and passages between [`OPEN`] and [`CLOSE`]. Neither can come from content:
//! text is escaped, so it holds no `"` and no `<`. `strip(canvas) == public` is a property test.

pub(super) const OPEN: &str = "<!--canvas-->";
pub(super) const CLOSE: &str = "<!--/canvas-->";
const ATTRIBUTE: &str = " data-canvas-";

/// The public HTML of a canvas.
#[must_use]
pub fn strip(canvas: &str) -> String {
    let mut out = String::with_capacity(canvas.len());
    let mut rest = canvas;
    loop {
        let passage = rest.find(OPEN).map(|at| (at, true));
        let attribute = find_attribute(rest).map(|at| (at, false));
        let Some((at, is_passage)) = [passage, attribute].into_iter().flatten().min() else {
            out.push_str(rest);
            return out;
        };
        out.push_str(&rest[..at]);
        let marker = &rest[at..];
        let end = if is_passage {
            marker.find(CLOSE).map(|end| end + CLOSE.len())
        } else {
            let opened = marker.find("=\"").map(|quote| quote + 2);
            opened.and_then(|start| marker[start..].find('"').map(|end| start + end + 1))
        };
        match end {
            Some(end) => rest = &marker[end..],
            None => {
                out.push_str(marker);
                return out;
            }
        }
    }
}

/// The first ` data-canvas-name="`; the same words in a text have `&quot;` instead of the quote.
fn find_attribute(html: &str) -> Option<usize> {
    html.match_indices(ATTRIBUTE).map(|(at, _)| at).find(|at| {
        let name = &html[at + ATTRIBUTE.len()..];
        let end = name.find(|c: char| !c.is_ascii_lowercase());
        end.is_some_and(|end| end > 0 && name[end..].starts_with("=\""))
    })
}
