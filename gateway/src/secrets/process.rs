//! The process that holds secrets: it leaves no memory image behind, and nobody else looks into it.

/// Switches core dumps off for this process, for good. On Linux, other processes of the same user cannot read its memory
/// or its environment either.
pub(super) fn leave_no_image() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // To lower a limit is always allowed.
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    }
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        // Dumps that go to a program instead of a file do not heed the limit.
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
