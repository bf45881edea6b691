gateway_macros::compile_routes!("a_syntax_error_does_not_build.ron");

fn main() {}
