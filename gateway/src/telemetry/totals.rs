//! What all workers have counted together.

use super::block::Block;
use super::cell::Counts;
use super::labels::{AUTH_REASONS, AuthOutcome, Cause, METHODS, Templates, UpstreamError};

/// The workers' numbers, added up.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    /// How many exchanges have ended.
    pub(crate) ended: u64,
    /// Of every method on every template that has been asked for.
    pub(crate) series: Vec<SeriesTotals>,
    /// By cause.
    pub(crate) causes: Vec<EarlyTotals>,
    pub(crate) auth_outcomes: [u64; AuthOutcome::ALL.len()],
    pub(crate) auth_reasons: [u64; AUTH_REASONS],
    /// By template.
    pub(crate) rate_limited: Vec<u64>,
    /// By template.
    pub(crate) debounced: Vec<u64>,
    /// By service.
    pub(crate) services: Vec<ServiceTotals>,
}

/// The numbers of one method on one template.
#[derive(Debug, Default, Clone)]
pub(crate) struct SeriesTotals {
    pub(crate) template: usize,
    pub(crate) method: usize,
    /// How often each status was answered, in their order.
    pub(crate) statuses: Vec<(usize, u64)>,
    pub(crate) duration: Counts,
    pub(crate) request_size: Counts,
    pub(crate) response_size: Counts,
}

/// The early ends of one cause.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct EarlyTotals {
    pub(crate) count: u64,
    /// When the last one began, in milliseconds since the gateway started.
    pub(crate) at: u64,
    /// The template of the last one.
    pub(crate) template: usize,
}

/// The numbers of one service.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct ServiceTotals {
    pub(crate) server_errors: u64,
    pub(crate) errors: [u64; UpstreamError::ALL.len()],
    pub(crate) retries: u64,
    pub(crate) refused_by_breaker: u64,
}

impl Totals {
    pub(super) fn of(blocks: &[std::sync::Arc<Block>], templates: &Templates, services: usize) -> Self {
        let mut totals = Self {
            causes: vec![EarlyTotals::default(); Cause::ALL.len()],
            rate_limited: vec![0; templates.len()],
            debounced: vec![0; templates.len()],
            services: vec![ServiceTotals::default(); services],
            ..Self::default()
        };
        for block in blocks {
            totals.add(block);
        }
        for index in 0..templates.len() * METHODS {
            totals.series.extend(series(blocks, index));
        }
        totals
    }

    fn add(&mut self, block: &Block) {
        self.ended += block.ended.get();
        for (total, early) in self.causes.iter_mut().zip(&block.causes) {
            let (count, at) = (early.count.get(), early.at.get());
            total.count += count;
            if count > 0 && at >= total.at {
                total.at = at;
                total.template = usize::try_from(early.template.get()).unwrap_or_default();
            }
        }
        add_each(&mut self.auth_outcomes, block.auth_outcomes.iter().map(super::cell::Counter::get));
        add_each(&mut self.auth_reasons, block.auth_reasons.iter().map(super::cell::Counter::get));
        add_each(&mut self.rate_limited, block.rate_limited.iter().map(super::cell::Counter::get));
        add_each(&mut self.debounced, block.debounced.iter().map(super::cell::Counter::get));
        for (total, service) in self.services.iter_mut().zip(&block.services) {
            total.server_errors += service.server_errors.get();
            total.retries += service.retries.get();
            total.refused_by_breaker += service.refused_by_breaker.get();
            add_each(&mut total.errors, service.errors.iter().map(super::cell::Counter::get));
        }
    }
}

fn add_each(totals: &mut [u64], more: impl Iterator<Item = u64>) {
    for (total, more) in totals.iter_mut().zip(more) {
        *total += more;
    }
}

/// What all workers have counted at this index of their series; `None` where nobody has counted anything.
fn series(blocks: &[std::sync::Arc<Block>], index: usize) -> Option<SeriesTotals> {
    let mut counted = blocks.iter().filter_map(|block| block.series[index].get()).peekable();
    counted.peek()?;
    let mut total = SeriesTotals { template: index / METHODS, method: index % METHODS, ..SeriesTotals::default() };
    for series in counted {
        for (status, count) in series.statuses() {
            match total.statuses.binary_search_by_key(&status, |(known, _)| *known) {
                Ok(at) => total.statuses[at].1 += count,
                Err(at) => total.statuses.insert(at, (status, count)),
            }
        }
        series.duration.add_to(&mut total.duration);
        series.request_size.add_to(&mut total.request_size);
        series.response_size.add_to(&mut total.response_size);
    }
    Some(total)
}
