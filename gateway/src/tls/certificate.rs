//! What a certificate says of itself, as far as the gateway needs it: from when to when it is good, and whose it is.
//!
//! In: the DER text of a certificate (RFC 5280). Only the outer structure is walked; signatures are the TLS library's affair.

use std::time::Duration;

use crate::clock::UnixSeconds;

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
/// `id-at-commonName`, 2.5.4.3, as an object identifier.
const COMMON_NAME: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];

/// When a certificate is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) not_before: UnixSeconds,
    pub(crate) not_after: UnixSeconds,
}

/// When this certificate is good; `None` if it cannot be told.
pub(crate) fn validity(der: &[u8]) -> Option<Validity> {
    let (validity, _) = names_and_validity(der)?.1;
    let (not_before, rest) = element(validity)?;
    let (not_after, _) = element(rest)?;
    Some(Validity { not_before: moment(not_before)?, not_after: moment(not_after)? })
}

/// The common name of whom this certificate is about; the last one, where there are several.
pub(crate) fn common_name(der: &[u8]) -> Option<String> {
    let (_, (_, behind)) = names_and_validity(der)?;
    let (mut names, _) = content(behind, SEQUENCE)?;
    let mut found = None;
    while !names.is_empty() {
        let (set, rest) = content(names, SET)?;
        let (name, _) = content(set, SEQUENCE)?;
        if let Some(value) = name.strip_prefix(COMMON_NAME) {
            let (value, _) = element(value)?;
            found = std::str::from_utf8(value.content).ok().map(|text| text.replace(char::is_control, " "));
        }
        names = rest;
    }
    found
}

/// An element: its kind and what is in it.
#[derive(Clone, Copy)]
struct Element<'a> {
    kind: u8,
    content: &'a [u8],
}

/// The issuer's name, the validity, and what comes behind it, which starts with the subject's name.
#[expect(clippy::type_complexity, reason = "slices of one text")]
fn names_and_validity(der: &[u8]) -> Option<(&[u8], (&[u8], &[u8]))> {
    let (certificate, _) = content(der, SEQUENCE)?;
    let (mut rest, _) = content(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.1;
    }
    let (_, rest) = content(rest, INTEGER)?;
    let (_, rest) = content(rest, SEQUENCE)?;
    let (issuer, rest) = content(rest, SEQUENCE)?;
    Some((issuer, content(rest, SEQUENCE)?))
}

fn content(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    let (element, rest) = element(der)?;
    (element.kind == kind).then_some((element.content, rest))
}

/// The first element, and what comes behind it (X.690 §8.1).
fn element(der: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&[kind, first], rest) = der.split_first_chunk()?;
    let (length, rest) = match first {
        ..=0x7f => (usize::from(first), rest),
        _ if matches!(first, 0x81..=0x84) => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((Element { kind, content }, rest))
}

/// A `Time`: two or four digits of the year, then `MMDDHHMMSSZ` (RFC 5280 §4.1.2.5).
fn moment(time: Element<'_>) -> Option<UnixSeconds> {
    let text = std::str::from_utf8(time.content).ok()?.strip_suffix('Z')?;
    let (year, rest) = text.split_at_checked(if time.kind == UTC_TIME { 2 } else { 4 })?;
    let year: u64 = year.parse().ok()?;
    let year = match time.kind {
        UTC_TIME if year < 50 => 2000 + year,
        UTC_TIME => 1900 + year,
        _ => year,
    };
    let mut parts = [0; 5];
    for (index, part) in parts.iter_mut().enumerate() {
        *part = rest.get(index * 2..index * 2 + 2)?.parse::<u64>().ok()?;
    }
    let [month, day, hours, minutes, seconds] = parts;
    let days = days_before(year, month, day)?;
    Some(UnixSeconds(days * 86_400 + hours * 3_600 + minutes * 60 + seconds))
}

/// How many days of the Gregorian calendar lie between 1970 and a date; what lies before 1970 is its beginning.
fn days_before(year: u64, month: u64, day: u64) -> Option<u64> {
    const BEFORE_MONTH: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before_month = BEFORE_MONTH.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    let is_leap = leap_days(year) > leap_days(year.checked_sub(1)?);
    let this_year = before_month + u64::from(is_leap && month > 2) + day.checked_sub(1)?;
    let Some(years) = year.checked_sub(1970) else { return Some(0) };
    Some(years * 365 + leap_days(year - 1) - leap_days(1969) + this_year)
}

impl Validity {
    /// How long it is still good; nothing if it is not any more.
    pub(crate) fn left(self, now: UnixSeconds) -> Duration {
        Duration::from_secs(self.not_after.0.saturating_sub(now.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(from: i32, to: i32) -> Vec<u8> {
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        parameters.distinguished_name.push(DnType::OrganizationName, "Plant 7");
        parameters.distinguished_name.push(DnType::CommonName, "Pump\n7");
        parameters.not_before = date_time_ymd(from, 3, 1);
        parameters.not_after = date_time_ymd(to, 12, 31);
        parameters.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_says_from_when_to_when_it_is_good() {
        for (from, to, not_before, not_after) in [
            (1975, 2024, 162_864_000, 1_735_603_200),
            (2000, 2049, 951_868_800, 2_524_521_600),
            (2024, 2051, 1_709_251_200, 2_587_593_600),
        ] {
            let validity = validity(&certificate(from, to)).unwrap();
            assert_eq!((validity.not_before.0, validity.not_after.0), (not_before, not_after), "{from} {to}");
        }
    }

    #[test]
    fn a_certificate_says_whose_it_is() {
        assert_eq!(common_name(&certificate(2000, 2049)).as_deref(), Some("Pump 7"));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(at in 0usize..500, put in any::<Vec<u8>>()) {
            let mut der = certificate(2000, 2051);
            let at = at.min(der.len());
            der.splice(at..(at + put.len()).min(der.len()), put.clone());
            for der in [&der, &put] {
                let _ = (validity(der), common_name(der));
            }
        }
    }
}
