//! Durations and sizes as people write them: `500ms`, `2s`, `5m`, `1h`; `32KiB`.

use std::time::Duration;

/// Why text is not a quantity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuantityFault {
    /// It does not start with a whole number.
    NoNumber,
    /// There is no unit behind the number.
    NoUnit,
    /// There is something else than a unit behind the number.
    UnknownUnit,
    /// The number is beyond all measure.
    TooLarge,
}

/// The duration that `text` stands for.
pub(super) fn duration(text: &str) -> Result<Duration, QuantityFault> {
    let (number, unit) = split(text)?;
    let milliseconds = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(QuantityFault::UnknownUnit),
    };
    number.checked_mul(milliseconds).map(Duration::from_millis).ok_or(QuantityFault::TooLarge)
}

/// The number of bytes that `text` stands for.
pub(super) fn size(text: &str) -> Result<u64, QuantityFault> {
    let (number, unit) = split(text)?;
    let bytes = match unit {
        "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(QuantityFault::UnknownUnit),
    };
    number.checked_mul(bytes).ok_or(QuantityFault::TooLarge)
}

/// A duration as a configuration would have it, in the largest unit that fits.
pub(super) fn show_duration(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    let (divisor, unit) = match milliseconds {
        0 => (1_000, "s"),
        _ if milliseconds.is_multiple_of(3_600_000) => (3_600_000, "h"),
        _ if milliseconds.is_multiple_of(60_000) => (60_000, "m"),
        _ if milliseconds.is_multiple_of(1_000) => (1_000, "s"),
        _ => (1, "ms"),
    };
    format!("{}{unit}", milliseconds / divisor)
}

/// A size as a configuration would have it, in the largest unit that fits.
pub(super) fn show_size(bytes: u64) -> String {
    let (shift, unit) = match bytes.trailing_zeros() {
        _ if bytes == 0 => (0, "B"),
        30.. => (30, "GiB"),
        20.. => (20, "MiB"),
        10.. => (10, "KiB"),
        _ => (0, "B"),
    };
    format!("{}{unit}", bytes >> shift)
}

fn split(text: &str) -> Result<(u64, &str), QuantityFault> {
    let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    if number.is_empty() {
        return Err(QuantityFault::NoNumber);
    }
    if unit.is_empty() {
        return Err(QuantityFault::NoUnit);
    }
    Ok((number.parse().map_err(|_| QuantityFault::TooLarge)?, unit.trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_whole_number_and_a_unit() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1h"), Ok(Duration::from_hours(1)));
        assert_eq!(size("32KiB"), Ok(32 * 1024));
        assert_eq!(size("0B"), Ok(0));
    }

    #[test]
    fn what_is_no_quantity_says_why() {
        assert_eq!(duration(""), Err(QuantityFault::NoNumber));
        assert_eq!(duration("-1s"), Err(QuantityFault::NoNumber));
        assert_eq!(duration("5"), Err(QuantityFault::NoUnit));
        assert_eq!(duration("5 minutes"), Err(QuantityFault::UnknownUnit));
        assert_eq!(duration("1.5s"), Err(QuantityFault::UnknownUnit));
        assert_eq!(size("32KB"), Err(QuantityFault::UnknownUnit));
        assert_eq!(size("99999999999999999999B"), Err(QuantityFault::TooLarge));
        assert_eq!(duration("9999999999999999999h"), Err(QuantityFault::TooLarge));
    }

    #[test]
    fn a_quantity_is_shown_in_its_largest_unit() {
        for text in ["0s", "50ms", "90s", "5m", "24h"] {
            assert_eq!(show_duration(duration(text).unwrap()), text);
        }
        for text in ["0B", "8KiB", "1MiB", "1025B"] {
            assert_eq!(show_size(size(text).unwrap()), text);
        }
    }
}
