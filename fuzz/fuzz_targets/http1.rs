//! Whatever the bytes on a connection: what is taken means one thing, in whichever pieces it comes and whoever reads it.
#![no_main]

use http::Method;
use libfuzzer_sys::fuzz_target;
use oracle::{agrees_on_request, agrees_on_response};
use stream::{Side, holds};

// What is held here is what the ordinary tests hold: the same files.
#[path = "../../gateway-http1/tests/messages/oracle.rs"]
mod oracle;
#[path = "../../gateway-http1/tests/messages/stream.rs"]
mod stream;

fuzz_target!(|bytes: &[u8]| {
    for side in [Side::Client, Side::Upstream(Method::GET), Side::Upstream(Method::HEAD)] {
        holds(&side, bytes);
    }
    agrees_on_request(bytes);
    agrees_on_response(bytes);
});
