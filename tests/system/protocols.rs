//! The protocols that clients and upstreams speak, and what each of them promises.

mod bodies;
mod grpc;
mod http1;
mod http2;
mod http2_attacks;
mod smuggling;
mod upgrades;
