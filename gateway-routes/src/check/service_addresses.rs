//! A service has one address, and an address one name: connections and breakers are kept per service.

use std::collections::HashMap;

use gateway_table::Scheme;

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::span::Text;
use crate::target::Target;

/// A service where it is met first.
struct First<'a> {
    name: &'a Text,
    target: &'a Target,
    text: &'a Text,
}

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let mut of_name: HashMap<&str, First<'_>> = HashMap::new();
    let mut of_address: HashMap<(Scheme, &str, u16), First<'_>> = HashMap::new();
    for (index, route) in context.routes() {
        let (Some(name), Some(text)) = (route.service.given(), route.target.given()) else { continue };
        let Some(target) = context.target(index) else { continue };
        let this = || First { name, target, text };
        let place = text.part(0..target.place.end);
        match of_name.get(name.value.as_str()) {
            Some(first) if first.target.address() != target.address() => {
                faults.push(two_places(first, name, place).of_route(index));
                continue;
            }
            Some(_) => {}
            None => {
                of_name.insert(&name.value, this());
            }
        }
        let first = of_address.entry(target.address()).or_insert_with(this);
        // Told once per name, where the name is met first.
        let is_new = of_name.get(name.value.as_str()).is_some_and(|first| first.name.span == name.span);
        if first.name.value != name.value && is_new {
            faults.push(two_names(first, name).of_route(index));
        }
    }
}

fn two_places(first: &First<'_>, name: &Text, place: crate::Span) -> Fault {
    let message = format!("the service `{}` has two addresses", name.value);
    Fault::new(Code::ServiceTwoPlaces, message, place, "another address")
        .and(first.text.part(0..first.target.place.end), "the address it has first")
        .help("give the two places two names, or one of them the other's address")
}

fn two_names(first: &First<'_>, name: &Text) -> Fault {
    let message = format!("the services `{}` and `{}` have one address", first.name.value, name.value);
    Fault::new(Code::AddressTwoNames, message, name.span, "another name for it")
        .and(first.name.span, "the name it has first")
        .note("each name has its own connections and its own breaker")
        .help(format!("call both `{}`", first.name.value))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn codes_of(one: (&str, &str), other: (&str, &str)) -> Vec<Code> {
        let route = |path: &str, (service, target): (&str, &str)| {
            route(&format!("path_prefix: \"{path}\", service: \"{service}\", target: \"{target}\""))
        };
        codes(&file(&[route("/a", one), route("/b", other), route("/c", other)]))
    }

    #[test]
    fn a_service_has_one_address() {
        let faults = [Code::ServiceTwoPlaces, Code::ServiceTwoPlaces];
        assert_eq!(codes_of(("s", "http://a:1"), ("s", "http://a:2")), faults);
        assert_eq!(codes_of(("s", "http://a"), ("s", "https://a")), faults);
        assert_eq!(codes_of(("s", "http://a/x"), ("s", "http://A:80/y")), []);
    }

    #[test]
    fn an_address_has_one_name() {
        assert_eq!(codes_of(("s", "http://a:1"), ("t", "http://a:1/x")), [Code::AddressTwoNames]);
        assert_eq!(codes_of(("s", "http://a:1"), ("t", "http://a:2")), []);
    }
}
