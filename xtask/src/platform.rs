//! The platforms that packages are made for.

/// A platform, and what is built with for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Platform {
    /// What the supervisor calls it.
    pub(crate) name: &'static str,
    /// What rustc calls it.
    pub(crate) target: &'static str,
    /// How the names of executables end there.
    pub(crate) ending: &'static str,
    /// What parts symbols from code.
    pub(crate) objcopy: &'static str,
}

/// Linux, from Debian 11 on.
pub(crate) const LINUX: Platform =
    Platform { name: "linux", target: "x86_64-unknown-linux-gnu", ending: "", objcopy: "objcopy" };

/// Windows, built on Linux.
pub(crate) const WINDOWS: Platform = Platform {
    name: "windows",
    target: "x86_64-pc-windows-gnu",
    ending: ".exe",
    objcopy: "x86_64-w64-mingw32-objcopy",
};
