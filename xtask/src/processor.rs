//! What kind of processor this is, as Linux tells it.

use std::path::Path;

use crate::workspace::read;

/// The processor's name, such as `AMD EPYC`.
pub(crate) fn model() -> String {
    let told = read(Path::new("/proc/cpuinfo")).unwrap_or_default();
    named(&told).unwrap_or("of unknown model").to_owned()
}

fn named(cpuinfo: &str) -> Option<&str> {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_processor_is_named() {
        assert_eq!(named("processor\t: 0\nmodel name\t: AMD EPYC\nmodel name\t: other\n"), Some("AMD EPYC"));
        assert_eq!(named("processor\t: 0\n"), None);
    }
}
