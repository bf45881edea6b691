//! Metrics that are too many for one message: written in several, none of which is too long.

use super::family::{Family, Sample};

/// What `write` makes of all the families: one message, or more where that would be longer than `limit` bytes. A series is
/// never cut, however long it is.
pub(super) fn in_parts(families: Vec<Family>, limit: usize, write: &impl Fn(&[Family]) -> Vec<u8>) -> Vec<Vec<u8>> {
    let message = write(&families);
    let series = families.iter().map(|family| family.samples.len()).sum::<usize>();
    if message.len() <= limit || series < 2 {
        return vec![message];
    }
    let (first, second) = halves(families, series / 2);
    let mut messages = in_parts(first, limit, write);
    messages.extend(in_parts(second, limit, write));
    messages
}

/// So many series, and the rest.
fn halves(families: Vec<Family>, mut series: usize) -> (Vec<Family>, Vec<Family>) {
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for mut family in families {
        let rest = family.samples.split_off(series.min(family.samples.len()));
        series -= family.samples.len();
        let with = |samples: Vec<Sample>| (!samples.is_empty()).then_some(Family { samples, ..family });
        second.extend(with(rest));
        first.extend(with(family.samples));
    }
    (first, second)
}

#[cfg(test)]
mod tests {
    use super::super::family::Value;
    use super::*;

    fn names(families: &[Family]) -> Vec<u8> {
        families
            .iter()
            .flat_map(|family| family.samples.iter().map(|sample| sample.labels[0].1.as_bytes()[0]))
            .collect()
    }

    fn families() -> Vec<Family> {
        let mut families = vec![Family::counter("a", ""), Family::counter("none", ""), Family::gauge("b", "")];
        for (index, name) in ["1", "2", "3", "4", "5", "6", "7"].into_iter().enumerate() {
            families[if index < 3 { 0 } else { 2 }].push(vec![("name", name.into())], Value::Count(0));
        }
        families
    }

    #[test]
    fn messages_are_short_enough_and_all_series_are_in_one_of_them_in_order() {
        for limit in 1..8 {
            let messages = in_parts(families(), limit, &names);
            assert!(messages.iter().all(|message| message.len() <= limit), "{messages:?}");
            assert_eq!(messages.concat(), b"1234567");
        }
        assert_eq!(in_parts(families(), 7, &names).len(), 1);
    }

    #[test]
    fn a_series_that_is_too_long_by_itself_is_written_all_the_same() {
        assert_eq!(in_parts(families(), 0, &names).concat(), b"1234567");
        assert_eq!(in_parts(Vec::new(), 0, &names), [b""]);
    }
}
