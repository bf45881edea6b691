//! The compiler: a source in; its faults, and a table when it has no errors, out.

use std::ops::Deref;

use gateway_table::Table;

use crate::check::{self, Context};
use crate::fault::Fault;
use crate::query::coverage::Touch;
use crate::{Level, Source, lint, lower, read};

/// What became of a route file.
#[derive(Debug)]
pub struct Compilation {
    /// Everything that is wrong with the file, sorted by place.
    pub faults: Vec<Fault>,
    /// The table; only where no fault is an error.
    pub table: Option<CheckedTable>,
    /// Routes that say, with `allow`, why they let in more callers than before: their indices and reasons.
    pub widened: Vec<(usize, String)>,
    /// What the file's expectations touch.
    pub touched: Vec<Touch>,
}

impl Compilation {
    /// How many faults have this level.
    pub fn count(&self, level: Level) -> usize {
        self.faults.iter().filter(|fault| fault.level == level).count()
    }
}

/// A table of a file without errors. Only [`compile`] makes one: what is generated from it is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedTable(Table);

impl CheckedTable {
    /// The table itself, for whoever needs to own it.
    pub fn into_table(self) -> Table {
        self.0
    }
}

impl Deref for CheckedTable {
    type Target = Table;

    fn deref(&self) -> &Table {
        &self.0
    }
}

/// Reads, checks and lowers a route file.
pub fn compile(source: &Source) -> Compilation {
    let (mut faults, mut widened, mut touched) = (Vec::new(), Vec::new(), Vec::new());
    let lowered = read::read(source, &mut faults).and_then(|file| {
        let context = Context::new(&file);
        check::run(&context, &mut faults);
        let table = lower::lower(&context, source.digest());
        touched = check::expectations::check(&context, table.as_ref(), &mut faults);
        if let Some(table) = table.as_ref().filter(|_| faults.iter().all(|fault| fault.level != Level::Error)) {
            check::coverage::check(&context, table, &touched, &mut faults);
        }
        lint::apply(&file, &mut faults);
        widened = lint::widened(&file);
        table
    });
    faults.sort_by_key(|fault| (fault.place(), fault.code));
    let right = faults.iter().all(|fault| fault.level != Level::Error);
    Compilation { table: lowered.filter(|_| right).map(CheckedTable), faults, widened, touched }
}
