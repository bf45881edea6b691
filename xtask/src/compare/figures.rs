//! Medians, percentiles and units.

use std::time::Duration;

const MICROSECONDS: f64 = 1e6;

/// A number of things, to calculate with.
#[expect(clippy::cast_precision_loss, reason = "figures are rounded to a few digits")]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

/// How many there are, to calculate with.
pub(crate) fn length<T>(things: &[T]) -> f64 {
    number(things.len() as u64)
}

/// What each took of a time, in microseconds.
pub(crate) fn microseconds_each(time: Duration, count: u64) -> f64 {
    time.as_secs_f64() * MICROSECONDS / number(count)
}

/// In milliseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// KiB as MiB.
pub(crate) fn mebibytes(kibibytes: u64) -> f64 {
    number(kibibytes) / 1024.0
}

/// The median of what was found in each round.
fn median<T>(rounds: &[T], figure: impl Fn(&T) -> f64) -> f64 {
    let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    let (Some(low), Some(high)) = (figures.get((figures.len().max(1) - 1) / 2), figures.get(figures.len() / 2)) else {
        return f64::NAN;
    };
    low.midpoint(*high)
}

/// The medians of what was found of each.
pub(crate) fn medians<T>(found: &[Vec<T>], figure: impl Fn(&T) -> f64) -> Vec<f64> {
    found.iter().map(|rounds| median(rounds, &figure)).collect()
}

/// The value that so many in a thousand do not exceed, of sorted ones.
pub(crate) fn per_mille(sorted: &[Duration], share: usize) -> Duration {
    let rank = (sorted.len() * share).div_ceil(1000).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_or_between_the_two_there() {
        assert!((median(&[9.0, 1.0, 2.0], |figure| *figure) - 2.0).abs() < 1e-9);
        assert!((median(&[9.0, 1.0, 2.0, 3.0], |figure| *figure) - 2.5).abs() < 1e-9);
        assert!(median(&[], |figure: &f64| *figure).is_nan());
    }

    #[test]
    fn a_percentile_is_a_value_that_was_seen() {
        let seen: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        assert_eq!(per_mille(&seen, 500), Duration::from_millis(100));
        assert_eq!(per_mille(&seen, 990), Duration::from_millis(198));
        assert_eq!(per_mille(&seen, 999), Duration::from_millis(200));
        assert_eq!(per_mille(&seen[..1], 10), Duration::from_millis(1));
    }

    #[test]
    fn time_is_shared_among_the_answers() {
        assert!((microseconds_each(Duration::from_millis(50), 4000) - 12.5).abs() < 1e-9);
    }
}
