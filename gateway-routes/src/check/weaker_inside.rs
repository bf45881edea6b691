//! A route that lets in more callers than the one it sits in.

use std::collections::HashMap;

use gateway_table::Method;

use super::Context;
use crate::Code;
use crate::callers::{self, Callers};
use crate::fault::Fault;
use crate::pattern::Pattern;
use crate::query::witness;
use crate::route_file::Route;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let mut of_shape: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, _) in context.routes() {
        if let Some(pattern) = context.pattern(index) {
            of_shape.entry(pattern.shape()).or_default().push(index);
        }
    }
    for (index, route) in context.routes() {
        let (Some(pattern), Some(own)) = (context.pattern(index), callers::of_route(context, route)) else { continue };
        // The nearest route around it is what it replaces.
        let around = enclosing_shapes(context, pattern).into_iter().find_map(|shape| of_shape.get(&shape));
        let weaker = around.and_then(|around| weakened(context, index, own, around));
        if let Some((method, broad)) = weaker {
            faults
                .extend(fault(context, route, &context.file.routes[broad], method).map(|fault| fault.of_route(index)));
        }
    }
}

/// The shapes that match whatever `pattern` does, nearest first: as the matcher prefers them.
fn enclosing_shapes(context: &Context<'_>, pattern: &Pattern) -> Vec<String> {
    let tree = &context.tree;
    let path = witness::path_of(&pattern.text, &context.fresh);
    let mut found = Vec::new();
    let mut live = vec![(0, String::new())];
    let segments = path.split('/').skip(1).filter(|segment| !segment.is_empty());
    let all: Vec<&str> = segments.collect();
    for segment in &all {
        found.push(live.clone());
        let next = live.iter().flat_map(|(node, shape)| {
            let literal = tree.literal(*node, segment).map(|child| (child, format!("{shape}/{segment}")));
            let parameter = tree.parameter(*node).map(|child| (child, format!("{shape}/{{}}")));
            literal.into_iter().chain(parameter)
        });
        live = next.collect();
    }
    found.push(live);
    let own = pattern.shape();
    let owned = found.into_iter().flatten().filter(|(node, _)| !tree.owners(*node).is_empty());
    let mut shapes: Vec<String> = owned.map(|(_, shape)| shape).filter(|shape| *shape != own).collect();
    shapes.sort_by_key(|shape| std::cmp::Reverse(rank(shape)));
    shapes
}

/// What the matcher prefers is greater: a literal beats a parameter at the first difference, then the longer one wins.
fn rank(shape: &str) -> Vec<u8> {
    shape.split('/').skip(1).map(|segment| u8::from(segment != "{}")).collect()
}

/// The first method that `index` opens to more callers than the route around it does.
fn weakened(context: &Context<'_>, index: usize, own: Callers, around: &[usize]) -> Option<(Method, usize)> {
    let methods = context.methods[index]?;
    methods.iter().find_map(|method| {
        let broad =
            around.iter().copied().find(|broad| context.methods[*broad].is_some_and(|set| set.contains(method)))?;
        let theirs = callers::of_route(context, &context.file.routes[broad])?;
        own.are_more_than(theirs).then_some((method, broad))
    })
}

fn fault(context: &Context<'_>, route: &Route, broad: &Route, method: Method) -> Option<Fault> {
    let (path, broad_path) = (route.path_prefix.given()?, broad.path_prefix.given()?);
    let witness = witness::path_of(&path.value, &context.fresh);
    let message = format!("`{}` is weaker than the route it sits in", path.value);
    let label = format!("lets in more callers: `{method} {witness}`");
    let fault = Fault::new(Code::WeakerInside, message, route.required_role.given()?.span, label)
        .and(broad.required_role.given()?.span, format!("`{}` asks for this", broad_path.value));
    Some(fault.help(format!("ask for the same here, or confirm it: `allow: [({}, \"…\")]`", Code::WeakerInside)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    const PUBLIC: &str = "required_role: Everyone(reason: \"x\")";

    fn codes_of(routes: &[String]) -> Vec<Code> {
        let roles = "Admin: Role(claim: \"admin\", implies: [Viewer]), Viewer: \"viewer\"";
        codes(&file(routes).replace("Admin: \"admin\"", roles))
    }

    #[test]
    fn more_callers_inside_are_a_warning() {
        let inside =
            |who: &str| route(&format!("path_prefix: \"/a/{{x}}/b\", service: \"t\", target: \"http://t:1\", {who}"));
        for who in [PUBLIC, "required_role: Viewer"] {
            assert_eq!(codes_of(&[route(""), inside(who)]), [Code::WeakerInside], "{who}");
        }
        assert_eq!(codes_of(&[route("required_role: Viewer"), inside("summary: \"x\"")]), []);
        let allowed = format!("{PUBLIC}, allow: [(CG0107, \"x\")]");
        assert_eq!(codes_of(&[route(""), inside(&allowed)]), []);
    }

    #[test]
    fn the_nearest_route_around_it_counts() {
        let b = route(&format!("path_prefix: \"/a/b\", target: \"http://s:1/b\", {PUBLIC}, allow: [(CG0107, \"x\")]"));
        let c = route(&format!("path_prefix: \"/a/b/c\", target: \"http://s:1/b/c\", {PUBLIC}"));
        assert_eq!(codes_of(&[route(""), b, c]), []);
    }

    #[test]
    fn methods_that_the_broad_route_does_not_answer_are_no_hole_in_it() {
        let inside = route(&format!("path_prefix: \"/a/b\", methods: [POST], target: \"http://s:1/b\", {PUBLIC}"));
        assert_eq!(codes_of(&[route("methods: [GET]"), inside]), []);
    }
}
