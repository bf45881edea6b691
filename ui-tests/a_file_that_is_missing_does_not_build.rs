gateway_macros::compile_routes!("a_file_that_is_missing_does_not_build.ron");

fn main() {}
