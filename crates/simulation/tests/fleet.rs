//! Smaller fleets in CI: what holds, and what stops holding when something is switched off.

use simulation::{Report, Scenario, Switches, picture};

/// A hundred workers, which one export's summary bears.
fn hundred(scenario: Scenario) -> Scenario {
    Scenario { workers: 100, ..scenario.shorter(30) }
}

fn with(switches: Switches, scenario: Scenario) -> Scenario {
    Scenario { switches, ..scenario }
}

/// Whether the target whose name begins so is reached.
fn reaches(report: &Report, what: &str) -> bool {
    let targets = report.targets();
    targets.iter().find(|target| target.what.starts_with(what)).unwrap_or_else(|| panic!("{targets:?}")).reached
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let run = |seed| Report::of(Scenario { seed, ..hundred(Scenario::small_beside_large()) }).json();
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn every_export_ends_though_workers_die_and_wakes_are_lost() {
    for mut scenario in Scenario::all().map(hundred) {
        scenario.faults.lost_wakes = 0.2;
        let report = Report::of(scenario);
        let (json, name) = (report.json(), report.scenario.name);
        assert_eq!((&json["unfinished"], &json["succeeded"]), (&0.into(), &json["exports"]), "{name}: {json:#}");
        assert!(json["workers_died"].as_u64() > Some(10) && json["wakes"]["lost"].as_u64() > Some(10), "{json:#}");
    }
}

#[test]
fn a_hundred_workers_are_busy() {
    for scenario in [Scenario::one_large(), Scenario::all_together()].map(hundred) {
        let report = Report::of(scenario);
        assert!(reaches(&report, "utilisation"), "{report}");
    }
}

/// A thousand workers on one export: as many as its lanes bear, and more than one summary would.
#[test]
fn lanes_keep_a_thousand_workers_busy() {
    let lanes = Report::of(Scenario::one_large().shorter(4));
    assert!(reaches(&lanes, "utilisation") && reaches(&lanes, "store calls"), "{lanes}");
    let one = Switches { one_summary: true, ..Switches::default() };
    let one = Report::of(with(one, Scenario::one_large().shorter(20)));
    assert!(!reaches(&one, "utilisation") && !reaches(&one, "store calls"), "{one}");
}

#[test]
fn turns_keep_the_waits_of_small_exports_short() {
    let scenario = || Scenario::small_beside_large().shorter(10);
    let turns = Report::of(scenario());
    assert!(reaches(&turns, "wait in line"), "{turns}");
    let none = Report::of(with(Switches { no_turns: true, ..Switches::default() }, scenario()));
    assert!(!reaches(&none, "wait in line"), "{none}");
}

/// A sweep of each worker costs more than all else that a segment does.
#[test]
fn one_of_all_workers_sweeps() {
    let scenario = || Scenario::all_together().shorter(10);
    let one = Report::of(scenario());
    assert!(reaches(&one, "store calls"), "{one}");
    let each = Report::of(with(Switches { each_sweeps: true, ..Switches::default() }, scenario()));
    assert!(!reaches(&each, "store calls"), "{each}");
}

/// Claims that wait for each other keep a fleet from its work that claims beside each other do not.
#[test]
fn serial_claims_leave_workers_idle() {
    let scenario = || Scenario { workers: 250, ..Scenario::one_large().shorter(10) };
    let beside = Report::of(scenario());
    assert!(reaches(&beside, "utilisation"), "{beside}");
    let serial_claims = Switches { serial_claims: true, ..Switches::default() };
    let serial = Report::of(with(serial_claims, scenario()));
    assert!(!reaches(&serial, "utilisation"), "{serial}");
}

#[test]
fn a_step_of_a_dead_worker_is_done_by_another() {
    let mut scenario = hundred(Scenario::one_large());
    scenario.faults.crashes = 0.03;
    // Nobody's third worker dies for good.
    scenario.limits.attempts_per_step = 9;
    let json = Report::of(scenario).json();
    let (died, taken) = (json["workers_died"].as_u64(), json["steps_taken_over"].as_u64());
    assert!(taken > Some(100) && taken <= died, "{json:#}");
    assert_eq!(json["segments"], 6_000, "{json:#}");
}

#[test]
fn the_picture_shows_every_run() {
    let reports = Scenario::all().map(|scenario| Report::of(hundred(scenario)));
    let svg = picture::draw(&reports);
    assert_eq!((svg.matches("<polyline").count(), svg.matches("<polygon").count()), (3, 3));
    for report in &reports {
        assert!(svg.contains(report.scenario.words()));
    }
    assert!(!svg.contains("NaN") && !svg.contains("inf"));
}
