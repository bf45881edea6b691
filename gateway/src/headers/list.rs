//! Fields whose value is a list (RFC 9110 §5.6.1), on one line or on several.

use http::{HeaderMap, HeaderName};

/// The members of a list, in order, without the white space around them. Empty ones are none; lines that are not ASCII have
/// none that anybody could mean.
pub(crate) fn members<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let lines = headers.get_all(name).into_iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).map(str::trim).filter(|member| !member.is_empty())
}

/// Whether this word is one of the members, in whatever case.
pub(crate) fn has_member(headers: &HeaderMap, name: &HeaderName, word: &str) -> bool {
    members(headers, name).any(|member| member.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use http::header::VARY;

    use super::*;

    #[test]
    fn members_are_those_of_all_lines_and_none_is_empty() {
        let mut headers = HeaderMap::new();
        for line in ["a, B", "", " ,c ,", "\u{e9}, d"] {
            headers.append(VARY, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        assert_eq!(members(&headers, &VARY).collect::<Vec<_>>(), ["a", "B", "c"]);
        assert!(has_member(&headers, &VARY, "b") && !has_member(&headers, &VARY, "d"));
    }
}
