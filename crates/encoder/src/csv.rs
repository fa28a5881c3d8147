//! CSV from Arrow batches (RFC 4180: CRLF, quotes only where needed), in two profiles.

mod cell;
mod cells;
mod column;
mod encoder;
pub mod reference;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use cell::find_special;
pub use encoder::{CsvEncoder, EncodeError};

/// How text is made fit for its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Exact: a reader gets back what was stored.
    Rfc4180,
    /// For people who open the file in a spreadsheet: a byte order mark first, and text cells that such a program
    /// would take for a formula begin with an apostrophe.
    Spreadsheet,
}

/// U+FEFF in UTF-8; makes a spreadsheet read the file as UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The header line, CRLF included; in the spreadsheet profile the byte order mark stands before it.
pub fn header(columns: &[&str], profile: Profile) -> Vec<u8> {
    let mut line = Vec::new();
    if profile == Profile::Spreadsheet {
        line.extend_from_slice(BYTE_ORDER_MARK);
    }
    for (number, column) in columns.iter().enumerate() {
        if number > 0 {
            line.push(b',');
        }
        cell::push_profiled_text(&mut line, column.as_bytes(), profile);
    }
    line.extend_from_slice(b"\r\n");
    line
}
