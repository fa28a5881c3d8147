//! A way that breaks: answers that are lost, servers that refuse, wait or are gone.

use domain::export::{Seen, State};
use engines::{Fault, Rule};
use stores::{Created, Retried, SegmentProgress, StoreError};

use super::*;

const TRANSACT: &str = "TransactWriteItems";

fn answer_lost() -> Rule {
    Rule::new(Fault::LoseAnswer).on(TRANSACT).times(1)
}

/// Done, and nobody hears of it: the write is found to be done when it is made again, and its result is the first one's.
#[tokio::test]
async fn a_write_whose_answer_is_lost_counts_once() {
    let Some(world) = World::new(Limits { attempts_per_step: 1, ..Limits::default() }).await else { return };
    let lose = || world.faults.add(answer_lost());
    lose();
    assert!(matches!(world.stores.create(new(1)).await.unwrap(), Created::New(_)));
    lose();
    let plan = world.claim(1, 9).await;
    assert_eq!((plan.len(), plan[0].attempt), (1, 1));
    lose();
    world.done(&plan[0], Outcome::Planned(PlanFacts { snapshot: 1, segments: 4, rows: 1_000_000 })).await;
    lose();
    let leases = world.claim(1, 2).await;
    assert_eq!(leases.iter().map(|lease| lease.step).collect::<Vec<_>>(), [0, 1].map(domain::export::Step::Segment));
    lose();
    world.done(&leases[0], built(5)).await;
    assert_eq!(world.stores.get(&acme(), id(1)).await.unwrap().unwrap().rows, 5);
    lose();
    let seen = Seen { step: leases[1].step, attempt: 1, beat: 0 };
    assert!(world.stores.take_over(&acme(), id(1), &seen).await.unwrap());
    for lease in world.claim(1, 9).await {
        world.done(&lease, built(1)).await;
    }
    assert_eq!(world.stores.get(&acme(), id(1)).await.unwrap().unwrap().state.name(), "failed");
    lose();
    let retried = world.stores.retry(&acme(), id(1)).await.unwrap().unwrap();
    assert!(matches!(retried, Retried::GoesOn(ref export) if export.retries == 1), "{retried:?}");
    lose();
    let cancelled = world.stores.cancel(&acme(), id(1)).await.unwrap().unwrap();
    assert!(matches!(cancelled.state, State::Cancelled { .. }));
    assert_eq!(world.faults.broken(), 8, "each answer was lost");
}

/// The first try was done, and somebody else wrote the export before the second: the steps still say whose they are.
#[tokio::test]
async fn a_lost_answer_is_found_behind_others_writes() {
    let Some(world) = World::new(Limits::default()).await else { return };
    world.planned(1, 4).await;
    let other = another(&options(&world.tables), &world.clock, &Limits::default()).await;
    // The second try waits, and another worker claims meanwhile.
    world.faults.add(answer_lost());
    world.faults.add(Rule::new(Fault::Answer(500, "InternalServerError")).on(TRANSACT).times(3));
    let (mine, others) =
        tokio::join!(world.claim(1, 1), async { other.claim(&acme(), worker(2), 1).await.unwrap().unwrap().leases });
    assert_ne!(mine[0].step, others[0].step);
    let held = world.stores.segments(&acme(), id(1), 0, 4).await.unwrap();
    assert_eq!(held.iter().filter(|segment| segment.progress == SegmentProgress::Held).count(), 2, "none is lost");
}

