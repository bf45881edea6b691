//! A table of figures, in Markdown.

use std::fmt;

/// Figures by who was measured, and what must be known to read them.
#[derive(Debug)]
pub(crate) struct Table {
    title: String,
    names: Vec<String>,
    columns: Vec<Column>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Column {
    heading: String,
    cells: Vec<String>,
}

impl Table {
    /// A table with a row for each of these.
    pub(crate) fn new(title: impl Into<String>, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names = names.into_iter().map(Into::into).collect();
        Self { title: title.into(), names, columns: Vec::new(), notes: Vec::new() }
    }

    /// Adds a column of figures, one for each row, with so many digits behind the point.
    pub(crate) fn column(mut self, heading: &str, digits: usize, figures: &[f64]) -> Self {
        let cells = figures.iter().map(|figure| cell(*figure, digits)).collect();
        self.columns.push(Column { heading: heading.to_owned(), cells });
        self
    }

    /// Adds a column with the ratio of each figure to the one in the row of this name; none, if there is no such row.
    pub(crate) fn ratios_to(self, name: &str, figures: &[f64]) -> Self {
        let Some(base) = self.names.iter().position(|other| other == name) else { return self };
        let ratios: Vec<f64> = figures.iter().map(|figure| figure / figures[base]).collect();
        self.column(&format!("÷ {name}"), 2, &ratios)
    }

    /// Adds a sentence below the table.
    pub(crate) fn note(mut self, sentence: impl Into<String>) -> Self {
        self.notes.push(sentence.into());
        self
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headings: Vec<&str> = self.columns.iter().map(|column| column.heading.as_str()).collect();
        writeln!(f, "## {}\n", self.title)?;
        writeln!(f, "| | {} |", headings.join(" | "))?;
        writeln!(f, "| --- |{}", " ---: |".repeat(headings.len()))?;
        for (row, name) in self.names.iter().enumerate() {
            let cells: Vec<&str> = self.columns.iter().map(|column| column.cells[row].as_str()).collect();
            writeln!(f, "| {name} | {} |", cells.join(" | "))?;
        }
        if !self.notes.is_empty() {
            writeln!(f, "\n{}", self.notes.join(" "))?;
        }
        Ok(())
    }
}

/// A figure, with thousands parted; what was not measured is a dash.
fn cell(figure: f64, digits: usize) -> String {
    if !figure.is_finite() {
        return "–".to_owned();
    }
    let written = format!("{figure:.digits$}");
    let (whole, rest) = written.split_at(written.find('.').unwrap_or(written.len()));
    let mut parted = String::new();
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            parted.push(',');
        }
        parted.push(digit);
    }
    parted + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_markdown_with_ratios_to_the_named_row() {
        let cpu = [12.0, 9.0];
        let table = Table::new("Requests", ["nginx", "CoreGateway"])
            .column("requests/s", 0, &[61_234.4, f64::NAN])
            .column("CPU µs", 1, &cpu)
            .ratios_to("nginx", &cpu)
            .ratios_to("HAProxy", &cpu)
            .note("On one core.");
        assert_eq!(
            table.to_string(),
            "## Requests\n\n| | requests/s | CPU µs | ÷ nginx |\n| --- | ---: | ---: | ---: |\n\
             | nginx | 61,234 | 12.0 | 1.00 |\n| CoreGateway | – | 9.0 | 0.75 |\n\nOn one core.\n"
        );
    }

    #[test]
    fn thousands_are_parted_before_the_point_alone() {
        assert_eq!([cell(999.0, 0), cell(1000.0, 0), cell(1_234_567.891_2, 3)], ["999", "1,000", "1,234,567.891"]);
    }
}
