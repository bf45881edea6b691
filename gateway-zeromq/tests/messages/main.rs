//! Messages as they come, in whichever pieces, and what the fuzzer has found of them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod corpus;
mod oracle;
mod read;
mod schema;
