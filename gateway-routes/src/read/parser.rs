//! The parser: tokens to a tree. It tells every fault it meets and goes on behind the next comma or bracket.

use super::lexer::{Bracket, LexFault, Lexer, Token};
use super::scalar::Scalar;
use super::tree::{Field, Kind, Node};
use crate::fault::Fault;
use crate::span::Spanned;
use crate::{Code, Span};

/// How deep brackets may be nested; ron's own limit.
const MAX_DEPTH: usize = 128;
/// After so many faults the text is not a route file with slips, but something else.
const MAX_FAULTS: usize = 100;
/// The extensions that ron knows. None of them changes how a route file is read.
const EXTENSIONS: [&str; 4] = ["implicit_some", "unwrap_newtypes", "unwrap_variant_newtypes", "explicit_struct_names"];

/// The tree of `text`; `None` when there is no value in it at all.
pub(super) fn parse<'a>(text: &'a str, faults: &mut Vec<Fault>) -> Option<Node<'a>> {
    let mut parser = Parser::new(text, faults);
    if parser.token == Token::End {
        let fault =
            Fault::new(Code::EmptyFile, "the file is empty", Span::default(), "a route file starts with `Gateway(`");
        parser.faults.push(fault);
        return None;
    }
    parser.attributes();
    let root = parser.value();
    if parser.token != Token::End {
        parser.unexpected("the end of the file");
    }
    Some(root)
}

/// What was found between a pair of brackets.
struct Items<T> {
    span: Span,
    found: Vec<T>,
    /// Whether the closing bracket was not found.
    is_cut: bool,
}

impl<T> Items<T> {
    fn into_kind<'a>(self, kind: impl FnOnce(Vec<T>) -> Kind<'a>) -> (Span, bool, Kind<'a>) {
        (self.span, self.is_cut, kind(self.found))
    }
}

struct Parser<'a, 'f> {
    text: &'a str,
    lexer: Lexer<'a>,
    token: Token<'a>,
    span: Span,
    /// Where the token before ends.
    behind: usize,
    /// The brackets that are open here, innermost last.
    open: Vec<(Bracket, Span)>,
    faults: &'f mut Vec<Fault>,
    /// Where the last fault was told, so that one slip is told once.
    last_fault: Option<usize>,
    /// Set when nothing further can be understood; what then looks like an end is none.
    stopped: bool,
}

impl<'a, 'f> Parser<'a, 'f> {
    fn new(text: &'a str, faults: &'f mut Vec<Fault>) -> Self {
        let mut lexer = Lexer::new(text);
        let (token, span) = lexer.next();
        Self { text, lexer, token, span, behind: 0, open: Vec::new(), faults, last_fault: None, stopped: false }
    }

    fn advance(&mut self) {
        self.behind = self.span.end;
        (self.token, self.span) = if self.stopped {
            let end = self.text.len();
            (Token::End, Span::new(end, end))
        } else {
            self.lexer.next()
        };
    }

    fn stop(&mut self) {
        self.stopped = true;
        self.advance();
    }

    fn fault(&mut self, fault: Fault) {
        let place = fault.place().start;
        if self.stopped || self.last_fault == Some(place) {
            return;
        }
        self.last_fault = Some(place);
        self.faults.push(fault);
        if self.faults.len() >= MAX_FAULTS {
            self.stop();
        }
    }

    /// Tells that something else should stand here.
    fn unexpected(&mut self, expected: &str) {
        if let Token::Broken(fault) = self.token {
            self.broken(fault);
            return;
        }
        let found = self.describe_token();
        let message = format!("expected {expected}, found {found}");
        self.fault(Fault::new(Code::NotRon, message, self.span, format!("expected {expected}")));
    }

    fn broken(&mut self, fault: LexFault) {
        self.fault(Fault::new(fault.code(), fault.message(), self.span, fault.label()));
        if fault != LexFault::Text {
            self.stop();
        }
    }

    fn describe_token(&self) -> String {
        match self.token {
            Token::End => "the end of the file".into(),
            Token::Scalar(Scalar::Number) => "a number".into(),
            Token::Scalar(_) => "a text".into(),
            Token::Stray(character) => format!("`{}`", character.escape_debug()),
            _ => format!("`{}`", &self.text[self.span.start..self.span.end]),
        }
    }

    /// `#![enable(…)]`, `#![type = "…"]` and the like, in front of the value.
    fn attributes(&mut self) {
        while self.token == Token::Stray('#') {
            let start = self.span;
            if self.attribute().is_none() {
                let message = "this attribute is not one that RON has";
                let fault = Fault::new(Code::NotRon, message, start.to(self.span), "not understood");
                self.fault(fault.help("a route file needs no attributes; `#![enable(implicit_some)]` is accepted"));
                self.skip_to_separator();
                if matches!(self.token, Token::Close(Bracket::Square)) {
                    self.advance();
                }
            }
        }
    }

