//! Roles that imply each other in a circle would all be one role.

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::span::Spanned;

/// How far the search has come with a role.
#[derive(Clone, Copy, PartialEq)]
enum Mark {
    New,
    /// On the way from the role where the search started.
    Open,
    Done,
}

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    let mut marks = vec![Mark::New; context.file.roles.len()];
    for start in 0..marks.len() {
        search(context, start, &mut marks, faults);
    }
}

/// Follows what `start` implies, depth first, with its own stack: a file may declare any number of roles.
fn search(context: &Context<'_>, start: usize, marks: &mut [Mark], faults: &mut Vec<Fault>) {
    if marks[start] != Mark::New {
        return;
    }
    marks[start] = Mark::Open;
    let mut way = vec![(start, 0)];
    while let Some((role, next)) = way.last_mut() {
        let implies = &context.file.roles[*role].implies;
        let Some(named) = implies.get(*next) else {
            marks[*role] = Mark::Done;
            way.pop();
            continue;
        };
        *next += 1;
        let Some(&target) = context.roles.get(named.value.as_str()) else { continue };
        match marks[target] {
            Mark::New => {
                marks[target] = Mark::Open;
                way.push((target, 0));
            }
            Mark::Open => faults.push(circle(context, &way, target, named)),
            Mark::Done => {}
        }
    }
}

fn circle(context: &Context<'_>, way: &[(usize, usize)], target: usize, last: &Spanned<String>) -> Fault {
    let name = |role: usize| format!("`{}`", context.file.roles[role].name.value);
    let members = way.iter().map(|(role, _)| *role).skip_while(|role| *role != target);
    let names: Vec<String> = members.chain([target]).map(name).collect();
    let message = if names.len() > 2 {
        format!("roles imply each other in a circle: {}", names.join(" implies "))
    } else {
        format!("the role {} implies itself", names[0])
    };
    Fault::new(Code::ImpliesCircle, message, last.span, "closes the circle")
        .and(context.file.roles[target].name.span, "starts here")
        .help("let the stronger role imply the weaker one, and not the reverse")
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::Code;

    fn messages(roles: &str) -> Vec<String> {
        let faults = faults(&format!("(roles: {{ {roles} }}, routes: [{}])", route("required_role: AnyOf([A, B, C])")));
        faults.into_iter().filter(|fault| fault.code == Code::ImpliesCircle).map(|fault| fault.message).collect()
    }

    #[test]
    fn a_circle_is_told_once() {
        let roles = "A: Role(claim: \"a\", implies: [B]), B: Role(claim: \"b\", implies: [C]), C: Role(claim: \"c\", implies: [A])";
        assert_eq!(messages(roles), ["roles imply each other in a circle: `A` implies `B` implies `C` implies `A`"]);
    }

    #[test]
    fn a_role_that_implies_itself_is_a_circle() {
        let roles = "A: Role(claim: \"a\", implies: [A]), B: \"b\", C: \"c\"";
        assert_eq!(messages(roles), ["the role `A` implies itself"]);
    }

    #[test]
    fn two_ways_to_one_role_are_fine() {
        let roles = "A: Role(claim: \"a\", implies: [B, C]), B: Role(claim: \"b\", implies: [C]), C: \"c\"";
        assert_eq!(messages(roles), [""; 0]);
    }
}
