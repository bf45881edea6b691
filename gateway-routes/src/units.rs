//! Times and sizes: a whole number and a unit, nothing between.

use std::time::Duration;

/// Why a text is no time or size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum QuantityFault {
    NotANumber,
    NoUnit,
    UnknownUnit(String),
    TooLarge,
}

/// A hundred years: what is longer is no time to wait, and would overflow the clocks.
const LONGEST_MILLIS: u64 = 100 * 365 * 24 * 3_600_000;
/// What a body's length can be at all, with room to add.
const LARGEST_SIZE: u64 = i64::MAX.unsigned_abs();

/// The time that `text` writes.
pub(crate) fn duration(text: &str) -> Result<Duration, QuantityFault> {
    let millis = quantity(text, &[("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)])?;
    if millis > LONGEST_MILLIS { Err(QuantityFault::TooLarge) } else { Ok(Duration::from_millis(millis)) }
}

/// The size that `text` writes, in bytes.
pub(crate) fn size(text: &str) -> Result<u64, QuantityFault> {
    let bytes = quantity(text, &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)])?;
    if bytes > LARGEST_SIZE { Err(QuantityFault::TooLarge) } else { Ok(bytes) }
}

fn quantity(text: &str, units: &[(&str, u64)]) -> Result<u64, QuantityFault> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() || unit.starts_with(['.', ',']) {
        return Err(QuantityFault::NotANumber);
    }
    if unit.is_empty() {
        return Err(QuantityFault::NoUnit);
    }
    let Some((_, factor)) = units.iter().find(|(name, _)| *name == unit) else {
        return Err(QuantityFault::UnknownUnit(unit.to_owned()));
    };
    let number: u64 = number.parse().map_err(|_| QuantityFault::TooLarge)?;
    number.checked_mul(*factor).ok_or(QuantityFault::TooLarge)
}

/// The unit that somebody means who writes another one.
pub(crate) fn meant(unit: &str) -> Option<&'static str> {
    match unit.trim().to_ascii_lowercase().as_str() {
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => Some("ms"),
        "s" | "sec" | "secs" | "second" | "seconds" => Some("s"),
        "m" | "min" | "mins" | "minute" | "minutes" => Some("m"),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some("h"),
        "b" | "byte" | "bytes" => Some("B"),
        "k" | "kb" | "kib" => Some("KiB"),
        "mb" | "mib" => Some("MiB"),
        "g" | "gb" | "gib" => Some("GiB"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        assert_eq!(duration("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(duration("2h"), Ok(Duration::from_hours(2)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
    }

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        assert_eq!(size("10MiB"), Ok(10 << 20));
        assert_eq!(size("1B"), Ok(1));
    }

    #[test]
    fn everything_else_is_refused() {
        assert_eq!(duration("5"), Err(QuantityFault::NoUnit));
        assert_eq!(duration("-5s"), Err(QuantityFault::NotANumber));
        assert_eq!(duration("1.5s"), Err(QuantityFault::NotANumber));
        assert_eq!(duration(""), Err(QuantityFault::NotANumber));
        assert_eq!(duration("5 s"), Err(QuantityFault::UnknownUnit(" s".into())));
        assert_eq!(size("5kb"), Err(QuantityFault::UnknownUnit("kb".into())));
        assert_eq!(duration("99999999999999999999h"), Err(QuantityFault::TooLarge));
        assert_eq!(duration("18446744073709551615h"), Err(QuantityFault::TooLarge));
        assert_eq!(size("18446744073709551615GiB"), Err(QuantityFault::TooLarge));
    }
}
