//! Two processes ingest into one folder at the same time: every row is there once.

use crate::support::Outhaul;

#[test]
fn every_row_is_there_once() {
    let outhaul = Outhaul::new();
    let orgs = ["org-0001", "org-0002"];
    let mut rows = [0_u64; 2];
    let mut files = Vec::new();
    for (index, org) in orgs.into_iter().enumerate() {
        for seed in ["1", "2", "3", "4"] {
            let name = format!("{org}-{seed}.ndjson");
            let args = ["--messages", "6000", "--organisations", "2", "--days", "9", "--seed", seed, "--org", org];
            let path = outhaul.generate(&name, &args);
            rows[index] += std::fs::read_to_string(&path).unwrap().lines().count() as u64;
            files.push((org, name));
        }
        outhaul.run(&["org", "create", org]).expect(0);
    }
    // Each file is brought by two processes, of which only one may count.
    let start = |(org, name): &(&str, String)| outhaul.command(&["ingest", "--org", org, name]).spawn().unwrap();
    let children: Vec<_> = files.iter().chain(&files).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let stats = outhaul.json(&["lake", "stats"]);
    let counted: Vec<_> =
        stats["organisations"].as_array().unwrap().iter().map(|org| org["rows"].as_u64().unwrap()).collect();
    assert_eq!(counted, rows);
    let checked = outhaul.json(&["lake", "check"]);
    assert_eq!((&checked["ok"], &checked["orphans"]), (&true.into(), &serde_json::json!([])));
}
