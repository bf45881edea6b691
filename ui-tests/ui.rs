//! Runs the cases. After a wanted change of the messages: `TRYBUILD=overwrite cargo test -p ui-tests`.

#[test]
fn a_wrong_route_file_does_not_build_and_says_why() {
    let cases = trybuild::TestCases::new();
    cases.pass("a_right_file_builds.rs");
    for fault in [
        "a_missing_role_does_not_build",
        "a_role_that_is_not_declared_does_not_build",
        "a_syntax_error_does_not_build",
        "a_file_that_is_missing_does_not_build",
        "all_faults_are_told_in_one_run",
    ] {
        cases.compile_fail(format!("{fault}.rs"));
    }
}
