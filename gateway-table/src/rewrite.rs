//! From the path of a request to the path that its upstream sees.

use crate::{CanonicalPath, List, Text};

/// How the path that an upstream sees follows from the path of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rewrite {
    /// The prefix is taken off: target, then the rest.
    Strip,
    /// Target, then the whole path.
    Keep,
    /// Target, then these pieces, then the rest.
    Replace(List<Piece>),
}

/// A piece of a replacement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text that stands there as it is.
    Literal(Text),
    /// The *n*-th segment of the request's path, counted from 0, which a `{name}` of the prefix matched.
    Segment(u16),
}

impl Rewrite {
    /// Appends to `upstream`, which holds the target's path, what follows from `path`, whose first `prefix_len` bytes
    /// the prefix takes. Parts are joined with one slash, and nothing at all becomes `/`.
    pub fn append(&self, upstream: &mut String, path: &CanonicalPath<'_>, prefix_len: usize) {
        match self {
            Self::Strip => join(upstream, rest(path, prefix_len)),
            Self::Keep => join(upstream, path),
            Self::Replace(pieces) => {
                let mut replacement = String::new();
                for piece in &**pieces {
                    match piece {
                        Piece::Literal(text) => replacement.push_str(text),
                        Piece::Segment(index) => replacement.push_str(path.segment(usize::from(*index))),
                    }
                }
                join(upstream, &replacement);
                join(upstream, rest(path, prefix_len));
            }
        }
        if upstream.is_empty() {
            upstream.push('/');
        }
    }
}

/// What is left of `path` behind its prefix. The prefix `/` takes the slash of the path `/` with it.
fn rest<'a>(path: &'a CanonicalPath<'_>, prefix_len: usize) -> &'a str {
    if prefix_len == 0 && &**path == "/" { "" } else { &path[prefix_len..] }
}

/// Appends `part` with exactly one slash between; an empty part changes nothing.
fn join(path: &mut String, part: &str) {
    match (path.ends_with('/'), part.starts_with('/')) {
        (true, true) => path.push_str(&part[1..]),
        (false, false) if !part.is_empty() => {
            path.push('/');
            path.push_str(part);
        }
        _ => path.push_str(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(target: &str, rewrite: &Rewrite, path: &str, prefix_len: usize) -> String {
        let mut upstream = target.to_owned();
        rewrite.append(&mut upstream, &CanonicalPath::new(path).unwrap(), prefix_len);
        upstream
    }

    #[test]
    fn strip_appends_the_rest_to_the_target() {
        for (target, path, prefix_len, expected) in [
            ("/api/agent", "/api/v1/agent", 13, "/api/agent"),
            ("/api/agent", "/api/v1/agent/", 13, "/api/agent/"),
            ("/api/agent", "/api/v1/agent/x/y", 13, "/api/agent/x/y"),
            ("", "/auth", 5, "/"),
            ("", "/auth/", 5, "/"),
            ("", "/auth/token", 5, "/token"),
            ("/app", "/", 0, "/app"),
            ("/app", "/x", 0, "/app/x"),
            ("", "/", 0, "/"),
        ] {
            assert_eq!(upstream(target, &Rewrite::Strip, path, prefix_len), expected, "{target} {path}");
        }
    }

    #[test]
    fn keep_appends_the_whole_path() {
        assert_eq!(upstream("/base", &Rewrite::Keep, "/auth/token", 5), "/base/auth/token");
        assert_eq!(upstream("", &Rewrite::Keep, "/", 0), "/");
    }

    #[test]
    fn replace_fills_in_the_segments_that_parameters_matched() {
        let training = Rewrite::Replace(
            vec![Piece::Literal("/".into()), Piece::Segment(1), Piece::Literal("/training".into())].into(),
        );
        assert_eq!(upstream("/api/agent", &training, "/agent/pump-7/train/now", 19), "/api/agent/pump-7/training/now");
        let root = Rewrite::Replace(vec![Piece::Literal("/".into())].into());
        assert_eq!(upstream("/api", &root, "/v1/x", 3), "/api/x");
        assert_eq!(upstream("/api", &root, "/v1", 3), "/api/");
    }
}
