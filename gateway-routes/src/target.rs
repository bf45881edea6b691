//! A route's target as written: scheme, host, port and path, or why it is none.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

use gateway_table::{CanonicalPath, Scheme};

use crate::similar;

/// A target that keeps all rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) scheme: Scheme,
    /// `host` or `host:port`, the host in lower case.
    pub(crate) authority: String,
    pub(crate) host: String,
    /// The port, the scheme's own where none is written.
    pub(crate) port: u16,
    /// The path without a trailing slash; empty for the root.
    pub(crate) path: String,
    /// Where the authority stands in the text.
    pub(crate) place: Range<usize>,
}

/// Why a text is no target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TargetFault {
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) range: Range<usize>,
    pub(crate) help: Option<&'static str>,
    /// What should stand in the range.
    pub(crate) fixed: Option<String>,
}

const SCHEMES: [Scheme; 3] = [Scheme::Http, Scheme::Https, Scheme::ZeroMq];
const FORMS: &str = "a target is `http://host:port/path`, `https://host:port/path` or `tcp://host:port/path`";

impl TargetFault {
    fn new(message: impl Into<String>, label: impl Into<String>, range: Range<usize>) -> Self {
        Self { message: message.into(), label: label.into(), range, help: None, fixed: None }
    }
}

impl Target {
    /// The target that `text` writes.
    pub(crate) fn parse(text: &str) -> Result<Self, TargetFault> {
        let (scheme, start) = scheme(text)?;
        if let Some(at) = text.find(['?', '#']) {
            let what = if text[at..].starts_with('?') { "query" } else { "fragment" };
            let mut fault = TargetFault::new(format!("a target has no {what}"), "does not belong here", at..text.len());
            fault.help = Some("the query of a request goes along to the upstream as it is");
            return Err(fault);
        }
        let end = text[start..].find('/').map_or(text.len(), |slash| start + slash);
        let (host, port) = authority(text, start..end)?;
        let Some(port) = port.or(scheme.default_port()) else { return Err(no_port(start..end)) };
        let path = path(text, end)?;
        let authority = text[start..end].to_ascii_lowercase();
        Ok(Self { scheme, authority, host, port, path, place: start..end })
    }

    /// What tells two addresses apart: `http://a` and `http://A:80` are one.
    pub(crate) fn address(&self) -> (Scheme, &str, u16) {
        (self.scheme, &self.host, self.port)
    }

    /// Whether a gateway at its default address would be asked, under any name of this machine.
    pub(crate) fn is_gateway_itself(&self) -> bool {
        const GATEWAY_PORT: u16 = 8001;
        self.port == GATEWAY_PORT && is_this_machine(&self.host)
    }
}

fn is_this_machine(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    if name == "localhost" || name.ends_with(".localhost") {
        return true;
    }
    name.trim_matches(['[', ']'])
        .parse::<IpAddr>()
        .is_ok_and(|address| address.to_canonical().is_loopback() || address.to_canonical().is_unspecified())
}

/// The scheme, and where the authority starts.
fn scheme(text: &str) -> Result<(Scheme, usize), TargetFault> {
    let Some(length) = text.find("://") else {
        let mut fault =
            TargetFault::new("this target has no scheme", "expected `http://`, `https://` or `tcp://`", 0..0);
        fault.help = Some(FORMS);
        return Err(fault);
    };
    let written = &text[..length];
    if let Some(scheme) = SCHEMES.into_iter().find(|scheme| scheme.name() == written) {
        return Ok((scheme, length + 3));
    }
    let message = format!("`{}` is not a scheme of a target", written.escape_debug());
    let mut fault = TargetFault::new(message, "expected `http`, `https` or `tcp`", 0..length);
    fault.fixed = similar::closest(written, SCHEMES.map(Scheme::name)).map(String::from);
    fault.help = Some(FORMS);
    Err(fault)
}

fn no_port(range: Range<usize>) -> TargetFault {
    let mut fault = TargetFault::new("a `tcp` target needs a port", "expected `host:port`", range);
    fault.help = Some("ZeroMQ has no port of its own");
    fault
}

/// The host, in lower case, and the port of the authority in `range`.
fn authority(text: &str, range: Range<usize>) -> Result<(String, Option<u16>), TargetFault> {
    let authority = &text[range.clone()];
    if let Some(at) = authority.find('@') {
        let message = "a target has no user or password";
        let mut fault = TargetFault::new(message, "does not belong here", range.start..range.start + at + 1);
        fault.help = Some("a secret in a route file is read by everyone who reads the file");
        return Err(fault);
    }
    let port_at = match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => Some(colon),
        _ => None,
    };
    let host = &authority[..port_at.unwrap_or(authority.len())];
    check_host(host, range.start)?;
    let port = match port_at {
        Some(colon) => Some(port(&authority[colon + 1..], range.start + colon + 1)?),
        None => None,
    };
    Ok((host.to_ascii_lowercase(), port))
}

