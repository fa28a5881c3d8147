//! Texts of messages: mostly a short sentence, seldom very long, sometimes what breaks careless CSV writers.

use std::fmt::Write;

use super::dice::Dice;
use super::words::{EMOJI, Language};

/// Adds the text of one message.
pub fn write(out: &mut String, language: &Language, dice: &mut Dice) {
    match dice.below(256) {
        0..=15 => out.push_str(dice.pick(EMOJI)),
        16..=31 => with_emoji(out, language, dice),
        32..=43 => link(out, language, dice),
        44..=51 => code_block(out, language, dice),
        52..=59 => list(out, language, dice),
        60..=67 => quotation(out, language, dice),
        68..=73 => table(out, language, dice),
        74..=76 => formula(out, language, dice),
        77..=79 => odd_characters(out, language, dice),
        80..=95 => mention(out, language, dice),
        _ => sentences(out, language, dice),
    }
}

/// Adds one word, as a small edit does.
pub fn append_word(out: &mut String, language: &Language, dice: &mut Dice) {
    out.push_str(language.gap);
    word(out, language, dice);
}

/// Adds one of the usual words, or one that is seldom used, as most words of a chat are (names, compounds, slips of the
/// pen): it begins like one and ends like another. So texts compress about as well as real ones.
fn word(out: &mut String, language: &Language, dice: &mut Dice) {
    let usual = language.words[dice.sloped(language.words.len() as u32) as usize];
    if dice.one_in(4) {
        return out.push_str(usual);
    }
    let other = dice.pick(language.words);
    out.push_str(&usual[..middle(usual)]);
    out.push_str(&other[middle(other)..]);
}

/// Where the second half of a word begins, the shorter one.
fn middle(word: &str) -> usize {
    let half = word.chars().count().div_ceil(2);
    word.char_indices().nth(half).map_or(word.len(), |(at, _)| at)
}

fn words(out: &mut String, count: u32, language: &Language, dice: &mut Dice) {
    for place in 0..count {
        let gap = if place == 0 { "" } else { language.gap };
        out.push_str(gap);
        word(out, language, dice);
    }
}

/// Most have up to a dozen words, one in a thousand up to two thousand.
fn length_in_words(dice: &mut Dice) -> u32 {
    match dice.below(1024) {
        0 => 200 + dice.below(1800),
        1..=15 => 40 + dice.below(160),
        16..=160 => 12 + dice.below(28),
        _ => 1 + dice.below(12),
    }
}

fn sentences(out: &mut String, language: &Language, dice: &mut Dice) {
    let mut left = length_in_words(dice);
    while left > 0 {
        let count = left.min(3 + dice.below(12));
        let start = out.len();
        words(out, count, language, dice);
        if let Some(first) = out.get_mut(start..start + 1) {
            first.make_ascii_uppercase();
        }
        left -= count;
        // The end of a chat message often goes without a stop.
        if left > 0 || dice.one_in(3) {
            out.push_str(dice.pick(language.stops));
        }
        if left > 0 {
            out.push_str(if dice.one_in(8) { "\n\n" } else { language.gap });
        }
    }
}

fn with_emoji(out: &mut String, language: &Language, dice: &mut Dice) {
    sentences(out, language, dice);
    for _ in 0..1 + dice.sloped(4) {
        out.push(' ');
        out.push_str(dice.pick(EMOJI));
    }
}

fn mention(out: &mut String, language: &Language, dice: &mut Dice) {
    out.push('@');
    out.push_str(dice.pick(language.names));
    out.push_str(", ");
    sentences(out, language, dice);
}

fn link(out: &mut String, language: &Language, dice: &mut Dice) {
    sentences(out, language, dice);
    let (number, place) = (dice.below(90_000), dice.below(400));
    let link = write!(out, " https://tracker.example/browse/T-{number}?view=all&sort=\"due\",desc#comment-{place}");
    link.expect("a String takes every character");
}

fn code_block(out: &mut String, language: &Language, dice: &mut Dice) {
    const LINES: &[&str] = &[
        "SELECT id, \"total\" FROM invoices WHERE state = 'open';",
        "if (left < right) { swap(&left, &right); }",
        "\tprintf(\"%d, %s\\n\", count, name);",
        "curl -s 'https://api.example/v1/items?limit=10' | jq '.[] | {id, name}'",
        "ERROR 2024-01-09 12:00:03,118 worker-7: connection reset by peer",
        "let path = r\"C:\\Users\\Public\\report.csv\";",
        "",
        "}",
    ];
    words(out, 1 + dice.below(5), language, dice);
    out.push_str(":\n```\n");
    for _ in 0..1 + dice.sloped(12) {
        out.push_str(dice.pick(LINES));
        out.push_str(if dice.one_in(40) { "\r\n" } else { "\n" });
    }
    out.push_str("```");
}

fn list(out: &mut String, language: &Language, dice: &mut Dice) {
    for item in 0..2 + dice.sloped(8) {
        if item > 0 {
            out.push('\n');
        }
        out.push_str("- ");
        words(out, 2 + dice.below(6), language, dice);
    }
}

fn quotation(out: &mut String, language: &Language, dice: &mut Dice) {
    out.push_str("> \"");
    words(out, 3 + dice.below(12), language, dice);
    out.push_str("\"\n");
    sentences(out, language, dice);
}

fn table(out: &mut String, language: &Language, dice: &mut Dice) {
    out.push_str("name,amount,\"note\"\r\n");
    for _ in 0..1 + dice.sloped(6) {
        let (name, amount) = (dice.pick(language.names), dice.below(100_000));
        let row = write!(out, "\"{name}\",{}.{:02},\"\"\r\n", amount / 100, amount % 100);
        row.expect("a String takes every character");
    }
}

/// What a spreadsheet would take for a formula.
fn formula(out: &mut String, language: &Language, dice: &mut Dice) {
    out.push_str(dice.pick(&["=SUM(A1:A3)", "+1 ", "-- ", "@channel ", "\t", "＝1+1 ", "=HYPERLINK(\"x\",\"y\")"]));
    words(out, dice.below(6), language, dice);
}

/// Line separators beyond LF, marks without width, a letter with many marks, spaces at the edges.
fn odd_characters(out: &mut String, language: &Language, dice: &mut Dice) {
    words(out, 1 + dice.below(4), language, dice);
    out.push_str(dice.pick(&[
        "\u{2028}",
        "\u{85}",
        "\u{feff}",
        "\u{200f}",
        "\u{202e}",
        "e\u{301}\u{302}\u{323}",
        "\u{7}",
        "\r",
        " ",
    ]));
    words(out, dice.below(4), language, dice);
}
