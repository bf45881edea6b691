//! Whatever a service sends over ZeroMQ: it means the same in whichever pieces it comes, and takes no more memory than it is long.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oracle::holds;

// What is held here is what the ordinary tests hold: the same file.
#[path = "../../gateway-zeromq/tests/messages/oracle.rs"]
mod oracle;

fuzz_target!(|bytes: &[u8]| holds(bytes));
