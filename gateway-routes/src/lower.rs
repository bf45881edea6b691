//! From the file as written to the table. It lowers as much as expectations need: a limit that is faulty becomes the default,
//! and the fault keeps the table from being handed out.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::time::Duration;

use gateway_table::{
    Access, Breaker, List, Method, Piece, RateLimit, RateUnit, Retry, RetryCause, Rewrite, Role, RoleSet, Route,
    Scheme, Service, Table, Text, Timeouts, Trie, Upgrade,
};

use crate::check::Context;
use crate::replacement::{self, Part};
use crate::route_file::{self, Field, Policy, Who};
use crate::span::Spanned;

/// What holds where neither the route nor the file's `defaults` say anything.
mod built_in {
    use super::{Breaker, Duration, NonZeroU32, RateLimit, RateUnit, Retry, RetryCause};

    const fn count(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).expect("not zero")
    }

    pub(super) const RATE_LIMIT: RateLimit = RateLimit { count: count(100), unit: RateUnit::Minute, burst: count(100) };
    pub(super) const TIMEOUT: Duration = Duration::from_secs(2);
    pub(super) const MAX_CONCURRENT: NonZeroU32 = count(1024);
    pub(super) const MAX_BODY: u64 = 10 << 20;
    pub(super) const RETRY_ON: [RetryCause; 2] = [RetryCause::Connect, RetryCause::Reset];
    pub(super) const HALF_OPEN: NonZeroU32 = count(1);
    pub(super) const BREAKER: Breaker = Breaker {
        failures: count(5),
        within: Duration::from_secs(10),
        open_for: Duration::from_secs(5),
        half_open: HALF_OPEN,
    };

    pub(super) fn retry() -> Retry {
        Retry {
            attempts: count(2),
            backoff: Duration::from_millis(50),
            max_backoff: None,
            per_try: None,
            on: RETRY_ON.to_vec().into(),
        }
    }
}

/// The table of a file of which every route's path, methods, target and roles could be understood.
pub(crate) fn lower(context: &Context<'_>, digest: String) -> Option<Table> {
    let file = context.file;
    if !file.unread_roles.is_empty() || file.roles_are_cut || file.roles.len() > RoleSet::CAPACITY {
        return None;
    }
    let mut services = Services::default();
    let heads = listed_heads(context);
    let routes: Option<Vec<Route>> =
        (0..file.routes.len()).map(|route| lower_route(context, route, &heads, &mut services)).collect();
    let routes = routes?;
    let trie = Trie::new(routes.iter().map(|route| &*route.path_prefix));
    Some(Table {
        digest: digest.into(),
        roles: lower_roles(context).into(),
        services: services.list.into(),
        routes: routes.into(),
        trie,
    })
}

/// The services met so far.
#[derive(Default)]
struct Services {
    list: Vec<Service>,
    by_name: HashMap<String, u32>,
}

impl Services {
    fn index(&mut self, name: &str, target: &crate::target::Target) -> u32 {
        if let Some(index) = self.by_name.get(name) {
            return *index;
        }
        let index = u32::try_from(self.list.len()).expect("fewer services than bytes in a route file");
        self.list.push(Service {
            name: Text::Owned(name.to_owned()),
            scheme: target.scheme,
            authority: Text::Owned(target.authority.clone()),
        });
        self.by_name.insert(name.to_owned(), index);
        index
    }
}

/// Each role with what it grants: itself, and what it implies, directly or not.
fn lower_roles(context: &Context<'_>) -> Vec<Role> {
    let lowered = context.file.roles.iter().zip(context.grants.iter().copied()).map(|(role, grants)| Role {
        name: Text::Owned(role.name.value.clone()),
        claim: Text::Owned(role.claim.value.clone()),
        grants,
    });
    lowered.collect()
}

/// The paths for which a route lists HEAD by itself: there it does not come with GET.
fn listed_heads(context: &Context<'_>) -> HashMap<String, usize> {
    let mut heads = HashMap::new();
    for (index, route) in context.file.routes.iter().enumerate() {
        let lists_head = context.methods[index].is_some_and(|methods| methods.contains(Method::Head));
        if let (Some(pattern), true, Field::Given(_)) = (context.pattern(index), lists_head, &route.methods) {
            heads.insert(pattern.shape(), index);
        }
    }
    heads
}

