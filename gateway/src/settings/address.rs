//! URLs of neighbours: where keys come from, where metrics go, where a service is.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use gateway_table::Scheme;

/// Where a service is: a scheme, a host and a port.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Address {
    /// How it is spoken to.
    pub scheme: Scheme,
    /// A name or an IP address; an IPv6 address stands without brackets.
    pub host: String,
    /// The port, the scheme's own where none was given.
    pub port: u16,
}

/// An `http` or `https` URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HttpUrl {
    /// Where to connect.
    pub address: Address,
    /// The path and the query; starts with `/`.
    pub path: String,
}

/// Why text is no URL that is wanted; displayed as the end of a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum UrlFault {
    #[error("has no scheme that fits")]
    Scheme,
    #[error("must not hold a name or password")]
    UserInfo,
    #[error("has no valid host")]
    Host,
    #[error("has no valid port")]
    Port,
    #[error("must end after the port")]
    Path,
    #[error("has characters that no URL may have")]
    Characters,
}

impl Address {
    /// Reads `http://host:port`, `https://host:port` or `tcp://host:port`; the scheme's own port where none is given.
    pub(super) fn parse(text: &str) -> Result<Self, UrlFault> {
        let (address, rest) = split(text)?;
        if rest.is_empty() { Ok(address) } else { Err(UrlFault::Path) }
    }

    /// Reads `host:port` or `host`, as a table has it.
    pub(crate) fn from_authority(scheme: Scheme, authority: &str) -> Result<Self, UrlFault> {
        let (host, port) = split_host(authority)?;
        let port = match port {
            None => scheme.default_port().ok_or(UrlFault::Port)?,
            Some(port) => parse_port(port)?,
        };
        Ok(Self { scheme, host: host.to_owned(), port })
    }

    /// `host:port`, and just `host` with the scheme's own port: what a request's `Host` says.
    pub(crate) fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        if Some(self.port) == self.scheme.default_port() { host } else { format!("{host}:{}", self.port) }
    }

    /// The host as an IP address, if it is one or is `localhost`.
    pub(super) fn ip(&self) -> Option<IpAddr> {
        let name = self.host.strip_suffix('.').unwrap_or(&self.host);
        if name.eq_ignore_ascii_case("localhost") {
            return Some(Ipv4Addr::LOCALHOST.into());
        }
        self.host.parse().ok().map(|ip: IpAddr| ip.to_canonical())
    }
}

impl HttpUrl {
    /// Reads an `http` or `https` URL.
    pub(crate) fn parse(text: &str) -> Result<Self, UrlFault> {
        let (address, rest) = split(text)?;
        if address.scheme == Scheme::ZeroMq {
            return Err(UrlFault::Scheme);
        }
        if !rest.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte)) {
            return Err(UrlFault::Characters);
        }
        let path = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
        Ok(Self { address, path })
    }
}

/// The address at the start of a URL, and the path, query and fragment behind it.
fn split(url: &str) -> Result<(Address, &str), UrlFault> {
    let (scheme, rest) = url.split_once("://").ok_or(UrlFault::Scheme)?;
    let known = [Scheme::Http, Scheme::Https, Scheme::ZeroMq];
    let scheme = known.into_iter().find(|known| known.name().eq_ignore_ascii_case(scheme)).ok_or(UrlFault::Scheme)?;
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    if authority.contains('@') {
        return Err(UrlFault::UserInfo);
    }
    Ok((Address::from_authority(scheme, authority)?, rest))
}

/// The host of an authority, and the text of its port.
fn split_host(authority: &str) -> Result<(&str, Option<&str>), UrlFault> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, behind) = rest.split_once(']').ok_or(UrlFault::Host)?;
        host.parse::<Ipv6Addr>().map_err(|_| UrlFault::Host)?;
        return match behind {
            "" => Ok((host, None)),
            _ => behind.strip_prefix(':').map(|port| (host, Some(port))).ok_or(UrlFault::Port),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    if !is_name || is_odd_number(host) || host.split('.').all(|label| label.trim_matches('-').is_empty()) {
        return Err(UrlFault::Host);
    }
    Ok((host, port))
}

/// Whether a host is read as a number by some and as a name by others, such as `127.1` or `0x7f.1`: what ends in a
/// number is an IPv4 address in full, or nothing.
fn is_odd_number(host: &str) -> bool {
    let last = host.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x") || last.starts_with("0X");
    is_number && host.parse::<Ipv4Addr>().is_err()
}

fn parse_port(port: &str) -> Result<u16, UrlFault> {
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let port = if digits { port.parse().unwrap_or(0) } else { 0 };
    if port == 0 { Err(UrlFault::Port) } else { Ok(port) }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{}://{open}{}{close}:{}", self.scheme.name(), self.host, self.port)
    }
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.address, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        for (text, shown) in [
            ("http://corerl:8000", "http://corerl:8000"),
            ("https://a-b.local", "https://a-b.local:443"),
            ("HTTP://127.0.0.1", "http://127.0.0.1:80"),
            ("tcp://coreio:5555", "tcp://coreio:5555"),
            ("http://[::1]:80", "http://[::1]:80"),
        ] {
            assert_eq!(Address::parse(text).map(|address| address.to_string()), Ok(shown.to_owned()));
        }
    }

    #[test]
    fn what_is_no_address_says_why() {
        for (text, fault) in [
            ("corerl:8000", UrlFault::Scheme),
            ("ftp://corerl", UrlFault::Scheme),
            ("tcp://coreio", UrlFault::Port),
            ("http://a:b@corerl", UrlFault::UserInfo),
            ("http://", UrlFault::Host),
            ("http://:80", UrlFault::Host),
            ("http://a b", UrlFault::Host),
            ("http://[::1", UrlFault::Host),
            ("http://[::g]:80", UrlFault::Host),
            ("http://[::1]80", UrlFault::Port),
            ("http://::1:80", UrlFault::Host),
            ("http://127.1", UrlFault::Host),
            ("http://2130706433", UrlFault::Host),
            ("http://0x7f.1", UrlFault::Host),
            ("http://256.1.1.1", UrlFault::Host),
            ("http://..", UrlFault::Host),
            ("http://-", UrlFault::Host),
            ("http://a:", UrlFault::Port),
            ("http://a:0", UrlFault::Port),
            ("http://a:+80", UrlFault::Port),
            ("http://a:65536", UrlFault::Port),
            ("http://a:80/", UrlFault::Path),
            ("http://a?b", UrlFault::Path),
        ] {
            assert_eq!(Address::parse(text), Err(fault), "{text}");
        }
    }

    #[test]
    fn a_url_keeps_its_path_and_query() {
        let url = HttpUrl::parse("http://coreauth:8002/.well-known/jwks.json?v=1").unwrap();
        assert_eq!(url.path, "/.well-known/jwks.json?v=1");
        assert_eq!(HttpUrl::parse("http://a?b=c").unwrap().path, "/?b=c");
        assert_eq!(HttpUrl::parse("http://a").unwrap().path, "/");
    }

    #[test]
    fn a_url_with_a_fragment_or_a_space_is_refused() {
        assert_eq!(HttpUrl::parse("http://a/#b"), Err(UrlFault::Characters));
        assert_eq!(HttpUrl::parse("http://a/ b"), Err(UrlFault::Characters));
        assert_eq!(HttpUrl::parse("tcp://a:1/"), Err(UrlFault::Scheme));
    }
}
