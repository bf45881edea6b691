//! The values that labels can have: every one is known when the gateway starts, so that no client can add one.

use std::collections::HashMap;

use gateway_table::{Method, Table};

use crate::auth::TokenFault;
use crate::cut::Cut;
use crate::rejection::Rejection;
use crate::upstream::UpstreamFault;

/// What a label says of what is not in its list: an unknown method, a path that no route owns.
pub(crate) const OTHER: &str = "_OTHER";

/// How many values a method label has.
pub(super) const METHODS: usize = Method::ALL.len() + 1;

/// The index of a method's label.
pub(super) fn method_index(method: &http::Method) -> usize {
    match *method {
        http::Method::GET => Method::Get as usize,
        http::Method::HEAD => Method::Head as usize,
        http::Method::POST => Method::Post as usize,
        http::Method::PUT => Method::Put as usize,
        http::Method::PATCH => Method::Patch as usize,
        http::Method::DELETE => Method::Delete as usize,
        http::Method::OPTIONS => Method::Options as usize,
        _ => METHODS - 1,
    }
}

/// The method label of this index.
pub(super) fn method_name(index: usize) -> &'static str {
    Method::ALL.get(index).map_or(OTHER, |method| method.name())
}

/// The values of `path_template`: the routes' prefixes, each once, and two for what no route answers.
#[derive(Debug)]
pub(crate) struct Templates {
    names: Vec<&'static str>,
    of_route: Box<[u32]>,
    services: Box<[u32]>,
}

impl Templates {
    pub(crate) fn new(table: &'static Table) -> Self {
        let mut names = vec![OTHER, gateway_table::BUILT_IN_PATHS[0]];
        let mut known = HashMap::new();
        let mut of_route = Vec::new();
        for route in table.routes.iter() {
            let index = *known.entry(&*route.path_prefix).or_insert_with(|| {
                names.push(&route.path_prefix);
                names.len() - 1
            });
            of_route.push(u32::try_from(index).expect("a table has fewer routes than that"));
        }
        let services = table.routes.iter().map(|route| route.service).collect();
        Self { names, of_route: of_route.into(), services }
    }

    /// The template of what the gateway answers itself.
    pub(super) const BUILT_IN: usize = 1;

    /// The template of a route; that of everything else where there is none.
    pub(crate) fn of(&self, route: Option<usize>) -> usize {
        route.map_or(0, |route| self.of_route[route] as usize)
    }

    /// The service of a route.
    pub(super) fn service(&self, route: usize) -> usize {
        self.services[route] as usize
    }

    /// The template of this name; that of everything else if there is none.
    pub(super) fn named(&self, name: &str) -> usize {
        self.names.iter().position(|known| *known == name).unwrap_or(0)
    }

    pub(crate) fn name(&self, template: usize) -> &'static str {
        self.names[template]
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

/// What comes of a look at a token; the values of `outcome`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AuthOutcome {
    /// The token is good for the route.
    Success,
    /// There is no good token.
    Failure,
    /// The token is good, for other routes.
    Forbidden,
}

impl AuthOutcome {
    pub(super) const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::Forbidden];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Forbidden => "forbidden",
        }
    }
}

/// How many reasons there are for a token to let nobody in: its faults, and the missing role.
pub(super) const AUTH_REASONS: usize = TokenFault::ALL.len() + 1;

/// The `reason` of this index.
pub(super) fn auth_reason(index: usize) -> &'static str {
    TokenFault::ALL.get(index).map_or("insufficient_role", |fault| fault.label())
}

/// The index of the reason for which a token let nobody in, if it was the token.
pub(super) fn auth_reason_of(rejection: &Rejection) -> Option<usize> {
    match rejection {
        Rejection::Unauthorized(fault) => Some(*fault as usize),
        Rejection::Undecided => Some(TokenFault::RevocationsUnknown as usize),
        Rejection::Forbidden(_) => Some(AUTH_REASONS - 1),
        _ => None,
    }
}

/// What went wrong with an upstream; the values of `error_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UpstreamError {
    Connect,
    Reset,
    Timeout,
    Malformed,
    NoAdapter,
}

impl UpstreamError {
    pub(super) const ALL: [Self; 5] = [Self::Connect, Self::Reset, Self::Timeout, Self::Malformed, Self::NoAdapter];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
            Self::NoAdapter => "no_adapter",
        }
    }

    /// What a rejection says of the upstream, if it says that it gave no answer.
    pub(super) const fn of(rejection: &Rejection) -> Option<Self> {
        match rejection {
            Rejection::Upstream(fault) => Some(match fault {
                // The client is to blame.
                UpstreamFault::RequestBody(_) => return None,
                UpstreamFault::Unreachable(_) | UpstreamFault::ConnectTooSlow(_) => Self::Connect,
                UpstreamFault::Reset(_) => Self::Reset,
                UpstreamFault::TooSlow(_) => Self::Timeout,
                UpstreamFault::Malformed(_) | UpstreamFault::Unasked | UpstreamFault::TooManyInterim => Self::Malformed,
                #[cfg(feature = "zeromq")]
                UpstreamFault::MalformedReply(_) => Self::Malformed,
                // The gateway is to blame.
                #[cfg(feature = "zeromq")]
                UpstreamFault::NoRoom => return None,
                #[cfg(not(feature = "zeromq"))]
                UpstreamFault::NoAdapter => Self::NoAdapter,
            }),
            Rejection::UpstreamTimeout(_) => Some(Self::Timeout),
            _ => None,
        }
    }

    /// What an answer's early end says of the upstream, if it was the upstream's doing.
    pub(super) const fn of_cut(cut: Cut) -> Option<Self> {
        match cut {
            Cut::ClientGone | Cut::Ended => None,
            Cut::BrokenOff => Some(Self::Reset),
            Cut::Stalled => Some(Self::Timeout),
        }
    }
}

