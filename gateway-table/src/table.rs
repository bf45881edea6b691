//! The table: everything that the route file says and a running gateway needs.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::{Access, CanonicalPath, Found, List, Method, MethodSet, Rewrite, Role, RoleSet, Text, Trie};

/// Paths that the gateway answers itself, whatever the routes say.
pub const BUILT_IN_PATHS: [&str; 2] = ["/healthcheck", "/api/healthcheck"];

/// A checked route file, lowered to what a running gateway needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// SHA-256 of the route file's bytes, in lower-case hexadecimal digits.
    pub digest: Text,
    /// The roles, in the order of the file; a [`crate::RoleSet`] counts them so.
    pub roles: List<Role>,
    /// The services that routes name, each once.
    pub services: List<Service>,
    /// The routes, in the order of the file.
    pub routes: List<Route>,
    /// Which routes own a path.
    pub trie: Trie,
}

/// A service behind the gateway: its connections and its breaker are shared by all routes that name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub name: Text,
    /// How it is spoken to.
    pub scheme: Scheme,
    /// `host:port` or `host`, as in a URL; the scheme's port where none is given.
    pub authority: Text,
}

/// How a service is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// HTTP in clear, `http://`.
    Http,
    /// HTTP over TLS with a verified certificate, `https://`.
    Https,
    /// ZeroMQ request/reply, `tcp://`.
    ZeroMq,
}

impl Scheme {
    /// The scheme as it stands in a URL.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::ZeroMq => "tcp",
        }
    }

    /// The port that a URL without one means; ZeroMQ has none.
    pub const fn default_port(self) -> Option<u16> {
        match self {
            Self::Http => Some(80),
            Self::Https => Some(443),
            Self::ZeroMq => None,
        }
    }
}

/// A route, with the gateway-wide defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The prefix as the file has it; what metrics and logs call the route.
    pub path_prefix: Text,
    /// The methods it answers; a HEAD that comes with GET is among them.
    pub methods: MethodSet,
    /// Its service, by index into [`Table::services`].
    pub service: u32,
    /// The path of its target, without a trailing slash; empty for the root.
    pub target_path: Text,
    /// How the upstream's path is made.
    pub rewrite: Rewrite,
    /// Who may call it.
    pub access: Access,
    /// How often it may be called; `None` where the file says `Unlimited`.
    pub rate_limit: Option<RateLimit>,
    /// How long a caller waits for the head of the upstream's answer at most, all tries together.
    pub timeout: Duration,
    /// How long the parts of an exchange with the upstream may take.
    pub timeouts: Timeouts,
    /// When a request is tried again.
    pub retry: Option<Retry>,
    /// When its service is left alone for a while.
    pub breaker: Option<Breaker>,
    /// How many requests may be in flight to its service at once, those of other routes among them.
    pub max_concurrent: NonZeroU32,
    /// To which other protocols a connection may be switched.
    pub upgrade: Upgrade,
    /// The window in which equal requests share one upstream call.
    pub debounce: Option<Duration>,
    /// The longest request body, in bytes.
    pub max_body: u64,
    /// What it is for, in the author's words; may be empty.
    pub summary: Text,
}

/// How long the parts of an exchange with an upstream may take; `None` where only the whole has a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Timeouts {
    /// From the start of a try to a connection, TLS included.
    pub connect: Option<Duration>,
    /// From the request being sent to the first byte of the answer, in each try.
    pub first_byte: Option<Duration>,
    /// The longest pause between two parts of a body, in either direction; the listener's where there is none.
    pub idle: Option<Duration>,
}

/// To which other protocols a connection may be switched (RFC 9110, 7.8).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Upgrade {
    /// To none.
    Off,
    /// To any but those that would carry requests past the gateway, see [`Upgrade::carries_http`].
    Any,
    /// To these, in lower case.
    Only(List<Text>),
}

impl Upgrade {
    /// Whether a connection may be switched to `protocol`, an element of an `Upgrade` field.
    pub fn allows(&self, protocol: &str) -> bool {
        match self {
            Self::Off => false,
            Self::Any => !Self::carries_http(protocol),
            Self::Only(protocols) => protocols.iter().any(|allowed| allowed.eq_ignore_ascii_case(protocol)),
        }
    }

    /// Whether `protocol` is another HTTP, or what HTTP can hide in: requests in it would meet no route and no role.
    pub fn carries_http(protocol: &str) -> bool {
        let name = protocol.split_once('/').map_or(protocol, |(name, _)| name);
        ["h2c", "h2", "http", "tls"].iter().any(|carrier| name.eq_ignore_ascii_case(carrier))
    }
}

