gateway_macros::compile_routes!("a_right_file_builds.ron");

fn main() {
    assert_eq!(Role::ALL, [Role::Admin, Role::Operations, Role::r#type]);
    assert_eq!(Role::Admin.claim(), "admin");
    // Admin implies Operations.
    assert_eq!(Role::Admin.grants().bits(), 0b11);
    assert_eq!(TABLE.routes.len(), 2);
    assert_eq!(TABLE.routes[0].timeouts.connect, Some(std::time::Duration::from_millis(500)));
    assert_eq!(TABLE.routes[0].max_concurrent.get(), 8);
    assert!(TABLE.routes[1].upgrade.allows("websocket") && !TABLE.routes[0].upgrade.allows("websocket"));
    let path = gateway_table::CanonicalPath::new("/agent/pump-7/start/now").unwrap();
    let gateway_table::PathMatch::Routes(found) = TABLE.find(&path) else { panic!("no route") };
    let route = TABLE.route_for(&found, gateway_table::Method::Post).unwrap();
    assert_eq!(TABLE.upstream_path(route, &path, found.prefix_len), "/api/jobs/pump-7/now");
}