fn lower_route(
    context: &Context<'_>,
    index: usize,
    heads: &HashMap<String, usize>,
    services: &mut Services,
) -> Option<Route> {
    let (route, defaults) = (&context.file.routes[index], &context.file.defaults);
    let (pattern, target) = (context.pattern(index)?, context.target(index)?);
    let mut methods = context.methods[index]?;
    if methods.contains(Method::Get) && !heads.contains_key(&pattern.shape()) {
        methods = methods.with(Method::Head);
    }
    let policy = &route.policy;
    let (timeouts, is_http) = (timeouts(policy, defaults), target.scheme != Scheme::ZeroMq);
    Some(Route {
        path_prefix: Text::Owned(pattern.text.clone()),
        methods,
        service: services.index(&route.service.given()?.value, target),
        target_path: Text::Owned(target.path.clone()),
        rewrite: lower_rewrite(&route.rewrite, pattern)?,
        access: lower_access(context, route.required_role.given()?)?,
        rate_limit: rate_limit(policy, defaults),
        timeout: timeout(policy, defaults),
        timeouts: Timeouts {
            // The reply of a ZeroMQ service comes whole.
            first_byte: timeouts.first_byte.filter(|_| is_http),
            ..timeouts
        },
        retry: retry(policy, defaults),
        breaker: breaker(policy, defaults),
        max_concurrent: max_concurrent(policy, defaults),
        upgrade: if is_http { upgrade(policy, defaults) } else { Upgrade::Off },
        debounce: route.debounce.given().map(|debounce| debounce.value),
        max_body: pick(&policy.max_body, &defaults.max_body).map_or(built_in::MAX_BODY, |size| size.value),
        summary: Text::Owned(route.summary.given().map(|summary| summary.value.clone()).unwrap_or_default()),
    })
}

/// What the route says, else what the file's defaults say.
fn pick<'a, T>(route: &'a Field<T>, defaults: &'a Field<T>) -> Option<&'a T> {
    route.given().or_else(|| defaults.given())
}

fn lower_rewrite(rewrite: &Field<route_file::Rewrite>, pattern: &crate::pattern::Pattern) -> Option<Rewrite> {
    let text = match rewrite {
        Field::Absent | Field::Given(route_file::Rewrite::Strip) => return Some(Rewrite::Strip),
        Field::Given(route_file::Rewrite::Keep) => return Some(Rewrite::Keep),
        Field::Given(route_file::Rewrite::Replace(text)) => text,
        Field::Broken => return None,
    };
    let pieces = replacement::parts(&text.value).into_iter().map(|(part, _)| match part {
        Part::Literal(literal) => Some(Piece::Literal(Text::Owned(literal.to_owned()))),
        Part::Parameter(name) => {
            let (_, segment) = pattern.parameters().find(|(known, _)| *known == name)?;
            Some(Piece::Segment(u16::try_from(segment).ok()?))
        }
    });
    Some(Rewrite::Replace(List::Owned(pieces.collect::<Option<_>>()?)))
}

fn lower_access(context: &Context<'_>, access: &route_file::Access) -> Option<Access> {
    match &access.who {
        Who::Everyone { .. } => Some(Access::Everyone),
        Who::AnyOf(roles) => {
            let mut set = RoleSet::EMPTY;
            for role in roles {
                set = set.union(RoleSet::single(*context.roles.get(role.value.as_str())?));
            }
            Some(Access::AnyOf(set))
        }
    }
}

pub(crate) fn timeout(policy: &Policy, defaults: &Policy) -> Duration {
    pick(&policy.timeout, &defaults.timeout).map_or(built_in::TIMEOUT, |timeout| timeout.value)
}

