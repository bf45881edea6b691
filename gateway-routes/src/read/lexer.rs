//! The lexer: text to tokens, one at a time, with their places.

use unicode_ident::{is_xid_continue, is_xid_start};

use super::scalar::Scalar;
use crate::{Code, Span};

/// A pair of brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bracket {
    Round,
    Square,
    Curly,
}

impl Bracket {
    pub(super) const fn open(self) -> char {
        match self {
            Self::Round => '(',
            Self::Square => '[',
            Self::Curly => '{',
        }
    }

    pub(super) const fn close(self) -> char {
        match self {
            Self::Round => ')',
            Self::Square => ']',
            Self::Curly => '}',
        }
    }
}

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open(Bracket),
    Close(Bracket),
    Comma,
    Colon,
    /// A word; `raw` where it is written `r#word`.
    Name {
        word: &'a str,
        raw: bool,
    },
    Scalar(Scalar),
    /// A character that starts nothing.
    Stray(char),
    /// A token that could not be finished.
    Broken(LexFault),
    End,
}

/// What could not be finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LexFault {
    Text,
    RawText,
    Comment,
}

impl LexFault {
    pub(super) const fn code(self) -> Code {
        match self {
            Self::Text | Self::RawText => Code::BadLiteral,
            Self::Comment => Code::NotRon,
        }
    }

    pub(super) const fn message(self) -> &'static str {
        match self {
            Self::Text | Self::RawText => "this text is never closed",
            Self::Comment => "this comment is never closed",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Text => "a closing `\"` is missing",
            Self::RawText => "the closing `\"`, with as many `#` as it opens with, is missing",
            Self::Comment => "`*/` is missing",
        }
    }
}

