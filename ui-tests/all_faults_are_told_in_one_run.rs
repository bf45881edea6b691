gateway_macros::compile_routes!("all_faults_are_told_in_one_run.ron");

fn main() {}
