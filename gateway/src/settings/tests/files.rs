//! Where a configuration is looked for.

use super::*;

#[test]
fn a_missing_file_says_where_it_was_looked_for() {
    assert_eq!(
        Settings::load(Some("nowhere")).unwrap_err().to_string(),
        "nowhere: no such configuration file\n  \
         help: neither `nowhere` nor `nowhere.yaml` nor `nowhere.yml` is a file in the working directory"
    );
    assert_eq!(
        Settings::load(Some("etc/nowhere.yaml")).unwrap_err().to_string(),
        "etc/nowhere.yaml: no such configuration file"
    );
}

#[test]
fn a_name_is_a_path_or_a_stem() {
    let directory = Directory::new("stem");
    let find = |name: &str| file::find(name, &directory.0).map(|found| found.file_name().unwrap().to_owned());
    // Beside the configuration stands the executable of the same name.
    directory.write("coregateway", "ELF");
    directory.write("coregateway.yaml", "version: 1");
    directory.write("other.yml", "version: 1");
    directory.write("plant.7.yaml", "version: 1");
    directory.write("settings.conf", "version: 1");
    assert_eq!(find("coregateway").unwrap(), "coregateway.yaml");
    assert_eq!(find("coregateway.yaml").unwrap(), "coregateway.yaml");
    assert_eq!(find("other").unwrap(), "other.yml");
    assert_eq!(find("plant.7").unwrap(), "plant.7.yaml");
    assert_eq!(find("settings.conf").unwrap(), "settings.conf");
    assert_eq!(find(directory.0.join("other").to_str().unwrap()).unwrap(), "other.yml");
    assert!(find("other.yaml").is_err());
}

#[test]
fn a_file_that_cannot_be_read_as_text_says_why() {
    let directory = Directory::new("unreadable");
    let told = |path: &str| Settings::load(Some(path)).unwrap_err().to_string();
    let path = directory.write("latin.yaml", b"version: 1 # \xe9");
    assert_eq!(told(&path), format!("{path}: the file is not UTF-8 text"));
    let path = directory.write("large.yaml", " ".repeat((1 << 20) + 1));
    assert_eq!(told(&path), format!("{path}: the file is larger than 1 MiB"));
    let path = directory.write("good.yaml", "version: 1\nlog: { file: gateway.log }");
    assert_eq!(Settings::load(Some(&path)).unwrap().log.file, Some(directory.0.join("gateway.log")));
}
