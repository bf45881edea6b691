//! Services and routes, field by field.

use std::collections::HashMap;
use std::hash::Hash;

use gateway_table::{
    Access, Breaker, Piece, Policy, RateLimit, RateUnit, Retry, RetryCause, Rewrite, Route, Scheme, Service, Table,
    Timeouts, Upgrade,
};
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::roles;
use crate::paths::{array, duration, list, non_zero, option, table as item, text};

pub(super) fn service(service: &Service) -> TokenStream {
    let service_type = item("Service");
    let (name, authority) = (text(&service.name), text(&service.authority));
    let scheme = variant(
        "Scheme",
        match service.scheme {
            Scheme::Http => "Http",
            Scheme::Https => "Https",
            Scheme::ZeroMq => "ZeroMq",
        },
    );
    quote! { #service_type { name: #name, scheme: #scheme, authority: #authority } }
}

/// What routes have in common, each told once: the statics, and the routes that name them.
pub(super) fn routes(table: &Table) -> (TokenStream, TokenStream) {
    let names: Vec<Ident> = table.roles.iter().map(roles::ident).collect();
    let mut accesses = Shared::new("ACCESS", item("Access"));
    let mut policies = Shared::new("POLICY", item("Policy"));
    let routes: Vec<TokenStream> = table
        .routes
        .iter()
        .map(|route| {
            let access = accesses.name(route.access, |shared| access(*shared, &names));
            let policy = policies.name(Policy::from(route), policy);
            written(route, &access, &policy)
        })
        .collect();
    let (accesses, policies) = (accesses.statics, policies.statics);
    let route_type = item("Route");
    // An item for each: the compiler checks many small ones much faster than a long list in one.
    let names: Vec<Ident> =
        (0..routes.len()).map(|index| Ident::new(&format!("ROUTE_{index}"), Span::call_site())).collect();
    let items = quote! { #(#accesses)* #(#policies)* #(const #names: #route_type = #routes;)* };
    (items, array("ROUTES", "Route", names))
}

/// Values that more than one route may have, and the statics that they are.
struct Shared<T> {
    prefix: &'static str,
    of_type: TokenStream,
    known: HashMap<T, Ident>,
    statics: Vec<TokenStream>,
}

impl<T: Eq + Hash> Shared<T> {
    fn new(prefix: &'static str, of_type: TokenStream) -> Self {
        Self { prefix, of_type, known: HashMap::new(), statics: Vec::new() }
    }

    /// The name of the static that is `value`; it is made where there is none.
    fn name(&mut self, value: T, expand: impl FnOnce(&T) -> TokenStream) -> Ident {
        if let Some(name) = self.known.get(&value) {
            return name.clone();
        }
        let name = Ident::new(&format!("{}_{}", self.prefix, self.known.len()), Span::call_site());
        let (of_type, expanded) = (&self.of_type, expand(&value));
        self.statics.push(quote! { static #name: #of_type = #expanded; });
        self.known.insert(value, name.clone());
        name
    }
}

fn written(route: &Route, access: &Ident, policy: &Ident) -> TokenStream {
    let written = item("Written");
    let (path_prefix, target_path, summary) = (&*route.path_prefix, &*route.target_path, &*route.summary);
    let (methods, service, rewrite) = (route.methods.bits(), route.service, rewrite(&route.rewrite));
    quote! {
        #written {
            path_prefix: #path_prefix,
            methods: #methods,
            service: #service,
            target_path: #target_path,
            rewrite: &#rewrite,
            access: #access,
            policy: &#policy,
            summary: #summary,
        }
        .route()
    }
}

fn policy(policy: &Policy) -> TokenStream {
    let policy_type = item("Policy");
    let rate_limit = option(policy.rate_limit.map(rate_limit));
    let (timeout, timeouts) = (duration(policy.timeout), timeouts(policy.timeouts));
    let retry = option(policy.retry.as_ref().map(retry));
    let breaker = option(policy.breaker.map(breaker));
    let (max_concurrent, upgrade) = (non_zero(policy.max_concurrent), upgrade(&policy.upgrade));
    let debounce = option(policy.debounce.map(duration));
    let max_body = policy.max_body;
    quote! {
        #policy_type {
            rate_limit: #rate_limit,
            timeout: #timeout,
            timeouts: #timeouts,
            retry: #retry,
            breaker: #breaker,
            max_concurrent: #max_concurrent,
            upgrade: #upgrade,
            debounce: #debounce,
            max_body: #max_body,
        }
    }
}

fn rewrite(rewrite: &Rewrite) -> TokenStream {
    let pieces = match rewrite {
        Rewrite::Strip => return variant("Rewrite", "Strip"),
        Rewrite::Keep => return variant("Rewrite", "Keep"),
        Rewrite::Replace(pieces) => list(pieces.iter().map(piece)),
    };
    let replace = variant("Rewrite", "Replace");
    quote! { #replace(#pieces) }
}

fn piece(piece: &Piece) -> TokenStream {
    match piece {
        Piece::Literal(literal) => {
            let (variant, literal) = (variant("Piece", "Literal"), text(literal));
            quote! { #variant(#literal) }
        }
        Piece::Segment(index) => {
            let variant = variant("Piece", "Segment");
            quote! { #variant(#index) }
        }
    }
}

fn access(access: Access, names: &[Ident]) -> TokenStream {
    match access {
        Access::Everyone => variant("Access", "Everyone"),
        Access::AnyOf(wanted) => {
            let (variant, set) = (variant("Access", "AnyOf"), roles::set(wanted, names));
            quote! { #variant(#set) }
        }
    }
}

fn rate_limit(limit: RateLimit) -> TokenStream {
    let limit_type = item("RateLimit");
    let unit = variant(
        "RateUnit",
        match limit.unit {
            RateUnit::Second => "Second",
            RateUnit::Minute => "Minute",
            RateUnit::Hour => "Hour",
        },
    );
    let (count, burst) = (non_zero(limit.count), non_zero(limit.burst));
    quote! { #limit_type { count: #count, unit: #unit, burst: #burst } }
}

fn retry(retry: &Retry) -> TokenStream {
    let retry_type = item("Retry");
    let (attempts, backoff) = (non_zero(retry.attempts), duration(retry.backoff));
    let (max_backoff, per_try) = (option(retry.max_backoff.map(duration)), option(retry.per_try.map(duration)));
    let on = list(retry.on.iter().map(|cause| match cause {
        RetryCause::Connect => variant("RetryCause", "Connect"),
        RetryCause::Reset => variant("RetryCause", "Reset"),
        RetryCause::Timeout => variant("RetryCause", "Timeout"),
        RetryCause::Status(status) => {
            let variant = variant("RetryCause", "Status");
            quote! { #variant(#status) }
        }
    }));
    quote! {
        #retry_type { attempts: #attempts, backoff: #backoff, max_backoff: #max_backoff, per_try: #per_try, on: #on }
    }
}

fn breaker(breaker: Breaker) -> TokenStream {
    let breaker_type = item("Breaker");
    let (failures, half_open) = (non_zero(breaker.failures), non_zero(breaker.half_open));
    let (within, open_for) = (duration(breaker.within), duration(breaker.open_for));
    quote! {
        #breaker_type { failures: #failures, within: #within, open_for: #open_for, half_open: #half_open }
    }
}

fn timeouts(timeouts: Timeouts) -> TokenStream {
    let timeouts_type = item("Timeouts");
    let part = |part: Option<std::time::Duration>| option(part.map(duration));
    let (connect, first_byte, idle) = (part(timeouts.connect), part(timeouts.first_byte), part(timeouts.idle));
    quote! { #timeouts_type { connect: #connect, first_byte: #first_byte, idle: #idle } }
}

fn upgrade(upgrade: &Upgrade) -> TokenStream {
    let protocols = match upgrade {
        Upgrade::Off => return variant("Upgrade", "Off"),
        Upgrade::Any => return variant("Upgrade", "Any"),
        Upgrade::Only(protocols) => list(protocols.iter().map(|protocol| text(protocol))),
    };
    let only = variant("Upgrade", "Only");
    quote! { #only(#protocols) }
}

/// A variant of one of the table's enums.
fn variant(of: &str, name: &str) -> TokenStream {
    let of = item(of);
    let name = Ident::new(name, Span::call_site());
    quote! { #of::#name }
}
