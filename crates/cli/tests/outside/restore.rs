//! Stores put back from backups of different moments: nothing built of the lost future is taken for current.

use std::path::{Path, PathBuf};

use crate::support::{Outhaul, sha256};

const MONTH: (&str, &str) = ("2024-01-01", "2024-01-31");

fn batch(outhaul: &Outhaul, name: &str) -> PathBuf {
    let line = |n: u32| {
        format!("{{\"message_id\":\"{name}-{n}\",\"sent_at\":\"2024-01-10T12:00:0{n}Z\",\"text\":\"{name}\"}}\n")
    };
    let path = outhaul.file(&format!("{name}.ndjson"));
    std::fs::write(&path, (0..3).map(line).collect::<String>()).unwrap();
    path
}

/// The catalog, the job store and all that lies beside it.
fn databases(folder: &Path) -> Vec<PathBuf> {
    let all = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.file_name().unwrap().to_str().unwrap().contains(".db")).collect()
}

fn copy(from: &Path, to: &Path) {
    for path in databases(from) {
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[test]
fn the_lost_future_is_not_taken_for_current() {
    let outhaul = Outhaul::new();
    outhaul.ingest("org-a", &[&batch(&outhaul, "kept")]);
    outhaul.ingest("org-b", &[&batch(&outhaul, "beside")]);
    outhaul.export("org-a", MONTH, "kept.zip", &[]);
    let backup = outhaul.file("backup");
    std::fs::create_dir(&backup).unwrap();
    copy(&outhaul.data(), &backup);

    // Two commits that the backup knows nothing of; files and parts of theirs stay.
    outhaul.ingest("org-b", &[&batch(&outhaul, "lost-beside")]);
    outhaul.ingest("org-a", &[&batch(&outhaul, "lost")]);
    outhaul.export("org-a", MONTH, "lost.zip", &[]);
    databases(&outhaul.data()).iter().for_each(|path| std::fs::remove_file(path).unwrap());
    copy(&backup, &outhaul.data());

    let restored = outhaul.json(&["restore"]);
    assert_eq!((&restored["logins_ended"], &restored["without_files"]), (&0.into(), &serde_json::json!([])));
    // The second commit since the backup again, as many rows on the same day: all but the restore is as it was.
    outhaul.ingest("org-a", &[&batch(&outhaul, "other")]);
    let after = outhaul.export("org-a", MONTH, "after.zip", &[]);
    assert_eq!((&after["rows"], &after["built_parts"]), (&6.into(), &1.into()));
    outhaul.run(&["verify", "after.zip"]).expect(0);

    let truth = Outhaul::new();
    truth.ingest("org-a", &[&batch(&truth, "kept"), &batch(&truth, "other")]);
    truth.export("org-a", MONTH, "truth.zip", &[]);
    assert_eq!(sha256(&outhaul.file("after.zip")), sha256(&truth.file("truth.zip")));
    assert_ne!(sha256(&outhaul.file("after.zip")), sha256(&outhaul.file("lost.zip")));
}

/// A finished export whose archive is not in the backup of the artifacts is named.
#[test]
fn an_export_without_its_file_is_named() {
    let outhaul = Outhaul::new();
    outhaul.ingest("org-a", &[&batch(&outhaul, "kept")]);
    let export = outhaul.export("org-a", MONTH, "kept.zip", &[]);
    std::fs::remove_dir_all(outhaul.data().join("artifacts/archives")).unwrap();
    let restored = outhaul.json(&["restore"]);
    let named = serde_json::json!([{ "organisation": "org-a", "export_id": export["export_id"] }]);
    assert_eq!(restored["without_files"], named);
}
