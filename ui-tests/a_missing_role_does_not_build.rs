gateway_macros::compile_routes!("a_missing_role_does_not_build.ron");

fn main() {}
