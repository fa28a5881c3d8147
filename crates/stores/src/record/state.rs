//! The state as it is kept, tagged with the name of the contract, or of the phase while it runs.

use domain::export::{ArchiveFile, FailedSegment, Failure, FailureCode, Fresh, Lanes, Phase, Segments, Slot, State};
use domain::time::{Day, Micros};
use serde::{Deserialize, Serialize};

use super::{RowError, Unknown};

#[derive(Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case")]
pub(super) enum StateRow {
    Queued,
    Planning {
        slot: SlotRow,
    },
    Segments(SegmentsRow),
    Lanes {
        open: u32,
        settled: SegmentsRow,
    },
    Assembling {
        slot: SlotRow,
    },
    Succeeded {
        finished_at: i64,
        expires_at: i64,
        files: Vec<FileRow>,
        #[serde(default)]
        notify: Option<SlotRow>,
        expire: SlotRow,
    },
    Failed {
        finished_at: i64,
        code: String,
        message: String,
        segments: Vec<FailedRow>,
        // Before version 3: the first number nobody has tried, none where nothing can be tried again.
        #[serde(default, skip_serializing)]
        claimed: u32,
        #[serde(default)]
        rest: Option<Vec<(u32, u32)>>,
        #[serde(default)]
        notify: Option<SlotRow>,
        removal: Option<SlotRow>,
    },
    Cancelled {
        finished_at: i64,
        removal: Option<SlotRow>,
    },
    Expired {
        finished_at: i64,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SlotRow {
    Ready(i64),
    Leased(i64),
}

/// A failed segment: its number, and its first and last day (days since 1970-01-01) where they are known. Version 1 knew
/// none.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum FailedRow {
    Number(u32),
    WithDays(u32, i32, i32),
}

#[derive(Serialize, Deserialize)]
pub(super) struct SegmentsRow {
    total: u32,
    // Before version 3: the first number nobody has claimed.
    #[serde(default, skip_serializing)]
    next: u32,
    #[serde(default)]
    fresh: Option<Vec<(u32, u32)>>,
    done: u32,
    leased: u32,
    // Pairs: a JSON object would turn the numbers into text.
    retry: Vec<(u32, i64)>,
    failed: Vec<FailedRow>,
    last_failure: Option<(String, String)>,
    look_at: i64,
}

#[derive(Serialize, Deserialize)]
pub(super) struct FileRow {
    name: String,
    bytes: u64,
    files: u64,
    rows: u64,
    crc64nvme: String,
    manifest_blake3: String,
}

impl From<&State> for StateRow {
    fn from(state: &State) -> Self {
        match state {
            State::Queued => Self::Queued,
            State::Running(Phase::Plan(slot)) => Self::Planning { slot: (*slot).into() },
            State::Running(Phase::Segments(segments)) => Self::Segments(segments.into()),
            State::Running(Phase::Lanes(Lanes { open, settled })) => {
                Self::Lanes { open: *open, settled: settled.into() }
            }
            State::Running(Phase::Assemble(slot)) => Self::Assembling { slot: (*slot).into() },
            State::Succeeded { finished_at, expires_at, files, notify, expire } => Self::Succeeded {
                finished_at: finished_at.0,
                expires_at: expires_at.0,
                files: files.iter().map(FileRow::from).collect(),
                notify: notify.map(SlotRow::from),
                expire: (*expire).into(),
            },
            State::Failed { finished_at, failure, notify, removal } => Self::Failed {
                finished_at: finished_at.0,
                code: failure.code.name().to_owned(),
                message: failure.message.clone(),
                segments: failure.segments.iter().map(|failed| FailedRow::of(failed.number, failed.days)).collect(),
                claimed: 0,
                rest: failure.rest.as_ref().map(|rest| rest.ranges().to_vec()),
                notify: notify.map(SlotRow::from),
                removal: removal.map(SlotRow::from),
            },
            State::Cancelled { finished_at, removal } => {
                Self::Cancelled { finished_at: finished_at.0, removal: removal.map(SlotRow::from) }
            }
            State::Expired { finished_at } => Self::Expired { finished_at: finished_at.0 },
        }
    }
}

impl TryFrom<StateRow> for State {
    type Error = RowError;

