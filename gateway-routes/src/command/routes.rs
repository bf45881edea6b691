//! `routes`: the table, for people and for programs.

use gateway_table::Table;

use super::{Format, terminal};
use crate::query::routes;

pub(super) fn run(table: &Table, format: Format) -> u8 {
    terminal::data(&match format {
        Format::Human => routes::human(table),
        Format::Json => routes::json(table),
    });
    0
}
