//! The bearer token of a request (RFC 6750 §2.1): one `Authorization` field, no longer than it needs to be.

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::TokenFault;

/// What follows `Bearer` in the request's `Authorization` field; not looked at yet. A field of more than `max_bytes` is
/// not looked at at all.
pub(super) fn credential(headers: &HeaderMap, max_bytes: usize) -> Result<&[u8], TokenFault> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let value = fields.next().ok_or(TokenFault::Missing)?.as_bytes();
    if fields.next().is_some() {
        return Err(TokenFault::Repeated);
    }
    if value.len() > max_bytes {
        return Err(TokenFault::TooLarge);
    }
    let (scheme, rest) = value.split_at_checked("Bearer".len()).ok_or(TokenFault::Missing)?;
    if !scheme.eq_ignore_ascii_case(b"Bearer") {
        return Err(TokenFault::Missing);
    }
    match rest {
        [] => Err(TokenFault::Malformed),
        [b' ', ..] => {
            let spaces = rest.iter().take_while(|byte| **byte == b' ').count();
            Ok(&rest[spaces..])
        }
        // The name of another scheme, which starts with the same letters.
        _ => Err(TokenFault::Missing),
    }
}

/// Which bytes a token may be made of, its padding left out.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        plain[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
        byte += 1;
    }
    plain
};

/// The credential as text, if it is made of the characters that a token may have (`token68`, RFC 9110 §11.2).
pub(super) fn token68(credential: &[u8]) -> Result<&str, TokenFault> {
    let padding = credential.iter().rev().take_while(|byte| **byte == b'=').count();
    let (body, _) = credential.split_at(credential.len() - padding);
    // Without an early end the loop is as fast as the bytes come.
    let is_plain = body.iter().fold(true, |plain, byte| plain & PLAIN[usize::from(*byte)]);
    if body.is_empty() || !is_plain {
        return Err(TokenFault::Malformed);
    }
    str::from_utf8(credential).map_err(|_| TokenFault::Malformed)
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const MAX_LENGTH: usize = 8 * 1024;

    fn of(values: &[&str]) -> Result<String, TokenFault> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        token68(credential(&headers, MAX_LENGTH)?).map(str::to_owned)
    }

    #[test]
    fn the_scheme_has_any_case_and_one_or_more_spaces_behind_it() {
        for value in ["Bearer a.b-c_d~e+f/g==", "bearer a.b-c_d~e+f/g==", "BEARER    a.b-c_d~e+f/g=="] {
            assert_eq!(of(&[value]), Ok("a.b-c_d~e+f/g==".into()), "{value}");
        }
    }

    #[test]
    fn another_scheme_is_no_token() {
        for value in ["", "Basic dTpw", "Bear", "Bearerx a", "Token a", "Bearer\ta"] {
            assert_eq!(of(&[value]), Err(TokenFault::Missing), "{value}");
        }
        assert_eq!(of(&[]), Err(TokenFault::Missing));
    }

    #[test]
    fn two_fields_are_refused_whatever_they_say() {
        assert_eq!(of(&["Bearer a", "Bearer a"]), Err(TokenFault::Repeated));
        assert_eq!(of(&["Basic a", "Bearer a"]), Err(TokenFault::Repeated));
    }

    #[test]
    fn a_field_is_no_longer_than_allowed() {
        assert_eq!(of(&[&format!("Bearer {}", "a".repeat(MAX_LENGTH - 6))]), Err(TokenFault::TooLarge));
        assert!(of(&[&format!("Bearer {}", "a".repeat(MAX_LENGTH - 7))]).is_ok());
    }

    #[test]
    fn a_token_has_the_characters_of_token68_only() {
        for value in ["Bearer", "Bearer =", "Bearer a b", "Bearer a,b", "Bearer a=b", "Bearer \"a\"", "Bearer é"] {
            assert_eq!(of(&[value]), Err(TokenFault::Malformed), "{value}");
        }
    }
}
