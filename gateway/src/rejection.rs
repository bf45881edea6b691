//! Every way a request can end early: who is to blame, what the client reads, what the log says.

#[cfg(test)]
mod page;

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use gateway_http1::RequestFault;
use gateway_table::{MethodSet, PathFault, RateLimit, RoleSet, Table};
use http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use serde::Serialize;

use crate::auth::TokenFault;
use crate::headers::{RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::request_body::RequestBodyFault;
use crate::upstream::UpstreamFault;

/// Why a request ended early.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// What came is no request that can be understood in one way only.
    Malformed(RequestFault),
    /// The path has no canonical form.
    AmbiguousPath(PathFault),
    /// The `Host` field is missing, repeated or no host.
    BadHost,
    /// The request has been through the gateway before.
    Loop,
    /// No route owns the path.
    NotFound,
    /// The path is owned, but not for this method.
    MethodNotAllowed(MethodSet),
    /// The credentials do not let anybody in.
    Unauthorized(TokenFault),
    /// The gateway cannot tell yet whether the token has been revoked.
    Undecided,
    /// The caller is known and has none of the roles that would do.
    Forbidden(RoleSet),
    /// The route's limit is used up.
    RateLimited(Quota),
    /// The request body is longer than the route takes.
    BodyTooLarge {
        /// What the route takes, in bytes.
        limit: u64,
    },
    /// The client stopped sending its request body.
    ClientTooSlow,
    /// The client went away or broke the framing of its request body.
    BodyBroken,
    /// The upstream did not answer, or not with HTTP.
    Upstream(UpstreamFault),
    /// The upstream answered with a server error.
    UpstreamStatus(StatusCode),
    /// All connections of the gateway are taken; this one is only good for its health.
    Full,
    /// The service has as many requests as it may have at a time.
    Overloaded,
    /// The service keeps failing and is left alone for so long.
    BreakerOpen(Duration),
    /// The upstream did not answer within the route's time.
    UpstreamTimeout(Duration),
    /// The call of another request failed so, which this one shared.
    Shared(Arc<Rejection>),
}

/// What a client over its limit learns.
#[derive(Debug)]
pub(crate) struct Quota {
    /// The route's prefix, which names the policy.
    pub(crate) policy: Cow<'static, str>,
    /// The limit.
    pub(crate) limit: RateLimit,
    /// How long until the next request passes.
    pub(crate) wait: Duration,
}

/// Whose fault an early end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The client's.
    Client,
    /// The upstream's.
    Upstream,
    /// The gateway's own.
    Gateway,
}

impl Blame {
    /// What the log calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Upstream => "upstream",
            Self::Gateway => "gateway",
        }
    }
}

/// RFC 9457 problem details.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    detail: Cow<'static, str>,
    instance: &'a str,
    correlation_id: &'a str,
    #[serde(rename = "violated-policies", skip_serializing_if = "Option::is_none")]
    violated_policies: Option<[&'a str; 1]>,
}

impl Rejection {
    /// What a credential's fault means for its request. A token that may be good is no reason to ask for another: whoever
    /// has it is to come again.
    pub(crate) const fn of_token(fault: TokenFault) -> Self {
        match fault {
            TokenFault::RevocationsUnknown => Self::Undecided,
            _ => Self::Unauthorized(fault),
        }
    }

    /// What a request body's fault means for its request, on a route that takes `limit` bytes.
    pub(crate) const fn of_body(fault: RequestBodyFault, limit: u64) -> Self {
        match fault {
            RequestBodyFault::TooLarge => Self::BodyTooLarge { limit },
            RequestBodyFault::TooSlow => Self::ClientTooSlow,
            RequestBodyFault::Broken => Self::BodyBroken,
        }
    }

    /// The rejection, or the one that it shares.
    pub(crate) fn itself(&self) -> &Self {
        if let Self::Shared(of) = self { of.itself() } else { self }
    }

