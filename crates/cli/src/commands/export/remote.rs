//! `outhaul export --server`: the same request to a service, and the file from there.

use std::sync::OnceLock;

use serde_json::{Value, json};

use super::output::{Output, Target, Vec1};
use crate::args;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::remote::Remote;
use crate::remote::exports::{Export, RemoteFile};
use crate::report::Report;
use crate::system;

const BAR: &str = "{spinner} {bar:32} {pos}/{len} segments  {msg}  {eta} left";
const DOWNLOAD_BAR: &str = "{spinner} {bar:32} {bytes}/{total_bytes}  {bytes_per_sec}";

/// Asks for the export, waits for it and fetches it. What the service was asked for goes on after an interrupt.
pub async fn run(server: &str, args: args::Export, report: &Report) -> Result<Exit, Failure> {
    if args.no_reuse {
        return Err(Failure::usage("--no-reuse is for a data folder; a service decides itself what it builds anew"));
    }
    let target = Target::new(&args.output, args.format, args.force)?;
    let remote = Remote::of_environment(server)?;
    let mut interrupted = interrupt::switch()?;
    let asked = OnceLock::new();
    tokio::select! {
        done = whole(&remote, &args, &target, &asked, report) => {
            let lost = done.as_ref().is_err_and(|failure| matches!(failure.code, Exit::NotFound | Exit::Unavailable));
            if let Some(path) = asked.get().filter(|_| lost) {
                report.say(goes_on(&remote, path));
            }
            done
        }
        () = interrupt::came(&mut interrupted) => {
            if let Some(path) = asked.get() {
                report.say(format!("interrupted; {}", goes_on(&remote, path)));
            }
            Ok(Exit::Interrupted)
        }
    }
}

async fn whole(
    remote: &Remote,
    args: &args::Export,
    target: &Target,
    asked: &OnceLock<String>,
    report: &Report,
) -> Result<Exit, Failure> {
    let (clock, random) = (system::clock(), system::random());
    let started = clock.monotonic();
    let exports = format!("/v1/organisations/{}/exports", args.org);
    let key = domain::random::uuid_v7(clock.now(), random.as_ref()).to_string();
    let export = remote.create_export(&exports, &request(args), &key).await?;
    asked.get_or_init(|| format!("{exports}/{}", export.id));
    let bar = report.bar(0, BAR);
    let settled = remote.settled(&exports, &export.id, &bar).await;
    bar.finish_and_clear();
    let export = settled?;
    let outputs = target.outputs(export.files.len())?;
    let mut output = output(&export);
    for (file, path) in export.files.iter().zip(outputs) {
        let bar = report.bar(file.bytes, DOWNLOAD_BAR);
        let fetched = remote.fetch_file(&format!("{exports}/{}", export.id), file, &path, &bar).await;
        bar.finish_and_clear();
        let fetched = fetched?;
        output.rows += fetched.rows;
        output.files += fetched.files;
        (output.reused_parts, output.built_parts) = (fetched.reused_parts, fetched.built_parts);
        fetched.put(args.force)?;
        output.outputs.push(path);
    }
    output.seconds = super::output::rounded((clock.monotonic() - started).as_secs_f64());
    report.result(&output, || output.in_words());
    Ok(Exit::Done)
}

/// What becomes of an export that nobody waits for here any more.
fn goes_on(remote: &Remote, path: &str) -> String {
    let base = remote.base();
    format!(
        "the service goes on with the export at {base}{path}; the same command again uses what it has built, and DELETE \
         of that address cancels it"
    )
}

/// The request as the service takes it; it judges dates, zones and columns.
fn request(args: &args::Export) -> Value {
    let mut request = json!({
        "dataset": args.dataset,
        "from": args.from.to_string(),
        "to": args.to.to_string(),
        "time_zone": args.time_zone.0.name(),
        "format": args.format.name(),
        "profile": args.profile.name(),
    });
    if !args.columns.is_empty() {
        request["columns"] = json!(args.columns);
    }
    let mut filter = json!({});
    if !args.channels.is_empty() {
        filter["channels"] = json!(args.channels);
    }
    if !args.senders.is_empty() {
        filter["senders"] = json!(args.senders);
    }
    if filter != json!({}) {
        request["filter"] = filter;
    }
    request
}

/// What is known before a file is there.
fn output(export: &Export) -> Output {
    let of = |field: fn(&RemoteFile) -> String| Vec1::of(export.files.iter().map(field).collect());
    Output {
        export_id: export.id.clone(),
        state: "succeeded",
        rows: 0,
        files: 0,
        bytes: export.files.iter().map(|file| file.bytes).sum(),
        outputs: Vec::new(),
        crc64nvme: of(|file| file.crc64nvme.clone()),
        manifest_blake3: of(|file| file.manifest_blake3.clone()),
        reused_parts: 0,
        built_parts: 0,
        encoded_rows: 0,
        seconds: 0.0,
    }
}