fn port(digits: &str, start: usize) -> Result<u16, TargetFault> {
    let range = start..start + digits.len();
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse::<u16>() {
        Ok(port) if port > 0 && all_digits => Ok(port),
        Ok(0) => Err(TargetFault::new("port 0 cannot be connected to", "expected 1 to 65535", range)),
        _ if digits.is_empty() => Err(TargetFault::new(
            "a port is missing behind the colon",
            "expected a port",
            start.saturating_sub(1)..start,
        )),
        _ => {
            let message = format!("`{}` is not a port", digits.escape_debug());
            Err(TargetFault::new(message, "expected 1 to 65535", range))
        }
    }
}

fn check_host(host: &str, start: usize) -> Result<(), TargetFault> {
    let range = start..start + host.len();
    if host.is_empty() {
        return Err(TargetFault::new("this target has no host", "a host is missing", 0..0));
    }
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or_default();
        return match address.parse::<std::net::Ipv6Addr>() {
            Ok(_) => Ok(()),
            Err(_) => {
                Err(TargetFault::new(format!("`{}` is not an IPv6 address", host.escape_debug()), "malformed", range))
            }
        };
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let labels: Vec<&str> = host.strip_suffix('.').unwrap_or(host).split('.').collect();
    if host == "*" {
        let mut fault = TargetFault::new("`*` is not a host", "expected a name or an address", range);
        fault.help = Some("`*` is where a service listens; name the machine that it runs on");
        return Err(fault);
    }
    if !host.bytes().all(legal) || labels.iter().any(|label| label.is_empty() || label.len() > 63) {
        let message = format!("`{}` is not a host", host.escape_debug());
        return Err(TargetFault::new(message, "expected a name or an address", range));
    }
    // A name that ends like a number is read as an address by resolvers, each in its own way.
    let numeric =
        labels.last().is_some_and(|label| label.starts_with(|first: char| first.is_ascii_digit()) && is_number(label));
    if numeric && host.parse::<Ipv4Addr>().is_err() {
        let message = format!("`{host}` is not an IPv4 address");
        return Err(TargetFault::new(message, "expected four numbers from 0 to 255", range));
    }
    Ok(())
}

fn is_number(label: &str) -> bool {
    let hexadecimal = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    hexadecimal.map_or_else(
        || label.bytes().all(|byte| byte.is_ascii_digit()),
        |digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()),
    )
}

/// The path behind the authority, without a trailing slash.
fn path(text: &str, start: usize) -> Result<String, TargetFault> {
    let path = &text[start..];
    let range = start..text.len();
    if path.is_empty() {
        return Ok(String::new());
    }
    let written = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
    match CanonicalPath::new(written) {
        Ok(canonical) if *canonical == *written => Ok(written.trim_end_matches('/').to_owned()),
        Ok(canonical) => {
            let mut fault = TargetFault::new("this target's path is not in canonical form", "not canonical", range);
            fault.fixed = Some(canonical.to_string());
            if path.contains('{') {
                fault.fixed = None;
                fault.help =
                    Some("a parameter of the path goes into the upstream's path with `rewrite: Replace(\"/{name}\")`");
            }
            Err(fault)
        }
        Err(reason) => Err(TargetFault::new(format!("this target's path {}", reason.reason()), "ambiguous", range)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_are_told_apart() {
        let target = Target::parse("http://CoreRL:8000/api/agent/").unwrap();
        assert_eq!((target.authority.as_str(), target.path.as_str()), ("corerl:8000", "/api/agent"));
        assert_eq!(Target::parse("http://a").unwrap().address(), Target::parse("http://A:80/x").unwrap().address());
        assert_eq!(Target::parse("tcp://plc:5555").unwrap().scheme, Scheme::ZeroMq);
        assert_eq!(Target::parse("tcp://plc:5555/v1/").unwrap().path, "/v1");
        assert_eq!(Target::parse("https://[::1]:8443/").unwrap().path, "");
    }

    #[test]
    fn what_is_no_target_is_refused() {
        for text in [
            "",
            "corerl:8000",
            "htpp://x",
            "ftp://x",
            "HTTP://x",
            "http://",
            "http:///x",
            "http://:80",
            "http://x:0",
            "http://x:70000",
            "http://x:",
            "http://x:+80",
            "http://x:8a",
            "http://u:p@x",
            "http://x/?q",
            "http://x#f",
            "tcp://x",
            "tcp://*:5555",
            "tcp://x:*",
            "tcp://eth0;x:5555",
            "tcp://@x:5555",
            ">tcp://x:5555",
            "ipc:///tmp/x",
            "inproc://x",
            "udp://x:5555",
            "http://x/a//b",
            "http://x/../y",
            "http://x/%61",
            "http://x/{id}",
            "http://a b",
            "http://[::1",
            "http://[x]",
            "http://a..b",
            "http://256.1.1.1",
            "http://127.1",
            "http://0x7f000001",
            "http://é",
        ] {
            assert!(Target::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_gateway_is_known_by_all_its_names() {
        for host in
            ["127.0.0.1", "localhost", "LOCALHOST.", "0.0.0.0", "[::1]", "[::]", "127.9.9.9", "[::ffff:127.0.0.1]"]
        {
            assert!(Target::parse(&format!("http://{host}:8001/x")).unwrap().is_gateway_itself(), "{host}");
        }
        assert!(!Target::parse("http://localhost:8002").unwrap().is_gateway_itself());
        assert!(!Target::parse("http://corerl:8001").unwrap().is_gateway_itself());
    }
}