    /// The status code of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(fault) => fault.status(),
            Self::AmbiguousPath(_) | Self::BadHost | Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Undecided | Self::BreakerOpen(_) | Self::Overloaded | Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ClientTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Loop | Self::Upstream(_) | Self::UpstreamStatus(_) => StatusCode::BAD_GATEWAY,
            Self::UpstreamTimeout(_) => StatusCode::GATEWAY_TIMEOUT,
            Self::Shared(of) => of.status(),
        }
    }

    /// Whether nothing that follows the request on its connection can be trusted.
    pub(crate) const fn must_close(&self) -> bool {
        matches!(self, Self::Malformed(_) | Self::BadHost | Self::BodyBroken)
    }

    /// Whose fault it is.
    pub(crate) fn blame(&self) -> Blame {
        match self {
            Self::Malformed(_)
            | Self::AmbiguousPath(_)
            | Self::BadHost
            | Self::NotFound
            | Self::MethodNotAllowed(_)
            | Self::Unauthorized(_)
            | Self::Forbidden(_)
            | Self::RateLimited(_)
            | Self::BodyTooLarge { .. }
            | Self::ClientTooSlow
            | Self::BodyBroken => Blame::Client,
            Self::Loop
            | Self::Upstream(_)
            | Self::UpstreamStatus(_)
            | Self::BreakerOpen(_)
            | Self::UpstreamTimeout(_) => Blame::Upstream,
            // The service may be well, and merely have enough to do.
            Self::Overloaded | Self::Full | Self::Undecided => Blame::Gateway,
            Self::Shared(of) => of.blame(),
        }
    }

    /// The answer to the client. It names no address and no upstream.
    pub(crate) fn answer(&self, correlation_id: &str, table: &Table) -> Response<Bytes> {
        let problem = Problem {
            r#type: self.problem_type(),
            title: self.title(),
            status: self.status().as_u16(),
            detail: self.detail(),
            instance: correlation_id,
            correlation_id,
            violated_policies: match self {
                Self::RateLimited(quota) => Some([&quota.policy]),
                _ => None,
            },
        };
        let body = serde_json::to_vec(&problem).expect("a problem is made of text and numbers");
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = self.status();
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        self.add_headers(response.headers_mut(), table);
        response
    }

    /// What the client reads.
    fn detail(&self) -> Cow<'static, str> {
        match self {
            Self::Malformed(fault) => format!("The request cannot be understood: {fault}.").into(),
            Self::Full => "The gateway has as many connections as it can take.".into(),
            Self::Overloaded => "The service behind this path has as many requests as it can take.".into(),
            Self::AmbiguousPath(fault) => format!("The path {}.", fault.reason()).into(),
            Self::BadHost => "The request needs exactly one valid Host field.".into(),
            Self::Loop => "The request came back to where it had been.".into(),
            Self::NotFound => "No route matches this path.".into(),
            Self::MethodNotAllowed(allow) => format!("This path answers: {allow}.").into(),
            Self::Unauthorized(TokenFault::Missing) => "This path needs an access token.".into(),
            Self::Unauthorized(_) => "The access token is not valid.".into(),
            Self::Undecided => "The gateway is not ready to check access tokens.".into(),
            Self::Forbidden(_) => "The access token has none of the roles that this path asks for.".into(),
            Self::RateLimited(quota) => {
                let unit = quota.limit.unit.name();
                format!("This path takes {} requests a {unit}, of all callers together.", quota.limit.count).into()
            }
            Self::BodyTooLarge { limit } => format!("The request body may have at most {limit} bytes.").into(),
            Self::ClientTooSlow => "The request body stopped coming.".into(),
            Self::BodyBroken => "The request body could not be read.".into(),
            Self::Upstream(_) => "The service behind this path could not be reached or gave no valid answer.".into(),
            Self::UpstreamStatus(_) => "The service behind this path failed.".into(),
            Self::BreakerOpen(_) => "The service behind this path keeps failing and is left alone for a moment.".into(),
            Self::UpstreamTimeout(_) => "The service behind this path did not answer in time.".into(),
            Self::Shared(of) => of.detail(),
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Malformed(fault) => fault.status().canonical_reason().unwrap_or("Bad Request"),
            Self::AmbiguousPath(_) | Self::BadHost | Self::BodyBroken => "Bad Request",
            Self::NotFound => "Not Found",
            Self::MethodNotAllowed(_) => "Method Not Allowed",
            Self::Unauthorized(_) => "Unauthorized",
            Self::Undecided | Self::BreakerOpen(_) | Self::Overloaded | Self::Full => "Service Unavailable",
            Self::Forbidden(_) => "Forbidden",
            Self::RateLimited(_) => "Request cannot be satisfied as assigned quota has been exceeded",
            Self::BodyTooLarge { .. } => "Content Too Large",
            Self::ClientTooSlow => "Request Timeout",
            Self::Loop | Self::Upstream(_) | Self::UpstreamStatus(_) => "Bad Gateway",
            Self::UpstreamTimeout(_) => "Gateway Timeout",
            Self::Shared(of) => of.title(),
        }
    }

    const fn problem_type(&self) -> &'static str {
        match self {
            Self::RateLimited(_) => "https://iana.org/assignments/http-problem-types#quota-exceeded",
            _ => "about:blank",
        }
    }

    fn add_headers(&self, headers: &mut HeaderMap, table: &Table) {
        match self {
            Self::MethodNotAllowed(allow) => set(headers, ALLOW, &allow.to_string()),
            Self::Unauthorized(fault) => {
                headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge(*fault)));
            }
            Self::Forbidden(wanted) => set(headers, WWW_AUTHENTICATE, &scope_challenge(*wanted, table)),
            Self::RateLimited(quota) => quota.add_headers(headers),
            Self::BreakerOpen(wait) => set(headers, RETRY_AFTER, &whole_seconds(*wait).to_string()),
            Self::Undecided | Self::Overloaded | Self::Full => set(headers, RETRY_AFTER, "1"),
            Self::Shared(of) => of.add_headers(headers, table),
            _ => {}
        }
    }
}

