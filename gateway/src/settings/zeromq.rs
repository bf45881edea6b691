//! The `zeromq` section: how services that speak ZeroMQ are spoken to.

use super::read::assign;
use super::section::{Faults, Field};

/// How services that speak ZeroMQ are spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroMqSettings {
    /// `zeromq.connections`: how many each thread has to each service; 1 to 64, default 1.
    pub connections: u32,
    /// `zeromq.reply_bytes`: the longest body of a reply, in bytes; 1KiB to 1GiB, default 16MiB.
    pub reply_bytes: u64,
    /// `zeromq.held_bytes`: how much the bodies of messages to and from one service may take at a time, in bytes; 64KiB to
    /// 16GiB, default 64MiB.
    pub held_bytes: usize,
}

impl Default for ZeroMqSettings {
    fn default() -> Self {
        Self { connections: 1, reply_bytes: 16 << 20, held_bytes: 64 << 20 }
    }
}

/// Reads the `zeromq` section.
pub(super) fn read(field: Field, faults: &mut Faults, settings: &mut ZeroMqSettings) {
    let Some(mut section) = field.section(&["connections", "reply_bytes", "held_bytes"], faults) else { return };
    assign(&mut settings.connections, section.take("connections").and_then(|field| field.integer(1..=64, faults)));
    let reply = section.take("reply_bytes").and_then(|field| field.size(1 << 10..=1 << 30, faults));
    assign(&mut settings.reply_bytes, reply);
    let held = section.take("held_bytes").and_then(|field| field.size(64 << 10..=16 << 30, faults));
    assign(&mut settings.held_bytes, held.and_then(|bytes| usize::try_from(bytes).ok()));
}
