//! The programs from Debian that take part: which are installed, and in which version.

use std::path::PathBuf;

use super::no_figure::NoFigure;
use crate::failure::Failure;
use crate::program::program;

/// A program that takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    Nginx,
    Haproxy,
    Wrk,
}

impl Tool {
    const fn name(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Haproxy => "haproxy",
            Self::Wrk => "wrk",
        }
    }

    const fn package(self) -> &'static str {
        match self {
            Self::Nginx => "nginx-light",
            Self::Haproxy => "haproxy",
            Self::Wrk => "wrk",
        }
    }

    /// Where it is. People's `PATH` often leaves out the folders of servers.
    pub(crate) fn path(self) -> Result<PathBuf, NoFigure> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
        let mut places = folders.map(|folder| folder.join(self.name()));
        places.find(|place| place.is_file()).ok_or(NoFigure::Missing { program: self.name(), package: self.package() })
    }

    /// What it says of its version, in one line.
    pub(crate) fn version(self) -> Result<String, Failure> {
        let path = self.path()?;
        let ended = program(&path).arg("-v").output();
        let output = ended.map_err(|source| Failure::Start { program: self.name().to_owned(), source })?;
        let said = [output.stdout, output.stderr].concat();
        Ok(version_in(self.name(), &String::from_utf8_lossy(&said)))
    }
}

/// Name and version out of a first line such as `nginx version: nginx/1.22.1` or `HAProxy version 2.6.12-1 2026/10/17 - ...`.
fn version_in(name: &str, said: &str) -> String {
    let line = said.lines().next().unwrap_or_default();
    let is_version = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
    let version = line.split([' ', '/']).find(is_version).unwrap_or("of unknown version");
    format!("{name} {version}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_however_it_is_told() {
        assert_eq!(version_in("nginx", "nginx version: nginx/1.22.1\n"), "nginx 1.22.1");
        let told = "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/\nStatus: long-term\n";
        assert_eq!(version_in("haproxy", told), "haproxy 2.6.12-1+deb12u4");
        assert_eq!(version_in("wrk", "wrk debian/4.1.0-3+b2 [epoll] Copyright"), "wrk 4.1.0-3+b2");
        assert_eq!(version_in("wrk", ""), "wrk of unknown version");
    }
}
