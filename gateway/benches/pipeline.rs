//! What every request costs before it is forwarded: canonical path, route, token, role, limit; and after it, being counted.
//!
//! `cargo bench -p gateway --bench pipeline`

#[path = "warm/policy.rs"]
mod policy;
#[path = "warm/trust.rs"]
mod trust;

use criterion::{Criterion, criterion_group, criterion_main};

fn pass(criterion: &mut Criterion) {
    let path = policy::warm_path();
    criterion.bench_function("pipeline", |bencher| bencher.iter(|| path.admit()));
}

criterion_group!(pipeline, pass);
criterion_main!(pipeline);
