//! Attributes objects of the shapes that chat systems attach, as JSON text.

use std::fmt::Write;

use super::dice::Dice;
use super::organisation::Organisation;
use super::words::EMOJI;

/// Adds an object, or nothing for a message without attributes. Spacing, escapes and the form of numbers vary.
pub fn write(out: &mut String, organisation: &Organisation, dice: &mut Dice) {
    let written = match dice.below(64) {
        0..=27 => Ok(()),
        28..=37 => write!(out, "{{}}"),
        38..=46 => reactions(out, dice),
        47..=50 => files(out, dice),
        51..=57 => {
            write!(out, r#"{{"client":"{}","build":{}}}"#, dice.pick(&["ios", "android", "web"]), dice.below(9000))
        }
        58..=60 => mentions(out, organisation, dice),
        61 => numbers(out, dice),
        62 => write!(
            out,
            r#"{{"bot": true, "via": null, "labels": ["caf\u00e9", "a\/b", "tab\t"], "nested": {{ "depth": {{}} }} }}"#
        ),
        _ => write!(out, r#"{{"":"","z":1,"a":[[],{{}},[{}]],"Z":false}}"#, dice.below(10)),
    };
    written.expect("a String takes every character");
}

fn reactions(out: &mut String, dice: &mut Dice) -> std::fmt::Result {
    out.push_str("{\"reactions\":{");
    let first = dice.below(EMOJI.len() as u32) as usize;
    for step in 0..1 + dice.sloped(4) as usize {
        let comma = if step == 0 { "" } else { "," };
        write!(out, "{comma}\"{}\":{}", EMOJI[(first + step) % EMOJI.len()], 1 + dice.sloped(30))?;
    }
    out.push_str("}}");
    Ok(())
}

fn files(out: &mut String, dice: &mut Dice) -> std::fmt::Result {
    out.push_str("{\"files\":[");
    for place in 0..1 + dice.sloped(3) {
        let comma = if place == 0 { "" } else { "," };
        let (name, bytes) =
            (dice.pick(&["report, final.pdf", "IMG_0042.jpg", "données.csv", "план.docx"]), dice.below(90_000_000));
        write!(out, r#"{comma}{{"name":"{name}","bytes":{bytes},"alt":"a \"quoted\" name"}}"#)?;
    }
    out.push_str("]}");
    Ok(())
}

fn mentions(out: &mut String, organisation: &Organisation, dice: &mut Dice) -> std::fmt::Result {
    let (one, other) = (dice.below(500), dice.below(500));
    write!(out, r#"{{ "mentions" : [ "u{one}" , "u{other}" ] , "team" : "{}" }}"#, organisation.slug)
}

/// Numbers keep the form in which they were written, also those that no machine number holds.
fn numbers(out: &mut String, dice: &mut Dice) -> std::fmt::Result {
    let cents = dice.below(100_000);
    write!(
        out,
        r#"{{"price":{}.{:02},"ratio":1.50,"tiny":2E-7,"big":12345678901234567890123,"zero":-0.0,"exp":1e+05}}"#,
        cents / 100,
        cents % 100
    )
}
