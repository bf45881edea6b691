//! Does one thing so often that its instructions can be counted: `counts WORKLOAD TIMES`. `cargo xtask instructions` runs it.
//!
//! `counts identity` prints a set of keys, and a token that they prove.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "whoever counts reads it")]

#[path = "../gateway-table/benches/api/mod.rs"]
mod api;
#[path = "../gateway/benches/warm/known_token.rs"]
mod known_token;
#[path = "../gateway-http1/benches/messages/mod.rs"]
mod messages;
#[path = "../gateway/benches/warm/policy.rs"]
mod policy;
#[path = "../gateway/benches/warm/trust.rs"]
mod trust;

use std::hint::black_box;
use std::process::ExitCode;

use gateway_table::{CanonicalPath, Trie};
use serde_json::json;
use stand_ins::{Issuer, KeyKind};

use crate::known_token::KnownToken;
use crate::messages::{Reading, Writing};

/// How many routes the one that matches is among.
const ROUTES: usize = 1_000;

/// How often something is done before it counts: in the memory that it needs, with what it has seen before.
const WARM_UP: u32 = 2_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["identity"] => print_identity(),
        [workload, times] if let (Some(mut operation), Ok(times)) = (operation(workload), times.parse()) => {
            warm_up(&mut *operation);
            repeat(&mut *operation, times);
        }
        // `cargo bench` runs every bench, and this one counts nothing by itself.
        ["--bench"] => {}
        _ => {
            eprintln!("usage: counts head|answer|match|token|pipeline TIMES, or counts identity");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn operation(workload: &str) -> Option<Box<dyn FnMut()>> {
    Some(match workload {
        "match" => match_path(),
        "token" => know_token(),
        "pipeline" => pass_stages(),
        "head" => carry_request(),
        "answer" => carry_answer(),
        _ => return None,
    })
}

fn warm_up(operation: &mut dyn FnMut()) {
    (0..WARM_UP).for_each(|_| operation());
}

/// What happens in here is counted: its name is known to whoever counts.
#[inline(never)]
fn repeat(operation: &mut dyn FnMut(), times: u32) {
    (0..times).for_each(|_| operation());
}

/// Finds the owner of a path, by turns.
fn match_path() -> Box<dyn FnMut()> {
    let prefixes = api::prefixes(ROUTES).leak();
    let paths: Vec<CanonicalPath<'_>> =
        api::requests(prefixes).leak().iter().map(|path| CanonicalPath::new(path).expect("canonical")).collect();
    let trie = Trie::new(prefixes.iter().map(String::as_str));
    let mut next = (0..paths.len()).cycle();
    Box::new(move || {
        black_box(trie.find(black_box(&paths[next.next().unwrap_or_default()])));
    })
}

fn know_token() -> Box<dyn FnMut()> {
    let mut known = KnownToken::new();
    Box::new(move || {
        black_box(known.authenticate());
    })
}

fn pass_stages() -> Box<dyn FnMut()> {
    let path = policy::warm_path();
    Box::new(move || {
        black_box(path.admit());
    })
}

/// Reads the head of a request, and writes one.
fn carry_request() -> Box<dyn FnMut()> {
    let (mut reading, mut writing) = (Reading::new(), Writing::new());
    Box::new(move || {
        reading.request();
        writing.request();
    })
}

/// Reads the head of an answer, and writes one.
fn carry_answer() -> Box<dyn FnMut()> {
    let (mut reading, mut writing) = (Reading::new(), Writing::new());
    Box::new(move || {
        reading.response();
        writing.response();
    })
}

fn print_identity() {
    let issuer = Issuer::new(KeyKind::Rsa, "k1");
    let token = issuer.token("olga", &["operations"]);
    println!(
        "{}",
        json!({ "issuer": Issuer::NAME, "audience": Issuer::AUDIENCE, "keys": issuer.jwk_set(), "token": token })
    );
}
