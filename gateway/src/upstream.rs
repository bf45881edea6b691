//! Connections to the services behind the gateway, and to the neighbours that it asks itself.

pub(crate) mod connect;