/// Why a request ended early; the values of `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Malformed,
    AmbiguousPath,
    BadHost,
    Loop,
    NotFound,
    MethodNotAllowed,
    Unauthorized,
    Undecided,
    Forbidden,
    RateLimited,
    BodyTooLarge,
    ClientTooSlow,
    BodyBroken,
    Upstream,
    UpstreamStatus,
    Full,
    Overloaded,
    BreakerOpen,
    UpstreamTimeout,
    /// The client went away before its answer was whole.
    ClientGone,
    /// The gateway ended the connection before the answer was whole.
    Cut,
    /// The upstream broke off its answer, or stopped sending it.
    BrokenOff,
}

impl Cause {
    pub(crate) const ALL: [Self; 22] = [
        Self::Malformed,
        Self::AmbiguousPath,
        Self::BadHost,
        Self::Loop,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Unauthorized,
        Self::Undecided,
        Self::Forbidden,
        Self::RateLimited,
        Self::BodyTooLarge,
        Self::ClientTooSlow,
        Self::BodyBroken,
        Self::Upstream,
        Self::UpstreamStatus,
        Self::Full,
        Self::Overloaded,
        Self::BreakerOpen,
        Self::UpstreamTimeout,
        Self::ClientGone,
        Self::Cut,
        Self::BrokenOff,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::AmbiguousPath => "ambiguous_path",
            Self::BadHost => "bad_host",
            Self::Loop => "loop",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::Unauthorized => "unauthorized",
            Self::Undecided => "undecided",
            Self::Forbidden => "forbidden",
            Self::RateLimited => "rate_limited",
            Self::BodyTooLarge => "body_too_large",
            Self::ClientTooSlow => "client_too_slow",
            Self::BodyBroken => "body_broken",
            Self::Upstream => "upstream",
            Self::UpstreamStatus => "upstream_status",
            Self::Full => "full",
            Self::Overloaded => "overloaded",
            Self::BreakerOpen => "breaker_open",
            Self::UpstreamTimeout => "upstream_timeout",
            Self::ClientGone => "client_gone",
            Self::Cut => "cut",
            Self::BrokenOff => "broken_off",
        }
    }

    /// The cause that an answer's early end stands for.
    pub(super) const fn of_cut(cut: Cut) -> Self {
        match cut {
            Cut::ClientGone => Self::ClientGone,
            Cut::Ended => Self::Cut,
            Cut::BrokenOff | Cut::Stalled => Self::BrokenOff,
        }
    }

    /// The cause that a rejection stands for.
    pub(crate) fn of(rejection: &Rejection) -> Self {
        match rejection {
            Rejection::Malformed(_) => Self::Malformed,
            Rejection::AmbiguousPath(_) => Self::AmbiguousPath,
            Rejection::BadHost => Self::BadHost,
            Rejection::Loop => Self::Loop,
            Rejection::NotFound => Self::NotFound,
            Rejection::MethodNotAllowed(_) => Self::MethodNotAllowed,
            Rejection::Unauthorized(_) => Self::Unauthorized,
            Rejection::Undecided => Self::Undecided,
            Rejection::Forbidden(_) => Self::Forbidden,
            Rejection::RateLimited(_) => Self::RateLimited,
            Rejection::BodyTooLarge { .. } => Self::BodyTooLarge,
            Rejection::ClientTooSlow => Self::ClientTooSlow,
            Rejection::BodyBroken => Self::BodyBroken,
            Rejection::Upstream(_) => Self::Upstream,
            Rejection::UpstreamStatus(_) => Self::UpstreamStatus,
            Rejection::Full => Self::Full,
            Rejection::Overloaded => Self::Overloaded,
            Rejection::BreakerOpen(_) => Self::BreakerOpen,
            Rejection::UpstreamTimeout(_) => Self::UpstreamTimeout,
            Rejection::Shared(of) => Self::of(of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_in_the_order_of_its_indices() {
        assert!(Cause::ALL.iter().enumerate().all(|(index, cause)| *cause as usize == index));
        assert!(UpstreamError::ALL.iter().enumerate().all(|(index, error)| *error as usize == index));
        assert!(AuthOutcome::ALL.iter().enumerate().all(|(index, outcome)| *outcome as usize == index));
        assert!(TokenFault::ALL.iter().enumerate().all(|(index, fault)| *fault as usize == index));
        assert!(Method::ALL.iter().enumerate().all(|(index, method)| *method as usize == index));
    }

    #[test]
    fn an_unknown_method_is_other_and_a_known_one_itself() {
        assert_eq!(method_name(method_index(&http::Method::PATCH)), "PATCH");
        assert_eq!(method_name(method_index(&http::Method::from_bytes(b"BREW").unwrap())), OTHER);
    }
}
