//! A file that demands it is covered by its expectations: every route, every method that is listed, every role that is asked for.

use gateway_table::Table;

use super::Context;
use crate::Code;
use crate::fault::Fault;
use crate::query::coverage::{self, Touch};

/// Told where the file says `coverage: Full` and has no error otherwise.
pub(crate) fn check(context: &Context<'_>, table: &Table, touched: &[Touch], faults: &mut Vec<Fault>) {
    let Some(demand) = context.file.full_coverage else { return };
    for gap in coverage::gaps(table, touched) {
        let Some(path) = context.file.routes[gap.route].path_prefix.given() else { continue };
        let message = format!("the expectations do not cover `{}`", path.value);
        let fault = Fault::new(Code::NotCovered, message, path.span, coverage::missing(table, &gap))
            .and(demand, "the file demands it")
            .of_route(gap.route);
        faults.push(gap.example.iter().fold(fault, |fault, example| fault.help(format!("add `{example}`"))));
    }
}