#[tokio::test]
async fn a_server_that_refuses_for_a_while_is_borne() {
    let Some(world) = World::new(Limits::default()).await else { return };
    world.planned(1, 9).await;
    for fault in [
        Fault::Answer(400, "ProvisionedThroughputExceededException"),
        Fault::Answer(400, "ThrottlingException"),
        Fault::Answer(500, "InternalServerError"),
        Fault::Cancelled("ThrottlingError"),
        Fault::Cancelled("ProvisionedThroughputExceeded"),
        Fault::Cancelled("TransactionConflict"),
        Fault::LoseRequest,
        Fault::LoseAnswer,
        Fault::CutBody { after_bytes: 1 },
        Fault::Delay(Duration::from_millis(300)),
    ] {
        // Of transactions alone what only they are told.
        let is_of_transactions = matches!(fault, Fault::Cancelled(_));
        let fits = move |call: &engines::Call| !is_of_transactions || call.operation() == TRANSACT;
        world.faults.add(Rule::new(fault).when(fits).times(3));
        let lease = world.claim(1, 1).await.remove(0);
        world.faults.add(Rule::new(fault).when(fits).times(3));
        assert_eq!(world.stores.beat(std::slice::from_ref(&lease)).await.unwrap(), [true], "{fault:?}");
        world.done(&lease, Outcome::GivenBack).await;
        world.faults.clear();
    }
    let held = world.stores.segments(&acme(), id(1), 0, 9).await.unwrap();
    assert!(held.iter().all(|segment| segment.progress == SegmentProgress::Waiting), "{held:?}");
}

/// Five tries, and an error that says that a later call may do better.
#[tokio::test]
async fn a_server_that_always_refuses_is_asked_five_times() {
    let Some(world) = World::new(Limits::default()).await else { return };
    for (fault, retryable) in [
        (Fault::Answer(400, "ProvisionedThroughputExceededException"), true),
        (Fault::Cancelled("ThrottlingError"), true),
        (Fault::LoseRequest, true),
        (Fault::Answer(400, "AccessDeniedException"), false),
    ] {
        world.faults.add(Rule::new(fault).on(TRANSACT));
        world.faults.count_anew();
        let error = world.stores.create(new(1)).await.unwrap_err();
        assert_eq!(error.retryable(), retryable, "{error:?}");
        assert_eq!(world.calls(TRANSACT), if retryable { 5 } else { 1 });
        world.faults.clear();
    }
    assert_eq!(world.stores.get(&acme(), id(1)).await.unwrap(), None);
}

/// Another transaction on the same items is always under way: given up after so many times, not for ever.
#[tokio::test]
async fn a_write_that_never_gets_its_turn_is_given_up() {
    let Some(world) = World::new(Limits::default()).await else { return };
    world.faults.add(Rule::new(Fault::Cancelled("TransactionConflict")).on(TRANSACT));
    let error = world.stores.create(new(1)).await.unwrap_err();
    assert!(error.retryable());
    assert_eq!(world.calls(TRANSACT), 30);
}

/// Nobody answers, and nobody waits for ever.
#[tokio::test]
async fn a_try_has_a_deadline() {
    let Some(tables) = Tables::local() else { return };
    let clock = Arc::new(ManualClock::at(NOON));
    let (tables, _) = open(tables, clock.clone(), Limits::default()).await;
    let proxy = engines::Proxy::to(tables.endpoint().trim_start_matches("http://"));
    let mut options = options(&tables);
    options.place.endpoint = Some(format!("http://{}", proxy.address()));
    options.tries.deadline = Duration::from_millis(50);
    let stores = another(&options, &clock, &Limits::default()).await;
    proxy.set(engines::Wire::HalfOpen);
    let error = stores.ping().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    proxy.set(engines::Wire::Refused);
    proxy.cut_all();
    assert!(stores.ping().await.unwrap_err().retryable());
}

/// A wrong clock is set by the server's own, and told to the doctor.
#[tokio::test]
async fn the_servers_clock_is_known() {
    let Some(world) = World::new(Limits::default()).await else { return };
    world.stores.ping().await.unwrap();
    let findings = world.stores.check().await;
    let clock = findings.iter().find(|finding| finding.what == "dynamodb clock").unwrap();
    assert_eq!(clock.verdict, domain::finding::Verdict::Warn, "it is not 2023 any more");
    assert!(clock.text.contains("ahead of ours"), "{}", clock.text);
}
