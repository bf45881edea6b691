//! `matrix`: who may do what.

use clap::ValueEnum;
use gateway_table::Table;

use super::terminal;
use crate::query::matrix;

/// Whom the matrix is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum MatrixFormat {
    /// For people
    #[default]
    Human,
    /// For programs; the form is stable
    Json,
    /// For a page
    Markdown,
}

pub(super) fn run(table: &Table, format: MatrixFormat) -> u8 {
    terminal::data(&match format {
        MatrixFormat::Human => matrix::human(table),
        MatrixFormat::Json => matrix::json(table),
        MatrixFormat::Markdown => matrix::markdown(table),
    });
    0
}
