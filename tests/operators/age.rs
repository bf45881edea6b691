//! The public tool `age` makes what the gateway opens, and opens what it makes.

use std::path::Path;
use std::process::{Command, Stdio};

const PAGE: &str = include_str!("../../docs/secrets.md");

/// What this script says in `folder`, where `coregateway` is found.
fn run(folder: &Path, script: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_coregateway")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-c", &format!("set -e -o pipefail\n{script}")]).current_dir(folder).env("PATH", path);
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs age"]
fn the_commands_of_the_page_on_secrets_hold_with_the_public_tool() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("gateway.key"), "the key\n").unwrap();
    let block = PAGE.split("```bash\n").nth(1).unwrap().split("```").next().unwrap();
    run(folder.path(), block);
}

#[test]
#[ignore = "needs age"]
fn each_opens_the_others_files_armored_or_not_to_one_or_to_several() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(
        folder.path(),
        "coregateway secrets keygen -o ours > ours.pub; age-keygen -o theirs 2>/dev/null; age-keygen -y theirs > theirs.pub
         [ \"$(age-keygen -y ours)\" = \"$(cat ours.pub)\" ]
         head -c 200000 /dev/urandom > plain
         for armor in '' --armor; do
             age $armor -R ours.pub -R theirs.pub plain > sealed
             for identity in ours theirs; do coregateway secrets decrypt -i $identity sealed | cmp - plain; done
         done
         for binary in '' --binary; do
             coregateway secrets encrypt $binary -R ours.pub -R theirs.pub plain > sealed
             for identity in ours theirs; do age -d -i $identity sealed | cmp - plain; done
         done
         echo all",
    );
    assert_eq!(said, "all\n");
}

#[test]
#[ignore = "needs age"]
fn a_value_by_the_public_tool_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let said = run(
        folder.path(),
        "age-keygen -o identity 2>/dev/null
         { echo 'version: 1'; echo 'secrets: { identity: { file: identity } }'; echo 'listen: !age |'
           echo 127.0.0.1:0 | age --armor -r \"$(age-keygen -y identity)\" | sed 's/^/  /'; } > gateway.yaml
         coregateway healthcheck --config-name gateway 2>&1 || [ $? = 2 ]",
    );
    assert!(said.contains("`listen` has port 0"), "{said}");
}

#[test]
#[ignore = "needs age"]
fn a_passphrase_by_the_public_tool_opens_an_identity() {
    let folder = tempfile::tempdir().unwrap();
    // It asks for the passphrase on a terminal, twice.
    run(
        folder.path(),
        "coregateway secrets keygen -o identity > public; echo text > plain
         (sleep 1; echo 'correct horse'; sleep 1; echo 'correct horse'; sleep 1) | script -qec 'age -p -o identity.age identity' /dev/null >/dev/null
         rm identity
         coregateway secrets encrypt -R public plain > sealed
         COREGATEWAY_PASSPHRASE='correct horse' coregateway secrets decrypt -i identity.age sealed | cmp - plain",
    );
}
