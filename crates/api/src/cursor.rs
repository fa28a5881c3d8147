//! Cursors: where the next page of a list begins, opaque to clients and checked when they come back.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::{ExportId, MembershipId, UserId};
use domain::time::Day;
use thiserror::Error;
use uuid::Uuid;

/// First byte of each cursor: what it is made of may change.
const VERSION: u8 = 1;

/// The place behind the last item of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// Exports created before this one.
    Export(ExportId),
    /// Segments from this number on.
    Segment(u32),
    /// Memberships after this one.
    Membership(Day, MembershipId),
    /// Members after this one.
    User(UserId),
}

impl Cursor {
    /// Base64url of version, kind and place.
    pub fn encode(self) -> String {
        let mut bytes = vec![VERSION];
        match self {
            Self::Export(id) => {
                bytes.push(b'e');
                bytes.extend(id.0.as_bytes());
            }
            Self::Segment(number) => {
                bytes.push(b's');
                bytes.extend(number.to_be_bytes());
            }
            Self::Membership(valid_from, id) => {
                bytes.push(b'm');
                bytes.extend(valid_from.0.to_be_bytes());
                bytes.extend(id.0.as_bytes());
            }
            Self::User(id) => {
                bytes.push(b'u');
                bytes.extend(id.0.as_bytes());
            }
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads a cursor.
    ///
    /// # Errors
    /// Whatever no list of this version gave out.
    pub fn decode(text: &str) -> Result<Self, CursorError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError)?;
        let [VERSION, kind, place @ ..] = bytes.as_slice() else { return Err(CursorError) };
        let uuid = |bytes: &[u8]| Uuid::from_slice(bytes).map_err(|_| CursorError);
        match (kind, place) {
            (b'e', id) => Ok(Self::Export(ExportId(uuid(id)?))),
            (b'u', id) => Ok(Self::User(UserId(uuid(id)?))),
            (b's', number) => Ok(Self::Segment(u32::from_be_bytes(number.try_into().map_err(|_| CursorError)?))),
            (b'm', place) => {
                let (day, id) = place.split_first_chunk::<4>().ok_or(CursorError)?;
                let day = Day(i32::from_be_bytes(*day));
                let real = (Day::MIN..=Day::MAX).contains(&day);
                if real { Ok(Self::Membership(day, MembershipId(uuid(id)?))) } else { Err(CursorError) }
            }
            _ => Err(CursorError),
        }
    }
}

/// Not a cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("is not a cursor that this list gave out")]
pub struct CursorError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back() {
        let id: ExportId = "01890a5d-ac96-774b-bcce-b302099a8057".parse().unwrap();
        for cursor in [
            Cursor::Export(id),
            Cursor::Segment(0),
            Cursor::Segment(179_999),
            Cursor::Membership(Day::MIN, MembershipId(id.0)),
            Cursor::Membership(Day(19_000), MembershipId(id.0)),
        ] {
            assert_eq!(Cursor::decode(&cursor.encode()), Ok(cursor));
        }
    }

    #[test]
    fn nothing_else_is_a_cursor() {
        let raw = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        for bad in [
            String::new(),
            "=".to_owned(),
            "AWU=".to_owned(),
            raw(&[1, b'e']),
            raw(&[2, b's', 0, 0, 0, 1]),
            raw(&[1, b's', 0, 0, 0]),
            raw(&[1, b's', 0, 0, 0, 1, 0]),
            raw(&[1, b'x', 0, 0, 0, 1]),
            raw(&[[1, b'm', 0x7f, 0xff, 0xff, 0xff].as_slice(), &[0; 16]].concat()),
        ] {
            assert_eq!(Cursor::decode(&bad), Err(CursorError), "{bad}");
        }
    }
}