/// Each part by itself: a route that sets one of them keeps the others of the file's defaults.
pub(crate) fn timeouts(policy: &Policy, defaults: &Policy) -> Timeouts {
    let part = |part: fn(&route_file::Timeouts) -> &Field<Spanned<Duration>>| {
        let given = |policy: &Policy| {
            policy.timeouts.given().and_then(|timeouts| part(timeouts).given()).map(|time| time.value)
        };
        given(policy).or_else(|| given(defaults))
    };
    Timeouts {
        connect: part(|timeouts| &timeouts.connect),
        first_byte: part(|timeouts| &timeouts.first_byte),
        idle: part(|timeouts| &timeouts.idle),
    }
}

pub(crate) fn max_concurrent(policy: &Policy, defaults: &Policy) -> NonZeroU32 {
    let written = pick(&policy.max_concurrent, &defaults.max_concurrent);
    written.and_then(|number| NonZeroU32::new(number.value)).unwrap_or(built_in::MAX_CONCURRENT)
}

fn upgrade(policy: &Policy, defaults: &Policy) -> Upgrade {
    match pick(&policy.upgrade, &defaults.upgrade) {
        None => Upgrade::Any,
        Some(route_file::Upgrade::Off) => Upgrade::Off,
        Some(route_file::Upgrade::AnyOf(protocols)) => {
            let names = protocols.names.iter().map(|name| Text::Owned(name.value.to_ascii_lowercase()));
            Upgrade::Only(names.collect())
        }
    }
}

pub(crate) fn rate_limit(policy: &Policy, defaults: &Policy) -> Option<RateLimit> {
    match pick(&policy.rate_limit, &defaults.rate_limit) {
        None => Some(built_in::RATE_LIMIT),
        Some(route_file::RateLimit::Unlimited) => None,
        Some(route_file::RateLimit::Limited { count, unit, burst }) => {
            let default = built_in::RATE_LIMIT;
            let count = number(count, default.count);
            let unit = unit.given().copied().unwrap_or(default.unit);
            Some(RateLimit { count, unit, burst: number(burst, count) })
        }
    }
}

pub(crate) fn retry(policy: &Policy, defaults: &Policy) -> Option<Retry> {
    let default = built_in::retry();
    match pick(&policy.retry, &defaults.retry) {
        None => Some(default),
        Some(route_file::Retry::Off) => None,
        Some(route_file::Retry::On(retry)) => Some(Retry {
            attempts: number(&retry.attempts, default.attempts),
            backoff: time(&retry.backoff, default.backoff),
            max_backoff: retry.max_backoff.given().map(|time| time.value),
            per_try: retry.per_try.given().map(|time| time.value),
            on: retry.on.given().map_or(default.on, |on| on.causes.iter().map(|cause| cause.value).collect()),
        }),
    }
}

pub(crate) fn breaker(policy: &Policy, defaults: &Policy) -> Option<Breaker> {
    let default = built_in::BREAKER;
    match pick(&policy.breaker, &defaults.breaker) {
        None => Some(default),
        Some(route_file::Breaker::Off) => None,
        Some(route_file::Breaker::On(breaker)) => Some(Breaker {
            failures: number(&breaker.failures, default.failures),
            within: time(&breaker.within, default.within),
            open_for: time(&breaker.open_for, default.open_for),
            half_open: number(&breaker.half_open, default.half_open),
        }),
    }
}

fn number(field: &Field<Spanned<u32>>, default: NonZeroU32) -> NonZeroU32 {
    field.given().and_then(|number| NonZeroU32::new(number.value)).unwrap_or(default)
}

fn time(field: &Field<Spanned<Duration>>, default: Duration) -> Duration {
    field.given().map_or(default, |time| time.value)
}

#[cfg(test)]
mod tests {
    use gateway_table::MethodSet;

    use super::*;
    use crate::check::testing::{file, route};
    use crate::{Source, compile};

    fn table(text: &str) -> Table {
        let compilation = compile(&Source::new("routes.ron", text));
        compilation.table.unwrap_or_else(|| panic!("{:?}", compilation.faults)).into_table()
    }

