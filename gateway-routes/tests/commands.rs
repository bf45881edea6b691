//! The route commands as a shell sees them: exit statuses, and what goes where.

use std::path::PathBuf;
use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gateway-routes"))
        .args(arguments)
        .env_remove("COLUMNS")
        .output()
        .expect("the command starts")
}

/// A file of this name and text, in the tests' own directory.
fn written(name: &str, text: &[u8]) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("the tests' directory is writable");
    path.display().to_string()
}

const GOOD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/good.ron");

#[test]
fn check_says_by_its_status_what_became_of_the_file() {
    let huge = written("huge.ron", &vec![b' '; 16 * 1024 * 1024 + 1]);
    for (file, status) in [
        (GOOD.to_owned(), 0),
        (written("empty.ron", b""), 1),
        (written("latin1.ron", b"(\xe9)"), 1),
        (written("faulty.ron", b"(routes: [Route()])"), 1),
        (huge, 2),
        ("missing.ron".to_owned(), 2),
        (env!("CARGO_MANIFEST_DIR").to_owned(), 2),
    ] {
        assert_eq!(run(&["check", &file]).status.code(), Some(status), "{file}");
        assert_eq!(run(&["check", "--format", "json", &file]).status.code(), Some(status), "{file}");
    }
}

#[test]
fn check_speaks_to_people_on_standard_error_and_to_programs_on_standard_output() {
    let human = run(&["check", GOOD]);
    assert_eq!(
        (human.stdout.len(), String::from_utf8(human.stderr).unwrap()),
        (0, format!("{GOOD}: 3 routes, no faults\n"))
    );
    let json = run(&["check", "--format", "json", GOOD]);
    let report: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((&report["errors"], &report["warnings"], json.stderr.len()), (&0.into(), &0.into(), 0));
}

#[test]
fn match_answers_from_the_file() {
    let arguments = ["match", "GET", "/api/v1/agent/pump-7/status?x=1", "--as", "Operations", GOOD, "--format", "json"];
    let report: serde_json::Value = serde_json::from_slice(&run(&arguments).stdout).unwrap();
    assert_eq!(report["outcome"], "Forward");
    assert_eq!(report["target"], "http://corerl:8000/api/agent/pump-7/status?x=1");
}

#[test]
fn what_cannot_be_asked_ends_with_two() {
    let faulty = written("faulty-table.ron", b"(routes: [Route()])");
    for arguments in [
        vec!["routes", &faulty],
        vec!["match", "GET", "/", &faulty],
        vec!["match", "GET", "/", "--as", "Nobody", GOOD],
        vec!["routes", "missing.ron"],
        vec!["nonsense"],
    ] {
        let output = run(&arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
    assert_eq!(run(&["routes", GOOD]).status.code(), Some(0));
}

const OPEN: &str = "Gateway(roles: {A: \"a\"}, routes: [Route(path_prefix: \"/a\", service: \"s\", target: \"http://s:1\",\n \
                    required_role: A)])";

fn json_of(arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
    let output = run(arguments);
    (output.status.code(), serde_json::from_slice(&output.stdout).expect("the output is JSON"))
}

#[test]
fn diff_says_by_its_status_whether_two_files_mean_the_same() {
    let old = written("diff-old.ron", OPEN.as_bytes());
    let reworded = written("diff-same.ron", OPEN.replace("Gateway(", "// new\nGateway(expect: [], ").as_bytes());
    let wider = written(
        "diff-wider.ron",
        OPEN.replace("required_role: A", "required_role: Everyone(reason: \"x\")").as_bytes(),
    );
    let faulty = written("diff-faulty.ron", b"(routes: [Route()])");
    for (arguments, status) in [
        (vec!["diff", &old, &reworded], 0),
        (vec!["diff", &old, &wider], 1),
        (vec!["diff", &wider, &old, "--gate"], 0),
        (vec!["diff", &old, &wider, "--gate"], 1),
        (vec!["diff", &old, &faulty], 2),
        (vec!["diff", &old, "missing.ron"], 2),
        (vec!["diff", &old], 2),
    ] {
        assert_eq!(run(&arguments).status.code(), Some(status), "{arguments:?}");
    }
    let (_, report) = json_of(&["diff", &old, &wider, "--format", "json"]);
    assert_eq!((&report["gains"][0]["who"], &report["same"]), (&"Everyone".into(), &false.into()));
}

#[test]
fn a_gain_passes_the_gate_with_a_reason_that_is_new() {
    let old = written("gate-old.ron", OPEN.as_bytes());
    let public = "required_role: Everyone(reason: \"x\"), allow: [(CG0522, \"a login page\")]";
    let allowed = written("gate-allowed.ron", OPEN.replace("required_role: A", public).as_bytes());
    let before = OPEN.replace("required_role: A", "required_role: A, allow: [(CG0522, \"a login page\")]");
    let said_before = written("gate-before.ron", before.as_bytes());
    assert_eq!(run(&["check", &allowed]).status.code(), Some(0));
    assert_eq!(run(&["diff", &old, &allowed, "--gate"]).status.code(), Some(0));
    assert_eq!(run(&["diff", &said_before, &allowed, "--gate"]).status.code(), Some(1));
}

#[test]
fn check_takes_several_files_and_the_worst_of_them_decides() {
    let faulty = written("several-faulty.ron", b"(routes: [Route()])");
    let (status, report) = json_of(&["check", GOOD, &faulty, "--format", "json"]);
    assert_eq!((status, &report["faults"][0]["file"]), (Some(1), &faulty.as_str().into()));
    assert_eq!(run(&["check", &faulty, "missing.ron"]).status.code(), Some(2));
    let (status, log) = json_of(&["check", GOOD, &faulty, "--format", "sarif"]);
    assert_eq!((status, &log["version"]), (Some(1), &"2.1.0".into()));
}

#[test]
fn check_reads_standard_input_and_mends_it_to_standard_output() {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_gateway-routes"))
        .args(["check", "--fix", "-"])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the command starts");
    let wrong = OPEN.replace("http://s:1", "http://s:1/");
    child.stdin.take().expect("a pipe").write_all(wrong.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8(output.stdout).unwrap()), (Some(0), OPEN.to_owned()));
}

#[test]
fn check_mends_files_in_place_and_once() {
    let file = written("mend.ron", OPEN.replace("http://s:1", "http://s:1/").as_bytes());
    for _ in 0..2 {
        assert_eq!(run(&["check", "--fix", &file]).status.code(), Some(0));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), OPEN);
    }
}

#[test]
fn coverage_matrix_and_pages_are_data() {
    let (_, report) = json_of(&["check", "--coverage", "--format", "json", GOOD]);
    assert_eq!(report["coverage"][0]["routes"], 3);
    let (_, matrix) = json_of(&["matrix", "--format", "json", GOOD]);
    assert_eq!(matrix["callers"][0], "Everyone");
    assert!(run(&["matrix", "--format", "markdown", GOOD]).stdout.starts_with(b"| METHODS |"));
    assert!(run(&["explain", "cg0501"]).stdout.starts_with(b"CG0501 (error)"));
    assert_eq!(run(&["explain", "CG9999"]).status.code(), Some(2));
}
