//! How long it takes to find the owner of a path, beside a well-known router of the same routes.

mod api;

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use gateway_table::{CanonicalPath, Trie};

fn find(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("match");
    for count in [10, 100, 1_000, 10_000] {
        let prefixes = api::prefixes(count);
        let requests = api::requests(&prefixes);
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
