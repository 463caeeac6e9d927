//! Pictures: whether a file can be shown as one, its size the right way up, and its thumbnails. Pure, and slow: never on an
//! async thread. Decoding has limits of pixels and memory, so that a small file can't become a flood.

use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use std::io::{BufReader, Cursor};
use std::path::Path;

/// Pixels of a side that are read; a header that says more is believed, and the file is no picture that can be shown.
const WIDEST: u32 = 12_000;
/// Pixels of a picture that is read.
const PIXELS: u64 = 40_000_000;
/// Bytes of a file that is read.
const BYTES: u64 = 32 << 20;
/// Memory that the pixels may take: four bytes for each. The file and the first step of scaling come to it, so that one
/// picture takes, by these bounds, less than 320 MiB.
const MEMORY: u64 = 160 << 20;
/// Pixels of a small thumbnail's height.
const SMALL: u32 = 36;
/// Pixels of a large thumbnail's longer side.
const LARGE: u32 = 512;

/// A picture that can be shown.
pub(super) struct Picture {
    pub(super) pixels: (u32, u32),
    pub(super) small: Vec<u8>,
    pub(super) large: Vec<u8>,
}

/// The size of the small thumbnail of a picture.
pub(super) fn small((width, height): (u32, u32)) -> (u32, u32) {
    if height <= SMALL {
        return (width.min(SMALL * 16), height);
    }
    let scaled = (u64::from(width) * u64::from(SMALL)).div_ceil(u64::from(height));
    (u32::try_from(scaled).unwrap_or(u32::MAX).clamp(1, SMALL * 16), SMALL)
}

/// The size of the large thumbnail of a picture.
pub(super) fn large((width, height): (u32, u32)) -> (u32, u32) {
    let longer = width.max(height);
    if longer <= LARGE {
        return (width, height);
    }
    let scale = |side: u32| {
        u32::try_from(u64::from(side) * u64::from(LARGE) / u64::from(longer)).unwrap_or(LARGE).max(1)
    };
    (scale(width), scale(height))
}

/// Reads a picture; `None` for what is none, is broken, or has too many pixels.
pub(super) fn read(path: &Path, media_type: &str) -> Option<Picture> {
    let format = match media_type {
        "image/png" => ImageFormat::Png,
        "image/jpeg" => ImageFormat::Jpeg,
        "image/webp" => ImageFormat::WebP,
        _ => return None,
    };
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(WIDEST), Some(WIDEST));
    limits.max_alloc = Some(MEMORY);
    let file = std::fs::File::open(path).ok()?;
    if file.metadata().ok()?.len() > BYTES {
        return None;
    }
    let file = BufReader::new(file);
    let mut reader = ImageReader::with_format(file, format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 || width > WIDEST || height > WIDEST {
        return None;
    }
    if u64::from(width) * u64::from(height) > PIXELS || decoder.total_bytes() > MEMORY {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let image = DynamicImage::from_decoder(decoder).ok()?;
    let mut pixels = (image.width(), image.height());
    let mut large = scaled(&image, large(pixels));
    drop(image);
    // Turned when it is small: the whole picture is never in memory twice.
    large.apply_orientation(orientation);
    if matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    ) {
        pixels = (pixels.1, pixels.0);
    }
    // From the large one: much less work, and nothing that can be seen.
    let small = scaled(&large, small(pixels));
    Some(Picture { pixels, small: encoded(small)?, large: encoded(large)? })
}

fn scaled(image: &DynamicImage, (width, height): (u32, u32)) -> DynamicImage {
    if (image.width(), image.height()) == (width, height) {
        return image.clone();
    }
    image.resize_exact(width, height, FilterType::Triangle)
}

/// PNG where something shines through, JPEG otherwise: pixels alone, nothing that the file had beside them.
fn encoded(image: DynamicImage) -> Option<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    let rgba = image.into_rgba8();
    if rgba.pixels().any(|pixel| pixel[3] < 255) {
        DynamicImage::ImageRgba8(rgba).write_to(&mut out, ImageFormat::Png).ok()?;
    } else {
        let rgb = DynamicImage::ImageRgba8(rgba).into_rgb8();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 82).encode_image(&rgb).ok()?;
    }
    Some(out.into_inner())
}

/// The media type of a thumbnail.
pub(super) fn thumbnail_type(bytes: &[u8]) -> &'static str {
    if bytes.starts_with(b"\x89PNG") { "image/png" } else { "image/jpeg" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    fn png(width: u32, height: u32, alpha: u8) -> Vec<u8> {
        let image = image::RgbaImage::from_pixel(width, height, image::Rgba([200, 30, 30, alpha]));
        let mut out = Cursor::new(Vec::new());
        DynamicImage::ImageRgba8(image).write_to(&mut out, ImageFormat::Png).unwrap();
        out.into_inner()
    }

    #[test]
    fn sizes_of_thumbnails() {
        for (pixels, of_small, of_large) in [
            ((2000, 1000), (72, 36), (512, 256)),
            ((100, 30), (100, 30), (100, 30)),
            ((1, 5000), (1, 36), (1, 512)),
            ((12_000, 10), (576, 10), (512, 1)),
            ((512, 512), (36, 36), (512, 512)),
        ] {
            assert_eq!((small(pixels), large(pixels)), (of_small, of_large), "{pixels:?}");
        }
    }

    #[test]
    fn pictures_get_thumbnails() {
        for (alpha, found) in [(255, "image/jpeg"), (100, "image/png")] {
            let picture = read(file(&png(1200, 600, alpha)).path(), "image/png").unwrap();
            assert_eq!(picture.pixels, (1200, 600));
            for (bytes, size) in [(&picture.small, (72, 36)), (&picture.large, (512, 256))] {
                assert_eq!(thumbnail_type(bytes), found);
                let image = image::load_from_memory(bytes).unwrap();
                assert_eq!((image.width(), image.height()), size);
            }
        }
    }

    #[test]
    fn what_is_no_picture_or_too_much_is_none() {
        let good = png(8, 8, 255);
        // Width and height of the header, as a flood of pixels has them.
        let mut flood = good.clone();
        flood[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
        let mut heavy = good.clone();
        heavy.resize((32 << 20) + 1, 0);
        for (what, bytes, media_type) in [
            ("more pixels than are decoded", png(8_000, 5_001, 255), "image/png"),
            ("a large file", heavy, "image/png"),
            ("text", b"hello".to_vec(), "image/png"),
            ("cut", good[..40].to_vec(), "image/png"),
            ("a flood", flood, "image/png"),
            ("of another type", good.clone(), "image/jpeg"),
            ("not shown", good.clone(), "image/gif"),
        ] {
            assert!(read(file(&bytes).path(), media_type).is_none(), "{what}");
        }
        assert!(read(file(&good).path(), "image/png").is_some());
    }
}
