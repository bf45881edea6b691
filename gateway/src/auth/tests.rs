//! The promises of authentication: which tokens are believed, which are not and why, and how keys come and go.

mod attacks;
mod handover;
mod kept;
mod keys;
mod load;
mod log;
mod refresh;
mod revocation;
mod support;
mod tokens;
mod vectors;