/// The challenge of RFC 6750 §3: without an error code where no credentials came, and the same words for every
/// way in which a token can be wrong.
const fn challenge(fault: TokenFault) -> &'static str {
    match fault {
        TokenFault::Missing => r#"Bearer realm="coregateway""#,
        _ => r#"Bearer realm="coregateway", error="invalid_token", error_description="The access token is not valid""#,
    }
}

/// The challenge for a caller without the roles, with those that would do.
fn scope_challenge(wanted: RoleSet, table: &Table) -> String {
    let is_scope =
        |claim: &str| !claim.is_empty() && claim.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e));
    let claims = table.roles.iter().enumerate().filter(|(index, _)| wanted.contains(*index));
    let scope: Vec<&str> = claims.map(|(_, role)| &*role.claim).filter(|claim| is_scope(claim)).collect();
    format!(r#"Bearer realm="coregateway", error="insufficient_scope", scope="{}""#, scope.join(" "))
}

impl Quota {
    /// `Retry-After` (RFC 9110 §10.2.3) and the fields of draft-ietf-httpapi-ratelimit-headers-10.
    fn add_headers(&self, headers: &mut HeaderMap) {
        let wait = whole_seconds(self.wait);
        let policy = structured_string(&self.policy);
        set(headers, RETRY_AFTER, &wait.to_string());
        set(headers, RATE_LIMIT, &format!("{policy};r=0;t={wait}"));
        let window = self.limit.unit.duration().as_secs();
        set(headers, RATE_LIMIT_POLICY, &format!("{policy};q={};w={window}", self.limit.count));
    }
}

/// Seconds, rounded up, at least one: a client that waits so long is not early.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

/// A String of RFC 9651 §3.3.3.
fn structured_string(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Sets a field whose value is made of printable ASCII.
fn set(headers: &mut HeaderMap, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// What the log says; it may name addresses and causes, never a token.
impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed(fault) => fault.fmt(f),
            Self::Full => f.write_str("all connections are taken"),
            Self::Overloaded => f.write_str("the service has as many requests as it may have at a time"),
            Self::AmbiguousPath(fault) => fault.fmt(f),
            Self::BadHost => f.write_str("the Host field is missing, repeated or no host"),
            Self::Loop => f.write_str("the request has been through this gateway before: an upstream leads back to it"),
            Self::NotFound => f.write_str("no route owns the path"),
            Self::MethodNotAllowed(allow) => write!(f, "the path answers {allow} only"),
            Self::Unauthorized(fault) => f.write_str(fault.reason()),
            Self::Undecided => f.write_str(TokenFault::RevocationsUnknown.reason()),
            Self::Forbidden(_) => f.write_str("the caller has none of the roles that would do"),
            Self::RateLimited(_) => f.write_str("the route's rate limit is used up"),
            Self::BodyTooLarge { limit } => write!(f, "the request body is longer than {limit} bytes"),
            Self::ClientTooSlow => f.write_str("the client stopped sending its request body"),
            Self::BodyBroken => f.write_str("the client went away or broke its request body's framing"),
            Self::Upstream(fault) => fault.fmt(f),
            Self::UpstreamStatus(status) => write!(f, "the upstream answered {}", status.as_u16()),
            Self::BreakerOpen(_) => f.write_str("the service's breaker is open"),
            Self::UpstreamTimeout(limit) => write!(f, "the upstream did not answer within {limit:?}"),
            Self::Shared(of) => of.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use gateway_table::{List, Trie};

    use super::*;

    static NO_TABLE: LazyLock<Table> = LazyLock::new(|| Table {
        digest: "".into(),
        roles: List::default(),
        services: List::default(),
        routes: List::default(),
        trie: Trie::new([]),
    });

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(300)), 1);
        assert_eq!(whole_seconds(Duration::from_secs(2)), 2);
        assert_eq!(whole_seconds(Duration::from_millis(2001)), 3);
    }

    #[test]
    fn a_bad_token_is_answered_the_same_whatever_is_wrong_with_it() {
        let told = |fault| {
            let rejection = Rejection::of_token(fault);
            let mut headers = HeaderMap::new();
            rejection.add_headers(&mut headers, &NO_TABLE);
            (rejection.status().as_u16(), rejection.title(), rejection.detail(), headers)
        };
        let bad = told(TokenFault::BadSignature);
        assert!(bad.0 == 401 && bad.3[WWW_AUTHENTICATE].to_str().unwrap().contains(r#"error="invalid_token""#));
        for fault in TokenFault::ALL {
            match fault {
                TokenFault::Missing => {
                    assert_eq!(told(fault).3[WWW_AUTHENTICATE], r#"Bearer realm="coregateway""#);
                }
                TokenFault::RevocationsUnknown => {
                    assert_eq!((told(fault).0, &told(fault).3[RETRY_AFTER]), (503, &HeaderValue::from_static("1")));
                }
                _ => assert_eq!(told(fault), bad, "{fault:?}"),
            }
        }
    }

    #[test]
    fn a_structured_string_escapes_quotes_and_backslashes() {
        assert_eq!(structured_string(r#"/a"b\"#), r#""/a\"b\\""#);
    }
}
