//! How long it takes to find the owner of a path, beside a well-known router of the same routes.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gateway_table::{CanonicalPath, Trie};

/// The end of a resource's path, by turns.
const TAILS: [&str; 10] = [
    "",
    "/{id}",
    "/{id}/status",
    "/{id}/goals",
    "/{id}/goals/{goal}",
    "/search",
    "/export",
    "/{id}/log",
    "/new",
    "/{id}/plan",
];

/// Prefixes shaped like an API: resources, parameters, sub-resources.
fn prefixes(count: usize) -> Vec<String> {
    let prefix = |number: usize| {
        let (area, resource) = (number / 1000, number / 10 % 100);
        format!("/api/v1/area{area}/resource{resource}{}", TAILS[number % 10])
    };
    (0..count).map(prefix).collect()
}

/// A request for each prefix, in an order that no cache knows beforehand.
fn requests(prefixes: &[String]) -> Vec<String> {
    let mut paths: Vec<String> =
        prefixes.iter().map(|prefix| prefix.replace("{id}", "pump-7").replace("{goal}", "21")).collect();
    let mut state = 1usize;
    for last in (1..paths.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        paths.swap(last, (state >> 33) % (last + 1));
    }
    paths
}

fn find(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("match");
    for count in [10, 100, 1_000, 10_000] {
        let prefixes = prefixes(count);
        let requests = requests(&prefixes);
        let paths: Vec<CanonicalPath<'_>> =
            requests.iter().map(|path| CanonicalPath::new(path).expect("canonical")).collect();
        let trie = Trie::new(prefixes.iter().map(String::as_str));
        let mut router = matchit::Router::new();
        for (number, prefix) in prefixes.iter().enumerate() {
            router.insert(prefix.as_str(), number).expect("no two routes alike");
        }
        group.bench_function(BenchmarkId::new("gateway", count), |bencher| {
            let mut next = (0..paths.len()).cycle();
            bencher.iter(|| trie.find(black_box(&paths[next.next().unwrap_or_default()])));
        });
        group.bench_function(BenchmarkId::new("matchit", count), |bencher| {
            let mut next = (0..requests.len()).cycle();
            bencher.iter(|| router.at(black_box(&requests[next.next().unwrap_or_default()])).map(|found| *found.value));
        });
    }
    group.finish();
}

criterion_group!(benches, find);
criterion_main!(benches);
