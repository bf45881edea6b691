//! A public route should say why: whoever reads the file next will ask.

use super::{Context, called};
use crate::Code;
use crate::fault::Fault;
use crate::route_file::Who;

pub(super) fn check(context: &Context<'_>, faults: &mut Vec<Fault>) {
    for (index, route) in context.routes() {
        let Some(access) = route.required_role.given() else { continue };
        if let Who::Everyone { reason: None } = access.who {
            let message = format!("{} is public and does not say why", called(route));
            let fault = Fault::new(Code::PublicWithoutReason, message, access.span, "anyone may call it");
            faults.push(fault.of_route(index).help("write `Everyone(reason: \"…\")`"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::*;
    use crate::{Code, Level};

    #[test]
    fn a_bare_everyone_is_asked_for_its_reason() {
        let text = "(routes: [(path_prefix: \"/a\", service: \"s\", target: \"http://s\", required_role: Everyone)])";
        let faults = faults(text);
        assert_eq!((faults[0].code, faults[0].level), (Code::PublicWithoutReason, Level::Warning));
        assert_eq!(marked(text, &faults[0]), "Everyone");
        assert_eq!(codes(&text.replace("Everyone", "Everyone()")), [Code::PublicWithoutReason]);
        assert_eq!(codes(&text.replace("Everyone", "Everyone(reason: \"x\")")), []);
        assert_eq!(codes(&text.replace("Everyone", "Everyone(reason: \" \")")), [Code::EmptyReason]);
    }
}
