//! Percent-encoding of the parts of URLs (RFC 3986, 2.1). A plus sign is a plus sign.

use memory_core::{Error, Result};

/// The text that an encoded part stands for.
///
/// # Errors
/// `InvalidArgument` for a `%` without two hexadecimal digits behind it, and for bytes that are no UTF-8.
pub fn percent_decoded(part: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit =
            || rest.next().and_then(|byte| char::from(byte).to_digit(16)).and_then(|n| u8::try_from(n).ok());
        match (digit(), digit()) {
            (Some(high), Some(low)) => bytes.push(high * 16 + low),
            _ => {
                return Err(Error::invalid(
                    "behind % there are no two hexadecimal digits; write %25 for the character itself",
                ));
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| Error::invalid("the characters written with % are no UTF-8"))
}

/// Encodes everything but the characters that are kept.
pub(crate) fn encode(text: &str, keep: impl Fn(char) -> bool) -> String {
    let mut encoded = String::new();
    for c in text.chars() {
        if keep(c) {
            encoded.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                encoded.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    encoded
}

/// True for what means nothing special in any part of a URL.
pub(crate) fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || "-._~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_decoded() {
        for (part, expected) in
            [("", ""), ("a+b c", "a+b c"), ("%41%2f%2F%25", "A//%"), ("%C3%A9é", "éé"), ("%00", "\0")]
        {
            assert_eq!(percent_decoded(part).unwrap(), expected, "{part}");
        }
        for part in ["%", "100%", "%4", "%4g", "%%41", "%+1"] {
            let error = percent_decoded(part).unwrap_err();
            assert_eq!(
                error.message(),
                "behind % there are no two hexadecimal digits; write %25 for the character itself"
            );
        }
        assert_eq!(percent_decoded("%C3").unwrap_err().message(), "the characters written with % are no UTF-8");
    }

    #[test]
    fn what_is_encoded_reads_back() {
        let text = "a b/c?d=%e&f@g:é\n-._~#";
        let encoded = encode(text, is_plain);
        assert_eq!(encoded, "a%20b%2Fc%3Fd%3D%25e%26f%40g%3Aé%0A-._~%23");
        assert_eq!(percent_decoded(&encoded).unwrap(), text);
    }
}
