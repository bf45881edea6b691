gateway_macros::compile_routes!("a_role_that_is_not_declared_does_not_build.ron");

fn main() {}