    #[test]
    fn built_in_defaults_hold_where_nothing_is_said() {
        let table = table(&file(&[route("")]));
        let route = &table.routes[0];
        assert_eq!(route.rate_limit, Some(built_in::RATE_LIMIT));
        assert_eq!((route.timeout, route.max_body), (Duration::from_secs(2), 10 << 20));
        assert_eq!(route.retry, Some(built_in::retry()));
        assert_eq!(route.breaker, Some(built_in::BREAKER));
        assert_eq!((route.debounce, &route.rewrite), (None, &Rewrite::Strip));
        assert_eq!(route.methods, MethodSet::ALL);
        assert_eq!((route.timeouts, route.max_concurrent.get()), (Timeouts::default(), 1024));
        assert_eq!(route.upgrade, Upgrade::Any);
    }

    #[test]
    fn the_files_defaults_come_between() {
        let defaults = "defaults: (timeout: \"9s\", retry: Off, rate_limit: (count: 5, unit: Hour)), routes:";
        let table =
            table(&file(&[route("timeout: \"1s\""), route("path_prefix: \"/b\"")]).replace("routes:", defaults));
        assert_eq!(table.routes[0].timeout, Duration::from_secs(1));
        assert_eq!(table.routes[1].timeout, Duration::from_secs(9));
        assert_eq!(table.routes[1].retry, None);
        assert_eq!(table.routes[1].rate_limit.unwrap().burst.get(), 5);
    }

    #[test]
    fn each_part_of_the_time_comes_from_the_route_or_from_the_defaults() {
        let defaults =
            "defaults: (timeouts: (connect: \"1s\", idle: \"9s\"), upgrade: Off, max_concurrent: 7), routes:";
        let own = "timeouts: Timeouts(idle: \"5s\", first_byte: \"1500ms\"), upgrade: AnyOf([\"WebSocket\"])";
        let table = table(&file(&[route(own), route("path_prefix: \"/b\"")]).replace("routes:", defaults));
        let times = |route: usize| {
            let Timeouts { connect, first_byte, idle } = table.routes[route].timeouts;
            [connect, first_byte, idle].map(|time| time.map(|time| time.as_millis()))
        };
        assert_eq!(times(0), [Some(1000), Some(1500), Some(5000)]);
        assert_eq!(times(1), [Some(1000), None, Some(9000)]);
        assert_eq!(table.routes[0].upgrade, Upgrade::Only(vec!["websocket".into()].into()));
        assert_eq!((&table.routes[1].upgrade, table.routes[1].max_concurrent.get()), (&Upgrade::Off, 7));
    }

    #[test]
    fn a_zeromq_route_takes_over_no_default_that_only_http_has() {
        let defaults = "defaults: (timeouts: (connect: \"1s\", first_byte: \"1s\")), routes:";
        let table = table(&file(&[route("target: \"tcp://s:1\"")]).replace("routes:", defaults));
        assert_eq!(table.routes[0].timeouts, Timeouts { connect: Some(Duration::from_secs(1)), ..Timeouts::default() });
        assert_eq!(table.routes[0].upgrade, Upgrade::Off);
    }

    #[test]
    fn head_comes_with_get_unless_it_is_listed_elsewhere() {
        let alone = table(&file(&[route("methods: [GET]")]));
        assert_eq!(alone.routes[0].methods.to_string(), "GET, HEAD");
        let split = table(&file(&[route("methods: [GET]"), route("methods: [HEAD]")]));
        assert_eq!(split.routes[0].methods.to_string(), "GET");
        assert_eq!(split.routes[1].methods.to_string(), "HEAD");
    }

    #[test]
    fn roles_grant_what_they_imply() {
        let roles = "Admin: Role(claim: \"a\", implies: [B]), B: Role(claim: \"b\", implies: [C]), C: \"c\"";
        let table = table(&file(&[route("")]).replace("Admin: \"admin\"", roles));
        assert_eq!(table.roles[0].grants.bits(), 0b111);
        assert_eq!(table.roles[1].grants.bits(), 0b110);
    }

    #[test]
    fn a_replacement_knows_its_segments() {
        let table = table(&file(&[route("path_prefix: \"/a/{id}\", rewrite: Replace(\"/x/{id}\")")]));
        let pieces = vec![Piece::Literal("/x/".into()), Piece::Segment(1)];
        assert_eq!(table.routes[0].rewrite, Rewrite::Replace(pieces.into()));
    }
}
