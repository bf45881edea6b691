//! The route file as written: typed, every value with its place, nothing checked against anything else yet.

use std::collections::HashSet;
use std::time::Duration;

use gateway_table::{RateUnit, RetryCause};

use crate::span::{Spanned, Text};
use crate::{Code, Level, Span};

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Field<T> {
    /// The file does not have it.
    #[default]
    Absent,
    /// It could not be read; the fault is told.
    Broken,
    Given(T),
}

impl<T> Field<T> {
    pub(crate) fn given(&self) -> Option<&T> {
        match self {
            Self::Given(value) => Some(value),
            Self::Absent | Self::Broken => None,
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        matches!(self, Self::Broken)
    }
}

/// A whole route file.
#[derive(Debug, Default)]
pub(crate) struct RouteFile {
    pub(crate) roles: Vec<Role>,
    /// Roles whose names could be read and nothing else.
    pub(crate) unread_roles: HashSet<String>,
    /// Whether there may be roles whose very names could not be read.
    pub(crate) roles_are_cut: bool,
    pub(crate) defaults: Policy,
    pub(crate) routes: Vec<Route>,
    pub(crate) lints: Vec<LintSetting>,
    pub(crate) expect: Vec<Expectation>,
    /// Where the file demands that its expectations cover everything.
    pub(crate) full_coverage: Option<Span>,
    /// Whether everything could be read. What an unread part may say is unknown: nothing can be called unused then.
    pub(crate) whole: bool,
}

impl RouteFile {
    /// Whether `role` may be declared in a part of the file that could not be read.
    pub(crate) fn may_declare(&self, role: &str) -> bool {
        self.roles_are_cut || self.unread_roles.contains(role)
    }
}

/// A declared role.
#[derive(Debug)]
pub(crate) struct Role {
    pub(crate) name: Spanned<String>,
    pub(crate) claim: Text,
    pub(crate) implies: Vec<Spanned<String>>,
}

/// A route.
#[derive(Debug)]
pub(crate) struct Route {
    /// Where it starts: at its name, or its bracket.
    pub(crate) place: Span,
    pub(crate) path_prefix: Field<Text>,
    pub(crate) methods: Field<Methods>,
    pub(crate) service: Field<Text>,
    pub(crate) target: Field<Text>,
    pub(crate) rewrite: Field<Rewrite>,
    pub(crate) required_role: Field<Access>,
    pub(crate) policy: Policy,
    pub(crate) debounce: Field<Spanned<Duration>>,
    pub(crate) summary: Field<Text>,
    pub(crate) allow: Vec<Allow>,
}

/// A list of methods.
#[derive(Debug)]
pub(crate) struct Methods {
    pub(crate) span: Span,
    pub(crate) names: Vec<Spanned<String>>,
}

/// How the upstream's path is made.
#[derive(Debug)]
pub(crate) enum Rewrite {
    Strip,
    Keep,
    Replace(Text),
}

/// Who may call a route.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) span: Span,
    pub(crate) who: Who,
}

#[derive(Debug)]
pub(crate) enum Who {
    Everyone { reason: Option<Text> },
    AnyOf(Vec<Spanned<String>>),
}

/// What `defaults` can set and a route can set otherwise.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    pub(crate) rate_limit: Field<RateLimit>,
    pub(crate) timeout: Field<Spanned<Duration>>,
    pub(crate) timeouts: Field<Timeouts>,
    pub(crate) max_body: Field<Spanned<u64>>,
    pub(crate) retry: Field<Retry>,
    pub(crate) breaker: Field<Breaker>,
    pub(crate) max_concurrent: Field<Spanned<u32>>,
    pub(crate) upgrade: Field<Upgrade>,
}

#[derive(Debug)]
pub(crate) enum RateLimit {
    Limited {
        count: Field<Spanned<u32>>,
        unit: Field<RateUnit>,
        burst: Field<Spanned<u32>>,
    },
    /// The reason is told to readers of the file; it must be there, and does nothing.
    Unlimited,
}

/// How long the parts of an exchange with an upstream may take.
#[derive(Debug)]
pub(crate) struct Timeouts {
    pub(crate) connect: Field<Spanned<Duration>>,
    pub(crate) first_byte: Field<Spanned<Duration>>,
    pub(crate) idle: Field<Spanned<Duration>>,
}

/// To which other protocols a connection may be switched.
#[derive(Debug)]
pub(crate) enum Upgrade {
    Off,
    AnyOf(Protocols),
}

/// A list of protocols.
#[derive(Debug)]
pub(crate) struct Protocols {
    pub(crate) span: Span,
    pub(crate) names: Vec<Text>,
}

#[derive(Debug)]
pub(crate) enum Retry {
    Off,
    On(Box<Retrying>),
}

#[derive(Debug)]
pub(crate) struct Retrying {
    pub(crate) attempts: Field<Spanned<u32>>,
    pub(crate) backoff: Field<Spanned<Duration>>,
    pub(crate) max_backoff: Field<Spanned<Duration>>,
    pub(crate) per_try: Field<Spanned<Duration>>,
    pub(crate) on: Field<RetryCauses>,
}

/// What makes a try fail.
#[derive(Debug)]
pub(crate) struct RetryCauses {
    pub(crate) span: Span,
    pub(crate) causes: Vec<Spanned<RetryCause>>,
}

#[derive(Debug)]
pub(crate) enum Breaker {
    Off,
    On(Breaking),
}

#[derive(Debug)]
pub(crate) struct Breaking {
    pub(crate) failures: Field<Spanned<u32>>,
    pub(crate) within: Field<Spanned<Duration>>,
    pub(crate) open_for: Field<Spanned<Duration>>,
    pub(crate) half_open: Field<Spanned<u32>>,
}

/// A lint that a route silences.
#[derive(Debug)]
pub(crate) struct Allow {
    pub(crate) code: Spanned<Code>,
    pub(crate) reason: Text,
}

/// The level that the file gives a lint; none silences it.
#[derive(Debug)]
pub(crate) struct LintSetting {
    pub(crate) code: Spanned<Code>,
    pub(crate) level: Option<Level>,
}

/// A request, and what the author expects to become of it.
#[derive(Debug)]
pub(crate) struct Expectation {
    pub(crate) request: Text,
    pub(crate) caller: Spanned<Caller>,
    pub(crate) outcome: Spanned<Expected>,
}

/// Who asks.
#[derive(Debug)]
pub(crate) enum Caller {
    /// Somebody without a token.
    Everyone,
    Role(String),
}

/// What is expected to become of a request.
#[derive(Debug)]
pub(crate) enum Expected {
    Forward(Text),
    BuiltIn,
    NotFound,
    MethodNotAllowed,
    Unauthorized,
    Forbidden,
    BadRequest,
}
