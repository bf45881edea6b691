//! A route as generated code writes it.
//!
//! Type-checking ten thousand routes as they are stored took most of a minute: every borrowed text and every optional field is
//! a generic call to infer. Here the fields are plain, what many routes share is a constant, and one function puts it together.

use std::num::NonZeroU32;
use std::time::Duration;

use crate::{Access, Breaker, List, MethodSet, RateLimit, Retry, Rewrite, Route, Text, Timeouts, Upgrade};

/// What generated code says of one route.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// [`Route::path_prefix`]
    pub path_prefix: &'static str,
    /// The bits of [`Route::methods`].
    pub methods: u8,
    /// [`Route::service`]
    pub service: u32,
    /// [`Route::target_path`]
    pub target_path: &'static str,
    /// [`Route::rewrite`]
    pub rewrite: &'static Rewrite,
    /// [`Route::access`]
    pub access: Access,
    /// What it shares with other routes.
    pub policy: &'static Policy,
    /// [`Route::summary`]
    pub summary: &'static str,
}

/// Limits, times, retries and breakers of a route: few differ, many routes share them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy {
    /// [`Route::rate_limit`]
    pub rate_limit: Option<RateLimit>,
    /// [`Route::timeout`]
    pub timeout: Duration,
    /// [`Route::timeouts`]
    pub timeouts: Timeouts,
    /// [`Route::retry`]
    pub retry: Option<Retry>,
    /// [`Route::breaker`]
    pub breaker: Option<Breaker>,
    /// [`Route::max_concurrent`]
    pub max_concurrent: NonZeroU32,
    /// [`Route::upgrade`]
    pub upgrade: Upgrade,
    /// [`Route::debounce`]
    pub debounce: Option<Duration>,
    /// [`Route::max_body`]
    pub max_body: u64,
}

impl Written {
    /// The route.
    ///
    /// # Panics
    ///
    /// While compiling, where a list is owned: a constant has none to give away.
    pub const fn route(self) -> Route {
        Route {
            path_prefix: Text::Borrowed(self.path_prefix),
            methods: MethodSet::from_bits(self.methods),
            service: self.service,
            target_path: Text::Borrowed(self.target_path),
            rewrite: match self.rewrite {
                Rewrite::Strip => Rewrite::Strip,
                Rewrite::Keep => Rewrite::Keep,
                Rewrite::Replace(pieces) => Rewrite::Replace(again(pieces)),
            },
            access: self.access,
            rate_limit: self.policy.rate_limit,
            timeout: self.policy.timeout,
            timeouts: self.policy.timeouts,
            retry: match &self.policy.retry {
                None => None,
                Some(Retry { attempts, backoff, max_backoff, per_try, on }) => Some(Retry {
                    attempts: *attempts,
                    backoff: *backoff,
                    max_backoff: *max_backoff,
                    per_try: *per_try,
                    on: again(on),
                }),
            },
            breaker: self.policy.breaker,
            max_concurrent: self.policy.max_concurrent,
            upgrade: match &self.policy.upgrade {
                Upgrade::Off => Upgrade::Off,
                Upgrade::Any => Upgrade::Any,
                Upgrade::Only(protocols) => Upgrade::Only(again(protocols)),
            },
            debounce: self.policy.debounce,
            max_body: self.policy.max_body,
            summary: Text::Borrowed(self.summary),
        }
    }
}

/// The same borrowed list.
const fn again<T: Clone>(list: &'static List<T>) -> List<T> {
    match list {
        std::borrow::Cow::Borrowed(items) => std::borrow::Cow::Borrowed(items),
        std::borrow::Cow::Owned(_) => unreachable!(),
    }
}

impl From<&Route> for Policy {
    fn from(route: &Route) -> Self {
        Self {
            rate_limit: route.rate_limit,
            timeout: route.timeout,
            timeouts: route.timeouts,
            retry: route.retry.clone(),
            breaker: route.breaker,
            max_concurrent: route.max_concurrent,
            upgrade: route.upgrade.clone(),
            debounce: route.debounce,
            max_body: route.max_body,
        }
    }
}
