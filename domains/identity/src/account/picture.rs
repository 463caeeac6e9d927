//! A person's picture: decoded, turned the right way up, cut to a square, made small and encoded anew, so that nothing of the
//! file that was uploaded is kept: no place where it was taken, no second meaning. Pure but for the work it is.

use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};
use kernel_core::{Code, FieldError};
use std::io::Cursor;

/// Largest upload, in bytes.
pub const LARGEST: usize = 5 << 20;
/// Pixels of a side that are kept.
pub const SIDE: u32 = 256;
/// Pixels of a side that are read; a header that says more is refused before anything is decoded (ASVS 5.2.6).
const WIDEST: u32 = 8_000;
/// Memory that decoding may take.
const MEMORY: u64 = 160 << 20;

/// The picture as PNG.
///
/// # Errors
/// One error at `picture`.
pub fn made(upload: &[u8]) -> Result<Vec<u8>, FieldError> {
    if upload.is_empty() {
        return Err(FieldError::new("picture", Code::Required, "is missing; choose a file"));
    }
    if upload.len() > LARGEST {
        return Err(FieldError::new("picture", Code::TooLong, "is larger than 5 MB"));
    }
    let mut image = decoded(upload).ok_or_else(|| {
        let detail = "can’t be read; choose a PNG, JPEG or WebP of at most 8,000 pixels a side";
        FieldError::new("picture", Code::InvalidValue, detail)
    })?;
    let side = image.width().min(image.height());
    let (x, y) = ((image.width() - side) / 2, (image.height() - side) / 2);
    image = image.crop_imm(x, y, side, side).resize_exact(SIDE, SIDE, FilterType::CatmullRom);
    let mut out = Cursor::new(Vec::new());
    // Without what the decoder might have kept beside the pixels.
    DynamicImage::ImageRgba8(image.into_rgba8())
        .write_to(&mut out, ImageFormat::Png)
        .map_err(|_| FieldError::new("picture", Code::InvalidValue, "can’t be made smaller"))?;
    Ok(out.into_inner())
}

fn decoded(upload: &[u8]) -> Option<DynamicImage> {
    // By its first bytes, whatever it is called.
    let format = image::guess_format(upload).ok()?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return None;
    }
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(WIDEST), Some(WIDEST));
    limits.max_alloc = Some(MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(upload), format);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 || width > WIDEST || height > WIDEST {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).ok()?;
    image.apply_orientation(orientation);
    Some(image)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{Rgba, RgbaImage};

    fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let image = RgbaImage::from_fn(width, height, |x, _| {
            if x < width / 2 { Rgba([200, 30, 30, 255]) } else { Rgba([30, 30, 200, 255]) }
        });
        let mut out = Cursor::new(Vec::new());
        let image = DynamicImage::ImageRgba8(image);
        let image =
            if format == ImageFormat::Jpeg { DynamicImage::ImageRgb8(image.into_rgb8()) } else { image };
        image.write_to(&mut out, format).unwrap();
        out.into_inner()
    }

    #[test]
    fn every_format_becomes_a_small_square() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let made = made(&encoded(600, 300, format)).unwrap();
            let image = image::load_from_memory_with_format(&made, ImageFormat::Png).unwrap();
            assert_eq!((image.width(), image.height()), (SIDE, SIDE), "{format:?}");
            let rgba = image.to_rgba8();
            assert!(
                rgba.get_pixel(10, 128)[0] > 150 && rgba.get_pixel(245, 128)[2] > 150,
                "cut in the middle"
            );
        }
    }

    #[test]
    fn nothing_of_the_file_is_kept() {
        let mut upload = encoded(64, 64, ImageFormat::Jpeg);
        // A comment segment, as a place or a script would be in one.
        let comment = b"\xff\xfe\x00\x1c<script>alert(1)</script>\0";
        upload.splice(2..2, comment.iter().copied());
        upload.extend(b"<?php planted ?>");
        let made = made(&upload).unwrap();
        for planted in [&b"script"[..], b"planted"] {
            assert!(!made.windows(planted.len()).any(|window| window == planted));
        }
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        let png = encoded(8, 8, ImageFormat::Png);
        // Width and height of the header, as a flood of pixels has them.
        let mut flood = png.clone();
        flood[16..24].copy_from_slice(&[0, 0, 0xc3, 0x50, 0, 0, 0xc3, 0x50]);
        for (what, bytes, code) in [
            ("nothing", Vec::new(), Code::Required),
            ("too large", vec![0; LARGEST + 1], Code::TooLong),
            ("text", b"hello".to_vec(), Code::InvalidValue),
            ("a drawing with a script", b"<svg onload=alert(1)>".to_vec(), Code::InvalidValue),
            ("a GIF", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), Code::InvalidValue),
            ("cut", png[..40].to_vec(), Code::InvalidValue),
            ("a flood", flood, Code::InvalidValue),
        ] {
            assert_eq!(made(&bytes).unwrap_err().code, code, "{what}");
        }
    }
}
