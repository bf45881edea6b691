//! Metrics as text that Prometheus scrapes: its own format 0.0.4, and OpenMetrics 1.0.

use std::fmt::{self, Write as _};

use super::family::{Family, Kind, Label, Sample, Value};

/// Which of the two text formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Prometheus' own.
    Prometheus,
    /// OpenMetrics.
    OpenMetrics,
}

impl Format {
    /// What an `Accept` field asks for.
    pub(crate) fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") { Self::OpenMetrics } else { Self::Prometheus }
    }

    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The whole text.
pub(crate) fn write(families: &[Family], format: Format) -> String {
    let mut text = String::with_capacity(16 * 1024);
    for family in families.iter().filter(|family| !family.samples.is_empty()) {
        write_family(&mut text, family, format).expect("a string takes all that is written to it");
    }
    if format == Format::OpenMetrics {
        text.push_str("# EOF\n");
    }
    text
}

fn write_family(text: &mut String, family: &Family, format: Format) -> fmt::Result {
    // OpenMetrics names a counter without the suffix that its series have.
    let name = match (format, family.kind) {
        (Format::OpenMetrics, Kind::Counter) => family.name.trim_end_matches("_total"),
        _ => family.name,
    };
    writeln!(text, "# HELP {name} {}", family.help)?;
    writeln!(text, "# TYPE {name} {}", family.kind.name())?;
    for sample in &family.samples {
        write_sample(text, family.name, sample)?;
    }
    Ok(())
}

fn write_sample(text: &mut String, name: &str, sample: &Sample) -> fmt::Result {
    match &sample.value {
        Value::Count(count) => write_line(text, name, &sample.labels, None, count),
        Value::Level(level) => write_line(text, name, &sample.labels, None, level),
        Value::Ranges { bounds, counts, sum } => {
            let mut up_to = 0;
            let bounds = bounds.iter().copied().chain([f64::INFINITY]);
            for (bound, count) in bounds.zip(counts) {
                up_to += count;
                write_line(text, &format!("{name}_bucket"), &sample.labels, Some(bound), &up_to)?;
            }
            write_line(text, &format!("{name}_sum"), &sample.labels, None, sum)?;
            write_line(text, &format!("{name}_count"), &sample.labels, None, &up_to)
        }
    }
}

fn write_line(
    text: &mut String,
    name: &str,
    labels: &[Label],
    bound: Option<f64>,
    value: &dyn fmt::Display,
) -> fmt::Result {
    text.push_str(name);
    let mut opening = '{';
    for (label, value) in labels {
        write!(text, "{opening}{label}=\"{}\"", escaped(value))?;
        opening = ',';
    }
    if let Some(bound) = bound {
        let bound = if bound.is_infinite() { "+Inf".to_owned() } else { format!("{bound:?}") };
        write!(text, "{opening}le=\"{bound}\"")?;
        opening = ',';
    }
    if opening == ',' {
        text.push('}');
    }
    writeln!(text, " {value}")
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn families() -> Vec<Family> {
        let mut counter = Family::counter("a_total", "Some.");
        counter.push(vec![("path", r#"/"x"\"#.into()), ("method", "GET".into())], Value::Count(3));
        let ranges = Value::Ranges { bounds: &[0.5, 1.0], counts: vec![1, 0, 2], sum: 7.5 };
        let empty = Family::gauge("nobody_sees", "Nothing.");
        vec![counter, Family::histogram("b_seconds", "How long.").with(ranges), empty]
    }

    #[test]
    fn the_text_is_what_prometheus_reads() {
        let expected = "# HELP a_total Some.\n# TYPE a_total counter\n\
                        a_total{path=\"/\\\"x\\\"\\\\\",method=\"GET\"} 3\n\
                        # HELP b_seconds How long.\n# TYPE b_seconds histogram\n\
                        b_seconds_bucket{le=\"0.5\"} 1\nb_seconds_bucket{le=\"1.0\"} 1\n\
                        b_seconds_bucket{le=\"+Inf\"} 3\nb_seconds_sum 7.5\nb_seconds_count 3\n";
        assert_eq!(write(&families(), Format::Prometheus), expected);
    }

    #[test]
    fn openmetrics_names_counters_without_their_suffix_and_has_an_end() {
        let text = write(&families(), Format::OpenMetrics);
        assert!(text.contains("# TYPE a counter\na_total{") && text.ends_with("# EOF\n"), "{text}");
    }

    #[test]
    fn the_accept_field_chooses() {
        assert_eq!(
            Format::accepted("text/plain;q=0.5, application/openmetrics-text;version=1.0.0"),
            Format::OpenMetrics
        );
        assert_eq!(Format::accepted("*/*"), Format::Prometheus);
    }
}
