//! Small promises of the command line.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::support::{Outhaul, Ran};

const DAYS: (&str, &str) = ("2024-01-01", "2024-01-04");

fn outhaul() -> Outhaul {
    let outhaul = Outhaul::new();
    let messages = outhaul.generate("m.ndjson", &["--messages", "2000", "--organisations", "1", "--days", "4"]);
    outhaul.ingest("org-0001", &[&messages]);
    outhaul
}

fn names(outhaul: &Outhaul) -> Vec<String> {
    let entries = fs::read_dir(outhaul.file("")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.into_string().unwrap()).collect();
    names.retain(|name| name.starts_with("out"));
    names.sort();
    names
}

#[test]
fn force_leaves_no_volumes_beside_a_file_and_no_file_beside_volumes() {
    for (format, name) in [("zip", "out.zip"), ("csv", "out.csv")] {
        let outhaul = outhaul();
        let export = |days: (&str, &str), limit: &str| {
            let mut args = vec!["export", "messages", "--org", "org-0001", "--from", days.0, "--to", days.1];
            args.extend(["--format", format, "--output", name, "--force"]);
            let mut command = outhaul.command(&args);
            command.env("OUTHAUL_LIMITS__SEGMENT_ROWS_TARGET", "100").env("OUTHAUL_LIMITS__VOLUME_LIMIT_BYTES", limit);
            Ran::of(&command.output().unwrap()).expect(0);
            names(&outhaul)
        };
        let single = export(DAYS, "100000000");
        let many = export(DAYS, "20000");
        assert!(many.len() > 3 && !many.contains(&name.to_owned()), "{many:?}");
        let fewer = export((DAYS.0, DAYS.0), "20000");
        assert!(
            fewer.len() < many.len() && fewer.iter().all(|name| many.contains(name) || single.contains(name)),
            "{fewer:?}"
        );
        assert_eq!(export(DAYS, "100000000"), single);
    }
}

#[test]
fn an_order_to_die_at_an_unknown_place_is_refused() {
    for order in ["plan.pined:1", "plan.pinned", "plan.pinned:0", "plan.pinned:x"] {
        let outhaul = Outhaul::new();
        let output = outhaul.command(&["doctor"]).env("OUTHAUL_KILL_AT", order).output().unwrap();
        let ran = Ran::of(&output).expect(2);
        assert!(ran.stderr.contains("OUTHAUL_KILL_AT"), "{ran:?}");
    }
}

#[test]
fn an_input_that_cannot_be_read_is_told_once() {
    let outhaul = Outhaul::new();
    fs::write(outhaul.file("m.ndjson.gz"), b"this is no gzip at all").unwrap();
    let ran = outhaul.run(&["ingest", "--org", "acme", "--create", "m.ndjson.gz"]).expect(3);
    for part in ["m.ndjson.gz was not taken", "the input cannot be read", "it is not valid gzip"] {
        assert_eq!(ran.stderr.matches(part).count(), 1, "{part}: {ran:?}");
    }
}

#[test]
fn a_folder_is_no_archive() {
    let outhaul = Outhaul::new();
    let ran = outhaul.run(&["verify", "."]).expect(2);
    assert!(ran.stderr.contains("is a folder"), "{ran:?}");
}

#[test]
fn a_batch_known_by_its_bytes_is_not_written_again() {
    let outhaul = outhaul();
    let ingest = ["ingest", "--org", "org-0001", "m.ndjson"];
    // It never gets as far as data files.
    let again = outhaul.command(&ingest).env("OUTHAUL_KILL_AT", "ingest.written:1").output().unwrap();
    Ran::of(&again).expect(0);
}

#[test]
fn modes_do_not_depend_on_the_umask() {
    let outhaul = outhaul();
    let program = outhaul.command(&[]);
    let umask = |mask: &str, args: &[&str]| {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("umask {mask}; exec \"$0\" --data far/away/data \"$@\"")])
            .arg(program.get_program());
        Ran::of(&shell.args(args).current_dir(outhaul.file("")).output().unwrap()).expect(0);
    };
    for mask in ["777", "000"] {
        umask(mask, &["ingest", "--org", "org-0001", "--create", "m.ndjson"]);
        umask(mask, &["export", "messages", "--org", "org-0001", "--from", DAYS.0, "--to", DAYS.1, "--output", mask]);
        modes(&outhaul.file("far"));
        fs::remove_dir_all(outhaul.file("far")).unwrap();
    }
}

/// Folders are 0700 and files 0600, all the way down.
fn modes(path: &Path) {
    let found = path.metadata().unwrap();
    let expected = if found.is_dir() { 0o700 } else { 0o600 };
    assert_eq!(found.permissions().mode() & 0o777, expected, "{}", path.display());
    if found.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| modes(&entry.unwrap().path()));
    }
}
