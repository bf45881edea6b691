//! A full file makes way: it becomes the first of the earlier ones, `NAME.1`, and each of those moves one place on.
//!
//! In between it is `NAME.0`. Nothing else is touched before the file itself has been moved, and no file is moved onto
//! another but the oldest that is kept: wherever this ends with an error, every earlier line is still in some file.

use std::io;
use std::path::{Path, PathBuf};

/// Moves the file at `path` away, and keeps so many.
///
/// # Errors
///
/// The file, or one of the earlier ones, cannot be moved.
pub(super) fn rotate(path: &Path, keep: u32) -> io::Result<()> {
    if keep == 0 {
        return std::fs::remove_file(path);
    }
    // Another try may have ended half way.
    make_room(path, 0, keep)?;
    std::fs::rename(path, earlier(path, 0))?;
    make_room(path, 0, keep)
}

/// Sees to it that nothing stands at this place that is to be kept.
fn make_room(path: &Path, place: u32, keep: u32) -> io::Result<()> {
    let here = earlier(path, place);
    if place == keep || !here.try_exists()? {
        return Ok(());
    }
    make_room(path, place + 1, keep)?;
    std::fs::rename(here, earlier(path, place + 1))
}

fn earlier(path: &Path, place: u32) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(format!(".{place}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::super::tests::contents;
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn every_file_moves_one_place_on_and_the_oldest_goes() {
        let folder = folder(&[("log", "new"), ("log.1", "1"), ("log.2", "2")]);
        rotate(&folder.path().join("log"), 2).unwrap();
        assert_eq!(contents(folder.path()), [("log.1", "new"), ("log.2", "1")].map(owned));
    }

    #[test]
    fn a_place_that_is_free_is_filled_before_any_file_goes() {
        let folder = folder(&[("log", "new"), ("log.1", "1"), ("log.3", "3")]);
        rotate(&folder.path().join("log"), 3).unwrap();
        assert_eq!(contents(folder.path()), [("log.1", "new"), ("log.2", "1"), ("log.3", "3")].map(owned));
    }

    #[test]
    fn what_an_earlier_try_left_half_way_goes_first() {
        let folder = folder(&[("log", "new"), ("log.0", "0"), ("log.1", "1")]);
        rotate(&folder.path().join("log"), 3).unwrap();
        assert_eq!(contents(folder.path()), [("log.1", "new"), ("log.2", "0"), ("log.3", "1")].map(owned));
    }

    #[test]
    fn where_an_earlier_one_is_in_the_way_no_line_is_lost() {
        let folder = folder(&[("log", "new")]);
        std::fs::create_dir(folder.path().join("log.1")).unwrap();
        let path = folder.path().join("log");
        assert!(rotate(&path, 1).is_err());
        std::fs::write(&path, "newer").unwrap();
        assert!(rotate(&path, 1).is_err());
        std::fs::remove_dir(folder.path().join("log.1")).unwrap();
        assert_eq!(contents(folder.path()), [("log", "newer"), ("log.0", "new")].map(owned));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_file_that_cannot_be_moved_costs_no_earlier_one() {
        let folder = folder(&[("log", "new"), ("log.1", "1"), ("log.2", "2"), ("log.3", "3")]);
        let path = folder.path().join("log");
        let chattr = |flag: &str| std::process::Command::new("chattr").arg(flag).arg(&path).status();
        if !chattr("+a").is_ok_and(|status| status.success()) {
            eprintln!("only root can have a file that only grows, and not on every file system");
            return;
        }
        let rotated = [rotate(&path, 3), rotate(&path, 3), rotate(&path, 3)];
        assert!(chattr("-a").unwrap().success());
        assert!(rotated.iter().all(Result::is_err), "{rotated:?}");
        let expected = [("log", "new"), ("log.1", "1"), ("log.2", "2"), ("log.3", "3")];
        assert_eq!(contents(folder.path()), expected.map(owned));
    }

    fn owned((name, text): (&str, &str)) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }
}
