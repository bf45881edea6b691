//! What a route has besides its path, its methods and its callers, as a difference shows it.

use std::time::Duration;

use gateway_table::{Breaker, RateLimit, Retry, RetryCause, Route, Table, Timeouts, Upgrade};

/// How a field is shown.
type Show = fn(&Table, &Route) -> String;

/// Every field that can change for those who may call before and after.
pub(super) const FIELDS: [(&str, Show); 10] = [
    ("service", |table, route| table.service_of(route).name.to_string()),
    ("rate_limit", |_, route| route.rate_limit.map_or_else(|| "unlimited".into(), rate_limit)),
    ("timeout", |_, route| time(route.timeout)),
    ("timeouts", |_, route| timeouts(route.timeouts)),
    ("retry", |_, route| route.retry.as_ref().map_or_else(|| "off".into(), retry)),
    ("breaker", |_, route| route.breaker.map_or_else(|| "off".into(), breaker)),
    ("max_concurrent", |_, route| route.max_concurrent.to_string()),
    ("upgrade", |_, route| upgrade(&route.upgrade)),
    ("debounce", |_, route| route.debounce.map_or_else(|| "off".into(), time)),
    ("max_body", |_, route| size(route.max_body)),
];

fn rate_limit(limit: RateLimit) -> String {
    let burst = if limit.burst == limit.count { String::new() } else { format!(", {} at once", limit.burst) };
    format!("{} a {}{burst}", limit.count, limit.unit.name())
}

fn retry(retry: &Retry) -> String {
    let mut text = format!("{} attempts, {} apart", retry.attempts, time(retry.backoff));
    text += &retry.max_backoff.map(|longest| format!(", {} at most", time(longest))).unwrap_or_default();
    text += &retry.per_try.map(|per_try| format!(", {} each", time(per_try))).unwrap_or_default();
    let mut causes: Vec<String> = retry
        .on
        .iter()
        .map(|cause| match cause {
            RetryCause::Status(status) => status.to_string(),
            other => format!("{other:?}"),
        })
        .collect();
    causes.sort();
    format!("{text}, on {}", causes.join(" "))
}

fn breaker(breaker: Breaker) -> String {
    let Breaker { failures, within, open_for, half_open } = breaker;
    let (within, open_for) = (time(within), time(open_for));
    format!("opens for {open_for} after {failures} failures within {within}, then {half_open} probes")
}

fn timeouts(timeouts: Timeouts) -> String {
    let Timeouts { connect, first_byte, idle } = timeouts;
    let parts = [("connect", connect), ("first_byte", first_byte), ("idle", idle)];
    let parts: Vec<String> =
        parts.into_iter().filter_map(|(name, part)| Some(format!("{name} {}", time(part?)))).collect();
    if parts.is_empty() { "none".into() } else { parts.join(", ") }
}

fn upgrade(upgrade: &Upgrade) -> String {
    match upgrade {
        Upgrade::Off => "off".into(),
        Upgrade::Any => "any".into(),
        Upgrade::Only(protocols) => {
            let mut protocols: Vec<&str> = protocols.iter().map(|protocol| &**protocol).collect();
            protocols.sort_unstable();
            protocols.join(" ")
        }
    }
}

/// A time in the largest unit that it is a whole number of.
pub(crate) fn time(time: Duration) -> String {
    let millis = time.as_millis();
    let unit =
        [("h", 3_600_000), ("m", 60_000), ("s", 1_000)].into_iter().find(|(_, unit)| millis.is_multiple_of(*unit));
    let (unit, length) = unit.filter(|_| millis > 0).unwrap_or(("ms", 1));
    format!("{}{unit}", millis / length)
}

/// A size, likewise.
fn size(bytes: u64) -> String {
    let unit = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        .into_iter()
        .find(|(_, unit)| bytes.is_multiple_of(*unit));
    let (unit, length) = unit.filter(|_| bytes > 0).unwrap_or(("B", 1));
    format!("{}{unit}", bytes / length)
}
