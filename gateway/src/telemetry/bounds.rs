//! The bounds of the ranges in which durations and sizes are counted.

/// The bounds that operators see of durations, in seconds: those of OpenTelemetry's `http.server.request.duration`.
pub(crate) const SECONDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// The bounds by which durations are counted, in nanoseconds. Every one of [`SECONDS`] is among them; the others are there for
/// percentiles, as most answers of a gateway take less than the first of those.
#[rustfmt::skip]
pub(crate) const NANOSECONDS: [u64; 41] = micros([
    50, 100, 150, 200, 300, 400, 500, 600, 800, 1_000, 1_250, 1_500, 2_000, 2_500, 3_000, 4_000, 5_000,
    6_000, 8_000, 10_000, 15_000, 20_000, 25_000, 35_000, 50_000, 75_000, 100_000, 150_000, 200_000, 250_000,
    350_000, 500_000, 750_000, 1_000_000, 1_500_000, 2_000_000, 2_500_000, 3_500_000, 5_000_000, 7_500_000, 10_000_000,
]);

/// The bounds of body sizes, in bytes.
pub(crate) const BYTES: [u64; 9] = [256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20];

/// [`BYTES`] as numbers that metrics are made of.
pub(crate) const BYTES_SHOWN: [f64; 9] =
    [256.0, 1_024.0, 4_096.0, 16_384.0, 65_536.0, 262_144.0, 1_048_576.0, 4_194_304.0, 16_777_216.0];

const fn micros<const N: usize>(mut bounds: [u64; N]) -> [u64; N] {
    let mut index = 0;
    while index < N {
        bounds[index] *= 1_000;
        index += 1;
    }
    bounds
}

/// Counts by [`NANOSECONDS`] as counts by [`SECONDS`].
pub(crate) fn by_seconds(fine: &[u64]) -> Vec<u64> {
    let mut counts = vec![0; SECONDS.len() + 1];
    for (index, count) in fine.iter().enumerate() {
        let upper = NANOSECONDS.get(index).map_or(f64::INFINITY, |bound| seconds(*bound));
        counts[SECONDS.partition_point(|bound| *bound < upper)] += count;
    }
    counts
}

/// Nanoseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "exact up to three months; beyond, a rounded sum is good enough")]
pub(crate) fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// The duration that the given part of what was counted by [`NANOSECONDS`] did not exceed, in seconds; within a range it
/// is taken to be evenly spread. `None` where nothing was counted.
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(crate) fn percentile(fine: &[u64], part: f64) -> Option<f64> {
    let total: u64 = fine.iter().sum();
    let rank = (total as f64 * part).max(1.0);
    let mut below = 0.0;
    for (index, count) in fine.iter().enumerate().filter(|(_, count)| **count > 0) {
        let count = *count as f64;
        if below + count >= rank {
            let lower = index.checked_sub(1).map_or(0, |before| NANOSECONDS[before]);
            let upper = NANOSECONDS.get(index).copied().unwrap_or(lower);
            let within = (rank - below) / count;
            return Some(seconds(lower) + within * (seconds(upper) - seconds(lower)));
        }
        below += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shown_bound_is_a_counted_one() {
        for shown in SECONDS {
            assert!(NANOSECONDS.iter().any(|bound| (seconds(*bound) - shown).abs() < 1e-12), "{shown}");
        }
        assert!(NANOSECONDS.is_sorted());
        assert!(
            BYTES
                .iter()
                .zip(BYTES_SHOWN)
                .all(|(bytes, shown)| (f64::from(u32::try_from(*bytes).unwrap()) - shown).abs() < 0.5)
        );
    }

    #[test]
    fn fine_counts_fold_into_the_shown_ranges() {
        let mut fine = vec![0; NANOSECONDS.len() + 1];
        let at = |nanoseconds: u64| NANOSECONDS.partition_point(|bound| *bound < nanoseconds);
        for (nanoseconds, times) in [(1, 2), (5_000_000, 3), (5_000_001, 4), (2_000_000_000, 5), (11_000_000_000, 6)] {
            fine[at(nanoseconds)] += times;
        }
        assert_eq!(by_seconds(&fine), [5, 4, 0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6]);
    }

    #[test]
    fn a_percentile_lies_in_the_range_of_its_rank() {
        let mut fine = vec![0; NANOSECONDS.len() + 1];
        assert_eq!(percentile(&fine, 0.5), None);
        fine[0] = 98;
        fine[16] = 2;
        assert!(percentile(&fine, 0.5).unwrap() < 50e-6);
        let high = percentile(&fine, 0.99).unwrap();
        assert!((0.004..=0.005).contains(&high), "{high}");
        fine[NANOSECONDS.len()] = 1_000;
        assert!(
            (percentile(&fine, 0.99).unwrap() - 10.0).abs() < 1e-9,
            "what is beyond all bounds is shown as the last"
        );
    }
}
