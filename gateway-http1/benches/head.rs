//! How long it takes to read and to write a head, in the memory of a connection that has had many.

mod messages;

use criterion::{Criterion, criterion_group, criterion_main};

use crate::messages::{Reading, Writing};

fn read(criterion: &mut Criterion) {
    let mut reading = Reading::new();
    criterion.bench_function("read_request", |bencher| bencher.iter(|| reading.request()));
    criterion.bench_function("read_response", |bencher| bencher.iter(|| reading.response()));
}

fn write(criterion: &mut Criterion) {
    let mut writing = Writing::new();
    criterion.bench_function("write_request", |bencher| bencher.iter(|| writing.request()));
    criterion.bench_function("write_response", |bencher| bencher.iter(|| writing.response()));
}

criterion_group!(head, read, write);
criterion_main!(head);
