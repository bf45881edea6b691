//! Why an answer did not reach its end.

/// Who ended it, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The client went away.
    ClientGone,
    /// The gateway ended the connection: it stops, or the client took too long.
    Ended,
    /// The upstream broke off in the middle.
    BrokenOff,
    /// The upstream sent nothing more.
    Stalled,
}

impl Cut {
    /// What the log says.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::ClientGone => "the client went away",
            Self::Ended => "the gateway ended the connection",
            Self::BrokenOff => "the upstream broke off its answer",
            Self::Stalled => "the upstream stopped sending its answer",
        }
    }
}
