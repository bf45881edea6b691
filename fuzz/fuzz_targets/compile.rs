//! Whatever the bytes: the compiler ends with a table or an error, its diagnostics can be shown, and mending ends.
#![no_main]

use gateway_routes::{Level, Source, compile, fix, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let source = Source::new("routes.ron", bytes);
    let compilation = compile(&source);
    assert_eq!(compilation.table.is_none(), compilation.count(Level::Error) > 0);
    render::human(&source, &compilation.faults, render::Style::PLAIN);
    render::sarif(&[render::Checked { source: &source, faults: &compilation.faults }]);
    let (once, _) = fix::mended(source);
    assert_eq!(fix::mended(once).1, 0);
});
