//! Processes are killed (SIGKILL) around their writes to DynamoDB; what they had begun others finish, once.

use std::os::unix::process::ExitStatusExt;

use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore, SeedableRng};

use crate::mode::Mode;
use crate::server::{Client, PASSWORD, Server, member};
use crate::service_kills::{DAYS, EMAIL, ORG, SIGKILL, ask, check, command, forget_parts, nothing_is_left, with_room};
use crate::support::{Ran, is_deep};

/// In turn.
const POINTS: [&str; 2] = ["dynamodb.commit.before", "dynamodb.commit.after"];
/// How many writes a worker makes at least for one export. In a whole service the first few are a sign-in's and a request's.
const PASSES: u64 = 30;

/// Messages and a member on DynamoDB, and the SHA-256 of the undisturbed archive.
fn prepared() -> Option<(Mode, String)> {
    let Mode { outhaul, engines } = Mode::embedded().with_dynamodb()?;
    let outhaul = with_room(outhaul)
        .with("OUTHAUL_LIMITS__LEASE_MILLISECONDS", 1_000)
        .with("OUTHAUL_LIMITS__HEARTBEAT_MILLISECONDS", 200)
        // One segment is one claim and one result, so that there are many writes to die at.
        .with("OUTHAUL_LIMITS__SMALL_EXPORT_ROWS", 0);
    outhaul.run(&["migrate"]).expect(0);
    let messages = outhaul.generate("m.ndjson", &["--messages", "9000", "--organisations", "1"]);
    outhaul.ingest(ORG, &[&messages]);
    member(&outhaul, ORG, EMAIL, "member");
    let undisturbed = outhaul.export(ORG, DAYS, "out.zip", &["--no-reuse"]);
    assert!(undisturbed["built_parts"].as_u64().unwrap() >= 20, "{undisturbed}");
    let expected = outhaul.sha256("out.zip");
    Some((Mode { outhaul, engines }, expected))
}

/// Where the process dies in this round.
fn order(rng: &mut ChaCha8Rng, round: usize) -> String {
    format!("{}:{}", POINTS[round % POINTS.len()], 1 + rng.next_u64() % PASSES)
}

#[test]
fn a_service_on_dynamodb_is_killed() {
    let Some((mode, expected)) = prepared() else { return };
    let outhaul = &mode.outhaul;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for round in 0..if is_deep() { 60 } else { 4 } {
        forget_parts(outhaul);
        let (order, key) = (order(&mut rng, round), format!("round-{round}"));
        let server = Server::run(&mut command(outhaul, "serve", Some(&order)));
        // The answer to a sign-in may be the one that is lost.
        let before = Client::try_sign_in(&server, EMAIL).and_then(|client| ask(&client, &key));
        assert_eq!(server.ended().signal(), Some(SIGKILL), "{order}");

        let server = Server::run(&mut command(outhaul, "serve", None));
        let client = Client::sign_in(&server, EMAIL);
        let export = ask(&client, &key).expect("an undisturbed service answers");
        assert!(before.is_none_or(|before| before == export), "{order}: one key, one export");
        check(outhaul, &client, &export, &expected);
        assert_eq!(server.stop(), Some(0));
    }
    nothing_is_left(outhaul);
}

#[test]
fn workers_on_dynamodb_are_killed() {
    let Some((mode, expected)) = prepared() else { return };
    let outhaul = &mode.outhaul;
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let api = Server::run(&mut command(outhaul, "api", None));
    let client = Client::sign_in(&api, EMAIL);
    for round in 0..if is_deep() { 60 } else { 4 } {
        forget_parts(outhaul);
        let order = order(&mut rng, round);
        let worker = Server::silent(&mut command(outhaul, "worker", Some(&order)));
        let export = ask(&client, &format!("round-{round}")).expect("the API is there");
        assert_eq!(worker.ended().signal(), Some(SIGKILL), "{order}");

        let worker = Server::worker(outhaul);
        check(outhaul, &client, &export, &expected);
        assert_eq!(worker.stop(), Some(0));
    }
    assert_eq!(api.stop(), Some(0));
    nothing_is_left(outhaul);
}

/// A user stands in the directory and in the tables: whichever write a command dies at, the same command again goes on.
#[test]
fn commands_about_people_on_dynamodb_are_killed() {
    let Some(mode) = Mode::embedded().with_dynamodb() else { return };
    let outhaul = &mode.outhaul;
    outhaul.run(&["migrate"]).expect(0);
    // With what the same command says where the one that died had done all but say so.
    let steps = [("create", 1), ("disable", 0), ("enable", 0), ("delete", 4)];
    let mut died = 0;
    for round in 0..if is_deep() { 24 } else { 2 } {
        let (email, order) = (format!("u{round}@example.org"), format!("{}:{}", POINTS[round % 2], 1 + round / 2 % 2));
        for (step, again) in steps {
            let mut command = outhaul.command(&["user", step, &email]);
            command.env("OUTHAUL_PASSWORD", PASSWORD);
            let was_killed = command.env("OUTHAUL_KILL_AT", &order).output().unwrap().status.signal() == Some(SIGKILL);
            let ended = Ran::of(&command.env_remove("OUTHAUL_KILL_AT").output().unwrap());
            let expected = if was_killed { vec![0, again] } else { vec![again] };
            assert!(ended.code.is_some_and(|code| expected.contains(&code)), "{step} at {order}: {ended:?}");
            died += u32::from(was_killed);
        }
        // The address is free again.
        let mut command = outhaul.command(&["user", "create", &email]);
        Ran::of(&command.env("OUTHAUL_PASSWORD", PASSWORD).output().unwrap()).expect(0);
    }
    assert!(died >= 8, "{died}");
}
