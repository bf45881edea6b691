//! Of one path, more callers may write than read.

use std::collections::HashMap;

use gateway_table::{Method, MethodSet};

use super::Context;
use crate::Code;
use crate::callers;
use crate::fault::Fault;

const READS: [Method; 2] = [Method::Get, Method::Head];
const WRITES: [Method; 4] = [Method::Post, Method::Put, Method::Patch, Method::Delete];

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let mut of_shape: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, _) in context.routes() {
        if let Some(pattern) = context.pattern(index) {
            of_shape.entry(pattern.shape()).or_default().push(index);
        }
    }
    for (write, _) in context.routes() {
        let siblings = context.pattern(write).and_then(|pattern| of_shape.get(&pattern.shape()));
        let is_weaker = |read: &&usize| is_weaker(context, write, **read).unwrap_or_default();
        if let Some(read) = siblings.and_then(|siblings| siblings.iter().find(is_weaker)) {
            faults.extend(fault(context, write, *read).map(|fault| fault.of_route(write)));
        }
    }
}

fn first(methods: MethodSet, of: &[Method]) -> Option<Method> {
    of.iter().copied().find(|method| methods.contains(*method))
}

/// Whether one route writes what another reads, for more callers.
fn is_weaker(context: &Context<'_>, write: usize, read: usize) -> Option<bool> {
    first(context.methods[write]?, &WRITES)?;
    first(context.methods[read]?, &READS)?;
    let [write, read] = [write, read].map(|route| callers::of_route(context, &context.file.routes[route]));
    Some(write?.are_more_than(read?))
}

fn fault(context: &Context<'_>, write: usize, read: usize) -> Option<Fault> {
    let [writes, reads] = [first(context.methods[write]?, &WRITES)?, first(context.methods[read]?, &READS)?];
    let [write, read] = [write, read].map(|route| &context.file.routes[route]);
    let path = &write.path_prefix.given()?.value;
    let message = format!("more callers may {writes} `{path}` than {reads} it");
    let fault = Fault::new(Code::WritesWeaker, message, write.required_role.given()?.span, format!("may {writes}"))
        .and(read.required_role.given()?.span, format!("may {reads}"));
    Some(fault.help(format!("ask for more here, or confirm it: `allow: [({}, \"…\")]`", Code::WritesWeaker)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    #[test]
    fn writes_for_everyone_beside_reads_for_a_role_are_a_warning() {
        let public = "required_role: Everyone(reason: \"x\")";
        let write = route(&format!("methods: [POST], {public}"));
        assert_eq!(codes(&file(&[route("methods: [GET]"), write])), [Code::WritesWeaker]);
        let read = route(&format!("methods: [GET], {public}"));
        assert_eq!(codes(&file(&[read, route("methods: [POST]")])), []);
    }
}
