//! Time-based one-time codes (RFC 6238, RFC 4226): HMAC-SHA-1, 30 seconds, 6 digits, as every authenticator app does it.
//! Pure.

use aws_lc_rs::hmac;
use jiff::Timestamp;

/// Seconds that a code is shown.
const PERIOD: i64 = 30;
/// Bytes of a seed: as long as the hash (RFC 4226, 4, R6).
pub const SEED: usize = 20;
/// Steps before and after the present one whose codes are taken: clocks differ, and typing takes time (RFC 6238, 5.2).
const SKEW: i64 = 1;

/// The code of a step.
fn code(seed: &[u8], step: i64) -> u32 {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let hash = tag.as_ref();
    // RFC 4226, 5.3: four bytes from an offset that the last byte names, without the sign.
    let at = usize::from(hash[hash.len() - 1] & 0x0f);
    let word = u32::from_be_bytes([hash[at], hash[at + 1], hash[at + 2], hash[at + 3]]) & 0x7fff_ffff;
    word % 1_000_000
}

fn step_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(PERIOD)
}

/// What the app shows at a moment: for tests, which have no app.
#[must_use]
pub fn shown(seed: &[u8], now: Timestamp) -> String {
    format!("{:06}", code(seed, step_of(now)))
}

/// The step that a typed code belongs to, if it is one of those near `now`. Spaces are left out.
#[must_use]
pub fn step_of_code(seed: &[u8], typed: &str, now: Timestamp) -> Option<i64> {
    let typed = six_digits(typed)?;
    let mut found = None;
    // All of them are computed, so that the time tells nothing.
    for step in step_of(now) - SKEW..=step_of(now) + SKEW {
        if kernel_core::secret::equal(&code(seed, step).to_be_bytes(), &typed.to_be_bytes()) {
            found = Some(step);
        }
    }
    found
}

/// The number of a text of six digits, with or without spaces.
#[must_use]
pub fn six_digits(typed: &str) -> Option<u32> {
    let digits: String = typed.chars().filter(|character| !character.is_whitespace()).collect();
    (digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// The seed as people type it: base32 in groups of four.
#[must_use]
pub fn readable(seed: &[u8]) -> String {
    let text = data_encoding::BASE32_NOPAD.encode(seed);
    let groups: Vec<&str> =
        text.as_bytes().chunks(4).filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(" ")
}

/// The address in the picture: <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>.
#[must_use]
pub fn address(brand: &str, email: &str, seed: &[u8]) -> String {
    let part = |text: &str| -> String {
        // A colon would end the issuer; a space is %20 here, not +.
        form_urlencoded::byte_serialize(text.replace(':', " ").as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    format!(
        "otpauth://totp/{0}:{1}?secret={2}&issuer={0}&algorithm=SHA1&digits=6&period=30",
        part(brand),
        part(email),
        data_encoding::BASE32_NOPAD.encode(seed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEED_OF_RFC: &[u8] = b"12345678901234567890";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// RFC 6238, appendix B, SHA-1; its codes have eight digits, ours are their last six.
    #[test]
    fn the_codes_of_the_rfc() {
        for (second, expected) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(shown(SEED_OF_RFC, at(second)), expected, "{second}");
        }
    }

    #[test]
    fn a_step_before_and_after_is_taken_and_no_more() {
        let code = shown(SEED_OF_RFC, at(3_000));
        for (second, expected) in
            [(2_969, None), (2_970, Some(100)), (3_000, Some(100)), (3_059, Some(100)), (3_060, None)]
        {
            assert_eq!(step_of_code(SEED_OF_RFC, &code, at(second)), expected, "{second}");
        }
    }

    #[test]
    fn what_is_typed() {
        for (typed, expected) in [
            ("287082", Some(287_082)),
            (" 287 082 ", Some(287_082)),
            ("005924", Some(5_924)),
            ("28708", None),
            ("2870822", None),
            ("28708a", None),
            ("+28708", None),
            ("２８７０８２", None),
            ("", None),
        ] {
            assert_eq!(six_digits(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn the_address_names_brand_and_person() {
        assert_eq!(
            address("Acme: Data", "alex+x@acme.example", SEED_OF_RFC),
            "otpauth://totp/Acme%20%20Data:alex%2Bx%40acme.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Acme%20%20Data&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(readable(SEED_OF_RFC), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }
}
