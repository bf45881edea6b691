//! What a route author sees when a route file does not build: each `<fault>.rs` compiles the `<fault>.ron` beside it,
//! and `<fault>.stderr` is what the compiler says.
