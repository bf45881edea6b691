//! Which route file an invocation means.

use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::{Error, LitStr};

/// What the build script calls the file that it has found.
const FILE_VARIABLE: &str = "COREGATEWAY_ROUTES_FILE";

/// A route file, and what people are shown as its name: a relative one, which is the same on every machine.
pub(crate) struct RouteFile {
    pub(crate) path: PathBuf,
    pub(crate) shown_as: String,
}

impl RouteFile {
    pub(crate) fn find(input: proc_macro::TokenStream) -> syn::Result<Self> {
        if input.is_empty() { Self::of_build_script() } else { Self::beside_caller(&syn::parse(input)?) }
    }

    fn of_build_script() -> syn::Result<Self> {
        let error = || {
            Error::new(
                Span::call_site(),
                format!(
                    "{FILE_VARIABLE} is not set: the package needs a build script that calls `gateway_routes::build_script::run`"
                ),
            )
        };
        let path = PathBuf::from(variable(FILE_VARIABLE).ok_or_else(error)?);
        let package = variable("CARGO_MANIFEST_DIR").unwrap_or_default();
        let shown = path.strip_prefix(package).unwrap_or(&path).display().to_string();
        Ok(Self { shown_as: shown, path })
    }

    fn beside_caller(name: &LitStr) -> syn::Result<Self> {
        let caller = name.span().unwrap().local_file();
        let folder = caller.as_deref().and_then(Path::parent);
        let folder = folder.ok_or_else(|| Error::new(name.span(), "the source file of this call is not known"))?;
        let path = std::path::absolute(folder.join(name.value())).map_err(|error| Error::new(name.span(), error))?;
        Ok(Self { path, shown_as: name.value() })
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