/// Where the lexer stands. A copy of it looks ahead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    /// Set once a text was found that does not end: from then on a text ends on its line, so that no text is searched twice
    /// for an end that is not there.
    texts_end_on_their_line: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, texts_end_on_their_line: false }
    }

    /// Goes to the end of the text: nothing behind this can be understood.
    pub(super) fn stop(&mut self) {
        self.at = self.text.len();
    }

    /// The next token and its place.
    pub(super) fn next(&mut self) -> (Token<'a>, Span) {
        if let Some(start) = self.skip_space() {
            self.stop();
            return (Token::Broken(LexFault::Comment), Span::new(start, start + 2));
        }
        let start = self.at;
        let token = self.token();
        (token, Span::new(start, self.at))
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn token(&mut self) -> Token<'a> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return Token::End;
        };
        if let Some(token) = self.literal(rest).or_else(|| self.name(rest)) {
            return token;
        }
        self.at += first.len_utf8();
        match first {
            '(' => Token::Open(Bracket::Round),
            ')' => Token::Close(Bracket::Round),
            '[' => Token::Open(Bracket::Square),
            ']' => Token::Close(Bracket::Square),
            '{' => Token::Open(Bracket::Curly),
            '}' => Token::Close(Bracket::Curly),
            ',' => Token::Comma,
            ':' => Token::Colon,
            other => Token::Stray(other),
        }
    }

    /// A text, character or number.
    fn literal(&mut self, rest: &'a str) -> Option<Token<'a>> {
        let (prefix, behind) = match rest.as_bytes() {
            [b'b', b'r', b'"' | b'#', ..] => (2, Scalar::Bytes),
            [b'b', b'"' | b'\'', ..] => (1, Scalar::Bytes),
            [b'r', b'"', ..] | [b'r', b'#', b'"' | b'#', ..] => (1, Scalar::RawText),
            [b'"', ..] => (0, Scalar::Text),
            [b'\'', ..] => (0, Scalar::Char),
            [b'0'..=b'9' | b'+' | b'-' | b'.', ..] => return Some(self.number(rest)),
            _ => return None,
        };
        let raw = prefix == 2 || behind == Scalar::RawText;
        Some(match &rest[prefix..] {
            quoted if raw => self.raw_text(prefix, quoted, behind),
            quoted if quoted.starts_with('"') => self.text(prefix, quoted, behind),
            quoted => self.character(prefix, quoted, behind),
        })
    }

    fn number(&mut self, rest: &'a str) -> Token<'a> {
        let mut end = 0;
        for (at, character) in rest.char_indices() {
            let inclusive_range = character == '=' && rest[..at].ends_with("..");
            if !(matches!(character, '.' | '+' | '-') || is_xid_continue(character) || inclusive_range) {
                break;
            }
            end = at + character.len_utf8();
        }
        self.at += end;
        Token::Scalar(Scalar::Number)
    }

    fn character(&mut self, prefix: usize, quoted: &'a str, scalar: Scalar) -> Token<'a> {
        const LONGEST: usize = 14;
        let mut inside = quoted.char_indices().skip(1);
        let escaped = inside.next().is_some_and(|(_, character)| character == '\\');
        let close = inside.skip(usize::from(escaped)).take(LONGEST).find(|(_, character)| *character == '\'');
        self.at += prefix + 1 + close.map_or(0, |(at, _)| at);
        if close.is_some() { Token::Scalar(scalar) } else { Token::Stray('\'') }
    }

    /// A text in which `\` escapes. One that runs over lines and has no separator behind it has most likely lost its closing
    /// quote on its first line; it is taken to end there, and what follows can be read.
    fn text(&mut self, prefix: usize, quoted: &'a str, scalar: Scalar) -> Token<'a> {
        let close = closing_quote(quoted, self.texts_end_on_their_line);
        if let Some(close) = close
            && (may_follow_text(&quoted[close + 1..]) || !quoted[..close].contains('\n'))
        {
            self.at += prefix + close + 1;
            return Token::Scalar(scalar);
        }
        self.texts_end_on_their_line = true;
        let line = &quoted[..quoted.find(['\n', '\r']).unwrap_or(quoted.len())];
        self.at += prefix + line.trim_end_matches([' ', '\t', ',', ')']).len().max(1);
        Token::Broken(LexFault::Text)
    }

    fn raw_text(&mut self, prefix: usize, quoted: &'a str, scalar: Scalar) -> Token<'a> {
        let hashes = quoted.bytes().take_while(|byte| *byte == b'#').count();
        let Some(inside) = quoted[hashes..].strip_prefix('"') else {
            self.at += prefix + hashes;
            return Token::Stray('#');
        };
        let closing = format!("\"{}", &quoted[..hashes]);
        if let Some(length) = inside.find(&closing) {
            self.at += prefix + hashes + 1 + length + closing.len();
            return Token::Scalar(scalar);
        }
        self.stop();
        Token::Broken(LexFault::RawText)
    }

    fn name(&mut self, rest: &'a str) -> Option<Token<'a>> {
        if let Some(behind) = rest.strip_prefix("r#") {
            let is_part = |character: char| matches!(character, '.' | '+' | '-') || is_xid_continue(character);
            let length = behind.find(|character| !is_part(character)).unwrap_or(behind.len());
            self.at += if length > 0 { 2 + length } else { 0 };
            return (length > 0).then_some(Token::Name { word: &behind[..length], raw: true });
        }
        let first = rest.chars().next().filter(|first| *first == '_' || is_xid_start(*first))?;
        let others = &rest[first.len_utf8()..];
        let length = others.find(|character| !is_xid_continue(character)).unwrap_or(others.len());
        let word = &rest[..first.len_utf8() + length];
        if Scalar::is_number_word(word) && rest[word.len()..].starts_with("..") {
            return Some(self.number(rest));
        }
        self.at += word.len();
        Some(Token::Name { word, raw: false })
    }

    /// Goes behind spaces and comments; the start of a comment that never ends.
    fn skip_space(&mut self) -> Option<usize> {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start_matches(is_space);
            self.at += rest.len() - trimmed.len();
            if trimmed.starts_with("//") {
                self.at += trimmed.find('\n').unwrap_or(trimmed.len());
            } else if trimmed.starts_with("/*") {
                match comment_length(trimmed) {
                    Some(length) => self.at += length,
                    None => return Some(self.at),
                }
            } else {
                return None;
            }
        }
    }
}

/// What ron takes for space: Unicode's pattern white space.
const fn is_space(character: char) -> bool {
    matches!(character, '\t'..='\r' | ' ' | '\u{85}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
}

/// How long the comment is that `text` starts with; comments nest.
fn comment_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (2, 1);
    while depth > 0 {
        match bytes.get(at..)? {
            [b'/', b'*', ..] => (at, depth) = (at + 2, depth + 1),
            [b'*', b'/', ..] => (at, depth) = (at + 2, depth - 1),
            [] => return None,
            _ => at += 1,
        }
    }
    Some(at)
}

/// Where the text that `quoted` starts with has its closing quote; on its first line, if need be.
fn closing_quote(quoted: &str, on_this_line: bool) -> Option<usize> {
    let bytes = quoted.as_bytes();
    let mut at = 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at),
            b'\n' if on_this_line => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Whether a text may end where `rest` begins: a separator or a space follows.
fn may_follow_text(rest: &str) -> bool {
    rest.chars().next().is_none_or(|next| is_space(next) || matches!(next, ',' | ':' | ')' | ']' | '}' | '/'))
}
