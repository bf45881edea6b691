//! The page for clients, `docs/clients.md`, lists every rejection as clients see it, and nothing else.

use std::num::NonZeroU32;

use gateway_http1::FramingFault;
use gateway_table::RateUnit;

use super::*;

const CLIENTS: &str = include_str!("../../../docs/clients.md");

/// Every kind of rejection; one that is told in several ways, in each.
fn every_kind() -> Vec<Rejection> {
    let limit = RateLimit { count: NonZeroU32::MIN, unit: RateUnit::Minute, burst: NonZeroU32::MIN };
    let mut kinds = vec![
        Rejection::AmbiguousPath(PathFault::DotSegment),
        Rejection::BadHost,
        Rejection::Loop,
        Rejection::NotFound,
        Rejection::MethodNotAllowed(MethodSet::ALL),
        Rejection::Unauthorized(TokenFault::Missing),
        Rejection::Unauthorized(TokenFault::Expired),
        Rejection::Undecided,
        Rejection::Forbidden(RoleSet::EMPTY),
        Rejection::RateLimited(Quota { policy: "/a".into(), limit, wait: Duration::ZERO }),
        Rejection::BodyTooLarge { limit: 1 },
        Rejection::ClientTooSlow,
        Rejection::BodyBroken,
        Rejection::Upstream(UpstreamFault::Unasked),
        Rejection::UpstreamStatus(StatusCode::INTERNAL_SERVER_ERROR),
        Rejection::Full,
        Rejection::Overloaded,
        Rejection::BreakerOpen(Duration::ZERO),
        Rejection::UpstreamTimeout(Duration::ZERO),
    ];
    kinds.extend([
        Rejection::Malformed(RequestFault::Line),
        Rejection::Malformed(RequestFault::LineTooLong),
        Rejection::Malformed(RequestFault::Expectation),
        Rejection::Malformed(RequestFault::HeadTooLong),
        Rejection::Malformed(RequestFault::Framing(FramingFault::UnknownCoding)),
        Rejection::Malformed(RequestFault::Version),
    ]);
    kinds
}

/// The place of a kind in the list above: a kind that is new does not compile until it has one.
const fn place(rejection: &Rejection) -> usize {
    match rejection {
        Rejection::AmbiguousPath(_) => 0,
        Rejection::BadHost => 1,
        Rejection::Loop => 2,
        Rejection::NotFound => 3,
        Rejection::MethodNotAllowed(_) => 4,
        Rejection::Unauthorized(TokenFault::Missing) => 5,
        Rejection::Unauthorized(_) => 6,
        Rejection::Undecided => 7,
        Rejection::Forbidden(_) => 8,
        Rejection::RateLimited(_) => 9,
        Rejection::BodyTooLarge { .. } => 10,
        Rejection::ClientTooSlow => 11,
        Rejection::BodyBroken => 12,
        Rejection::Upstream(_) => 13,
        Rejection::UpstreamStatus(_) => 14,
        Rejection::Full => 15,
        Rejection::Overloaded => 16,
        Rejection::BreakerOpen(_) => 17,
        Rejection::UpstreamTimeout(_) => 18,
        Rejection::Malformed(_) => 19,
        Rejection::Shared(_) => panic!("it is told as what it shares"),
    }
}

/// Status, title, type and detail of each row of the table of errors.
fn rows() -> Vec<[&'static str; 4]> {
    let (_, after) = CLIENTS.split_once("## Errors\n").unwrap();
    let lines = after.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let cells = |line: &'static str| {
        let mut cells = line.split('|').skip(1).map(|cell| cell.trim().trim_matches('`'));
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    };
    lines.skip(2).map(cells).collect()
}

/// Whether a row is about a rejection.
fn tells([status, title, kind, detail]: &[&str; 4], rejection: &Rejection) -> bool {
    *status == rejection.status().as_str()
        && *title == rejection.title()
        && *kind == rejection.problem_type()
        && is_like(&rejection.detail(), detail)
}

/// Whether a text is what a pattern says, in which `…` stands for anything.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('…') else { return text == pattern };
    let Some(remaining) = text.strip_prefix(start) else { return false };
    (0..=remaining.len()).filter_map(|at| remaining.get(at..)).any(|remaining| is_like(remaining, rest))
}

#[test]
fn every_kind_of_rejection_has_its_place_in_the_list() {
    for (index, kind) in every_kind().iter().enumerate() {
        assert_eq!(place(kind), index.min(19), "{kind:?}");
    }
}

#[test]
fn every_rejection_is_on_the_page_for_clients_and_nothing_else_is() {
    let (kinds, rows) = (every_kind(), rows());
    for kind in &kinds {
        let found = rows.iter().filter(|row| tells(row, kind)).count();
        assert_eq!(
            found,
            1,
            "docs/clients.md has {found} rows for {}, {}, {}",
            kind.status(),
            kind.title(),
            kind.detail()
        );
    }
    for row in &rows {
        assert!(kinds.iter().any(|kind| tells(row, kind)), "nothing is answered as {row:?}");
    }
}