    fn try_from(row: StateRow) -> Result<Self, RowError> {
        Ok(match row {
            StateRow::Queued => Self::Queued,
            StateRow::Planning { slot } => Self::Running(Phase::Plan(slot.into())),
            StateRow::Segments(segments) => Self::Running(Phase::Segments(segments.try_into()?)),
            StateRow::Lanes { open, settled } => {
                Self::Running(Phase::Lanes(Lanes { open, settled: settled.try_into()? }))
            }
            StateRow::Assembling { slot } => Self::Running(Phase::Assemble(slot.into())),
            StateRow::Succeeded { finished_at, expires_at, files, notify, expire } => Self::Succeeded {
                finished_at: Micros(finished_at),
                expires_at: Micros(expires_at),
                files: files.into_iter().map(ArchiveFile::try_from).collect::<Result<_, _>>()?,
                notify: notify.map(Slot::from),
                expire: expire.into(),
            },
            StateRow::Failed { finished_at, code, message, segments, claimed, rest, notify, removal } => Self::Failed {
                finished_at: Micros(finished_at),
                failure: Failure {
                    code: failure_code(&code)?,
                    message,
                    segments: segments.into_iter().map(FailedRow::segment).collect(),
                    rest: rest.or_else(|| (claimed > 0).then(|| vec![(claimed, u32::MAX)])).map(Fresh::of),
                },
                notify: notify.map(Slot::from),
                removal: removal.map(Slot::from),
            },
            StateRow::Cancelled { finished_at, removal } => {
                Self::Cancelled { finished_at: Micros(finished_at), removal: removal.map(Slot::from) }
            }
            StateRow::Expired { finished_at } => Self::Expired { finished_at: Micros(finished_at) },
        })
    }
}

impl FailedRow {
    const fn of(number: u32, days: Option<(Day, Day)>) -> Self {
        match days {
            None => Self::Number(number),
            Some((first, last)) => Self::WithDays(number, first.0, last.0),
        }
    }

    const fn segment(self) -> FailedSegment {
        match self {
            Self::Number(number) => FailedSegment { number, days: None },
            Self::WithDays(number, first, last) => FailedSegment { number, days: Some((Day(first), Day(last))) },
        }
    }
}

impl From<Slot> for SlotRow {
    fn from(slot: Slot) -> Self {
        match slot {
            Slot::Ready(at) => Self::Ready(at.0),
            Slot::Leased(at) => Self::Leased(at.0),
        }
    }
}

impl From<SlotRow> for Slot {
    fn from(row: SlotRow) -> Self {
        match row {
            SlotRow::Ready(at) => Self::Ready(Micros(at)),
            SlotRow::Leased(at) => Self::Leased(Micros(at)),
        }
    }
}

impl From<&Segments> for SegmentsRow {
    fn from(segments: &Segments) -> Self {
        let failure = |(code, message): &(FailureCode, String)| (code.name().to_owned(), message.clone());
        Self {
            total: segments.total,
            next: 0,
            fresh: Some(segments.fresh.ranges().to_vec()),
            done: segments.done,
            leased: segments.leased,
            retry: segments.retry.iter().map(|(number, due_at)| (*number, due_at.0)).collect(),
            failed: segments.failed.iter().map(|(number, days)| FailedRow::of(*number, *days)).collect(),
            last_failure: segments.last_failure.as_ref().map(failure),
            look_at: segments.look_at.0,
        }
    }
}

impl TryFrom<SegmentsRow> for Segments {
    type Error = RowError;

    fn try_from(row: SegmentsRow) -> Result<Self, RowError> {
        let failure = |(code, message): (String, String)| failure_code(&code).map(|code| (code, message));
        Ok(Self {
            total: row.total,
            fresh: Fresh::of(row.fresh.unwrap_or_else(|| vec![(row.next, row.total)])),
            done: row.done,
            leased: row.leased,
            retry: row.retry.into_iter().map(|(number, due_at)| (number, Micros(due_at))).collect(),
            failed: row.failed.into_iter().map(FailedRow::segment).map(|failed| (failed.number, failed.days)).collect(),
            last_failure: row.last_failure.map(failure).transpose()?,
            look_at: Micros(row.look_at),
        })
    }
}

impl From<&ArchiveFile> for FileRow {
    fn from(file: &ArchiveFile) -> Self {
        Self {
            name: file.name.clone(),
            bytes: file.bytes,
            files: file.files,
            rows: file.rows,
            crc64nvme: format!("{:016x}", file.crc64nvme),
            manifest_blake3: file.manifest_blake3.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

impl TryFrom<FileRow> for ArchiveFile {
    type Error = RowError;

    fn try_from(row: FileRow) -> Result<Self, RowError> {
        let hash = blake3(&row.manifest_blake3).ok_or_else(|| Unknown::new("BLAKE3", &row.manifest_blake3))?;
        Ok(Self {
            name: row.name,
            bytes: row.bytes,
            files: row.files,
            rows: row.rows,
            crc64nvme: u64::from_str_radix(&row.crc64nvme, 16)?,
            manifest_blake3: hash,
        })
    }
}

fn blake3(hex: &str) -> Option<[u8; 32]> {
    let mut hash = [0; 32];
    for (byte, at) in hash.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
    }
    (hex.len() == 64).then_some(hash)
}

fn failure_code(name: &str) -> Result<FailureCode, Unknown> {
    let all = [FailureCode::StepFailed, FailureCode::WorkersDied, FailureCode::Refused];
    all.into_iter().find(|code| code.name() == name).ok_or_else(|| Unknown::new("code of a failure", name))
}
