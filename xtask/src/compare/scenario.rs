//! What can be measured, each by itself.

use clap::ValueEnum;

use super::bench::Bench;
use super::table::Table;
use super::{bodies, cold_tokens, half_rate, idle, many_tokens, requests, start, threads, tls};
use crate::failure::Failure;

/// One measurement; one table comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scenario {
    /// Small answers over 64 connections
    Requests,
    /// 1,000 tokens in turn
    ManyTokens,
    /// Every request with a token never seen before
    ColdTokens,
    /// Latency at half of nginx's highest rate
    HalfRate,
    /// One thread and two
    TwoThreads,
    /// Memory of idle connections
    Idle,
    /// From its start to the first answer
    Start,
    /// Long answers and uploads
    Bodies,
    /// TLS 1.3: handshakes, and requests on kept connections
    Tls,
}

impl Scenario {
    /// Those that are asked for; all, if none is named.
    pub(crate) fn of(only: &[Self]) -> Vec<Self> {
        let asked_for = |scenario: &Self| only.is_empty() || only.contains(scenario);
        Self::value_variants().iter().copied().filter(asked_for).collect()
    }

    /// As `--only` names it.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Measures it.
    pub(crate) fn measure(self, bench: &Bench) -> Result<Table, Failure> {
        match self {
            Self::Requests => requests::measure(bench),
            Self::ManyTokens => many_tokens::measure(bench),
            Self::ColdTokens => cold_tokens::measure(bench),
            Self::HalfRate => half_rate::measure(bench),
            Self::TwoThreads => threads::measure(bench),
            Self::Idle => idle::measure(bench),
            Self::Start => start::measure(bench),
            Self::Bodies => bodies::measure(bench),
            Self::Tls => tls::measure(bench),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_measured_where_none_is_named_and_in_one_order_otherwise() {
        assert_eq!(Scenario::of(&[]).len(), 9);
        assert_eq!(Scenario::of(&[Scenario::Tls, Scenario::Requests]), [Scenario::Requests, Scenario::Tls]);
        assert_eq!(Scenario::ManyTokens.name(), "many-tokens");
    }
}
