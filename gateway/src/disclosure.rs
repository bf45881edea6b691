//! What an answer says of how it came about, where the configuration asks for it: `Proxy-Status` (RFC 9209) and
//! `Server-Timing`.

use http::{HeaderName, HeaderValue, Response};

use crate::access_log::Exchange;
use crate::rejection::Rejection;
use crate::response_body::ResponseBody;
use crate::settings::ResponseHeaderSettings;
use crate::upstream::UpstreamFault;

const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");

/// Which of the fields are written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Disclosure(ResponseHeaderSettings);

impl Disclosure {
    pub(crate) const fn new(settings: ResponseHeaderSettings) -> Self {
        Self(settings)
    }

    /// Writes them.
    pub(crate) fn write(self, response: &mut Response<ResponseBody>, exchange: &Exchange) {
        if self.0.proxy_status
            && let Some(error) = exchange.rejection.as_ref().and_then(proxy_status)
            && let Ok(value) = HeaderValue::from_str(&error)
        {
            response.headers_mut().append(PROXY_STATUS, value);
        }
        if self.0.server_timing {
            let milliseconds = exchange.started.elapsed().as_secs_f64() * 1e3;
            if let Ok(value) = HeaderValue::from_str(&format!("gateway;dur={milliseconds:.1}")) {
                response.headers_mut().append(SERVER_TIMING, value);
            }
        }
    }
}

/// The gateway's member of the list: the error type of RFC 9209 §2.3 that an early end is, if it is one of the upstream's
/// side.
fn proxy_status(rejection: &Rejection) -> Option<String> {
    let error = match rejection {
        Rejection::UpstreamStatus(status) => {
            return Some(format!("coregateway; error=http_protocol_error; received-status={}", status.as_u16()));
        }
        Rejection::Upstream(fault) => upstream_error(fault),
        Rejection::UpstreamTimeout(_) => "http_response_timeout",
        Rejection::BreakerOpen(_) => "destination_unavailable",
        Rejection::Overloaded => "connection_limit_reached",
        Rejection::Loop => "proxy_loop_detected",
        Rejection::Forbidden(_) => "http_request_denied",
        Rejection::Shared(of) => return proxy_status(of),
        _ => return None,
    };
    Some(format!("coregateway; error={error}"))
}

const fn upstream_error(fault: &UpstreamFault) -> &'static str {
    match fault {
        UpstreamFault::Unreachable(_) => "connection_refused",
        UpstreamFault::ConnectTooSlow(_) => "connection_timeout",
        UpstreamFault::Reset(_) => "connection_terminated",
        UpstreamFault::TooSlow(_) => "http_response_timeout",
        UpstreamFault::Malformed(_) | UpstreamFault::TooManyInterim => "http_protocol_error",
        UpstreamFault::Unasked => "http_upgrade_failed",
        UpstreamFault::RequestBody(_) => "http_request_error",
        #[cfg(feature = "zeromq")]
        UpstreamFault::MalformedReply(_) => "http_protocol_error",
        #[cfg(feature = "zeromq")]
        UpstreamFault::NoRoom => "connection_limit_reached",
        #[cfg(not(feature = "zeromq"))]
        UpstreamFault::NoAdapter => "proxy_configuration_error",
    }
}
