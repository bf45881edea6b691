//! What has been counted, as one executable hands it over to the next: for those who read the numbers, nothing begins anew.
//!
//! Everything goes by names, since the next may have other routes, services and reasons. What it does not know any more it
//! counts as [`OTHER`](super::labels::OTHER) where there is such a thing, so that totals stay right.

use std::collections::BTreeMap;

use gateway_table::Table;
use serde::{Deserialize, Serialize};

use super::Telemetry;
use super::block::{Block, ServiceCounters};
use super::cell::{Counter, Counts};
use super::labels::{self, AUTH_REASONS, AuthOutcome, Cause, METHODS, Templates, UpstreamError};
use super::run::RunRecord;
use super::totals::{SeriesTotals, Totals};

/// Numbers, by the names of what they count.
type Named = BTreeMap<String, u64>;

/// All that has been counted in a run.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TelemetryRecord {
    pub(super) run: RunRecord,
    ended: u64,
    series: Vec<SeriesRecord>,
    causes: Vec<EarlyRecord>,
    auth_outcomes: Named,
    auth_reasons: Named,
    /// By template.
    rate_limited: Named,
    /// By template.
    debounced: Named,
    services: BTreeMap<String, ServiceRecord>,
    own: Named,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct SeriesRecord {
    template: String,
    method: String,
    statuses: Vec<(u16, u64)>,
    duration: Counts,
    request_size: Counts,
    response_size: Counts,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct EarlyRecord {
    cause: String,
    count: u64,
    at: u64,
    template: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct ServiceRecord {
    server_errors: u64,
    errors: Named,
    retries: u64,
    refused_by_breaker: u64,
}

impl Telemetry {
    /// All that has been counted.
    pub(crate) fn record(&self, table: &Table) -> TelemetryRecord {
        let (totals, templates) = (self.totals(), &self.templates);
        let by_template = |counts: &[u64]| named(counts, |index| templates.name(index));
        let services = table.services.iter().zip(&totals.services).map(|(service, totals)| {
            let record = ServiceRecord {
                server_errors: totals.server_errors,
                errors: named(&totals.errors, |index| UpstreamError::ALL[index].name()),
                retries: totals.retries,
                refused_by_breaker: totals.refused_by_breaker,
            };
            (service.name.to_string(), record)
        });
        TelemetryRecord {
            run: self.run.record(),
            ended: totals.ended,
            series: totals.series.iter().map(|series| series_record(series, templates)).collect(),
            causes: causes(&totals, templates),
            auth_outcomes: named(&totals.auth_outcomes, |index| AuthOutcome::ALL[index].name()),
            auth_reasons: named(&totals.auth_reasons, labels::auth_reason),
            rate_limited: by_template(&totals.rate_limited),
            debounced: by_template(&totals.debounced),
            services: services.collect(),
            own: self.own.record(),
        }
    }

    /// Counts on from a record: what it tells is a block of numbers among those of the workers, which nobody writes any more.
    pub(super) fn add_record(&self, record: &TelemetryRecord, table: &Table) {
        let block = Block::new(&self.templates, self.services);
        block.ended.add(record.ended);
        for series in &record.series {
            add_series(&block, series, &self.templates);
        }
        for early in &record.causes {
            add_early(&block, early, &self.templates);
        }
        let template = |name: &str| Some(self.templates.named(name));
        add_named(&block.auth_outcomes, &record.auth_outcomes, |name| {
            AuthOutcome::ALL.iter().position(|outcome| outcome.name() == name)
        });
        add_named(&block.auth_reasons, &record.auth_reasons, |name| {
            (0..AUTH_REASONS).find(|index| labels::auth_reason(*index) == name)
        });
        add_named(&block.rate_limited, &record.rate_limited, template);
        add_named(&block.debounced, &record.debounced, template);
        for (service, counters) in table.services.iter().zip(&block.services) {
            if let Some(record) = record.services.get(&*service.name) {
                add_service(counters, record);
            }
        }
        self.own.add_record(&record.own);
        self.add_block(block);
    }
}

/// The numbers that are not zero.
fn named(counts: &[u64], name: impl Fn(usize) -> &'static str) -> Named {
    let counted = counts.iter().enumerate().filter(|(_, count)| **count > 0);
    counted.map(|(index, count)| (name(index).to_owned(), *count)).collect()
}

fn add_named(counters: &[Counter], named: &Named, index: impl Fn(&str) -> Option<usize>) {
    for (name, count) in named {
        if let Some(index) = index(name) {
            counters[index].add(*count);
        }
    }
}

fn series_record(series: &SeriesTotals, templates: &Templates) -> SeriesRecord {
    let statuses = series.statuses.iter().filter_map(|(status, count)| Some((u16::try_from(*status).ok()?, *count)));
    SeriesRecord {
        template: templates.name(series.template).to_owned(),
        method: labels::method_name(series.method).to_owned(),
        statuses: statuses.collect(),
        duration: series.duration.clone(),
        request_size: series.request_size.clone(),
        response_size: series.response_size.clone(),
    }
}

fn add_series(block: &Block, record: &SeriesRecord, templates: &Templates) {
    let method = (0..METHODS).find(|index| labels::method_name(*index) == record.method).unwrap_or(METHODS - 1);
    let series = block.series[templates.named(&record.template) * METHODS + method].get_or_init(Box::default);
    for (status, count) in &record.statuses {
        series.count_status(*status, *count);
    }
    series.duration.add_counts(&record.duration);
    series.request_size.add_counts(&record.request_size);
    series.response_size.add_counts(&record.response_size);
}

fn causes(totals: &Totals, templates: &Templates) -> Vec<EarlyRecord> {
    let counted = Cause::ALL.iter().zip(&totals.causes).filter(|(_, early)| early.count > 0);
    let record = |(cause, early): (&Cause, &super::EarlyTotals)| EarlyRecord {
        cause: cause.name().to_owned(),
        count: early.count,
        at: early.at,
        template: templates.name(early.template).to_owned(),
    };
    counted.map(record).collect()
}

fn add_early(block: &Block, record: &EarlyRecord, templates: &Templates) {
    if let Some(cause) = Cause::ALL.iter().position(|cause| cause.name() == record.cause) {
        let early = &block.causes[cause];
        early.count.add(record.count);
        early.at.set(record.at);
        early.template.set(templates.named(&record.template) as u64);
    }
}

fn add_service(counters: &ServiceCounters, record: &ServiceRecord) {
    counters.server_errors.add(record.server_errors);
    counters.retries.add(record.retries);
    counters.refused_by_breaker.add(record.refused_by_breaker);
    add_named(&counters.errors, &record.errors, |name| {
        UpstreamError::ALL.iter().position(|error| error.name() == name)
    });
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use gateway_table::{List, Trie};
    use http::Method;

    use super::*;
    use crate::rejection::Rejection;
    use crate::telemetry::Ended;
    use crate::trace_context::TraceContext;

    fn table() -> &'static Table {
        Box::leak(Box::new(Table {
            digest: "".into(),
            roles: List::default(),
            services: List::default(),
            routes: List::default(),
            trie: Trie::new([]),
        }))
    }

    fn count(telemetry: &Telemetry, method: &Method, rejection: Option<&Rejection>) {
        let trace = TraceContext::of(&http::HeaderMap::new(), false);
        telemetry.recorder().record(&Ended {
            route: None,
            method,
            status: rejection.map_or(200, |rejection| rejection.status().as_u16()),
            started: Instant::now(),
            elapsed: Duration::from_micros(120),
            request_bytes: 7,
            response_bytes: 2_000,
            is_authenticated: false,
            attempts: 1,
            is_debounced: false,
            rejection,
            cut: None,
            trace: &trace,
        });
    }

    /// The metrics of the next gateway; the record goes through the text in which it is handed over.
    fn next(telemetry: &Telemetry) -> Telemetry {
        let record = serde_json::to_string(&telemetry.record(table())).unwrap();
        Telemetry::resume(table(), &serde_json::from_str(&record).unwrap()).0
    }

    #[test]
    fn the_next_gateway_counts_on_from_where_the_last_one_was() {
        let (telemetry, _spans) = Telemetry::new(table());
        count(&telemetry, &Method::GET, None);
        count(&telemetry, &Method::PUT, Some(&Rejection::NotFound));
        telemetry.own.pushes.add(3);
        assert_eq!(telemetry.run.next_sequence(), 1);
        let next = next(&telemetry);
        assert_eq!(format!("{:?}", next.totals()), format!("{:?}", telemetry.totals()));
        assert_eq!((next.ended(), next.own.pushes.get(), next.run.takeovers), (2, 3, 1));
        assert_eq!((&next.run.instance, next.run.next_sequence()), (&telemetry.run.instance, 2));
        count(&next, &Method::GET, None);
        assert_eq!(next.totals().series.iter().find(|series| series.template == 1).unwrap().statuses, [(200, 2)]);
        assert!(next.uptime() >= telemetry.uptime().saturating_sub(Duration::from_secs(1)));
    }

    #[test]
    fn what_a_route_that_is_gone_has_counted_is_counted_all_the_same() {
        let mut record = Telemetry::new(table()).0.record(table());
        let counts = Counts { ranges: vec![5], sum: 50 };
        record.series.push(SeriesRecord {
            template: "/gone".into(),
            method: "GET".into(),
            statuses: vec![(204, 5), (700, 1)],
            duration: counts,
            ..SeriesRecord::default()
        });
        record.rate_limited.insert("/gone".into(), 4);
        record.auth_reasons.insert("a reason that nobody knows".into(), 1);
        let totals = Telemetry::resume(table(), &record).0.totals();
        let series = &totals.series[0];
        assert_eq!((series.template, &series.statuses), (0, &vec![(204, 5), (599, 1)]));
        assert_eq!((series.duration.sum, totals.rate_limited[0]), (50, 4));
    }
}
