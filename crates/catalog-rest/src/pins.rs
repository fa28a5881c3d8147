//! Pins: an object for each, named by its export.

use domain::ids::ExportId;
use domain::time::Micros;
use lake::catalog::Pin;
use lake::storage::{ObjectError, Stored};
use serde::{Deserialize, Serialize};

use crate::objects::Beside;

const FOLDER: &str = "pins";
/// How often a pin is written that somebody takes away at the same moment.
const TRIES: u32 = 5;

#[derive(Debug, Serialize, Deserialize)]
struct Written {
    export: String,
    owner: String,
    snapshot_id: i64,
    pinned_at: i64,
}

/// Writes a pin, unless the export has one. Returns the one that holds.
pub(crate) async fn pin(objects: &Beside, pin: &Pin) -> Result<Pin, ObjectError> {
    let written = Written {
        export: pin.export.to_string(),
        owner: pin.owner.to_string(),
        snapshot_id: pin.snapshot_id,
        pinned_at: pin.pinned_at.0,
    };
    for _ in 0..TRIES {
        if objects.put(&name(pin.export), &written).await? == Stored::Now {
            return Ok(pin.clone());
        }
        if let Some(found) = objects.get::<Written>(&name(pin.export)).await? {
            return read(found);
        }
    }
    Err(ObjectError { source: "a pin is taken away again and again".into(), retryable: true })
}

pub(crate) async fn unpin(objects: &Beside, export: ExportId) -> Result<(), ObjectError> {
    objects.remove(&name(export)).await
}

/// Every pin, oldest first.
pub(crate) async fn all(objects: &Beside) -> Result<Vec<Pin>, ObjectError> {
    let found = objects.all::<Written>(FOLDER).await?;
    let pins: Result<Vec<_>, _> = found.into_iter().map(|(_, written)| read(written)).collect();
    let mut pins = pins?;
    pins.sort_by_key(|pin| (pin.pinned_at, pin.export));
    Ok(pins)
}

fn name(export: ExportId) -> String {
    format!("{FOLDER}/{export}.json")
}

fn read(written: Written) -> Result<Pin, ObjectError> {
    let wrong = |what: &'static str| ObjectError { source: what.into(), retryable: false };
    Ok(Pin {
        owner: written.owner.parse().map_err(|_| wrong("a pin has an owner that is none"))?,
        export: written.export.parse().map_err(|_| wrong("a pin has an export that is none"))?,
        snapshot_id: written.snapshot_id,
        pinned_at: Micros(written.pinned_at),
    })
}
