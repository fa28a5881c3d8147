//! The memberships of one user: in each format, none at all, changed between two attempts, and by letter.

use artifacts::{ObjectName, Prefix};
use domain::dataset::Dataset;
use domain::export::{Outcome, Requester, Step};
use domain::ids::UserId;
use domain::membership::Membership;
use domain::owner::Owner;
use domain::request::{Columns, Format, Request};
use domain::time::Day;
use stores::Memberships;
use testkit::{JobStore, Moment, System, request};

use crate::letters::member;
use crate::{settings, system};

over_both_stores! {
    each_format_holds_all_rows,
    a_user_without_memberships,
    a_late_attempt_does_not_change_the_file,
    a_large_file_is_linked,
}

fn memberships(format: Format) -> Request {
    Request {
        dataset: Dataset::Memberships,
        range: None,
        format,
        columns: Columns::all(Dataset::Memberships),
        ..request("2024-01-01", "2024-01-01")
    }
}

fn membership(user: UserId, number: u8) -> Membership {
    Membership {
        id: format!("01890a5d-ac96-774b-bcce-b302099a80{number:02x}").parse().unwrap(),
        name: format!("a \"good\", {number}"),
        user,
        recurring_price_hundredths: 1250,
        currency: "EUR".parse().unwrap(),
        valid_from: Day(19_723),
        valid_until: (number == 1).then_some(Day(19_730)),
        state: "active".parse().unwrap(),
        payment_method: "sepa".parse().unwrap(),
        billing_interval: "monthly".parse().unwrap(),
        billing_periods: 3,
    }
}

const HEADER: &str = "id,name,user_id,recurring_price,currency,valid_from,valid_until,state,payment_method,billing_interval,billing_periods\r\n";

fn line(number: u8, until: &str) -> String {
    format!(
        "01890a5d-ac96-774b-bcce-b302099a80{number:02x},\"a \"\"good\"\", {number}\",01890a5d-ac96-774b-bcce-b302099a8058,\
         12.50,EUR,2024-01-01,{until},active,sepa,monthly,3\r\n"
    )
}

async fn asked(system: &System, rows: u8, format: Format) -> (domain::export::Export, Requester) {
    let requester = member(system).await;
    let rows = (1..=rows).map(|number| membership(requester.user, number)).collect();
    system.directory.import_memberships(rows).await.unwrap();
    (system.create_for(Owner::User(requester.user), memberships(format), &requester).await, requester)
}

async fn each_format_holds_all_rows(jobs: JobStore) {
    for (format, name) in
        [(Format::Csv, "memberships.csv"), (Format::CsvGz, "memberships.csv.gz"), (Format::Zip, "memberships.zip")]
    {
        let system = system(jobs).await;
        let (export, _) = asked(&system, 2, format).await;
        system.run_until_settled().await;
        let files = system.archive_of_success(&export).await;
        let letter = system.letters.taken().remove(0);
        assert_eq!(letter.attachment.as_ref().unwrap().bytes, files[name]);
        if format == Format::Csv {
            let text = String::from_utf8(files[name].clone()).unwrap();
            assert_eq!(text, format!("{HEADER}{}{}", line(1, "2024-01-08"), line(2, "")));
            let manifest = std::str::from_utf8(&files["memberships.csv.manifest.json"]).unwrap();
            let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
            assert_eq!((&manifest["rows"], &manifest["dataset"]), (&2.into(), &"memberships".into()));
            assert!(manifest.get("from").is_none(), "{manifest}");
        }
        assert_eq!(system.get(&export).await.rows, 2);
        system.assert_nothing_left().await;
    }
}

async fn a_user_without_memberships(jobs: JobStore) {
    for format in [Format::Csv, Format::Zip] {
        let system = system(jobs).await;
        let (export, _) = asked(&system, 0, format).await;
        system.run_until_settled().await;
        let files = system.archive_of_success(&export).await;
        if format == Format::Csv {
            assert_eq!(files["memberships.csv"], HEADER.as_bytes());
        }
        system.assert_nothing_left().await;
    }
}

/// A worker dies with its part built; the rows change; the next attempt's part is the one that counts.
async fn a_late_attempt_does_not_change_the_file(jobs: JobStore) {
    let system = system(jobs).await;
    let gate = system.hold(
        |moment| matches!(moment, Moment::Record(lease, Outcome::SegmentDone { .. }) if lease.step == Step::Segment(0)),
    );
    let lost = system.workers(1).await;
    let (export, requester) = asked(&system, 1, Format::Csv).await;
    gate.reached_by(1).await;
    lost.kill().await;
    system.leave_alone();
    system.directory.import_memberships(vec![membership(requester.user, 2)]).await.unwrap();
    system.run_until_settled().await;
    let files = system.archive_of_success(&export).await;
    let text = String::from_utf8(files["memberships.csv"].clone()).unwrap();
    assert_eq!(text, format!("{HEADER}{}{}", line(1, "2024-01-08"), line(2, "")));
    // Nobody uses them again: they go with the export.
    use stores::Jobs;
    system.jobs.cancel(&export.owner, export.id).await.unwrap();
    system.run_until_settled().await;
    let parts: Vec<ObjectName> = system.objects(&Prefix::Parts).await;
    assert_eq!(parts, []);
    system.assert_nothing_left().await;
}

async fn a_large_file_is_linked(jobs: JobStore) {
    let system = System::with(settings(jobs).limits(|limits| limits.mail_attachment_bytes = 10)).await;
    let (export, _) = asked(&system, 2, Format::Zip).await;
    system.run_until_settled().await;
    system.archive_of_success(&export).await;
    assert_eq!(system.letters.taken().remove(0).attachment, None);
    system.assert_nothing_left().await;
}
