//! Services and routes, field by field.

use gateway_table::{
    Access, Breaker, Piece, RateLimit, RateUnit, Retry, RetryCause, Rewrite, Role, Route, Scheme, Service,
};
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::roles;
use crate::paths::{duration, list, non_zero, option, table, text};

pub(super) fn service(service: &Service) -> TokenStream {
    let service_type = table("Service");
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

pub(super) fn route(route: &Route, all_roles: &[Role]) -> TokenStream {
    let (route_type, method_set) = (table("Route"), table("MethodSet"));
    let path_prefix = text(&route.path_prefix);
    let methods = route.methods.bits();
    let service = route.service;
    let target_path = text(&route.target_path);
    let rewrite = rewrite(&route.rewrite);
    let access = access(route.access, all_roles);
    let rate_limit = option(route.rate_limit.map(rate_limit));
    let timeout = duration(route.timeout);
    let retry = option(route.retry.as_ref().map(retry));
    let breaker = option(route.breaker.map(breaker));
    let debounce = option(route.debounce.map(duration));
    let max_body = route.max_body;
    let summary = text(&route.summary);
    quote! {
        #route_type {
            path_prefix: #path_prefix,
            methods: #method_set::from_bits(#methods),
            service: #service,
            target_path: #target_path,
            rewrite: #rewrite,
            access: #access,
            rate_limit: #rate_limit,
            timeout: #timeout,
            retry: #retry,
            breaker: #breaker,
            debounce: #debounce,
            max_body: #max_body,
            summary: #summary,
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

fn access(access: Access, all_roles: &[Role]) -> TokenStream {
    match access {
        Access::Everyone => variant("Access", "Everyone"),
        Access::AnyOf(wanted) => {
            let names: Vec<Ident> = all_roles.iter().map(roles::ident).collect();
            let (variant, set) = (variant("Access", "AnyOf"), roles::set(wanted, &names));
            quote! { #variant(#set) }
        }
    }
}

fn rate_limit(limit: RateLimit) -> TokenStream {
    let limit_type = table("RateLimit");
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
    let retry_type = table("Retry");
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
    let breaker_type = table("Breaker");
    let (failures, half_open) = (non_zero(breaker.failures), non_zero(breaker.half_open));
    let (within, open_for) = (duration(breaker.within), duration(breaker.open_for));
    quote! {
        #breaker_type { failures: #failures, within: #within, open_for: #open_for, half_open: #half_open }
    }
}

/// A variant of one of the table's enums.
fn variant(of: &str, name: &str) -> TokenStream {
    let of = table(of);
    let name = Ident::new(name, proc_macro2::Span::call_site());
    quote! { #of::#name }
}
