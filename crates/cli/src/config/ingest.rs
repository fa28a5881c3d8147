//! `[ingest]`: what input may look like.

use lake::ingest::InputLimits;
use serde::{Deserialize, Serialize};

/// What input may look like; the defaults are those of the contract.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ingest {
    /// Rows are sorted in memory up to this size, then on disk (bytes).
    pub sort_memory_bytes: usize,
    /// Refused lines that are listed; the rest are counted.
    pub refused_listed: usize,
    /// Longest `message_id` (bytes of UTF-8).
    pub message_id_bytes: usize,
    /// Longest `channel` (bytes).
    pub channel_bytes: usize,
    /// Longest `thread` (bytes).
    pub thread_bytes: usize,
    /// Longest `sender` (bytes).
    pub sender_bytes: usize,
    /// Longest `kind` (bytes).
    pub kind_bytes: usize,
    /// Longest `text` (bytes).
    pub text_bytes: usize,
    /// Longest `attributes`, in compact form (bytes).
    pub attributes_bytes: usize,
    /// Longest line of NDJSON as it stands (bytes).
    pub line_bytes: usize,
    /// Greatest window of zstd input, as a power of two.
    pub zstd_window_log: u32,
}

impl Default for Ingest {
    fn default() -> Self {
        let input = InputLimits::default();
        Self {
            sort_memory_bytes: 48 << 20,
            refused_listed: 1_000,
            message_id_bytes: input.message_id_bytes,
            channel_bytes: input.channel_bytes,
            thread_bytes: input.thread_bytes,
            sender_bytes: input.sender_bytes,
            kind_bytes: input.kind_bytes,
            text_bytes: input.text_bytes,
            attributes_bytes: input.attributes_bytes,
            line_bytes: input.line_bytes,
            zstd_window_log: input.zstd_window_log,
        }
    }
}

impl Ingest {
    /// As the lake takes them.
    pub fn input_limits(&self) -> InputLimits {
        InputLimits {
            message_id_bytes: self.message_id_bytes,
            channel_bytes: self.channel_bytes,
            thread_bytes: self.thread_bytes,
            sender_bytes: self.sender_bytes,
            kind_bytes: self.kind_bytes,
            text_bytes: self.text_bytes,
            attributes_bytes: self.attributes_bytes,
            line_bytes: self.line_bytes,
            zstd_window_log: self.zstd_window_log,
            ..InputLimits::default()
        }
    }
}
