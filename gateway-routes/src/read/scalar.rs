//! Texts and numbers: from a token's slice to its value. ron decodes; only what is plain to see is read here.

use std::borrow::Cow;

use super::tree::Kind;

/// A token that is a value by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Text,
    RawText,
    Char,
    Bytes,
    Number,
}

impl Scalar {
    /// Whether ron reads this word as a number.
    pub(super) fn is_number_word(word: &str) -> bool {
        matches!(word, "inf" | "inff32" | "inff64" | "NaN" | "NaNf32" | "NaNf64")
    }

    /// The value of `slice`, or what ron says against it.
    pub(super) fn decode(self, slice: &str) -> Result<Kind<'_>, String> {
        match self {
            Self::Text if !slice.contains('\\') => Ok(Kind::Text(Cow::Borrowed(&slice[1..slice.len() - 1]))),
            Self::Text => ron::from_str(slice).map(|text: String| Kind::Text(text.into())).map_err(reason),
            Self::RawText => {
                let inside = slice[1..].trim_matches('#');
                Ok(Kind::Text(Cow::Borrowed(&inside[1..inside.len() - 1])))
            }
            Self::Char => ron::from_str(slice).map(|_: char| Kind::Other("a character")).map_err(reason),
            Self::Bytes => ron::from_str(slice).map(|_: ron::Value| Kind::Other("bytes")).map_err(reason),
            Self::Number => decode_number(slice),
        }
    }
}

fn decode_number(slice: &str) -> Result<Kind<'_>, String> {
    const PLAIN_DIGITS: usize = 18;
    if slice.len() <= PLAIN_DIGITS
        && let Ok(number) = slice.parse::<u64>()
        && !slice.starts_with('+')
    {
        return Ok(Kind::Integer(number));
    }
    match ron::from_str(slice).map_err(reason)? {
        ron::Value::Number(number) => Ok(as_integer(number).map_or(Kind::Other("a number"), Kind::Integer)),
        _ => Ok(Kind::Other("a range")),
    }
}

/// The number as a whole one that is not negative.
fn as_integer(number: ron::Number) -> Option<u64> {
    use ron::Number;
    match number {
        Number::U8(number) => Some(number.into()),
        Number::U16(number) => Some(number.into()),
        Number::U32(number) => Some(number.into()),
        Number::U64(number) => Some(number),
        Number::I8(number) => number.try_into().ok(),
        Number::I16(number) => number.try_into().ok(),
        Number::I32(number) => number.try_into().ok(),
        Number::I64(number) => number.try_into().ok(),
        _ => None,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands in map_err")]
fn reason(error: ron::error::SpannedError) -> String {
    error.code.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_ron_reads_them() {
        for (slice, number) in [("0", 0), ("007", 7), ("1_000", 1000), ("0x1F", 31), ("5u32", 5), ("+5", 5)] {
            assert_eq!(Scalar::Number.decode(slice), Ok(Kind::Integer(number)), "{slice}");
        }
        assert_eq!(Scalar::Number.decode("-5"), Ok(Kind::Other("a number")));
        assert_eq!(Scalar::Number.decode("1.5"), Ok(Kind::Other("a number")));
        assert!(Scalar::Number.decode("1x").is_err());
    }

    #[test]
    fn texts_are_unescaped() {
        assert_eq!(Scalar::Text.decode(r#""a\"\u{e9}""#), Ok(Kind::Text("a\"é".into())));
        assert_eq!(Scalar::RawText.decode("r##\"a\"#b\"##"), Ok(Kind::Text("a\"#b".into())));
        assert!(Scalar::Text.decode(r#""\q""#).is_err());
    }
}
