//! Every limit by name, with its default.

use serde::{Deserialize, Serialize};

/// The limits of one installation; each field stands in the configuration under the same name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Rows that one segment aims at; a busier slice is cut further (rows).
    pub segment_rows_target: u64,
    /// Smallest piece that the assembly of an object store takes on its own (bytes).
    pub part_minimum_bytes: u64,
    /// Greatest archive before it is cut into volumes (bytes).
    pub volume_limit_bytes: u64,
    /// Most pieces that one archive is put together from (S3: 10,000 parts an upload).
    pub volume_limit_pieces: u32,
    /// Greatest export that is taken on, by estimate (bytes).
    pub export_bytes_limit: u64,
    /// Exports of one organisation that run at the same time; more wait.
    pub running_exports_per_organisation: u32,
    /// Exports one organisation may ask for on one UTC day.
    pub exports_per_organisation_per_day: u32,
    /// How long files live after completion (seconds).
    pub files_live_seconds: u64,
    /// How long a link may be started (seconds).
    pub link_seconds: u64,
    /// Greatest mail attachment (bytes).
    pub mail_attachment_bytes: u64,
    /// Greatest request body as sent (bytes).
    pub request_body_bytes: u64,
    /// Greatest request body once decompressed (bytes).
    pub request_decompressed_bytes: u64,
    /// Refused lines of messages brought in over HTTP that are listed; the rest are counted.
    pub refused_listed: u32,
    /// Most items on one page of a list.
    pub page_items: u32,
    /// Life of an access token (seconds).
    pub access_token_seconds: u64,
    /// Life of a refresh token, from login (seconds).
    pub refresh_token_seconds: u64,
    /// How long a step may go without a heartbeat (milliseconds).
    pub lease_milliseconds: u64,
    /// Time between two heartbeats (milliseconds).
    pub heartbeat_milliseconds: u64,
    /// Time between two looks for overdue steps, by one worker of all (milliseconds).
    pub sweep_milliseconds: u64,
    /// Attempts at one step before it counts as failed.
    pub attempts_per_step: u32,
    /// Attempts at sending a letter before it is given up.
    pub notify_attempts: u32,
    /// How long a settled export stays known once its files are gone (seconds).
    pub settled_live_seconds: u64,
    /// How long a client's key finds its export again (seconds).
    pub idempotency_seconds: u64,
    /// Wait before the first repeat of a failed step; it doubles with each further one (milliseconds).
    pub retry_milliseconds: u64,
    /// Most segments claimed by one write.
    pub claim_segments: u32,
    /// Greatest export, by its plan, whose steps one worker runs one behind the other (rows).
    pub small_export_rows: u64,
    /// Most segments of one export that wait for a repeat or have failed at a time.
    pub retry_set: u32,
    /// An export with more segments left counts them in lanes, one for each as many.
    pub lane_segments: u32,
    /// Most lanes of one export.
    pub lanes: u32,
    /// Greatest head of an HTTP request: its line and its headers (bytes).
    pub header_bytes: u64,
    /// Greatest JSON body (bytes).
    pub json_body_bytes: u64,
    /// How long a request may take to come and to be answered, unless it streams (seconds).
    pub request_seconds: u64,
    /// How long bringing messages in by one request may take (seconds).
    pub ingest_seconds: u64,
    /// Requests that bring messages in at a time; further ones wait, since each sorts in memory.
    pub ingests_at_once: u32,
    /// Most connections at a time; further ones wait.
    pub connections: u32,
    /// How long a client may take nothing of an answer before its connection is closed (seconds).
    pub stalled_seconds: u64,
    /// Most attempts to sign in to one account in 15 minutes.
    pub login_attempts_per_account: u32,
    /// Most attempts to sign in from one address in 15 minutes.
    pub login_attempts_per_address: u32,
    /// Most passwords that are hashed at a time (19 MiB each).
    pub password_hashes_at_once: u32,
}

impl Limits {
    /// In how many lanes an export with so many segments counts them.
    pub fn lanes_of(&self, segments: u32) -> u32 {
        (segments / self.lane_segments.max(1)).clamp(1, self.lanes.max(1))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            segment_rows_target: 2_000_000,
            part_minimum_bytes: 5 << 20,
            volume_limit_bytes: 100_000_000_000,
            volume_limit_pieces: 10_000,
            export_bytes_limit: 10_000_000_000_000,
            running_exports_per_organisation: 2,
            exports_per_organisation_per_day: 100,
            files_live_seconds: 7 * 86_400,
            link_seconds: 60,
            mail_attachment_bytes: 5 << 20,
            request_body_bytes: 64 << 20,
            request_decompressed_bytes: 1 << 30,
            refused_listed: 100,
            page_items: 100,
            access_token_seconds: 300,
            refresh_token_seconds: 30 * 86_400,
            lease_milliseconds: 15_000,
            heartbeat_milliseconds: 5_000,
            sweep_milliseconds: 5_000,
            attempts_per_step: 3,
            notify_attempts: 10,
            settled_live_seconds: 30 * 86_400,
            idempotency_seconds: 7 * 86_400,
            retry_milliseconds: 500,
            claim_segments: 32,
            small_export_rows: 100_000,
            retry_set: 1_024,
            lane_segments: 500,
            lanes: 16,
            header_bytes: 16 << 10,
            json_body_bytes: 64 << 10,
            request_seconds: 30,
            ingest_seconds: 600,
            ingests_at_once: 4,
            connections: 1_024,
            stalled_seconds: 60,
            login_attempts_per_account: 10,
            login_attempts_per_address: 100,
            password_hashes_at_once: 2,
        }
    }
}
