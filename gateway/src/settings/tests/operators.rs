//! What operators see and who they are: `admin`, `telemetry`, `log`.

use super::*;

#[test]
fn what_operators_see_is_configured() {
    let text = "version: 1\nadmin: { listen: 0.0.0.0:9002, required_role: admin, hosts: [Gateway.Plant] }\n\
                telemetry: { url: \"http://t:1/base/\", metrics_path: /m, log_level: off }\n\
                log: { max_size: 1MiB, keep: 2, query: true, levels: { client_error: warn } }\n";
    let settings = parse(text).unwrap();
    let admin = settings.admin.unwrap();
    assert_eq!((admin.required_role.unwrap().claim, admin.hosts), ("admin".into(), vec!["gateway.plant".into()]));
    let telemetry = settings.telemetry.unwrap();
    assert_eq!(telemetry.at(&telemetry.metrics_path).path, "/base/m");
    assert_eq!((telemetry.log_level, telemetry.format), (None, TelemetryFormat::Json));
    assert_eq!((settings.log.max_size, settings.log.keep, settings.log.query), (1 << 20, 2, true));
    assert_eq!(settings.log.levels.client_error, LogLevel::Warn);
}

#[test]
fn an_admin_listener_that_others_reach_needs_tls_or_a_role() {
    let help = "give the section `tls` or `required_role`, or listen on 127.0.0.1";
    let told = "2:18: `admin.listen`: `0.0.0.0:8002` can be reached from other machines, by anybody";
    assert_eq!(refusal("admin: { listen: 0.0.0.0:8002 }"), format!("{told}\n  help: {help}"));
    assert!(parse("version: 1\nadmin: { listen: 0.0.0.0:8002, tls: { certificate: a, private_key: b } }").is_ok());
}

#[test]
fn names_by_which_browsers_reach_the_admin_listener_are_names_alone() {
    for wrong in ["http://x", "x:1", "a b", "*", "*.plant", "[::1]", "a/b"] {
        assert!(refusal(&format!("admin: {{ hosts: [\"{wrong}\"] }}")).contains("is no name of a host"), "{wrong}");
    }
    for right in ["gateway", "Gateway.Plant.local", "gate-way_1"] {
        assert!(parse(&format!("version: 1\nadmin: {{ hosts: [{right}] }}")).is_ok(), "{right}");
    }
}