    fn attribute(&mut self) -> Option<()> {
        self.expect(Token::Stray('#'))?;
        self.expect(Token::Stray('!'))?;
        self.expect(Token::Open(Bracket::Square))?;
        let Token::Name { word, .. } = self.token else { return None };
        self.advance();
        match word {
            "enable" => self.extensions()?,
            "type" | "schema" => {
                self.expect(Token::Stray('='))?;
                matches!(self.token, Token::Scalar(Scalar::Text | Scalar::RawText)).then(|| self.advance())?;
            }
            _ => return None,
        }
        self.expect(Token::Close(Bracket::Square))
    }

    fn extensions(&mut self) -> Option<()> {
        self.expect(Token::Open(Bracket::Round))?;
        loop {
            let Token::Name { word, .. } = self.token else { return None };
            EXTENSIONS.contains(&word).then(|| self.advance())?;
            let comma = self.expect(Token::Comma).is_some();
            if self.token == Token::Close(Bracket::Round) {
                self.advance();
                return Some(());
            }
            comma.then_some(())?;
        }
    }

    fn expect(&mut self, token: Token<'a>) -> Option<()> {
        (self.token == token).then(|| self.advance())
    }

    /// The value that starts here. Where none does, it says so, and takes nothing that a caller may wait for.
    fn value(&mut self) -> Node<'a> {
        let span = self.span;
        match self.token {
            Token::Open(bracket) => self.bracketed(None, bracket),
            Token::Name { word: "Some", raw: false } => self.some(),
            Token::Name { word, raw } => {
                self.advance();
                match (word_value(word, raw), self.token) {
                    (Some(kind), _) => Node::new(span, kind),
                    (None, Token::Open(Bracket::Round)) => {
                        self.bracketed(Some(Spanned { value: word, span }), Bracket::Round)
                    }
                    (None, _) => Node::new(span, Kind::Name(word)),
                }
            }
            Token::Scalar(scalar) => self.scalar(scalar),
            Token::Close(_) | Token::Comma | Token::End => self.missing_value(),
            Token::Colon | Token::Stray(_) | Token::Broken(_) => {
                let node = self.missing_value();
                self.advance();
                node
            }
        }
    }

    fn missing_value(&mut self) -> Node<'a> {
        self.unexpected("a value");
        Node::new(self.span, Kind::Broken)
    }

    fn scalar(&mut self, scalar: Scalar) -> Node<'a> {
        let span = self.span;
        self.advance();
        let kind = scalar.decode(&self.text[span.start..span.end]).unwrap_or_else(|reason| {
            let what = if scalar == Scalar::Number { "number" } else { "text" };
            let message = format!("this {what} is malformed: {}", reason.to_lowercase());
            self.fault(Fault::new(Code::BadLiteral, message, span, "cannot be read"));
            Kind::Broken
        });
        Node::new(span, kind)
    }

    /// `Some(value)` is the value: an author need not write it, and may.
    fn some(&mut self) -> Node<'a> {
        self.advance();
        if self.token != Token::Open(Bracket::Round) {
            self.unexpected("`(` behind `Some`");
            return Node::new(self.span, Kind::Broken);
        }
        let mut some = self.bracketed_items(Bracket::Round, Self::value);
        if let (Some(item), true) = (some.found.pop(), some.found.is_empty()) {
            return item;
        }
        self.fault(Fault::new(Code::NotRon, "`Some` holds one value", some.span, "one value belongs here"));
        Node::new(some.span, Kind::Broken)
    }

    /// What stands in brackets, with the name in front of it.
    fn bracketed(&mut self, name: Option<Spanned<&'a str>>, bracket: Bracket) -> Node<'a> {
        let start = name.as_ref().map_or(self.span, |name| name.span);
        let (span, is_cut, kind) = match bracket {
            Bracket::Square => self.bracketed_items(bracket, Self::value).into_kind(Kind::List),
            Bracket::Curly => self.bracketed_items(bracket, Self::entry).into_kind(Kind::Map),
            Bracket::Round if self.opens_fields() => {
                let fields = self.bracketed_items(bracket, Self::field);
                fields.into_kind(|fields| Kind::Struct { name, fields: fields.into_iter().flatten().collect() })
            }
            Bracket::Round => self.bracketed_items(bracket, Self::value).into_kind(|items| Kind::Tuple { name, items }),
        };
        Node { span: start.to(span), kind, is_cut }
    }

    /// Whether the bracket here is followed by a field: a word, and then a colon or what looks like a forgotten one.
    fn opens_fields(&self) -> bool {
        let mut ahead = self.lexer;
        matches!(ahead.next().0, Token::Name { .. })
            && matches!(ahead.next().0, Token::Colon | Token::Stray('=') | Token::Scalar(_))
    }

    /// The elements up to the bracket that closes; the span is the brackets' and what is between.
    fn bracketed_items<T>(&mut self, bracket: Bracket, element: fn(&mut Self) -> T) -> Items<T> {
        let open = self.span;
        let mut items = Vec::new();
        if self.open.len() >= MAX_DEPTH {
            let message = format!("brackets are nested deeper than {MAX_DEPTH}");
            self.fault(Fault::new(Code::TooDeep, message, open, "one too deep"));
            self.stop();
            return Items { span: open, found: items, is_cut: true };
        }
        self.open.push((bracket, open));
        self.advance();
        let (end, is_cut) = loop {
            if let Some(end) = self.closing(bracket, open) {
                break end;
            }
            let before = self.span.start;
            items.push(element(self));
            self.separator(before);
        };
        self.open.pop();
        Items { span: open.to(end), found: items, is_cut }
    }

    /// Where the brackets end, when they end here: with the bracket that closes, with one that closes another, with the text.
    /// Told along with it is whether something may be missing.
    fn closing(&mut self, bracket: Bracket, open: Span) -> Option<(Span, bool)> {
        match self.token {
            Token::Close(closing) if closing == bracket => {
                let end = self.span;
                self.advance();
                Some((end, false))
            }
            Token::Close(closing) if self.open.iter().any(|(open, _)| *open == closing) => {
                self.unclosed(bracket, open, &format!("`{}` closes another bracket", closing.close()));
                Some((Span::new(self.span.start, self.span.start), true))
            }
            // No such bracket is open: it is taken for a slip of the one that is.
            Token::Close(closing) => {
                let end = self.span;
                let message = format!("`{}` is closed by `{}`", bracket.open(), closing.close());
                let fault = Fault::new(Code::Unclosed, message, end, format!("expected `{}`", bracket.close()));
                self.fault(fault.and(open, "opened here").guess("write", end, bracket.close()));
                self.advance();
                Some((end, false))
            }
            Token::End => {
                self.unclosed(bracket, open, "the file ends here");
                // The outer brackets are not closed either: that is the same slip.
                self.stopped = true;
                Some((self.span, true))
            }
            _ => None,
        }
    }

    fn unclosed(&mut self, bracket: Bracket, open: Span, here: &str) {
        let message = format!("`{}` is never closed", bracket.open());
        let label = format!("`{}` is missing", bracket.close());
        self.fault(Fault::new(Code::Unclosed, message, open, label).and(self.span, here));
    }

    /// The comma behind an element that started at `before`. Where it is missing, reading goes on with what can start an
    /// element, else behind the next comma.
    fn separator(&mut self, before: usize) {
        match self.token {
            Token::Comma => return self.advance(),
            Token::Close(_) | Token::End => return,
            _ => self.missing_comma(),
        }
        let can_start = matches!(self.token, Token::Name { .. } | Token::Scalar(_) | Token::Open(_));
        if !can_start || self.span.start == before {
            self.skip_to_separator();
            self.expect(Token::Comma);
        }
    }

    /// Tells that a comma is missing, where it belongs: behind what comes before, which may be a line above.
    fn missing_comma(&mut self) {
        if matches!(self.token, Token::Broken(_) | Token::Colon | Token::Stray(_)) {
            return self.unexpected("`,`");
        }
        let message = format!("expected `,`, found {}", self.describe_token());
        let place = Span::new(self.behind, self.behind);
        let fault = Fault::new(Code::NotRon, message, place, "a comma is missing here");
        self.fault(fault.fix("add it", place, ","));
    }

    /// Goes to the next comma, or closing bracket, that belongs to the brackets that are open here.
    fn skip_to_separator(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.token {
                Token::Open(_) => depth += 1,
                Token::Close(_) | Token::Comma if depth == 0 => return,
                Token::Close(_) => depth -= 1,
                Token::Broken(fault) => self.broken(fault),
                Token::End => return,
                _ => {}
            }
            self.advance();
        }
    }

    fn entry(&mut self) -> (Node<'a>, Node<'a>) {
        let key = self.value();
        (key, self.after_colon())
    }

    fn field(&mut self) -> Option<Field<'a>> {
        let Token::Name { word, .. } = self.token else {
            self.unexpected("a field's name");
            self.skip_to_separator();
            return None;
        };
        let name = Spanned { value: word, span: self.span };
        self.advance();
        Some(Field { name, value: self.after_colon() })
    }

    /// The value behind a colon. One that is forgotten, or written `=`, is told, and the value is read all the same.
    fn after_colon(&mut self) -> Node<'a> {
        match self.token {
            Token::Colon => self.advance(),
            Token::Stray('=') => {
                let fault = Fault::new(Code::NotRon, "expected `:`, found `=`", self.span, "expected `:`");
                self.fault(fault.fix("a value follows a colon", self.span, ":"));
                self.advance();
            }
            Token::Scalar(_) | Token::Name { .. } | Token::Open(_) => self.unexpected("`:`"),
            _ => {
                self.unexpected("`:`");
                return Node::new(self.span, Kind::Broken);
            }
        }
        self.value()
    }
}

/// The value of a word that ron knows.
fn word_value(word: &str, raw: bool) -> Option<Kind<'static>> {
    match word {
        _ if raw => None,
        "true" => Some(Kind::Bool(true)),
        "false" => Some(Kind::Bool(false)),
        "None" => Some(Kind::None),
        word if Scalar::is_number_word(word) => Some(Kind::Other("a number")),
        _ => None,
    }
}
