//! Places in a route file: byte ranges, and values that know theirs.

/// A byte range of a route file's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// How many bytes there are.
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether there is no byte.
    pub const fn is_empty(self) -> bool {
        self.end == self.start
    }

    /// From the start of this span to the end of `other`.
    #[must_use]
    pub const fn to(self, other: Span) -> Span {
        Span { start: self.start, end: other.end }
    }

    /// The first byte alone; what starts a long value stands for it where the whole would fill the screen.
    #[must_use]
    pub const fn head(self) -> Span {
        let end = if self.end > self.start { self.start + 1 } else { self.end };
        Span { start: self.start, end }
    }

    /// The empty span behind this one.
    #[must_use]
    pub const fn behind(self) -> Span {
        Span { start: self.end, end: self.end }
    }
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spanned<T> {
    pub(crate) value: T,
    pub(crate) span: Span,
}

/// A text as written, which knows whether its characters stand in the file one by one.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Text {
    pub(crate) value: String,
    pub(crate) span: Span,
    /// Where its first character stands, unless an escape puts the characters out of step with the file.
    pub(crate) first: Option<usize>,
}

impl Text {
    /// Where the bytes `range` of the text stand; the whole text where that cannot be told.
    pub(crate) fn part(&self, range: std::ops::Range<usize>) -> Span {
        match self.first {
            Some(first) if !range.is_empty() => Span::new(first + range.start, first + range.end),
            _ => self.span,
        }
    }
}
