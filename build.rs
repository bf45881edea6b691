//! Finds this deployment's route file, prints its warnings, and tells the macro where it is.

fn main() {
    gateway_routes::build_script::run();
}