/// A limit on how often a route is called, by all callers together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RateLimit {
    /// How many calls each unit of time brings.
    pub count: NonZeroU32,
    /// The unit of time.
    pub unit: RateUnit,
    /// How many calls may come at once; as many as `count` where the file does not say.
    pub burst: NonZeroU32,
}

/// The unit of time of a [`RateLimit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RateUnit {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
}

impl RateUnit {
    /// How long the unit is.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3600,
        })
    }

    /// What people call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
        }
    }
}

/// When a request is tried again, and how long is waited before.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Retry {
    /// How many tries there are, the first among them.
    pub attempts: NonZeroU32,
    /// The wait before the second try; it doubles before each further one.
    pub backoff: Duration,
    /// The longest wait.
    pub max_backoff: Option<Duration>,
    /// How long one try may take.
    pub per_try: Option<Duration>,
    /// What makes a try fail.
    pub on: List<RetryCause>,
}

/// What makes a try fail so that another follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryCause {
    /// No connection came about.
    Connect,
    /// The connection broke before an answer.
    Reset,
    /// No answer within the try's time.
    Timeout,
    /// An answer with this status code.
    Status(u16),
}

/// When a service that fails is left alone for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Breaker {
    /// How many failures open it.
    pub failures: NonZeroU32,
    /// The window in which they are counted.
    pub within: Duration,
    /// How long it stays open.
    pub open_for: Duration,
    /// How many requests probe the service afterwards.
    pub half_open: NonZeroU32,
}

/// Who answers for a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PathMatch {
    /// The gateway itself: one of [`BUILT_IN_PATHS`].
    BuiltIn,
    /// These routes, which share the prefix and split the methods.
    Routes(Found),
    /// Nobody.
    NotFound,
}

impl Table {
    /// Who answers for `path`.
    pub fn find(&self, path: &CanonicalPath<'_>) -> PathMatch {
        if BUILT_IN_PATHS.contains(&&**path) {
            return PathMatch::BuiltIn;
        }
        self.trie.find(path).map_or(PathMatch::NotFound, PathMatch::Routes)
    }

    /// The routes that share the prefix that was found, by index into [`Table::routes`].
    pub fn owners(&self, found: &Found) -> impl Iterator<Item = usize> {
        self.trie.owners[found.owners.clone()].iter().map(|route| *route as usize)
    }

    /// The one among the owners that answers `method`, by index into [`Table::routes`].
    pub fn route_for(&self, found: &Found, method: Method) -> Option<usize> {
        self.owners(found).find(|route| self.routes[*route].methods.contains(method))
    }

    /// The methods that the owners answer together: the value of an `Allow` field.
    pub fn allow(&self, found: &Found) -> MethodSet {
        self.owners(found).fold(MethodSet::EMPTY, |allow, route| allow.union(self.routes[route].methods))
    }

    /// The path that the upstream of `route` sees, for a request of `path` whose first `prefix_len` bytes the prefix takes.
    pub fn upstream_path(&self, route: usize, path: &CanonicalPath<'_>, prefix_len: usize) -> String {
        let route = &self.routes[route];
        let mut upstream = String::with_capacity(route.target_path.len() + path.len() + 1);
        upstream.push_str(&route.target_path);
        route.rewrite.append(&mut upstream, path, prefix_len);
        upstream
    }

    /// What a token is good for whose roles claim has these values. Unknown values are good for nothing.
    pub fn granted<'a>(&self, claims: impl IntoIterator<Item = &'a str>) -> RoleSet {
        claims.into_iter().fold(RoleSet::EMPTY, |granted, claim| {
            let role = self.roles.iter().find(|role| role.claim == claim);
            role.map_or(granted, |role| granted.union(role.grants))
        })
    }

    /// The service of `route`.
    pub fn service_of(&self, route: &Route) -> &Service {
        &self.services[route.service as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_upgrade_carries_requests_past_the_gateway() {
        for protocol in ["h2c", "H2C", "HTTP/2.0", "http", "TLS/1.0", "tls/1.2"] {
            assert!(!Upgrade::Any.allows(protocol), "{protocol}");
        }
        assert!(Upgrade::Any.allows("websocket") && Upgrade::Any.allows("IRC/6.9"));
        assert!(!Upgrade::Off.allows("websocket"));
    }

    #[test]
    fn the_case_of_a_protocol_does_not_matter() {
        let only = Upgrade::Only(vec!["websocket".into()].into());
        assert!(only.allows("WebSocket") && !only.allows("irc"));
    }
}
