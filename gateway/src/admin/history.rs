//! The last minutes, second by second: what sparklines are drawn of, and the rates and percentiles of now.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::Admin;
use super::body::STEP;
use crate::telemetry::{Counts, Totals, percentile};

/// How many seconds are remembered.
const LENGTH: usize = 300;

/// Over how many seconds rates and percentiles of now are taken.
const WINDOW: usize = 10;

/// What operators see of the last minutes.
#[derive(Default)]
pub(crate) struct History(Mutex<Past>);

#[derive(Default)]
struct Past {
    /// One for each second, the oldest first.
    points: VecDeque<Point>,
    /// What had been counted at the latest seconds, the oldest first.
    marks: VecDeque<Mark>,
}

/// One second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Point {
    /// Requests that ended.
    pub(super) requests: f64,
    /// Those of them that the gateway or an upstream failed at: 500 and above.
    pub(super) errors: f64,
    /// Seconds that one in two, in twenty, in a hundred of the last ones took longer than.
    pub(super) p50: Option<f64>,
    pub(super) p95: Option<f64>,
    pub(super) p99: Option<f64>,
}

/// What had been counted at some time.
struct Mark {
    at: Instant,
    by_template: HashMap<usize, Traffic>,
}

/// What has been counted of one template, or of all.
#[derive(Debug, Clone, Default)]
pub(super) struct Traffic {
    pub(super) requests: u64,
    pub(super) errors: u64,
    pub(super) duration: Counts,
}

impl Traffic {
    fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.duration.merge(&other.duration);
    }

    fn since(&self, earlier: &Self) -> Self {
        Self {
            requests: self.requests.saturating_sub(earlier.requests),
            errors: self.errors.saturating_sub(earlier.errors),
            duration: self.duration.since(&earlier.duration),
        }
    }

    /// As so many seconds have seen it.
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    pub(super) fn point(&self, seconds: f64) -> Point {
        let percentile = |part| percentile(&self.duration.ranges, part);
        Point {
            requests: self.requests as f64 / seconds,
            errors: self.errors as f64 / seconds,
            p50: percentile(0.5),
            p95: percentile(0.95),
            p99: percentile(0.99),
        }
    }
}

/// What the templates have had so far.
fn by_template(totals: &Totals) -> HashMap<usize, Traffic> {
    let mut traffic = HashMap::<usize, Traffic>::new();
    for series in &totals.series {
        let template = traffic.entry(series.template).or_default();
        let errors = series.statuses.iter().filter(|(status, _)| *status >= 500).map(|(_, count)| count).sum();
        let requests = series.statuses.iter().map(|(_, count)| count).sum();
        template.add(&Traffic { requests, errors, duration: series.duration.clone() });
    }
    traffic
}

fn sum<'a>(traffic: impl Iterator<Item = &'a Traffic>) -> Traffic {
    traffic.fold(Traffic::default(), |mut sum, traffic| {
        sum.add(traffic);
        sum
    })
}

impl History {
    fn lock(&self) -> MutexGuard<'_, Past> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down what has been counted by now.
    fn mark(&self, totals: &Totals, now: Instant) {
        let mark = Mark { at: now, by_template: by_template(totals) };
        let mut past = self.lock();
        if let Some(last) = past.marks.back() {
            let seconds = now.duration_since(last.at).as_secs_f64().max(1e-3);
            let second = sum(mark.by_template.values()).since(&sum(last.by_template.values()));
            past.points.push_back(second.point(seconds));
        }
        past.marks.push_back(mark);
        let excess = past.points.len().saturating_sub(LENGTH);
        past.points.drain(..excess);
        let excess = past.marks.len().saturating_sub(WINDOW + 1);
        past.marks.drain(..excess);
    }

    /// The remembered seconds, the oldest first.
    pub(super) fn points(&self) -> Vec<Point> {
        self.lock().points.iter().copied().collect()
    }

    /// The last second.
    pub(super) fn last(&self) -> Point {
        self.lock().points.back().copied().unwrap_or_default()
    }

    /// The last seconds, together and of every template that had any request.
    pub(super) fn window(&self) -> (Point, HashMap<usize, Point>) {
        let past = self.lock();
        let (Some(first), Some(last)) = (past.marks.front(), past.marks.back()) else { return Default::default() };
        let seconds = last.at.duration_since(first.at).as_secs_f64().max(1e-3);
        let none = Traffic::default();
        let templates: HashMap<usize, Traffic> = last
            .by_template
            .iter()
            .map(|(template, traffic)| (*template, traffic.since(first.by_template.get(template).unwrap_or(&none))))
            .filter(|(_, traffic)| traffic.requests > 0)
            .collect();
        let all = sum(templates.values()).point(seconds);
        (all, templates.into_iter().map(|(template, traffic)| (template, traffic.point(seconds))).collect())
    }
}

/// Takes down every second, for ever.
pub(super) async fn keep(admin: Arc<Admin>) {
    let mut interval = tokio::time::interval(STEP);
    loop {
        interval.tick().await;
        admin.history.mark(&admin.telemetry.totals(), Instant::now());
    }
}
