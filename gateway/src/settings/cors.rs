//! The `cors` section: which browser apps of other origins may call, with what, and what they may read.

use std::ops::RangeInclusive;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};

use super::address::Address;
use super::node::Value;
use super::section::{Faults, Field, Section};

const AGES: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24);

/// Which browser apps of other origins may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorsSettings {
    /// `cors.origins`: who may call; required.
    pub origins: CorsOrigins,
    /// `cors.methods`: with which methods. Default: GET, HEAD, POST, PUT, PATCH, DELETE.
    pub methods: Vec<Method>,
    /// `cors.headers`: which fields a request may bring, beside those that every page may send. Default: Authorization,
    /// Content-Type, X-Correlation-ID.
    pub headers: Vec<HeaderName>,
    /// `cors.expose`: which fields of an answer a page may read. Default: X-Correlation-ID, Retry-After, RateLimit,
    /// RateLimit-Policy.
    pub expose: Vec<HeaderName>,
    /// `cors.credentials`: whether requests may bring what the browser adds by itself, such as cookies. Default `false`.
    pub credentials: bool,
    /// `cors.max_age`: how long a browser may remember the answer to its preflight; 0s to 24h, default 10m.
    pub max_age: Duration,
}

/// Whose pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// `["*"]`: everybody's; never with credentials.
    Any,
    /// These, as browsers send them: `scheme://host` or `scheme://host:port`; at least one.
    These(Vec<HeaderValue>),
}

/// Reads the `cors` section.
pub(super) fn read(field: Field, faults: &mut Faults) -> Option<CorsSettings> {
    let keys = ["origins", "methods", "headers", "expose", "credentials", "max_age"];
    let mut section = field.section(&keys, faults)?;
    let credentials = section.take("credentials").map_or(Some(false), |field| field.truth(faults));
    let origins = read_origins(&mut section, credentials == Some(true), faults);
    let methods = section.take("methods").map_or_else(|| Some(methods()), |field| read_methods(field, faults));
    let headers = read_names(&mut section, "headers", &["authorization", "content-type", "x-correlation-id"], faults);
    let exposed = ["x-correlation-id", "retry-after", "ratelimit", "ratelimit-policy"];
    let expose = read_names(&mut section, "expose", &exposed, faults);
    let max_age = section.take("max_age").map_or(Some(Duration::from_mins(10)), |field| field.duration(AGES, faults));
    Some(CorsSettings {
        origins: origins?,
        methods: methods?,
        headers: headers?,
        expose: expose?,
        credentials: credentials?,
        max_age: max_age?,
    })
}

fn read_origins(section: &mut Section, credentials: bool, faults: &mut Faults) -> Option<CorsOrigins> {
    let help = "list the origins that may call: `origins: [\"http://coreui.local\"]`";
    let items = section.require("origins", help, faults)?.list(faults)?;
    if items.is_empty() {
        section.conflict("`cors.origins` is empty", "name an origin, or leave `cors` out", faults);
    }
    let mut origins = Vec::new();
    for item in &items {
        match item.text(faults) {
            Some("*") if credentials => {
                item.invalid("would let every page act for whoever looks at it", "name the origins", faults);
            }
            Some("*") if items.len() > 1 => {
                item.invalid("makes the others meaningless", "leave it out, or the others", faults);
            }
            Some("*") => return Some(CorsOrigins::Any),
            Some(text) => origins.extend(read_origin(item, text, faults)),
            None => {}
        }
    }
    Some(CorsOrigins::These(origins))
}

/// An origin as a browser sends it: in lower case, without the scheme's own port.
fn read_origin(field: &Field, text: &str, faults: &mut Faults) -> Option<HeaderValue> {
    let help = "write `scheme://host` or `scheme://host:port`, without a path";
    let problem = match Address::parse(text) {
        Ok(address) if address.scheme == gateway_table::Scheme::ZeroMq => "is not the origin of a page",
        Ok(address) => {
            let own_port = address.scheme.default_port() == Some(address.port);
            let shown = address.to_string().to_ascii_lowercase();
            let origin = if own_port { &shown[..shown.rfind(':')?] } else { &shown };
            return HeaderValue::from_str(origin).ok();
        }
        Err(_) => "is no origin",
    };
    field.invalid(problem, help, faults);
    None
}

fn methods() -> Vec<Method> {
    vec![Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE]
}

fn read_methods(field: Field, faults: &mut Faults) -> Option<Vec<Method>> {
    let known = gateway_table::Method::ALL.map(gateway_table::Method::name).join(", ");
    if matches!(&field.node.value, Value::List(items) if items.is_empty()) {
        field.conflict("is empty", "name one at least, or leave the key out", faults);
    }
    let items = field.list(faults)?;
    let mut read = |field: &Field| {
        let name = field.text(faults)?;
        let method = gateway_table::Method::from_name(name).and_then(|_| name.parse().ok());
        if method.is_none() {
            field.invalid("is no method that a route answers", format!("choose from {known}"), faults);
        }
        method
    };
    Some(items.iter().filter_map(&mut read).collect())
}

fn read_names(
    section: &mut Section,
    key: &str,
    default: &[&'static str],
    faults: &mut Faults,
) -> Option<Vec<HeaderName>> {
    let Some(field) = section.take(key) else {
        return Some(default.iter().copied().map(HeaderName::from_static).collect());
    };
    let items = field.list(faults)?;
    let mut read = |field: &Field| {
        let text = field.text(faults)?;
        if text == "*" {
            field.invalid("does not mean all fields to a browser", "name the fields", faults);
            return None;
        }
        let name = HeaderName::from_bytes(text.as_bytes()).ok();
        if name.is_none() {
            field.invalid("is no name of a field", "write it like `X-Plant-User`", faults);
        }
        name
    };
    Some(items.iter().filter_map(&mut read).collect())
}
