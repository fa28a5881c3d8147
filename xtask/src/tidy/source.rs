//! As much of Rust's grammar as the checks need: what is code, where tests stand, attributes, functions.

use std::ops::Range;

/// A Rust file, read.
pub struct Source {
    /// The text with comments and literals blanked, byte for byte as long.
    pub code: Vec<u8>,
    line_starts: Vec<usize>,
    test_ranges: Vec<Range<usize>>,
}

impl Source {
    /// Reads a file; one under a folder `tests` or `benches`, or called `tests.rs`, is a test from end to end.
    pub fn new(path: &str, text: &str) -> Self {
        let code = blank_literals(text);
        let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let is_test_file = path.split('/').any(|part| matches!(part, "tests" | "benches" | "tests.rs"));
        let mut source = Self { code, line_starts, test_ranges: Vec::new() };
        let whole = std::iter::once(0..text.len() + 1);
        source.test_ranges = if is_test_file { whole.collect() } else { source.test_items() };
        source
    }

    /// The line, from 1, that this byte stands in.
    pub fn line(&self, at: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= at)
    }

    /// Makes the whole file a test, as one that is declared behind `#[cfg(test)]` is.
    pub fn become_test(&mut self) {
        self.test_ranges = std::iter::once(0..self.code.len() + 1).collect();
    }

    /// The modules in files of their own that are declared behind `#[cfg(test)]`.
    pub fn test_modules(&self) -> Vec<String> {
        let items = self.test_items().into_iter().map(|range| String::from_utf8_lossy(&self.code[range]).into_owned());
        items.filter_map(|item| Some(item.strip_suffix(';')?.rsplit_once("mod ")?.1.trim().to_owned())).collect()
    }

    /// Whether this byte belongs to a test.
    pub fn is_test(&self, at: usize) -> bool {
        self.test_ranges.iter().any(|range| range.contains(&at))
    }

    /// How many lines are no test.
    pub fn lines_without_tests(&self) -> usize {
        let ends_with_newline = self.line_starts.last() == Some(&self.code.len());
        let count = self.line_starts.len() - usize::from(ends_with_newline);
        self.line_starts[..count].iter().filter(|start| !self.is_test(**start)).count()
    }

    /// Where `word` stands in code, not as a part of a longer name.
    pub fn find<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let first_is_name = word.bytes().next().is_some_and(is_name);
        let windows = self.code.windows(word.len()).enumerate();
        let places = windows.filter(|(_, window)| *window == word.as_bytes()).map(|(at, _)| at);
        places.filter(move |at| !first_is_name || *at == 0 || !is_name(self.code[at - 1]))
    }

    /// The insides of all attributes, `#[..]` and `#![..]`.
    pub fn attributes(&self) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for at in self.find("#") {
            let bang = usize::from(self.code.get(at + 1) == Some(&b'!'));
            let open = at + 1 + bang;
            if self.code.get(open) == Some(&b'[') {
                found.push(open + 1..self.closing(open));
            }
        }
        found
    }

    /// Each function that has a body: its name and its extent from `fn` to the closing brace.
    pub fn functions(&self) -> Vec<(String, Range<usize>)> {
        let mut found = Vec::new();
        for at in self.find("fn ") {
            let name: Vec<u8> = self.code[at + 3..].iter().copied().take_while(|b| !b"(<".contains(b)).collect();
            let end = self.item_end(at);
            if self.code.get(end) == Some(&b'}') {
                found.push((String::from_utf8_lossy(&name).trim().to_owned(), at..end));
            }
        }
        found
    }

    /// The extents of the items behind `#[cfg(test)]`, the attribute included.
    fn test_items(&self) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        for attribute in self.attributes() {
            let inside = String::from_utf8_lossy(&self.code[attribute.clone()]);
            let is_test = inside.starts_with("cfg(test)") || inside.starts_with("cfg(all(test,");
            if is_test {
                let line_start = self.line_starts[self.line(attribute.start) - 1];
                let end = self.item_end(attribute.end) + 1;
                ranges.push(line_start..end.min(self.code.len()));
            }
        }
        ranges
    }

    /// The `}` or `;` that ends the item which begins at or after `from`.
    fn item_end(&self, from: usize) -> usize {
        let mut at = from;
        while at < self.code.len() {
            match self.code[at] {
                b'(' | b'[' => at = self.closing(at),
                b'{' => return self.closing(at),
                b';' => return at,
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// The bracket that closes the one at `open`, or the end of the text.
    fn closing(&self, open: usize) -> usize {
        let mut depth = 0_usize;
        for (at, byte) in self.code.iter().enumerate().skip(open) {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return at;
            }
        }
        self.code.len()
    }
}

/// Writes a space for every byte of a comment or a literal, line breaks stay.
fn blank_literals(text: &str) -> Vec<u8> {
    let mut code = text.as_bytes().to_vec();
    let mut at = 0;
    while at < code.len() {
        let end = literal_end(text, at);
        for byte in &mut code[at..end] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at = end.max(at + 1);
    }
    code
}

/// Where the comment or literal that begins at `at` ends, or `at` where none begins.
fn literal_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    let rest = &bytes[at..];
    let is_inside_name = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
    match rest {
        [b'/', b'/', ..] => at + rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
        [b'/', b'*', ..] => at + block_comment_length(rest),
        [b'"', ..] => at + quoted_length(rest, b'"'),
        [b'b' | b'c', b'"', ..] if !is_inside_name => at + 1 + quoted_length(&rest[1..], b'"'),
        [b'b', b'\'', ..] if !is_inside_name => at + 1 + quoted_length(&rest[1..], b'\''),
        [b'r', ..] if !is_inside_name => at + raw_length(rest, 1),
        [b'b' | b'c', b'r', ..] if !is_inside_name => at + raw_length(rest, 2),
        [b'\'', b'\\', ..] => at + quoted_length(rest, b'\''),
        [b'\'', ..] => at + character_length(text, at),
        _ => at,
    }
}

fn block_comment_length(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    at
}

fn quoted_length(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of `r"..."` or `r##"..."##` whose hashes begin at `prefix`, or 0 where it is a name or `r#name`.
fn raw_length(rest: &[u8], prefix: usize) -> usize {
    let hashes = rest[prefix..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(prefix + hashes) != Some(&b'"') {
        return 0;
    }
    let mut end = vec![b'"'];
    end.resize(1 + hashes, b'#');
    let body = prefix + hashes + 1;
    let found = rest[body..].windows(end.len()).position(|window| window == end);
    found.map_or(rest.len(), |place| body + place + end.len())
}

/// The length of `'x'`, or 0 where the quote begins a lifetime.
fn character_length(text: &str, at: usize) -> usize {
    let mut after = text[at + 1..].chars();
    match (after.next(), after.next()) {
        (Some(character), Some('\'')) => character.len_utf8() + 2,
        _ => 0,
    }
}
