//! The picture that an authenticator app scans, as one SVG path: drawn here, so that no seed leaves for another's server.

use kernel_core::{Error, Result};
use qrcode::{Color, EcLevel, QrCode};
use serde::Serialize;
use std::fmt::Write as _;

/// Modules of light around the code (ISO/IEC 18004).
const MARGIN: usize = 4;

/// A code as the template draws it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Picture {
    /// Modules of a side, with the margin.
    pub side: usize,
    /// The dark modules, for `<path d="…">`.
    pub path: String,
}

/// The picture of a text.
///
/// # Errors
/// `internal` when the text is longer than a code can hold.
pub fn of(text: &str) -> Result<Picture> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(Error::internal)?;
    let width = code.width();
    let colours = code.to_colors();
    let mut path = String::new();
    for (y, row) in colours.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..].iter().take_while(|colour| **colour == Color::Dark).count();
            if run > 0 {
                // Writing to a String can't fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + MARGIN, y + MARGIN);
            }
            x += run.max(1);
        }
    }
    Ok(Picture { side: width + 2 * MARGIN, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_its_three_corners() {
        let picture = of("otpauth://totp/x").unwrap();
        assert!(picture.side >= 29, "{}", picture.side);
        assert!(picture.path.starts_with("M4 4h7v1h-7z"), "the top edge of the first corner");
        let last = picture.side - 4 - 7;
        assert!(picture.path.contains(&format!("M{last} 4h7v1h-7z")), "the second");
        assert!(picture.path.contains(&format!("M4 {last}h7v1h-7z")), "the third");
        assert!(of(&"x".repeat(4_000)).is_err());
    }
}
