//! A finished month is built once: the quarter after its three months builds nothing.

use crate::support::Outhaul;

#[test]
fn the_quarter_after_its_months_builds_no_part() {
    let outhaul = Outhaul::new();
    let messages = outhaul.generate("m.ndjson", &["--messages", "30000", "--organisations", "1", "--days", "91"]);
    outhaul.ingest("org-0001", &[&messages]);
    let months = [("2024-01-01", "2024-01-31"), ("2024-02-01", "2024-02-29"), ("2024-03-01", "2024-03-31")];
    for (number, month) in months.into_iter().enumerate() {
        let done = outhaul.export("org-0001", month, &format!("{number}.zip"), &[]);
        assert_eq!((&done["built_parts"], &done["reused_parts"]), (&1.into(), &0.into()));
        assert!(done["encoded_rows"].as_u64().unwrap() > 0);
    }
    let quarter = outhaul.export("org-0001", ("2024-01-01", "2024-03-31"), "quarter.zip", &[]);
    assert_eq!((&quarter["built_parts"], &quarter["reused_parts"]), (&0.into(), &3.into()));
    assert_eq!(quarter["encoded_rows"], 0, "the encoder saw a row");
    outhaul.run(&["verify", "quarter.zip"]).expect(0);

    let anew = outhaul.export("org-0001", ("2024-01-01", "2024-03-31"), "anew.zip", &["--no-reuse"]);
    assert_eq!((&anew["built_parts"], &anew["reused_parts"]), (&3.into(), &0.into()));
    assert_eq!(outhaul.sha256("quarter.zip"), outhaul.sha256("anew.zip"));
}

/// Only what changed is built again.
#[test]
fn an_append_touches_its_own_month_only() {
    let outhaul = Outhaul::new();
    let messages = outhaul.generate("m.ndjson", &["--messages", "9000", "--organisations", "1", "--days", "91"]);
    outhaul.ingest("org-0001", &[&messages]);
    let quarter = ("2024-01-01", "2024-03-31");
    outhaul.export("org-0001", quarter, "before.zip", &[]);
    let late = outhaul.file("late.ndjson");
    std::fs::write(&late, "{\"message_id\":\"late\",\"sent_at\":\"2024-02-10T12:00:00Z\",\"text\":\"late\"}\n")
        .unwrap();
    outhaul.ingest("org-0001", &[&late]);
    let after = outhaul.export("org-0001", quarter, "after.zip", &[]);
    assert_eq!((&after["built_parts"], &after["reused_parts"]), (&1.into(), &2.into()));
    assert_ne!(outhaul.sha256("before.zip"), outhaul.sha256("after.zip"));
}
