//! Which paths of its service a route sends requests to, and which request leads to one of them.

use super::Context;
use crate::pattern::{Pattern, Segment};
use crate::replacement::{self, Part};
use crate::route_file::{Field, Rewrite};

/// The upstream paths of a route: these segments, and whatever stands behind the prefix.
pub(super) struct Upstream {
    prefix: Pattern,
    segments: Vec<Piece>,
}

enum Piece {
    Literal(String),
    /// The segment of the prefix, by index, that is put here.
    Parameter(usize),
}

/// The upstream paths of a route; `None` where they cannot be told as whole segments.
pub(super) fn of_route(context: &Context<'_>, route: usize) -> Option<Upstream> {
    let (prefix, target) = (context.pattern(route)?, context.target(route)?);
    let literals = target.path.split('/').filter(|segment| !segment.is_empty());
    let mut segments: Vec<Piece> = literals.map(|segment| Piece::Literal(segment.to_owned())).collect();
    match &context.file.routes[route].rewrite {
        Field::Absent | Field::Given(Rewrite::Strip) => {}
        Field::Given(Rewrite::Keep) => segments.extend(kept(prefix)),
        Field::Given(Rewrite::Replace(text)) => segments.extend(replaced(&text.value, prefix)?),
        Field::Broken => return None,
    }
    Some(Upstream { prefix: prefix.clone(), segments })
}

fn kept(prefix: &Pattern) -> impl Iterator<Item = Piece> {
    prefix.segments.iter().enumerate().map(|(index, segment)| match segment {
        Segment::Literal(literal) => Piece::Literal(literal.clone()),
        Segment::Parameter(_) => Piece::Parameter(index),
    })
}

fn replaced(text: &str, prefix: &Pattern) -> Option<Vec<Piece>> {
    let segments = text.split('/').filter(|segment| !segment.is_empty());
    let piece = |segment: &str| match replacement::parts(segment).as_slice() {
        [(Part::Literal(literal), _)] => Some(Piece::Literal((*literal).to_owned())),
        [(Part::Parameter(name), _)] => {
            let (_, index) = prefix.parameters().find(|(known, _)| known == name)?;
            Some(Piece::Parameter(index))
        }
        _ => None,
    };
    segments.map(piece).collect()
}

impl Upstream {
    /// The segments as a prefix is written, for a trie.
    pub(super) fn text(&self) -> String {
        let segment = |piece: &Piece| match piece {
            Piece::Literal(literal) => format!("/{literal}"),
            Piece::Parameter(_) => "/{}".to_owned(),
        };
        self.segments.iter().map(segment).collect()
    }

    /// A path of them, with `fresh` for each parameter.
    pub(super) fn instance(&self, fresh: &str) -> Vec<String> {
        let segment = |piece: &Piece| match piece {
            Piece::Literal(literal) => literal.clone(),
            Piece::Parameter(_) => fresh.to_owned(),
        };
        self.segments.iter().map(segment).collect()
    }

    /// The path of a request that is sent on to `path`, which starts with these segments.
    pub(super) fn request_for(&self, path: &[String], fresh: &str) -> Option<String> {
        let rest = path.get(self.segments.len()..)?;
        let put = |index: usize| {
            let place =
                self.segments.iter().position(|piece| matches!(piece, Piece::Parameter(from) if *from == index));
            place.map_or(fresh, |place| path[place].as_str())
        };
        let prefix = self.prefix.segments.iter().enumerate().map(|(index, segment)| match segment {
            Segment::Literal(literal) => literal.as_str(),
            Segment::Parameter(_) => put(index),
        });
        let segments: Vec<&str> = prefix.chain(rest.iter().map(String::as_str)).collect();
        Some(format!("/{}", segments.join("/")))
    }
}
