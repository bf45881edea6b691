//! A checked route table, printed as Rust.
//!
//! The macro does not know how a route file is checked: it asks `gateway_routes`, and prints either the faults, in one
//! `compile_error!`, or the table.

mod expand;
mod input;
mod paths;

use gateway_routes::{Level, Source, compile, render};
use proc_macro2::TokenStream;
use quote::quote;

use input::RouteFile;

/// Compiles a route file into an `enum Role` and a `static TABLE` of [`gateway_table::Table`].
///
/// `compile_routes!()` takes the file that the package's build script has named; `compile_routes!("x.ron")` the file of
/// that name beside the source file that says so. The calling crate depends on `gateway-table`.
///
/// A file with faults does not build. The compiler then prints each of them with its place, and the macro expands to an
/// empty table, so that nothing else is reported.
#[proc_macro]
pub fn compile_routes(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let expanded = match RouteFile::find(input) {
        Ok(file) => expanded(&file),
        Err(error) => {
            let error = error.into_compile_error();
            let empty = expand::empty();
            quote! { #error #empty }
        }
    };
    expanded.into()
}

fn expanded(file: &RouteFile) -> TokenStream {
    let source = match Source::read(&*file.shown_as, &file.path) {
        Ok(source) => source,
        Err(error) => return refused(file, &error.to_string()),
    };
    let compilation = compile(&source);
    if let Some(table) = compilation.table {
        let table = expand::table(&table.into_table());
        let watched = watched(file);
        return quote! { #watched #table };
    }
    // Warnings are the build script's to tell.
    let errors: Vec<_> = compilation.faults.into_iter().filter(|fault| fault.level == Level::Error).collect();
    refused(file, &render::human(&source, &errors, render::Style::PLAIN))
}

/// What is left of a file that does not build: why, and an empty table.
fn refused(file: &RouteFile, why: &str) -> TokenStream {
    let message = format!("`{}` is not a valid route file\n\n{}", file.shown_as, why.trim_end());
    let watched = watched(file);
    let empty = expand::empty();
    quote! { ::core::compile_error!(#message); #watched #empty }
}

/// Makes the compiler look at the file again when it changes.
fn watched(file: &RouteFile) -> TokenStream {
    let Some(path) = file.path.to_str().filter(|_| file.path.is_file()) else {
        return TokenStream::new();
    };
    quote! { const _: &[u8] = ::core::include_bytes!(#path); }
}
