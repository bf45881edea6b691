//! To which protocols a connection may be switched: real ones, each once, none that carries HTTP, and by a request that can ask.

use gateway_table::{Method, Upgrade as Table};

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::route_file::{Policy, Protocols, Upgrade};
use crate::span::Text;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    if let Some(protocols) = listed(&context.file.defaults) {
        check_list(protocols, &mut |fault| faults.push(fault));
    }
    for (index, route) in context.routes() {
        let Some(protocols) = listed(&route.policy) else { continue };
        check_list(protocols, &mut |fault| faults.push(fault.of_route(index)));
        if context.methods[index].is_some_and(|methods| !methods.contains(Method::Get)) {
            let listed = route.methods.given().map(|methods| methods.span);
            let message = "no request of this route can ask for another protocol";
            let fault = Fault::new(Code::UpgradeWithoutGet, message, protocols.span, "asked for with GET");
            let fault = listed.into_iter().fold(fault, |fault, listed| fault.and(listed, "GET is not among them"));
            faults.push(fault.of_route(index).help("add GET to the methods, or leave `upgrade` out"));
        }
    }
}

fn listed(policy: &Policy) -> Option<&Protocols> {
    match policy.upgrade.given() {
        Some(Upgrade::AnyOf(protocols)) => Some(protocols),
        Some(Upgrade::Off) | None => None,
    }
}

fn check_list(protocols: &Protocols, tell: &mut dyn FnMut(Fault)) {
    if protocols.names.is_empty() {
        let fault = Fault::new(Code::BadProtocol, "this list of protocols is empty", protocols.span, "allows none");
        tell(fault.help("a route that switches to no protocol says `upgrade: Off`"));
    }
    for (index, name) in protocols.names.iter().enumerate() {
        let first = protocols.names[..index].iter().find(|first| first.value.eq_ignore_ascii_case(&name.value));
        if let Some(first) = first {
            let message = format!("the protocol `{}` is listed twice", name.value);
            let fault = Fault::new(Code::BadProtocol, message, name.span, "listed again");
            tell(fault.and(first.span, "listed first").note("the case of its letters makes no difference"));
        } else if !is_protocol(&name.value) {
            tell(malformed(name));
        } else if Table::carries_http(&name.value) {
            tell(smuggling(name));
        }
    }
}

fn malformed(name: &Text) -> Fault {
    let message = format!("`{}` is not a protocol", name.value);
    Fault::new(Code::BadProtocol, message, name.span, "expected a name, or a name and a version")
        .help("write it as in an `Upgrade` field: `\"websocket\"` or `\"irc/6.9\"`")
}

fn smuggling(name: &Text) -> Fault {
    let message = format!("`{}` would carry requests past the gateway", name.value);
    Fault::new(Code::SmugglingUpgrade, message, name.span, "is HTTP, or hides it")
        .note("requests on such a connection would meet no route, no role and no limit")
        .help("leave it out: clients speak HTTP with the gateway itself")
}

/// Whether an `Upgrade` field can have it as an element: a token, and perhaps another as its version (RFC 9110, 7.8).
fn is_protocol(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    parts.len() <= 2 && parts.into_iter().all(is_token)
}

fn is_token(text: &str) -> bool {
    let is_token_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn codes_of(protocols: &str) -> Vec<Code> {
        let codes_there = codes_of_route(&format!("upgrade: AnyOf([{protocols}])"));
        let defaults = format!("(routes: [], defaults: (upgrade: AnyOf([{protocols}])))");
        assert_eq!(codes_there, codes(&defaults), "{protocols}");
        codes_there
    }

    #[test]
    fn protocols_are_tokens_each_once_and_one_at_least() {
        for protocols in ["", "\"\"", "\"web socket\"", "\"a/b/c\"", "\"é\"", "\"a/\"", "\"irc\", \"IRC\""] {
            assert_eq!(codes_of(protocols), [Code::BadProtocol], "{protocols}");
        }
        assert_eq!(codes_of("\"websocket\", \"IRC/6.9\""), []);
    }

    #[test]
    fn http_in_any_dress_is_a_fault() {
        for protocol in ["h2c", "H2C", "HTTP/2.0", "TLS/1.0", "tls", "http"] {
            assert_eq!(codes_of(&format!("\"{protocol}\"")), [Code::SmugglingUpgrade], "{protocol}");
        }
    }

    #[test]
    fn only_a_get_can_ask_for_another_protocol() {
        assert_eq!(codes_of_route("methods: [POST], upgrade: AnyOf([\"x\"])"), [Code::UpgradeWithoutGet]);
        assert_eq!(codes_of_route("methods: [POST], upgrade: Off"), []);
        assert_eq!(codes_of_route("methods: [GET, POST], upgrade: AnyOf([\"x\"])"), []);
    }

    #[test]
    fn other_words_and_kinds_are_told() {
        assert_eq!(codes_of_route("upgrade: On"), [Code::UnknownWord]);
        assert_eq!(codes_of_route("upgrade: AnyOf([websocket])"), [Code::WrongType]);
        assert_eq!(codes_of_route("upgrade: AnyOf(\"websocket\")"), [Code::WrongType]);
        assert_eq!(codes_of_route("upgrade: \"websocket\""), [Code::WrongType]);
    }
}
