//! How often a route may be called.

use crate::support::client::{Client, ask};
use crate::support::gateway::{Running, route_file};
use crate::support::upstream::Upstream;

fn limited(upstream: &Upstream, limit: &str) -> String {
    format!(
        "Route(path_prefix: \"/limited\", service: \"l\", target: \"http://{}\", \
         required_role: Everyone(reason: \"test\"), rate_limit: {limit}),",
        upstream.address()
    )
}

#[test]
fn n_requests_at_once_pass_a_limit_of_n_and_the_next_is_told_when_to_come_back() {
    let upstream = Upstream::saying("");
    let gateway = Running::with_routes(&limited(&upstream, "RateLimit(count: 5, unit: Hour)"));
    let mut client = Client::connect(gateway.address());
    for _ in 0..5 {
        assert_eq!(client.send("GET /limited", "").answer().unwrap().status, 200);
    }
    let answer = client.send("GET /limited", "").answer().unwrap();
    assert_eq!(answer.status, 429);
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((700..=720).contains(&wait), "{wait}");
    assert_eq!(answer.header("ratelimit-policy"), Some("\"/limited\";q=5;w=3600"));
    assert_eq!(answer.header("ratelimit"), Some(&*format!("\"/limited\";r=0;t={wait}")));
    assert_eq!(answer.json()["violated-policies"], serde_json::json!(["/limited"]));
    assert_eq!(upstream.requests().len(), 5);
}

#[test]
fn a_limit_is_shared_by_all_threads() {
    let upstream = Upstream::saying("");
    let routes = route_file(&limited(&upstream, "RateLimit(count: 10, unit: Hour)"));
    let gateway = Running::start(&routes, "threads: 3\n");
    let passed = (0..40).filter(|_| ask(gateway.address(), "GET /limited", "").status == 200).count();
    assert_eq!(passed, 10);
}

#[test]
fn a_burst_may_be_smaller_than_the_count() {
    let upstream = Upstream::saying("");
    let gateway = Running::with_routes(&limited(&upstream, "RateLimit(count: 100, unit: Hour, burst: 2)"));
    let passed = (0..5).filter(|_| ask(gateway.address(), "GET /limited", "").status == 200).count();
    assert_eq!(passed, 2);
}
