//! The protocols that clients and upstreams speak, and what each of them promises.

mod bodies;
mod http1;
mod upgrades;
