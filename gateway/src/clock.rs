//! The one door to the time of day: everything that asks for it asks a [`Clock`], so that a test can set it.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment, in whole seconds since 1970 began (a `NumericDate` of RFC 7519).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(pub u64);

impl UnixSeconds {
    /// The moment this much later; a started second counts whole.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let started = u64::from(duration.subsec_nanos() > 0);
        Self(self.0.saturating_add(duration.as_secs()).saturating_add(started))
    }
}

/// What tells the time of day: the system, or a test.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// The milliseconds since 1970 began that a test has set.
    set: Option<Arc<AtomicU64>>,
}

impl Clock {
    /// A clock that stands still until it is [set](Self::set); its clones stand with it.
    pub fn standing_at(now: UnixSeconds) -> Self {
        Self { set: Some(Arc::new(AtomicU64::new(now.0.saturating_mul(1_000)))) }
    }

    /// Sets a clock that stands; the system's clock goes on.
    pub fn set(&self, now: UnixSeconds) {
        if let Some(set) = &self.set {
            set.store(now.0.saturating_mul(1_000), Ordering::Relaxed);
        }
    }

    /// The time of day.
    pub fn system_time(&self) -> SystemTime {
        match &self.set {
            Some(set) => UNIX_EPOCH + Duration::from_millis(set.load(Ordering::Relaxed)),
            None => system_time(),
        }
    }

    /// The time of day in whole seconds.
    pub fn now(&self) -> UnixSeconds {
        // A clock before 1970 is as wrong as one that stands at its beginning.
        UnixSeconds(self.system_time().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

/// The time of day as a `Date` field has it, written anew once a second.
#[derive(Debug, Default)]
pub(crate) struct Date {
    at: Option<UnixSeconds>,
    /// An IMF-fixdate (RFC 9110 §5.6.7).
    pub(crate) text: String,
}

impl Date {
    /// Goes on to this moment.
    pub(crate) fn advance(&mut self, now: UnixSeconds) {
        if self.at != Some(now) {
            self.at = Some(now);
            self.text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(now.0));
        }
    }
}

/// Timestamps one after the other: what a second's have in common is written once in that second.
#[derive(Debug, Default)]
pub(crate) struct Timestamps {
    /// The second, and its text with room for the milliseconds.
    last: Option<(u64, [u8; TIMESTAMP])>,
}

/// The last moment that RFC 3339 can write.
const LAST: Duration = Duration::from_millis(253_402_300_799_999);

/// How long a timestamp is, in bytes.
const TIMESTAMP: usize = "2026-01-31T12:00:00.000Z".len();

impl Timestamps {
    /// Appends the time of day, with milliseconds, as RFC 3339 has it.
    pub(crate) fn write(&mut self, line: &mut Vec<u8>) {
        self.write_at(system_time(), line);
    }

    fn write_at(&mut self, now: SystemTime, line: &mut Vec<u8>) {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().min(LAST);
        let mut text = match self.last {
            Some((second, text)) if second == since.as_secs() => text,
            _ => self.begin(since.as_secs()),
        };
        let (hundreds, rest) = (since.subsec_millis() / 100, since.subsec_millis() % 100);
        for (digit, value) in text[TIMESTAMP - 4..].iter_mut().zip([hundreds, rest / 10, rest % 10]) {
            *digit = b"0123456789"[value as usize];
        }
        line.extend_from_slice(&text);
    }

    /// The text of a second that has just begun.
    fn begin(&mut self, second: u64) -> [u8; TIMESTAMP] {
        let mut text = [0; TIMESTAMP];
        let moment = UNIX_EPOCH + Duration::from_secs(second);
        // The text of four digits of a year is as long as the room for it.
        let _ = write!(&mut text[..], "{}", humantime::format_rfc3339_millis(moment));
        self.last = Some((second, text));
        text
    }
}

/// Appends the time of day, with milliseconds, as RFC 3339 has it.
pub(crate) fn write_timestamp(line: &mut Vec<u8>) {
    Timestamps::default().write(line);
}

/// The time of day, with milliseconds, as RFC 3339 has it.
pub(crate) fn timestamp() -> String {
    humantime::format_rfc3339_millis(system_time()).to_string()
}

/// This moment, in nanoseconds since 1970 began, as RFC 3339 has it, with milliseconds.
pub(crate) fn timestamp_of(unix_nanos: u64) -> String {
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_nanos(unix_nanos)).to_string()
}

/// The time of day in nanoseconds since 1970 began.
pub(crate) fn unix_nanos() -> u64 {
    let since = system_time().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn system_time() -> SystemTime {
    SystemTime::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_clock_moves_with_its_clones_when_it_is_set() {
        let clock = Clock::standing_at(UnixSeconds(100));
        let clone = clock.clone();
        clock.set(UnixSeconds(200));
        assert_eq!(clone.now(), UnixSeconds(200));
    }

    #[test]
    fn a_started_second_counts_whole() {
        assert_eq!(UnixSeconds(1).plus(Duration::from_millis(1_001)), UnixSeconds(3));
        assert_eq!(UnixSeconds(u64::MAX).plus(Duration::from_secs(1)), UnixSeconds(u64::MAX));
    }

    #[test]
    fn timestamps_are_what_a_single_one_would_be_within_a_second_and_from_one_to_the_next() {
        let mut timestamps = Timestamps::default();
        for millis in [1_700_000_000_000, 1_700_000_000_007, 1_700_000_000_999, 1_700_000_001_000, 1_700_000_000_120] {
            let now = UNIX_EPOCH + Duration::from_millis(millis);
            let mut line = Vec::new();
            timestamps.write_at(now, &mut line);
            assert_eq!(String::from_utf8(line).unwrap(), humantime::format_rfc3339_millis(now).to_string());
        }
    }

    #[test]
    fn a_clock_that_is_far_off_makes_a_timestamp_all_the_same() {
        for (wrong, shown) in [
            (UNIX_EPOCH - Duration::from_secs(1), "1970-01-01T00:00:00.000Z"),
            (UNIX_EPOCH + Duration::from_secs(1 << 40), "9999-12-31T23:59:59.999Z"),
        ] {
            let mut line = Vec::new();
            Timestamps::default().write_at(wrong, &mut line);
            assert_eq!(String::from_utf8(line).unwrap(), shown);
        }
    }

    #[test]
    fn the_system_clock_is_past_the_day_this_was_written() {
        assert!(Clock::default().now() > UnixSeconds(1_700_000_000));
    }
}
