//! Where requests go in clear text, and ports that belong to another scheme.
//!
//! Inside of a plant services are plain names, private addresses or names of a local domain, and its network is the plant's to
//! keep safe: a warning on each of them would only teach people to silence it. Whatever else is outside, and there a token in
//! clear text is anybody's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use gateway_table::Scheme;

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::span::Text;
use crate::target::Target;

/// Domains that never leave the local network (RFC 6761, 6762, 8375 and ICANN's `internal`), and what clusters use.
const LOCAL_DOMAINS: [&str; 11] = [
    "internal",
    "intranet",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "home.arpa",
    "svc",
    "cluster",
    "test",
    "invalid",
];

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let (Some(target), Some(text)) = (context.target(index), route.target.given()) else { continue };
        if let Some(meant) = other_scheme(target) {
            faults.push(wrong_port(target, text, meant).of_route(index));
        } else if target.scheme != Scheme::Https && is_outside(&target.host) {
            faults.push(in_clear(target, text).of_route(index));
        }
    }
}

/// The scheme whose port the target has, where that is another one.
fn other_scheme(target: &Target) -> Option<Scheme> {
    let meant = [Scheme::Http, Scheme::Https].into_iter().find(|scheme| scheme.default_port() == Some(target.port))?;
    (meant != target.scheme).then_some(meant)
}

fn wrong_port(target: &Target, text: &Text, meant: Scheme) -> Fault {
    let scheme = target.scheme.name();
    let message = format!("`{scheme}` at port {}, where `{}` is spoken", target.port, meant.name());
    let fault = Fault::new(Code::PortAndScheme, message, text.part(0..scheme.len()), "another scheme's port");
    if text.first.is_some() { fault.guess("did you mean", text.part(0..scheme.len()), meant.name()) } else { fault }
}

fn in_clear(target: &Target, text: &Text) -> Fault {
    let scheme = target.scheme.name();
    let message = format!("requests go to `{}` in clear text", target.host);
    let fault = Fault::new(Code::Cleartext, message, text.part(0..scheme.len()), "not encrypted")
        .note("a plain name, a private address and a name of a local domain count as the plant's own network");
    let fault = match target.scheme {
        Scheme::ZeroMq => fault.help("reach it through a tunnel, by a private address"),
        Scheme::Http | Scheme::Https => fault.help("use `https://`, which is verified"),
    };
    fault.help(format!("or say why it is safe: `allow: [({}, \"…\")]`", Code::Cleartext))
}

/// Whether a host lies outside of the plant's network, as far as its name tells.
fn is_outside(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    match name.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(address)) => !is_private_v4(address),
        Ok(IpAddr::V6(address)) => !is_private_v6(address),
        Err(_) => name.contains('.') && !LOCAL_DOMAINS.iter().any(|domain| is_below(name, domain)),
    }
}

fn is_below(name: &str, domain: &str) -> bool {
    name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    // 100.64.0.0/10 is shared by the customers of one carrier (RFC 6598), and what tunnels use.
    let is_shared = first == 100 && (64..128).contains(&second);
    address.is_private() || address.is_loopback() || address.is_link_local() || address.is_unspecified() || is_shared
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    match address.to_ipv4_mapped() {
        Some(address) => is_private_v4(address),
        None => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn clear_text_to_the_outside_is_a_warning() {
        for target in ["http://example.com", "http://8.8.8.8:1", "tcp://[2001:db8::1]:5", "http://a.svc.example.org:8"]
        {
            assert_eq!(codes_of_route(&format!("target: \"{target}\"")), [Code::Cleartext], "{target}");
        }
    }

    #[test]
    fn the_plants_own_network_is_not() {
        for target in [
            "https://example.com",
            "http://corerl:8000",
            "http://10.1.2.3",
            "http://192.168.1.9:1",
            "http://[fd00::1]:1",
            "http://plc.local:1",
            "http://corerl.plant.svc.cluster.local",
            "tcp://100.64.0.7:5",
        ] {
            assert_eq!(codes_of_route(&format!("target: \"{target}\"")), [], "{target}");
        }
    }

    #[test]
    fn the_port_of_another_scheme_is_a_warning() {
        for target in ["http://s:443", "https://s:80", "tcp://s:80"] {
            assert_eq!(codes_of_route(&format!("target: \"{target}\"")), [Code::PortAndScheme], "{target}");
        }
    }
}
